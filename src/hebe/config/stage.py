"""A stage of a campaign: one pass with one engine."""

from __future__ import annotations

from fractions import Fraction
from typing import Any, Literal, Self

from pydantic import (
    Field,
    ModelWrapValidatorHandler,
    SerializeAsAny,
    SerializerFunctionWrapHandler,
    model_serializer,
    model_validator,
)

from hebe.config.calibration import CalibrationSpec
from hebe.config.controls import ControlSpec
from hebe.config.engines import DEFAULT_ENGINE, EngineBlock
from hebe.config.keep import Keep
from hebe.config.model import ConfigModel
from hebe.config.promote import PromoteSpec
from hebe.config.reading.units import ExactFraction, FractionRange, Whole
from hebe.config.reading.wording import RefusedValueError, shown


class OrderingSpec(ConfigModel):
    """Orderings of the working ion relaxed per intermediate x: the lowest ``keep``, and ``random`` ones beside them.

    ``removal`` says how layers are emptied: in any way, all alike, or one after another.
    """

    keep: Whole = Field(default=1, ge=1, le=50)
    random: Whole = Field(default=0, ge=0, le=50)
    removal: Literal["any", "even", "staged"] = "any"

    @property
    def number(self) -> int:
        """How many are relaxed at most."""
        return self.keep + self.random

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = handler(self)
        return {key: value for key, value in fields.items() if key == "keep" or value not in (0, "any")}


Task = Literal["relax", "relax-ions", "static"]
Departure = Literal["glide", "migrated", "delaminated", "collapsed"]
"""How a cell can leave its host and still be something: verdicts of the topology check."""


class Stage(ConfigModel):
    """One pass with one engine; x and window are fractions of x_full.

    A later stage says how many candidates it keeps of the stage before, or how these are promoted in rounds, and starts
    from the cells that this one left. ``configurations`` is how many of each candidate it takes, all by default.
    ``accept`` names what counts as the host beside the host itself: cells that left it otherwise enter no average,
    strain, hull or rank. An analysis is a name, or ``{name: {option: value}}``, whose options `options` holds.
    ``controls`` are computed beside its best candidates.

    A stage with ``calibrate`` computes no candidate again: it has everything of the stage before, its engine too, and
    judges the candidates with errors that small cells have told.
    """

    engine: SerializeAsAny[EngineBlock]
    calibrate: CalibrationSpec | None = None
    keep: Keep | None = None
    promote: PromoteSpec | None = None
    task: Task = "relax"
    x: tuple[ExactFraction, ...] = (Fraction(1),)
    window: FractionRange | None = None
    configurations: Whole | None = Field(default=None, ge=1, le=100)
    orderings: OrderingSpec = OrderingSpec()
    accept: tuple[Departure, ...] = ()
    analyses: tuple[str, ...] = Field(default=("voltage", "volume_strain", "mixing"), min_length=1)
    options: dict[str, dict[str, Any]] = Field(default_factory=dict)
    controls: ControlSpec | None = None

    @property
    def engines(self) -> tuple[EngineBlock, ...]:
        """All engines that compute something in it."""
        return (self.engine, *(() if self.calibrate is None else self.calibrate.engines))

    @model_validator(mode="wrap")
    @classmethod
    def _engine_of_the_stage_before(cls, value: Any, handler: ModelWrapValidatorHandler[Self]) -> Self:
        """A stage that calibrates names no engine of its own; that of the stage before comes with the whole file."""
        if not isinstance(value, dict) or value.get("calibrate") is None or "engine" in value:
            return handler(value)
        made = handler({**value, "engine": DEFAULT_ENGINE})
        made.model_fields_set.discard("engine")
        return made

    @model_validator(mode="before")
    @classmethod
    def _split_options(cls, value: Any) -> Any:
        """Names of the analyses, and the options of those that have some."""
        if not isinstance(value, dict) or not isinstance(value.get("analyses"), list | tuple):
            return value
        names, options = [], dict(value.get("options") or {})
        for entry in value["analyses"]:
            if isinstance(entry, dict) and len(entry) == 1 and isinstance(next(iter(entry.values())), dict):
                name = next(iter(entry))
                options[name] = entry[name]
                names.append(name)
            else:
                names.append(entry)
        return {**value, "analyses": names, **({"options": options} if options else {})}

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        later = ("options", "calibrate", "controls", "promote")
        return {key: value for key, value in handler(self).items() if key not in later or value}

    def most(self, n_candidates: int) -> int:
        """How many of a number of candidates of the stage before it has at most."""
        if self.promote is not None:
            return n_candidates if self.promote.budget is None else min(self.promote.budget, n_candidates)
        return n_candidates if self.keep is None else self.keep.most(n_candidates)

    @model_validator(mode="after")
    def _valid(self) -> Stage:
        for x in self.x:
            if not 0 <= x <= 1:
                raise RefusedValueError(f"x is a fraction of x_full between 0 and 1, got {shown(str(x))}", key="x")
        if len(set(self.x)) != len(self.x):
            raise RefusedValueError("the same x is listed twice", key="x")
        if len(set(self.analyses)) != len(self.analyses):
            raise RefusedValueError("the same analysis is listed twice", key="analyses")
        return self

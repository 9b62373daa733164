"""The campaign file: what to mix, what to keep, what to compute. Mirrors the YAML key by key."""

from __future__ import annotations

import math
import re
from fractions import Fraction
from typing import Annotated, Any, Final, Literal

from pydantic import (
    AfterValidator,
    Field,
    PrivateAttr,
    SerializerFunctionWrapHandler,
    field_validator,
    model_serializer,
    model_validator,
)

from hebe.config.family import Family, load_family
from hebe.config.family_synthesis import FiringTemperature
from hebe.config.learning import LEARNING_KEYS, LearningKeys
from hebe.config.mixing import MixingSpec
from hebe.config.model import ConfigModel
from hebe.config.ranking import Rank
from hebe.config.reading.units import EntropyR, ExactFraction, FractionRange, IntRange, Ratio, Whole, parse_fraction
from hebe.config.reading.wording import RefusedValueError, shown
from hebe.config.reading.yamlfile import Source
from hebe.config.series import SeriesSpec
from hebe.config.stage import Stage
from hebe.config.structures import CellFile, StructureSpec


def _name(value: str) -> str:
    if re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9._-]{0,63}", value) is None:
        raise ValueError(
            f"expected a name of 1 to 64 letters, digits, dots, dashes or underscores that starts with a letter or "
            f"digit, got {shown(value)}"
        )
    return value


def _element(value: str) -> str:
    if re.fullmatch(r"[A-Z][a-z]?", value) is None:
        meant = value.strip("+-0123456789 ").capitalize()
        near = f"did you mean {meant}?" if re.fullmatch(r"[A-Z][a-z]?", meant) else None
        raise RefusedValueError(f"expected the symbol of an element such as Ni, got {shown(value)}", suggestion=near)
    return value


Name = Annotated[str, AfterValidator(_name)]
Element = Annotated[str, AfterValidator(_element)]
_FINEST_GRID: Final = 240
EntropyConvention = Literal["mixed-site", "sublattice-sum", "formula-unit", "per-atom", "per-cation"]


class SublatticeSpec(ConfigModel):
    """Species that may mix on one sublattice; amounts are multiples of 1/grid of its sites.

    With ``amounts`` there is one composition, and the grid follows from them. Those of a metal are a plain list, as
    they have no oxidation states.
    """

    species: dict[Element, tuple[Whole, ...]] = Field(min_length=1)
    n_species: IntRange | None = None
    grid: Whole = Field(default=12, ge=1, le=_FINEST_GRID)
    fraction: FractionRange | None = None
    amounts: dict[Element, ExactFraction] | None = None

    @model_validator(mode="before")
    @classmethod
    def _grid_of_amounts(cls, value: Any) -> Any:
        if not isinstance(value, dict) or not isinstance(value.get("amounts"), dict) or "grid" in value:
            return value
        try:
            parts = [parse_fraction(amount).denominator for amount in value["amounts"].values()]
        except ValueError:
            return value  # the amounts are refused below
        grid = math.lcm(*parts)
        if grid > _FINEST_GRID:
            reason = f"amounts have steps of 1/{shown(grid)}, at most 1/{_FINEST_GRID}"
            hint = "thirds as 1/3; or select: {method: explicit, formulas: [...]}, which takes any amount"
            raise RefusedValueError(reason, key="amounts", suggestion=hint)
        return {**value, "grid": grid}

    @field_validator("species", mode="before")
    @classmethod
    def _single_valence(cls, value: Any) -> Any:
        if isinstance(value, list) and all(isinstance(element, str) for element in value):
            return dict.fromkeys(value, (0,))
        if not isinstance(value, dict):
            return value
        return {element: [given] if isinstance(given, int | str) else given for element, given in value.items()}

    @field_validator("species")
    @classmethod
    def _valences(cls, value: dict[str, tuple[int, ...]]) -> dict[str, tuple[int, ...]]:
        for element, valences in value.items():
            if not valences or len(set(valences)) != len(valences):
                given = ", ".join(map(str, valences[:10])) or "none"
                raise ValueError(f"expected a list of different oxidation states for {element}, got {given}")
        return {element: tuple(sorted(valences)) for element, valences in value.items()}

    @model_validator(mode="after")
    def _reachable(self) -> SublatticeSpec:
        if self.n_species is not None and not 1 <= self.n_species.low <= len(self.species):
            raise RefusedValueError(
                f"n_species must start between 1 and the {len(self.species)} elements listed, got {self.n_species.low}",
                key="n_species",
            )
        if self.fraction is not None and not 0 <= self.fraction.low <= self.fraction.high <= 1:
            given = shown(f"{self.fraction.low}..{self.fraction.high}")
            raise RefusedValueError(f"fraction must lie between 0 and 1, got {given}", key="fraction")
        return self

    @model_validator(mode="after")
    def _amounts_fit(self) -> SublatticeSpec:
        if self.amounts is None:
            return self
        if set(self.amounts) != set(self.species):
            listed = ", ".join(self.species)
            raise RefusedValueError(f"amounts must name each of {listed} once", key="amounts")
        total = sum(self.amounts.values(), Fraction(0))
        if total != 1 or min(self.amounts.values()) <= 0:
            reason = f"amounts must be above 0 and sum to 1, the sum is {shown(str(total))}"
            raise RefusedValueError(reason, key="amounts", suggestion="write thirds as 1/3")
        if any((amount * self.grid).denominator != 1 for amount in self.amounts.values()):
            raise RefusedValueError(f"amounts are no multiples of 1/{self.grid}", key="amounts")
        if self.n_species is not None or self.fraction is not None:
            key = "n_species" if self.fraction is None else "fraction"
            raise RefusedValueError("amounts that are given leave nothing to choose", key=key)
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_unset(handler(self), ("amounts",))


class HostSpec(ConfigModel):
    """The host: a family or a CIF file, its working ion and what mixes on its sublattices.

    When the campaign is read, a ``file`` becomes a family, whose data ``crystal`` holds; ``like`` names the family
    whose redox ladder it takes.
    """

    family: str = ""
    file: CellFile | None = None
    like: str | None = None
    crystal: dict[str, Any] | None = None
    working_ion: Element | None = None
    x_made: ExactFraction | None = None
    primary: str | None = None
    sublattices: dict[str, SublatticeSpec] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _one_host(self) -> HostSpec:
        if self.crystal is not None:
            Family.model_validate(self.crystal)
        elif (self.file is None) == (not self.family):
            raise RefusedValueError("expected a family or a file", suggestion="family: layered-o3, or file: my.cif")
        if self.file is None and not self.sublattices:
            raise RefusedValueError("expected at least one sublattice", key="sublattices")
        if self.like is not None and self.file is None and self.crystal is None:
            raise RefusedValueError("like belongs to a host of a file", key="like", suggestion="remove the key")
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_unset(handler(self), ("file", "like", "crystal"))

    @property
    def data(self) -> Family:
        """The family: that of the crystal which the campaign brings, else that of its name."""
        return load_family(self.family) if self.crystal is None else Family.model_validate(self.crystal)

    @property
    def brought(self) -> Family | None:
        """The family that the campaign brings, None where a data file has it."""
        return None if self.crystal is None else self.data


def _without_unset(fields: dict[str, Any], later: tuple[str, ...]) -> dict[str, Any]:
    """Plain data without the keys of `later` that say nothing, so that they identify nothing."""
    return {key: value for key, value in fields.items() if value is not None or key not in later}


def _check_bounds(low: float | None, high: float | None) -> None:
    if low is None and high is None:
        raise ValueError("expected min or max or both")
    if high is not None and high < (low or 0.0):
        above = "zero" if low is None else f"min {low:g}"
        raise RefusedValueError(f"nothing passes: max {high:g} is below {above}", key="max")


class EntropyFilter(ConfigModel):
    """Bounds on the ideal configurational entropy (R) in a named convention."""

    min: EntropyR | None = None
    max: EntropyR | None = None
    convention: EntropyConvention = "mixed-site"
    sublattice: str | None = None

    @model_validator(mode="after")
    def _bounds(self) -> EntropyFilter:
        _check_bounds(self.min, self.max)
        return self


class SizeFilter(ConfigModel):
    """Bounds on the size mismatch of the primary sublattice."""

    min: Ratio | None = None
    max: Ratio | None = None

    @model_validator(mode="after")
    def _bounds(self) -> SizeFilter:
        _check_bounds(self.min, self.max)
        return self


class Filters(ConfigModel):
    """Filters, applied in the order in which the file names them (`order`)."""

    entropy: EntropyFilter | None = None
    size_mismatch: SizeFilter | None = None
    redox_compatible: bool | None = None
    principal_elements: bool | None = None
    include: tuple[Element, ...] | None = None
    exclude: tuple[Element, ...] | None = None
    order: tuple[str, ...] = Field(default=(), exclude=True, repr=False)

    @model_validator(mode="before")
    @classmethod
    def _keep_order(cls, value: Any) -> Any:
        if not isinstance(value, dict):
            return value
        if "order" in value and not isinstance(value["order"], tuple):
            raise ValueError("filters are applied in file order; order is not a key")
        return {**value, "order": tuple(key for key, given in value.items() if key != "order" and given is not None)}

    @model_serializer(mode="wrap")
    def _in_order(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        fields = handler(self)
        return {key: fields[key] for key in self.order}


class Selection(LearningKeys):
    """Which of the compositions that pass are calculated."""

    method: Literal["all", "random", "diverse", "explicit", "learn"] = "all"
    n: Whole | None = Field(default=None, ge=1)
    seed: Whole = Field(default=0, ge=0, lt=2**32)
    formulas: tuple[str, ...] = ()
    extend: bool | None = None
    """Whether candidates that an earlier selection of the campaign has finished are kept, and others added up to n."""

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_unset(handler(self), ("extend", *LEARNING_KEYS))

    @property
    def learns(self) -> bool:
        """Whether candidates are chosen round by round."""
        return self.method == "learn"

    @property
    def most(self) -> int:
        """How many candidates a selection that learns has at most."""
        rounds = None if self.rounds is None else self.rounds * (self.batch or 1)
        return min(number for number in (rounds, self.budget) if number is not None)

    def first(self, n: int | None = None) -> Selection:
        """Selection of the candidates of the first round, or of `n` that extend those which are known."""
        number = min(self.batch or 1, self.most) if n is None else n
        return Selection(method=self.start or "diverse", n=number, seed=self.seed, extend=n is not None or None)

    @model_validator(mode="after")
    def _complete(self) -> Selection:
        self.check_learning(learns=self.learns)
        if self.extend is not None and self.method not in ("random", "diverse"):
            hint = "method: random or diverse, or remove the key"
            raise RefusedValueError(f"method {self.method} has nothing to extend", key="extend", suggestion=hint)
        if self.method in ("random", "diverse") and self.n is None:
            raise RefusedValueError(f"method {self.method} needs n, the number of candidates", suggestion="add n: 6")
        if self.method in ("all", "explicit", "learn") and self.n is not None:
            what = "a batch and no n" if self.learns else "every candidate and no n"
            hint = "batch: 8, rounds: 12" if self.learns else "method: diverse takes n candidates"
            raise RefusedValueError(f"method {self.method} takes {what}", key="n", suggestion=hint)
        if (self.method == "explicit") != bool(self.formulas):
            raise ValueError("method explicit and a list of formulas belong together")
        return self


class Campaign(ConfigModel):
    """A validated campaign; the campaign's id is its name.

    ``firing_temperature`` (K) is where candidates are asked whether they form; that of the family by default.
    """

    name: Name
    host: HostSpec
    filters: Filters = Filters()
    select: Selection = Selection()
    series: dict[Name, SeriesSpec] = Field(default_factory=dict)
    structures: StructureSpec = StructureSpec()
    mixing: MixingSpec = MixingSpec()
    stages: tuple[Stage, ...] = Field(min_length=1, max_length=8)
    rank: Rank = Rank()
    firing_temperature: FiringTemperature | None = None
    _source: Source = PrivateAttr(default_factory=Source)
    """Where the campaign was read, for messages about it."""
    _remarks: tuple[str, ...] = PrivateAttr(default=())
    _selected: Any = PrivateAttr(default=None)
    """Selection of candidates where it is known: see `hebe.campaigns.selection`."""
    _prior: Any = PrivateAttr(default=None)
    """What its loop starts from where that is known: see `hebe.campaigns.prior`."""

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return _without_unset(handler(self), ("firing_temperature",))

    @property
    def first_round(self) -> Campaign:
        """The campaign with the selection of its first round, where it learns; itself where it does not."""
        return self.model_copy(update={"select": self.select.first()}) if self.select.learns else self

    @property
    def calibrates(self) -> bool:
        """Whether a stage calibrates."""
        return any(stage.calibrate is not None for stage in self.stages)

    @property
    def remarks(self) -> tuple[str, ...]:
        """What was read otherwise than its host file writes it; only where the file was just read."""
        return self._remarks

    @property
    def fired_at(self) -> float | None:
        """Firing temperature (K): that of the campaign, else of its family; None where neither has one."""
        if self.firing_temperature is not None:
            return self.firing_temperature
        synthesis = self.host.data.synthesis
        return None if synthesis is None else synthesis.temperature

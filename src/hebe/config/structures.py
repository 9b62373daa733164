"""The structures block of a campaign: how a candidate becomes cells."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Length, Whole
from hebe.config.reading.wording import RefusedValueError, shown

_SHIFT: Final = 0.02

STARTS: Final = 3
"""Starts of each cell by default: docs/science.md says how well the lowest of so many is known."""


class CellFile(ConfigModel):
    """A structure file; ``text`` is its content, read when the campaign is read; ``source`` where it comes from."""

    file: str = Field(min_length=1)
    text: str | None = Field(default=None, repr=False)
    source: str | None = None

    @model_validator(mode="before")
    @classmethod
    def _by_name(cls, value: Any) -> Any:
        if isinstance(value, dict):
            return value
        if not isinstance(value, str):
            raise ValueError(f"expected the path of a structure file, got {shown(value)}")  # noqa: TRY004 - pydantic collects ValueError
        return {"file": value}


class StructureSpec(ConfigModel):
    """How a disordered candidate becomes ordered supercells, or the cells themselves; lengths in A.

    With ``method: explicit`` the cells are read from ``files``: which candidate a cell belongs to and its content
    of the working ion follow from what it holds. ``starts`` is from how many displaced starts each cell whose energy is
    compared is relaxed, the lowest of which counts: candidates as made and at the ends of the window, members of the
    host and competing phases alike.
    """

    method: Literal["sqs", "explicit"] = "sqs"
    cations: Whole = Field(default=12, ge=1, le=512)
    per_candidate: Whole = Field(default=2, ge=1, le=100)
    seed: Whole = Field(default=0, ge=0, lt=2**32)
    displacement: Annotated[Length, Field(ge=0, le=0.2)] | None = None
    starts: Whole | None = Field(default=None, ge=1, le=50)
    shells: Whole = Field(default=3, ge=1, le=6)
    files: tuple[CellFile, ...] = ()
    metal: CellFile | None = None

    @model_validator(mode="after")
    def _complete(self) -> StructureSpec:
        if (self.method == "explicit") != bool(self.files):
            raise ValueError("method explicit and a list of files belong together")
        if self.metal is not None and self.method != "explicit":
            raise RefusedValueError("metal belongs to method explicit", key="metal")
        built = {"cations", "per_candidate", "seed", "shells"} & self.model_fields_set
        if self.method == "explicit" and built - self._defaults():
            raise RefusedValueError("cells that are given are not built", key=min(built - self._defaults()))
        if self.shift == 0 and (self.starts or 1) > 1:
            reason = "starts differ by their random displacement, and there is none"
            raise RefusedValueError(reason, key="starts", suggestion=f"displacement: {_SHIFT:g} A")
        return self

    @property
    def shift(self) -> float:
        """Displacement (A) of the sites of a start cell: what the file says, else none for cells that are given."""
        if self.displacement is not None:
            return self.displacement
        return 0.0 if self.method == "explicit" else _SHIFT

    def n_starts(self, *, costly: bool) -> int:
        """Starts of each cell whose energy is compared: what the file says, else one where an engine is costly."""
        if self.starts is not None:
            return self.starts
        return 1 if costly or self.shift == 0 else STARTS

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return {key: value for key, value in handler(self).items() if key != "starts" or value is not None}

    def _defaults(self) -> set[str]:
        """Keys that have their default value, though they may be written."""
        fields = type(self).model_fields
        return {name for name in fields if getattr(self, name) == fields[name].default}

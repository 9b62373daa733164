"""The block `calibrate` of a stage: small cells that tell how wrong the energies of the stage before are."""

from __future__ import annotations

from typing import Final

from pydantic import Field, SerializeAsAny, model_validator

from hebe.config.engines import EngineBlock
from hebe.config.model import ConfigModel
from hebe.config.reading.units import IntRange, Whole
from hebe.config.reading.wording import RefusedValueError

_N: Final = 10
_ILLUSTRATION: Final = 2
_FEWEST: Final = 2
"""Cells from which errors can be told at all."""
_LARGEST: Final = 8


class CalibrationSpec(ConfigModel):
    """Small members of the host, computed with the engine of the stage before and with another one.

    Parameters
    ----------
    engine
        What computes them as they should be.
    n
        How many are chosen and fitted, 10 by default.
    geometries
        From how many displaced starts each is relaxed with the engine of the stage before.
    illustration
        How many more are chosen, or how many of those that are named, to be computed and not fitted.
    cells
        Formulas of the host instead of a choice.
    sizes
        Formula units of the cells that are chosen from.
    committee
        Further engines that compute the cells: where they differ more than elsewhere, errors are taken to be larger.
    """

    engine: SerializeAsAny[EngineBlock]
    n: Whole | None = Field(default=None, ge=_FEWEST, le=200)
    geometries: Whole = Field(default=3, ge=1, le=20)
    illustration: Whole | None = Field(default=None, ge=0, le=50)
    cells: tuple[str, ...] = ()
    sizes: IntRange = IntRange(low=2, high=4)
    committee: tuple[SerializeAsAny[EngineBlock], ...] = Field(default=(), max_length=8)

    @model_validator(mode="after")
    def _one_choice(self) -> CalibrationSpec:
        if len(set(self.cells)) != len(self.cells):
            raise RefusedValueError("the same cell is named twice", key="cells")
        if self.cells and self.n is not None:
            reason = "cells that are named leave nothing to choose"
            raise RefusedValueError(reason, key="n", suggestion="leave out n or cells")
        if self.cells and self.n_fitted < _FEWEST:
            reason = f"expected {_FEWEST} cells to fit at least, got {max(0, self.n_fitted)}"
            raise RefusedValueError(reason, key="cells", suggestion="name more cells")
        if not 1 <= self.sizes.low <= self.sizes.high <= _LARGEST:
            given = f"{self.sizes.low}..{self.sizes.high}"
            reason = f"cells have 1 to {_LARGEST} formula units, got {given}"
            raise RefusedValueError(reason, key="sizes", suggestion="sizes: 2..4")
        return self

    @property
    def engines(self) -> tuple[EngineBlock, ...]:
        """All engines that it names."""
        return (self.engine, *self.committee)

    @property
    def n_illustration(self) -> int:
        """How many cells are not fitted."""
        if self.illustration is not None:
            return self.illustration
        return 0 if self.cells else _ILLUSTRATION

    @property
    def n_fitted(self) -> int:
        """How many cells are fitted."""
        if self.cells:
            return len(self.cells) - self.n_illustration
        return _N if self.n is None else self.n

"""Mixing enthalpies from elsewhere: cells of an earlier measurement, and calorimetry, to which nothing is fitted."""

from __future__ import annotations

from functools import cache
from typing import Annotated, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import ExactFraction
from hebe.science.errors.mixing_cells import Split, check_balance, pair_terms, second_difference
from hebe.science.errors.pair_fit import Difference

_FILE: Final = "mixing_checks.yaml"


class EarlierCell(ConfigModel):
    """A cell of which only mixing enthalpies are kept (meV per atom).

    Parameters
    ----------
    ions, vertices
        Mixed sublattice -> ion -> amount per formula unit, of the cell and of its vertices with their coefficients.
    atoms_per_site
        Atoms per mixed site.
    enthalpies
        ``dft`` and energy scales, all at the geometry of CHGNet.
    lowest
        That of DFT at the lowest of several geometries, where others were computed.
    """

    ions: Split
    vertices: Annotated[dict[str, tuple[ExactFraction, Split]], Field(min_length=2)]
    atoms_per_site: float = Field(gt=0)
    enthalpies: dict[str, float]
    lowest: float | None = None
    note: str | None = None


class MeasuredEnthalpy(ConfigModel):
    """A measured mixing enthalpy (eV per mixed site); where no figure is known, its sign."""

    formula: str
    vertices: dict[str, ExactFraction]
    value: float | None = None
    sd: float | None = Field(default=None, gt=0)
    sign: Literal["negative", "positive"]
    source: str
    note: str | None = None

    @model_validator(mode="after")
    def _agrees(self) -> MeasuredEnthalpy:
        if self.value is not None and (self.value > 0) != (self.sign == "positive"):
            raise ValueError(f"{self.formula}: {self.value} is not {self.sign}")
        return self


class ChecksFile(ConfigModel):
    """The file ``mixing_checks.yaml``; ``source`` says where the earlier cells come from."""

    source: str
    earlier: dict[str, EarlierCell]
    measured: tuple[MeasuredEnthalpy, ...]

    @model_validator(mode="after")
    def _balanced(self) -> ChecksFile:
        for name, cell in self.earlier.items():
            check_balance(name, cell.ions, list(cell.vertices.values()))
        return self


@cache
def checks_file() -> ChecksFile:
    """Earlier cells and measured enthalpies of the package."""
    return packaged(ChecksFile, "hebe.science.errors", _FILE)


def earlier_differences(file: ChecksFile, scale: str) -> list[Difference]:
    """True less computed mixing enthalpies (eV per mixed site) of the earlier cells that an energy scale has."""
    found = []
    for name, cell in file.earlier.items():
        computed = cell.enthalpies.get(scale)
        if computed is None:
            continue
        true = cell.enthalpies["dft"] if cell.lowest is None else cell.lowest
        vertices = [(float(n), pair_terms(part)) for n, part in cell.vertices.values()]
        terms = second_difference(pair_terms(cell.ions), vertices)
        members = {name: 1.0, **{vertex: -float(n) for vertex, (n, _) in cell.vertices.items()}}
        found.append(Difference(name, (true - computed) * cell.atoms_per_site / 1000, terms, members))
    return found

"""Small cells with the vertices that they balance against: energies of DFT and of potentials at several geometries.

A geometry has a name; every potential has one that is its own, where a campaign would evaluate it. DFT counts at the
lowest of the geometries that it was computed at. So errors of the energy, at one geometry, and of the geometry can be
told apart. ``benchmarks/mixing_cells.py`` computes the energies, ``benchmarks/mixing_errors.py`` writes the file.
"""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import ExactFraction
from hebe.science.errors.pair_fit import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_FILE: Final = "mixing_cells.yaml"

Split = dict[str, dict[str, ExactFraction]]
Part = Literal["energy", "geometry", "both"]
"""``energy``: at the lowest geometry of DFT; ``geometry``: DFT at the lowest less at the potential's own geometry;
``both``: DFT at the lowest less the potential at its own."""


class MemberEnergies(ConfigModel):
    """One member of a host: what it is, and its energies.

    Parameters
    ----------
    family, working_ion
        Its host.
    ions
        Mixed sublattice -> ion -> amount per formula unit.
    sites
        Mixed sublattice -> sites per formula unit; the first one is that which ``per mixed site`` refers to.
    formula_units, atoms
        Of the cell.
    dft
        Geometry -> energy (eV per formula unit).
    models
        Energy scale -> geometry -> energy (eV per formula unit).
    cpu_s
        CPU time of all its DFT calculations, s.
    warnings
        What is doubtful.
    """

    family: str
    working_ion: str | None = None
    ions: Split
    sites: Annotated[dict[str, int], Field(min_length=1)]
    formula_units: int = Field(ge=1)
    atoms: int = Field(ge=1)
    dft: Annotated[dict[str, float], Field(min_length=1)]
    models: dict[str, dict[str, float]] = Field(default_factory=dict)
    cpu_s: float = Field(ge=0)
    warnings: tuple[str, ...] = ()

    @model_validator(mode="after")
    def _filled(self) -> MemberEnergies:
        if set(self.ions) != set(self.sites):
            raise ValueError("ions and sites are those of the same sublattices")
        for name, part in self.ions.items():
            if sum(part.values()) != self.sites[name]:
                raise ValueError(f"the ions of {name} do not fill its sites")
        return self

    @property
    def lowest(self) -> str:
        """Geometry of the lowest DFT energy."""
        return min(self.dft, key=self.dft.__getitem__)

    @property
    def mixed_sites(self) -> int:
        """Sites per formula unit that energies are referred to."""
        return next(iter(self.sites.values()))

    def terms(self) -> dict[str, float]:
        """Pair of ions of one sublattice -> ``m_s x_i x_j`` per mixed site."""
        return pair_terms(self.ions, self.sites)


class MixingCell(ConfigModel):
    """A cell, and how many formula units of each vertex it balances against."""

    member: str
    vertices: Annotated[dict[str, ExactFraction], Field(min_length=2)]


class MixingFile(ConfigModel):
    """The file ``mixing_cells.yaml``.

    ``own`` names the geometry at which a campaign evaluates each energy scale; ``dft_scale`` and ``settings`` say what
    computed the DFT energies.
    """

    dft_scale: str
    settings: dict[str, str]
    own: dict[str, str]
    members: dict[str, MemberEnergies]
    cells: tuple[MixingCell, ...]

    @model_validator(mode="after")
    def _balanced(self) -> MixingFile:
        for cell in self.cells:
            unknown = {cell.member, *cell.vertices} - self.members.keys()
            if unknown:
                raise ValueError(f"{cell.member}: no energies of {', '.join(sorted(unknown))}")
            held = [(n, self.members[name].ions) for name, n in cell.vertices.items()]
            check_balance(cell.member, self.members[cell.member].ions, held)
        return self


def check_balance(name: str, ions: Split, vertices: Sequence[tuple[Fraction, Split]]) -> None:
    """See that vertices hold the ions of a cell.

    Raises
    ------
    ValueError
        If they do not; names the ions.
    """
    left: Counter[tuple[str, str]] = Counter()
    for n, part in [(Fraction(-1), ions), *vertices]:
        for sublattice, amounts in part.items():
            for ion, x in amounts.items():
                left[sublattice, ion] += n * x  # type: ignore[assignment]  # counted in fractions
    off = sorted(ion for (_, ion), x in left.items() if x)
    if off:
        raise ValueError(f"{name} and its vertices do not balance: {', '.join(off)}")


def pair_terms(ions: Split, sites: Mapping[str, int] | None = None) -> dict[str, float]:
    """Pair of ions of one sublattice -> ``m_s x_i x_j`` per mixed site.

    Parameters
    ----------
    ions
        Mixed sublattice -> ion -> amount per formula unit.
    sites
        Mixed sublattice -> sites per formula unit, that of the mixed sites first; None is one site each.
    """
    held = sites or dict.fromkeys(ions, 1)
    found: dict[str, float] = {}
    for name, part in ions.items():
        for (one, x), (other, y) in combinations(sorted(part.items()), 2):
            pair = " ".join(sorted((one, other)))
            found[pair] = found.get(pair, 0.0) + float(x * y) / held[name] / next(iter(held.values()))
    return found


def second_difference(
    cell: Mapping[str, float], vertices: Sequence[tuple[float, Mapping[str, float]]]
) -> dict[str, float]:
    """Terms of a cell less those of its vertices."""
    found = dict(cell)
    for n, terms in vertices:
        for pair, value in terms.items():
            found[pair] = found.get(pair, 0.0) - n * value
    return found


@cache
def mixing_file() -> MixingFile:
    """Cells of the package."""
    return packaged(MixingFile, "hebe.science.errors", _FILE)


def enthalpy(file: MixingFile, cell: MixingCell, scale: str | None, geometry: str | None) -> float | None:
    """Mixing enthalpy of a cell against its vertices, eV per mixed site; None where an energy is missing.

    Parameters
    ----------
    file, cell
        Energies, and the cell.
    scale
        Energy scale; None is DFT.
    geometry
        Name of the geometry; None is the lowest of DFT, of each member its own.
    """
    members = [(1.0, cell.member), *((-float(n), name) for name, n in cell.vertices.items())]
    total = 0.0
    for weight, name in members:
        member = file.members[name]
        known: Mapping[str, float] = member.dft if scale is None else member.models.get(scale, {})
        energy = known.get(geometry or member.lowest)
        if energy is None:
            return None
        total += weight * energy
    return total / file.members[cell.member].mixed_sites


def difference(file: MixingFile, cell: MixingCell, scale: str, part: Part = "both") -> Difference | None:
    """True less computed mixing enthalpy of a cell, or one of its parts; None where an energy is missing."""
    own = file.own[scale]
    true = enthalpy(file, cell, None, None)
    computed = {
        "energy": lambda: enthalpy(file, cell, scale, None),
        "geometry": lambda: enthalpy(file, cell, None, own),
        "both": lambda: enthalpy(file, cell, scale, own),
    }[part]()
    if true is None or computed is None:
        return None
    vertices = [(float(n), file.members[name].terms()) for name, n in cell.vertices.items()]
    terms = second_difference(file.members[cell.member].terms(), vertices)
    members = {cell.member: 1.0, **{name: -float(n) for name, n in cell.vertices.items()}}
    return Difference(cell.member, true - computed, terms, members)


def differences(file: MixingFile, scale: str, part: Part = "both") -> list[Difference]:
    """Differences of all cells of which the energies are known."""
    found = [difference(file, cell, scale, part) for cell in file.cells]
    return [one for one in found if one is not None]

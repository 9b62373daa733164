"""Small cells with the vertices that they balance against: energies of DFT and of potentials, and measured enthalpies.

A geometry has a name; every potential has one that is its own, where a campaign would evaluate it. DFT counts at the
lowest of the geometries that it was computed at. So the error of a mixing enthalpy has two parts that add up to what a
campaign sees: that of the energy, at one geometry, and that of the geometry.
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from itertools import combinations
from typing import TYPE_CHECKING, Annotated, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import ExactFraction
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.science.errors.pair_fit import Difference

if TYPE_CHECKING:
    from collections.abc import Mapping

_FILE: Final = "mixing_cells.yaml"
_BALANCED: Final = 1e-9

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
        found: dict[str, float] = {}
        for name, part in self.ions.items():
            for (one, x), (other, y) in combinations(sorted(part.items()), 2):
                pair = " ".join(sorted((one, other)))
                found[pair] = found.get(pair, 0.0) + float(x * y) / self.sites[name] / self.mixed_sites
        return found


class MixingCell(ConfigModel):
    """A cell, and how many formula units of each vertex it balances against."""

    member: str
    vertices: Annotated[dict[str, ExactFraction], Field(min_length=2)]


class EarlierCell(ConfigModel):
    """A cell of an earlier measurement, of which only mixing enthalpies are kept.

    ``enthalpies`` (meV per atom): ``dft`` and energy scales, all at the geometry of the potential; ``lowest`` is that of
    DFT at the lowest of several geometries, where others were computed.
    """

    ions: Split
    vertices: Annotated[tuple[tuple[ExactFraction, Split], ...], Field(min_length=2)]
    atoms_per_site: float = Field(gt=0)
    enthalpies: dict[str, float]
    lowest: float | None = None
    note: str | None = None


class MeasuredEnthalpy(ConfigModel):
    """A measured mixing enthalpy (eV per mixed site): a check that nothing is fitted to."""

    formula: str
    vertices: dict[str, ExactFraction]
    value: float | None = None
    sd: float | None = Field(default=None, gt=0)
    sign: Literal["negative", "positive"]
    source: str
    note: str | None = None


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
    earlier: dict[str, EarlierCell]
    measured: tuple[MeasuredEnthalpy, ...]

    @model_validator(mode="after")
    def _balanced(self) -> MixingFile:
        for cell in self.cells:
            unknown = {cell.member, *cell.vertices} - self.members.keys()
            if unknown:
                raise ValueError(f"{cell.member}: no energies of {', '.join(sorted(unknown))}")
            held = [(n, self.members[name].ions) for name, n in cell.vertices.items()]
            _check_balance(cell.member, self.members[cell.member].ions, held)
        for name, earlier in self.earlier.items():
            _check_balance(name, earlier.ions, earlier.vertices)
        return self


def _check_balance(name: str, ions: Split, vertices: object) -> None:
    held: dict[tuple[str, str], float] = {}
    for n, part in [(-1, ions), *vertices]:  # type: ignore[misc]
        for sublattice, amounts in part.items():
            for ion, x in amounts.items():
                held[sublattice, ion] = held.get((sublattice, ion), 0.0) + float(n * x)
    off = [ion for (_, ion), x in held.items() if abs(x) > _BALANCED]
    if off:
        raise ValueError(f"{name} and its vertices do not balance: {', '.join(sorted(off))}")


@cache
def mixing_file() -> MixingFile:
    """Cells, earlier cells and measured enthalpies of the package."""
    file = resources.files("hebe.science.errors") / _FILE
    return load_model(MixingFile, parse_yaml(file.read_bytes(), file=_FILE))


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
    terms = dict(file.members[cell.member].terms())
    for name, n in cell.vertices.items():
        for pair, value in file.members[name].terms().items():
            terms[pair] = terms.get(pair, 0.0) - float(n) * value
    members = {cell.member: 1.0, **{name: -float(n) for name, n in cell.vertices.items()}}
    return Difference(cell.member, true - computed, terms, members)


def differences(file: MixingFile, scale: str, part: Part = "both") -> list[Difference]:
    """Differences of all cells of which the energies are known."""
    found = [difference(file, cell, scale, part) for cell in file.cells]
    return [one for one in found if one is not None]

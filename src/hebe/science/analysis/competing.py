"""Competing phases: ordered prototype structures as data files, and how completely they cover a system.

The files stand in ``phases/``; positions are expanded with the symmetry operations that spglib tabulates
(Togo, Shinohara and Tanaka, Sci. Technol. Adv. Mater. Meth. 4, 2384822, 2024).
"""

from __future__ import annotations

from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.units import ExactFraction
from hebe.config.yamlfile import load_model, parse_yaml
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

Kind = Literal["element", "binary", "ternary"]
Grade = Literal["A", "B", "C", "D"]

KINDS: Final[tuple[Kind, ...]] = ("element", "binary", "ternary")

_PACKAGE: Final = "hebe.science.analysis"
_COVERAGE_FILE: Final = "coverage_list.yaml"
_SYSTEMS: Final = (
    (2, "triclinic", ("a", "b", "c", "alpha", "beta", "gamma")),
    (15, "monoclinic", ("a", "b", "c", "beta")),
    (74, "orthorhombic", ("a", "b", "c")),
    (142, "tetragonal", ("a", "c")),
    (194, "hexagonal", ("a", "c")),
    (230, "cubic", ("a",)),
)


class SpaceGroup(ConfigModel):
    """Hermann-Mauguin symbol (short, without underscores) and number of the International Tables."""

    symbol: str
    number: int = Field(ge=1, le=230)


class PhaseSite(ConfigModel):
    """One orbit: its species, Wyckoff position and the coordinates of one of its points."""

    species: str
    wyckoff: str = Field(pattern=r"^\d+[a-zA]$")
    xyz: tuple[ExactFraction, ExactFraction, ExactFraction]

    @property
    def multiplicity(self) -> int:
        """Sites of the orbit in the conventional cell."""
        return int(self.wyckoff[:-1])


class Phase(ConfigModel):
    """An ordered competing phase by its asymmetric unit.

    ``lattice`` holds the independent parameters of the conventional cell (A, degrees): those that the
    crystal system leaves free. The setting is the standard one (unique axis b with cell choice 1, hexagonal
    axes, origin choice 2) unless ``setting`` gives another in spglib's notation (``b3``, ``1``).
    """

    id: str
    formula: str
    name: str
    structure_type: str
    space_group: SpaceGroup
    setting: str | None = None
    lattice: dict[Literal["a", "b", "c", "alpha", "beta", "gamma"], float]
    sites: tuple[PhaseSite, ...] = Field(min_length=1)
    kind: Kind
    sources: tuple[str, ...] = Field(min_length=1)
    note: str | None = None

    @model_validator(mode="after")
    def _consistent(self) -> Phase:
        system, needed = _crystal_system(self.space_group.number)
        if set(self.lattice) != set(needed):
            raise ValueError(f"{self.id}: a {system} lattice is given by {', '.join(needed)}")
        if len(self.elements) != 1 + KINDS.index(self.kind):
            raise ValueError(f"{self.id}: {self.kind} does not fit {len(self.elements)} elements")
        return self

    @property
    def elements(self) -> frozenset[str]:
        """Symbols of the elements on the sites."""
        return frozenset(site.species.rstrip("+-0123456789.") for site in self.sites)

    @property
    def atoms(self) -> int:
        """Number of atoms in the primitive cell."""
        return len(self.structure())

    def structure(self) -> Structure:
        """Primitive cell with oxidation states, sites in the order of the orbits.

        Raises
        ------
        BadInputError
            If an orbit has not the multiplicity that its Wyckoff position says, or the setting is unknown.
        """
        from pymatgen.core.lattice import Lattice
        from pymatgen.core.periodic_table import Species
        from pymatgen.core.structure import Structure

        from hebe.science.structures.symmetry import find_orbit, primitive_vectors

        species: list[Species] = []
        positions: list[np.ndarray] = []
        for site in self.sites:
            orbit = find_orbit(self.space_group.number, site.xyz, self.setting)
            if orbit.multiplicity != site.multiplicity:
                raise BadInputError(
                    f"{self.id}: the orbit of {site.species} has {orbit.multiplicity} positions, "
                    f"{site.wyckoff} was stated"
                )
            positions.extend(orbit.primitive)
            species.extend([Species.from_str(site.species)] * len(orbit.primitive))
        primitive = primitive_vectors(self.space_group.number, self.setting)
        lattice = Lattice(primitive @ self._conventional_lattice().matrix)
        return Structure(lattice, species, positions)

    def _conventional_lattice(self) -> Lattice:
        from pymatgen.core.lattice import Lattice

        given = {str(name): value for name, value in self.lattice.items()}
        system, _ = _crystal_system(self.space_group.number)
        a = given["a"]
        b = given.get("b", a)
        c = given.get("c", a)
        gamma = 120.0 if system == "hexagonal" else 90.0
        return Lattice.from_parameters(
            a, b, c, given.get("alpha", 90.0), given.get("beta", 90.0), given.get("gamma", gamma)
        )


class PhaseFile(ConfigModel):
    """One file of phases."""

    phases: tuple[Phase, ...]


class CoverageSystem(ConfigModel):
    """The oxides known in one chemical system (``Fe-Na-O``), reduced formulas."""

    system: str
    formulas: tuple[str, ...]
    sources: tuple[str, ...] = Field(min_length=1)

    @property
    def elements(self) -> frozenset[str]:
        """Elements of the system."""
        return frozenset(self.system.split("-"))


class CoverageFile(ConfigModel):
    """What a complete set of competing oxides would hold, and by which criterion it was drawn up."""

    criterion: str
    systems: tuple[CoverageSystem, ...]


@cache
def load_phases() -> tuple[Phase, ...]:
    """All phases of the data files, sorted by id.

    Raises
    ------
    BadInputError
        If a file does not fit the model, or an id stands twice.
    """
    phases: dict[str, Phase] = {}
    for name in sorted(entry.name for entry in (resources.files(_PACKAGE) / "phases").iterdir()):
        if not name.endswith(".yaml") or name == _COVERAGE_FILE:
            continue
        for phase in load_model(PhaseFile, parse_yaml(_read(name), file=name)).phases:
            if phase.id in phases:
                raise BadInputError(f"the phase {phase.id} stands twice", file=name)
            phases[phase.id] = phase
    return tuple(phases[key] for key in sorted(phases))


def phases_within(elements: Collection[str], kinds: Collection[Kind] = KINDS) -> tuple[Phase, ...]:
    """Phases of those kinds all of whose elements are among `elements`, sorted by id."""
    wanted = frozenset(elements)
    return tuple(phase for phase in load_phases() if phase.kind in kinds and phase.elements <= wanted)


@cache
def load_coverage() -> CoverageFile:
    """Known oxides against which coverage is graded."""
    return load_model(CoverageFile, parse_yaml(_read(_COVERAGE_FILE), file=_COVERAGE_FILE))


def missing_formulas(
    elements: Collection[str], present: Collection[str], *, working_ion: str
) -> dict[str, tuple[str, ...]]:
    """Known oxides of a system that are not among the phases present.

    Parameters
    ----------
    elements
        Elements of the system.
    present
        Ids of phases, or formulas; an id counts as the formula of its phase.
    working_ion
        The element whose ternaries are counted as A-M-O.

    Returns
    -------
    dict
        Formulas as the list writes them, under ``binary``, ``A-M-O`` and ``M-M'-O``, in its order.
    """
    known, have = _listed(frozenset(elements), working_ion), _reduced_formulas(present)
    return {
        group: tuple(formula for formula in listed if _reduced(formula) not in have) for group, listed in known.items()
    }


def unlisted_elements(elements: Collection[str]) -> tuple[str, ...]:
    """Elements beside oxygen for which the list holds no binary oxide, sorted: their systems cannot be graded."""
    known = {element for system in load_coverage().systems if len(system.elements) == 2 for element in system.elements}
    return tuple(sorted(set(elements) - known))


def coverage_grade(elements: Collection[str], present: Collection[str], *, working_ion: str) -> Grade:
    """How completely the phases present cover the known oxides of a system.

    Parameters
    ----------
    elements, present, working_ion
        As for `missing_formulas`.

    Returns
    -------
    str
        ``A``: all binaries and ternaries of the list; ``B``: all binaries, all A-M-O and at least half of
        M-M'-O; ``C``: all binaries; ``D``: less, or the list knows no binary oxide of one of the elements.
    """
    missing = missing_formulas(elements, present, working_ion=working_ion)
    if missing["binary"] or unlisted_elements(elements):
        return "D"
    if not any(missing.values()):
        return "A"
    mixed = _listed(frozenset(elements), working_ion)["M-M'-O"]
    return "B" if not missing["A-M-O"] and 2 * len(missing["M-M'-O"]) <= len(mixed) else "C"


def _read(name: str) -> bytes:
    return (resources.files(_PACKAGE) / "phases" / name).read_bytes()


def _listed(elements: frozenset[str], working_ion: str) -> dict[str, tuple[str, ...]]:
    groups: dict[str, list[str]] = {"binary": [], "A-M-O": [], "M-M'-O": []}
    for system in load_coverage().systems:
        if system.elements <= elements:
            ternary = "A-M-O" if working_ion in system.elements else "M-M'-O"
            groups["binary" if len(system.elements) == 2 else ternary].extend(system.formulas)
    return {name: tuple(formulas) for name, formulas in groups.items()}


def _reduced_formulas(present: Collection[str]) -> set[str]:
    formula_of = {phase.id: phase.formula for phase in load_phases()}
    return {_reduced(formula_of.get(entry, entry)) for entry in present}


@cache
def _reduced(formula: str) -> str:
    from pymatgen.core.composition import Composition

    try:
        return Composition(formula).reduced_formula
    except ValueError as err:
        raise BadInputError(f"{formula!r} is neither the id of a phase nor a formula") from err


def _crystal_system(number: int) -> tuple[str, tuple[str, ...]]:
    return next((system, free) for last, system, free in _SYSTEMS if number <= last)

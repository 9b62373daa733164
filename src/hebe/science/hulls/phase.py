"""A competing phase by its asymmetric unit, alone or as a member of a structure type.

Positions are expanded with the symmetry operations that spglib tabulates (Togo, Shinohara and Tanaka, Sci. Technol.
Adv. Mater. Meth. 4, 2384822, 2024).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import ExactFraction
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection

    import numpy as np
    from pymatgen.core.lattice import Lattice
    from pymatgen.core.structure import Structure

Kind = Literal["element", "binary", "ternary", "quaternary", "quinary"]
Lengths = dict[Literal["a", "b", "c", "alpha", "beta", "gamma"], float]

KINDS: Final[tuple[Kind, ...]] = ("element", "binary", "ternary", "quaternary", "quinary")
"""Kinds by their number of elements."""

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
    """One orbit: its species, Wyckoff position and the coordinates of one of its points.

    ``coordination`` is that of the structure type: atoms of other letters (of the same, where the type has one letter)
    within 1.15 times the distance of the nearest.
    """

    species: str
    wyckoff: str = Field(pattern=r"^\d+[a-zA]$")
    xyz: tuple[ExactFraction, ExactFraction, ExactFraction]
    coordination: int | None = None

    @property
    def multiplicity(self) -> int:
        """Sites of the orbit in the conventional cell."""
        return int(self.wyckoff[:-1])


class Phase(ConfigModel):
    """An ordered competing phase by its asymmetric unit.

    ``lattice`` holds the independent parameters of the conventional cell (A, degrees): those that the
    crystal system leaves free. The setting is the standard one (unique axis b with cell choice 1, hexagonal
    axes, origin choice 2) unless ``setting`` gives another in spglib's notation (``b3``, ``1``). A ``model`` stands
    for a published structure that is not at hand, whose energy it bounds from above. An ``unverified`` phase has that
    structure, but its cell, positions or source were written down from memory, estimated or relaxed from the structure
    type, and not compared with the publication. A ``layered`` phase has layers, chains or molecules that van der Waals
    forces hold together, whose distances engines without them get wrong.
    """

    id: str
    formula: str
    name: str
    structure_type: str
    space_group: SpaceGroup
    setting: str | None = None
    lattice: Lengths
    sites: tuple[PhaseSite, ...] = Field(min_length=1)
    kind: Kind
    sources: tuple[str, ...] = Field(min_length=1)
    note: str | None = None
    model: bool = False
    unverified: bool = False
    layered: bool = False

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
    def doubt(self) -> str | None:
        """What must be said where the phase decides a result, in words; None where nothing must."""
        if self.model:
            return "a model that stands for a published structure"
        return "not compared with a publication (cell, positions or source)" if self.unverified else None

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


class Prototype(ConfigModel):
    """A structure type: the sites of a phase with letters (``A``, ``B``, ``X``) instead of species.

    ``layered`` as for `Phase`.
    """

    id: str
    structure_type: str
    space_group: SpaceGroup
    setting: str | None = None
    sites: tuple[PhaseSite, ...] = Field(min_length=1)
    sources: tuple[str, ...] = Field(min_length=1)
    layered: bool = False


class Member(ConfigModel):
    """A phase of a structure type: the ions on its letters and its lattice; positions are those of the type.

    ``note`` says what is uncertain; where `sources` is empty, the lattice is an estimate from radii and the phase is
    unverified. ``model`` and ``unverified`` as for `Phase`.
    """

    of: str
    id: str
    formula: str
    name: str | None = None
    ions: dict[str, str]
    lattice: Lengths
    sources: tuple[str, ...] = ()
    note: str | None = None
    model: bool = False
    unverified: bool = False

    def phase(self, prototype: Prototype) -> Phase:
        """The phase written out.

        Raises
        ------
        BadInputError
            If the letters of ions and prototype differ.
        """
        letters = {site.species for site in prototype.sites}
        if letters != set(self.ions):
            raise BadInputError(f"{self.id}: {prototype.id} needs ions on {', '.join(sorted(letters))}")
        sites = tuple(site.model_copy(update={"species": self.ions[site.species]}) for site in prototype.sites)
        elements = {species.rstrip("+-0123456789.") for species in self.ions.values()}
        notes = ["positions of the structure type", *([self.note] if self.note else [])]
        return Phase(
            id=self.id,
            formula=self.formula,
            name=self.name or f"{self.formula} of {prototype.structure_type} type",
            structure_type=prototype.structure_type,
            space_group=prototype.space_group,
            setting=prototype.setting,
            lattice=self.lattice,
            sites=sites,
            kind=KINDS[len(elements) - 1],
            sources=(*self.sources, *(f"structure type: {source}" for source in prototype.sources)),
            note="; ".join(notes if self.sources else [*notes, "lattice estimated"]),
            model=self.model,
            unverified=self.unverified or not self.sources,
            layered=prototype.layered,
        )


class PhaseFile(ConfigModel):
    """One file of phases: written out, or as members of structure types of the same file or of a shared one."""

    phases: tuple[Phase, ...] = ()
    prototypes: tuple[Prototype, ...] = ()
    members: tuple[Member, ...] = ()

    def all(self, shared: Collection[Prototype] = ()) -> tuple[Phase, ...]:
        """All phases of the file, members written out.

        Parameters
        ----------
        shared
            Structure types beside those of the file, which come first.

        Raises
        ------
        BadInputError
            If a member names no structure type, or does not fit it.
        """
        types = {prototype.id: prototype for prototype in (*shared, *self.prototypes)}
        for member in self.members:
            if member.of not in types:
                reason = f"{member.id}: no structure type is called {member.of!r}"
                raise BadInputError(reason, suggestion=suggest(member.of, types))
        return (*self.phases, *(member.phase(types[member.of]) for member in self.members))


def _crystal_system(number: int) -> tuple[str, tuple[str, ...]]:
    return next((system, free) for last, system, free in _SYSTEMS if number <= last)

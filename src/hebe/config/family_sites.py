"""Sites of a host family: its sublattices and their species, rigid groups, and where the working ion stands."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import ExactFraction

if TYPE_CHECKING:
    from pymatgen.core import Structure

VACANCY: Final = "Va"
"""Species that stands for an empty site; its oxidation state is 0."""

Role = Literal["mixed", "working", "anion", "fixed", "group"]
Spin = Literal["high", "low"]
Function = Literal["active", "inert", "pillar"]
Vector = tuple[float, float, float]


def without_defaults(model: ConfigModel, fields: dict[str, Any], later: tuple[str, ...]) -> dict[str, Any]:
    """Plain data without the keys of `later` that have their default, so that they identify nothing."""
    defaults = {key: type(model).model_fields[key].get_default(call_default_factory=True) for key in later}
    return {key: value for key, value in fields.items() if key not in later or getattr(model, key) != defaults[key]}


class Replacement(ConfigModel):
    """What stands where a rigid unit is missing: units of ``group``, centred where the unit has its atom ``at``."""

    group: str
    at: str


class SpeciesData(ConfigModel):
    """Oxidation states that an element takes on a sublattice, and what is special about them; 0 in a metal.

    With ``unit`` the element is the centre of a rigid unit, whose other atoms come with it, and its charge that of the
    unit: ``O`` of water. With ``instead`` the units of other sublattices that are bonded to an empty site are missing,
    each replaced; its charge is what they leave. Units are turned so that their atoms keep away from others.
    """

    valences: tuple[int, ...] = Field(default=(0,), min_length=1)
    low_spin: tuple[int, ...] = ()
    """Oxidation states that are low-spin in this host; all others are high-spin."""
    function: Function | None = None
    """What it does there; None follows from the redox ladder, see `Family.function_of`."""
    unit: str | None = None
    instead: dict[str, Replacement] = Field(default_factory=dict)

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), ("function", "unit", "instead"))

    @property
    def brought(self) -> tuple[str, ...]:
        """Groups whose units come with it."""
        own = () if self.unit is None else (self.unit,)
        return (*own, *(one.group for one in self.instead.values()))


class FamilySublattice(ConfigModel):
    """One set of symmetry-related sites.

    ``coordinates`` are fractional, one per orbit of the space group in its standard setting; ``multiplicity`` counts
    sites per formula unit; two sites closer than ``exclusion`` (A) are never occupied together. ``site_energy`` (eV)
    is what an ion of the working element costs there beside electrostatics. The sites of a ``group`` are the centres
    of rigid units. ``coordination`` counts what stands within ``reach`` (A); ``neighbours`` has one number per orbit
    where orbits differ.
    """

    wyckoff: str
    coordinates: tuple[tuple[ExactFraction, ExactFraction, ExactFraction], ...] = Field(min_length=1)
    coordination: int = Field(gt=0)
    multiplicity: int = Field(gt=0)
    role: Role
    exclusion: float = Field(default=0.0, ge=0)
    species: dict[str, SpeciesData] = Field(default_factory=dict)
    site_energy: float = 0.0
    group: str | None = None
    reach: float = Field(default=3.0, gt=0)
    neighbours: tuple[int, ...] = ()

    @model_validator(mode="after")
    def _group_of_its_role(self) -> FamilySublattice:
        if (self.role == "group") != (self.group is not None):
            raise ValueError("role group and the name of a group belong together")
        if self.group is not None and self.species:
            raise ValueError("the species of a group stand in groups")
        empty = self.species.get(VACANCY, SpeciesData())
        if empty.valences != (0,) and not empty.instead:
            raise ValueError(f"{VACANCY}, an empty site, has the oxidation state 0")
        if self.neighbours and len(self.neighbours) != len(self.coordinates):
            raise ValueError(f"neighbours has {len(self.neighbours)} numbers for {len(self.coordinates)} orbits")
        return self

    @property
    def counted(self) -> tuple[int, ...]:
        """Neighbours of each orbit."""
        return self.neighbours or (self.coordination,) * len(self.coordinates)

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), ("site_energy", "group", "reach", "neighbours"))


class GroupAtom(ConfigModel):
    """Atoms of a rigid unit that symmetry makes from one: ``at`` is the vector from the centre (A).

    The vector is Cartesian, with the first axis along a and the third along c of the conventional cell. ``number``
    counts the atoms of one unit that the site symmetry of its centre makes from this one.
    """

    element: str
    valence: int
    at: Vector
    number: int = Field(default=1, gt=0)


class GroupData(ConfigModel):
    """A rigid unit such as PO4: its charge, and the atoms that it places; bonds keep their length in every cell.

    ``written`` is how formulas call it, its name by default; units that differ in direction alone are written alike.
    """

    charge: int
    atoms: tuple[GroupAtom, ...] = Field(min_length=1)
    source: str
    written: str | None = None

    @model_validator(mode="after")
    def _charge_of_its_atoms(self) -> GroupData:
        total = sum(atom.valence * atom.number for atom in self.atoms)
        if total != self.charge:
            raise ValueError(f"the atoms of the group carry {total:+d}, its charge is {self.charge:+d}")
        return self

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), ("written",))

    @property
    def formula(self) -> dict[str, int]:
        """Element -> atoms of one unit."""
        result: dict[str, int] = {}
        for atom in self.atoms:
            result[atom.element] = result.get(atom.element, 0) + atom.number
        return result


class Member(ConfigModel):
    """A published ordered crystal of a family: what stands on its mixed sublattices, and its measured lattice.

    ``ions`` is sublattice -> ion, as ``Ni2+``, or the states that an element has there in equal parts, ``Mn3+ Mn4+``;
    ``parameters`` (A, degrees) are those of the conventional cell of the family, ``working_ion`` selects the estimate
    that they are compared with, ``x`` is its content per formula unit, by default that of the family as made.
    """

    formula: str
    ions: dict[str, str]
    parameters: dict[Literal["a", "b", "c", "alpha", "beta", "gamma"], float]
    working_ion: str | None = None
    x: ExactFraction | None = None
    source: str

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), ("x",))


class LatticeEstimate(ConfigModel):
    """Starting lattice of the conventional cell, linear in the mean radius of what stands on a sublattice.

    ``parameters`` (A, degrees) hold at ``reference_radius`` (A); ``slopes`` are d(parameter)/d(radius). ``of`` is the
    sublattice, None where the primary one of any campaign will do.
    """

    parameters: dict[Literal["a", "b", "c", "alpha", "beta", "gamma"], float]
    reference_radius: float
    slopes: dict[Literal["a", "b", "c"], float] = Field(default_factory=dict)
    of: str | None = None
    source: str

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), ("of",))


@dataclass(frozen=True)
class Working:
    """Where a working ion stands: on sublattices of its ``own``, and on mixed ones that it has ``shared``."""

    ion: str | None
    own: tuple[str, ...]
    shared: tuple[str, ...] = ()

    def holds(self, label: str, element: str) -> bool:
        """Whether what stands on a site of a sublattice is a working ion."""
        return label in self.own or (label in self.shared and element == self.ion)

    def sites(self, structure: Structure) -> list[int]:
        """Sites of a cell (site property ``sublattice``) that hold working ions."""
        labels = structure.site_properties["sublattice"]
        return [
            i
            for i, (site, label) in enumerate(zip(structure.sites, labels, strict=True))
            if label in self.own or (label in self.shared and self.holds(label, site.specie.symbol))
        ]

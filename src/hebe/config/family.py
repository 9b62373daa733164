"""Host families: structure prototypes with named sublattices, as data files beside this module.

Adding a family means adding a file to ``families/``, or an entry point of the group ``hebe.families`` that names a
file; nothing in the code names one. A campaign may bring one made from a crystal
(`hebe.science.crystals.host_file`); its data travel with whatever is computed for it.
"""

from __future__ import annotations

import itertools
from functools import cache
from importlib import resources
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import Field, SerializerFunctionWrapHandler, model_serializer, model_validator

from hebe.config.family_checks import check_bonding, check_lattice, check_size, check_units, check_working
from hebe.config.family_sites import (
    VACANCY,
    FamilySublattice,
    Function,
    GroupData,
    LatticeEstimate,
    Member,
    Working,
    without_defaults,
)
from hebe.config.family_synthesis import Synthesis
from hebe.config.family_topology import Topology
from hebe.config.model import ConfigModel
from hebe.config.plugins import load_plugin, plugins
from hebe.config.reading.units import ExactFraction
from hebe.config.reading.wording import suggest
from hebe.config.reading.yamlfile import Document, load_model, parse_yaml
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from fractions import Fraction

_LADDER: Final = ("ladder_electrode", "no_electrode", "ladder", "anion_limit")
_TAKEN_OVER: Final = (*_LADDER, "topology", "not_as_made")
"""What a family has of the one that it is like."""

_LATER: Final = (
    "bonding",
    "role",
    "working",
    "groups",
    "example",
    "synthesis",
    "members",
    "checked",
    "not_as_made",
)
"""Fields that do not identify a family that leaves them out."""


class Couple(ConfigModel):
    """A redox couple of the ladder: ``reduced`` and ``oxidised`` are oxidation states of ``element``.

    ``potential_V`` is where it works against the electrode of the ladder (V), in hosts of this family; None where
    no such potential was measured, ``no_potential`` then says why.
    """

    element: str
    reduced: int
    oxidised: int
    potential_V: float | None = None  # noqa: N815 - V is the unit
    no_potential: str = ""
    source: str

    @model_validator(mode="after")
    def _ordered(self) -> Couple:
        if self.oxidised <= self.reduced:
            raise ValueError(f"couple of {self.element}: oxidised state must exceed the reduced one")
        return self

    @property
    def label(self) -> str:
        """Element with both charges, as ``Ni 2+/3+``."""
        return f"{self.element} {self.reduced}+/{self.oxidised}+"


class Example(ConfigModel):
    """What ``hebe init`` writes for a sublattice: species with their oxidation states, and the bounds of amounts.

    ``size_mismatch`` is the limit of the filter, where the species that usually mix there differ by more than 10 %.
    """

    species: dict[str, tuple[int, ...]] = Field(min_length=1)
    n_species: str | None = None
    grid: int = Field(default=12, ge=1)
    fraction: str | None = None
    size_mismatch: float | None = Field(default=None, gt=0, lt=1)

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), ("size_mismatch",))


class Family(ConfigModel):
    """A host family; ``ladder`` is ordered from the lowest potential to the highest.

    Potentials are against ``ladder_electrode``; a family without one says in ``no_electrode`` what orders its ladder.
    ``anion_limit`` names the last couple that gives its electrons before the anions do, as ``Ni 2+/3+``; None where the
    anions give first.
    ``x`` counts working ions per formula unit, those on sublattices that they share with other species included;
    ``x_full`` and ``x_made`` are those on sublattices of their own. ``working`` names the sets of sites that share
    the budget of working ions; those of role working by default. A metallic or covalent family has neither charges nor
    ladder. ``checked`` says which of its numbers were compared with what; ``not_as_made`` lists ions such as ``Fe4+``
    that its hosts hold in a charged cell alone, not when they come from the furnace.
    """

    name: str
    title: str
    citation: str
    space_group: int = Field(ge=1, le=230)
    sublattices: dict[str, FamilySublattice]
    lattice: dict[str, LatticeEstimate]
    layer_axis: Literal["c"] | None = None
    x_full: ExactFraction
    x_made: ExactFraction
    working_ions: tuple[str, ...] = ()
    ladder_electrode: str | None = None
    no_electrode: str = ""
    ladder: tuple[Couple, ...] = ()
    anion_limit: str | None = None
    topology: Topology
    sources: tuple[str, ...]
    bonding: Literal["ionic", "metallic", "covalent"] = "ionic"
    role: Literal["cathode", "anode", "electrolyte", "reference"] | None = None
    working: tuple[str, ...] = ()
    groups: dict[str, GroupData] = Field(default_factory=dict)
    example: dict[str, Example] = Field(default_factory=dict)
    synthesis: Synthesis | None = None
    members: tuple[Member, ...] = ()
    checked: str = ""
    not_as_made: tuple[str, ...] = ()

    @model_serializer(mode="wrap")
    def _plain(self, handler: SerializerFunctionWrapHandler) -> dict[str, Any]:
        return without_defaults(self, handler(self), _LATER)

    @model_validator(mode="after")
    def _consistent(self) -> Family:
        if set(self.lattice) != set(self.working_ions or ("none",)) and not (
            self.ion_optional and set(self.lattice) == {"none"}
        ):
            raise ValueError("lattice needs one estimate per working ion, or one named none")
        if self.anion_limit is not None and self.anion_limit not in [couple.label for couple in self.ladder]:
            raise ValueError(f"anion_limit must be a couple of the ladder, as Ni 2+/3+, not {self.anion_limit}")
        if not self.mixed:
            raise ValueError("a family needs a sublattice of role mixed")
        for name, sub in self.sublattices.items():
            if sub.group is not None and sub.group not in self.groups:
                raise ValueError(f"{name} holds the group {sub.group}, which groups does not describe")
        unknown = [name for name in self.example if name not in self.mixed]
        if unknown:
            raise ValueError(f"example gives species for {unknown[0]}, on which nothing mixes")
        check_size(self)
        check_lattice(self)
        check_working(self)
        check_units(self)
        check_bonding(self)
        return self

    @model_validator(mode="after")
    def _potentials(self) -> Family:
        if not self.charged:
            return self
        if "anion_limit" not in self.model_fields_set:
            raise ValueError("give anion_limit: the last couple that gives electrons before the anions do, or null")
        if (self.ladder_electrode is None) == (not self.no_electrode):
            raise ValueError(
                "give the electrode of the ladder's potentials, or no_electrode with what orders it instead"
            )
        for couple in self.ladder:
            _check_potential(couple, electrode=self.ladder_electrode is not None)
        measured = [couple for couple in self.ladder if couple.potential_V is not None]
        for lower, upper in itertools.pairwise(measured):
            if (lower.potential_V or 0.0) > (upper.potential_V or 0.0):
                where = f"{lower.label} at {lower.potential_V} V stands below {upper.label} at {upper.potential_V} V"
                raise ValueError(f"the ladder is not in the order of its potentials: {where}")
        return self

    @property
    def charged(self) -> bool:
        """Whether its species have oxidation states."""
        return self.bonding == "ionic"

    @property
    def couples_before_anions(self) -> int:
        """How many couples, counted from the lowest, give their electrons before the anions do."""
        labels = [couple.label for couple in self.ladder]
        return 0 if self.anion_limit is None else labels.index(self.anion_limit) + 1

    @property
    def mixed(self) -> tuple[str, ...]:
        """Names of the sublattices on which species mix: those of that role, and all others where there is a choice."""
        return tuple(n for n, sub in self.sublattices.items() if sub.role == "mixed" or len(sub.species) > 1)

    @property
    def anions(self) -> tuple[str, ...]:
        """Names of the sublattices of anions; groups are none of them."""
        return tuple(n for n, sub in self.sublattices.items() if sub.role == "anion")

    @property
    def anion_elements(self) -> frozenset[str]:
        """Elements that can stand as anions, those of groups included; none in a metal."""
        free = {element for name in self.anions for element in self.sublattices[name].species}
        groups = (self.groups[sub.group] for sub in self.sublattices.values() if sub.group is not None)
        return frozenset(free | {atom.element for group in groups for atom in group.atoms if atom.valence < 0})

    @property
    def mixed_cations(self) -> tuple[str, ...]:
        """Names of the sublattices on which cations, or metals, mix."""
        return tuple(n for n in self.mixed if n not in self.anions)

    @property
    def called(self) -> str:
        """How messages call the host: its name, or that it is the one of a file."""
        return self.name if self.name in family_names() else "the host of the file"

    @property
    def working_own(self) -> tuple[str, ...]:
        """Sublattices that hold the working ion alone."""
        return tuple(n for n, sub in self.sublattices.items() if sub.role == "working" and len(sub.species) < 2)

    @property
    def working_shared(self) -> tuple[str, ...]:
        """Mixed sublattices from which the working ion is taken too."""
        mixed = (n for n in self.mixed if self.sublattices[n].role == "working")
        return tuple(dict.fromkeys(n for n in (*self.working, *mixed) if n not in self.working_own))

    @property
    def working_sublattice(self) -> str | None:
        """How documents name the working ion's own sites: one sublattice, or several joined by +; None without any."""
        return "+".join(self.working_own) or None

    def working_of(self, ion: str | None) -> Working | None:
        """Where a working ion stands, None where nothing moves; without an ion the sites of its own."""
        shared = () if ion is None else self.working_shared
        return Working(ion, self.working_own, shared) if self.working_own or shared else None

    @property
    def ion_optional(self) -> bool:
        """Whether a campaign may leave the working ion out: it then is one of the species that mix.

        It may where the lattice is estimated without one.
        """
        return bool(self.working_ions) and not self.working_own and "none" in self.lattice

    def full_content(self, made: Fraction) -> Fraction:
        """Content of the full host (ions per formula unit) that fractions of x refer to.

        It is ``x_full``, or what was `made` where the ion shares sites: more than that has no place.
        """
        return made if self.working_shared else self.x_full

    def lattice_of(self, ion: str | None) -> LatticeEstimate:
        """Estimate of the lattice with a working ion."""
        return self.lattice[ion] if ion in self.lattice and ion is not None else self.lattice["none"]

    def atoms_per_unit(self, name: str) -> int:
        """Atoms of a full sublattice per formula unit."""
        sub = self.sublattices[name]
        return sub.multiplicity * (1 if sub.group is None else sum(self.groups[sub.group].formula.values()))

    def standing(self, named: Collection[str] = ()) -> Iterator[tuple[str, str, int, int]]:
        """Sublattice, element, atoms per formula unit and charge of what is always there.

        Sublattices that are `named`, because species mix on them, and those of the working ion are left out.
        """
        for name, sub in self.sublattices.items():
            if name in named or sub.role in {"working", "mixed"}:
                continue
            if sub.group is not None:
                for atom in self.groups[sub.group].atoms:
                    yield name, atom.element, sub.multiplicity * atom.number, atom.valence
            else:
                for element, data in sub.species.items():
                    yield name, element, sub.multiplicity, data.valences[0]

    def function_of(self, name: str, element: str) -> Function | None:
        """What a species does on a mixed sublattice: what the family says, else whether the ladder moves its electrons.

        None for empty sites and for what the electrons are not taken from: anions and atoms of a metal.
        """
        given = self.sublattices[name].species[element]
        none = element == VACANCY or given.unit is not None or name in self.anions or not self.ladder
        if given.function is not None or none:
            return given.function
        couples = (couple for couple in self.ladder if couple.element == element)
        return "active" if any({c.reduced, c.oxidised} & set(given.valences) for c in couples) else "inert"

    def charge_at(self, name: str, element: str) -> int:
        """Charge of an element on a sublattice that does not mix (anion, fixed or group)."""
        sub = self.sublattices[name]
        if sub.group is not None:
            return next(atom.valence for atom in self.groups[sub.group].atoms if atom.element == element)
        return sub.species[element].valences[0]

    def is_anion(self, name: str, element: str) -> bool:
        """Whether what stands on a site is an anion, those of groups included."""
        sub = self.sublattices[name]
        return name in self.anions or (sub.group is not None and self.charge_at(name, element) < 0)


def _check_potential(couple: Couple, *, electrode: bool) -> None:
    """Refuse a couple that has neither potential nor reason, or both, or a potential without an electrode."""
    if not electrode and (couple.potential_V is not None or couple.no_potential):
        raise ValueError(f"{couple.label}: the ladder names no electrode that its potential could refer to")
    if electrode and (couple.potential_V is None) == (not couple.no_potential):
        raise ValueError(f"{couple.label}: give potential_V, or no_potential with the reason")


def family_names() -> tuple[str, ...]:
    """Names of all families, those of other packages included, sorted."""
    return tuple(sorted({*_data_files(), *plugins("hebe.families")}))


@cache
def _data_files() -> tuple[str, ...]:
    """Names of the families that have a data file beside this module."""
    folder = resources.files("hebe.config") / "families"
    return tuple(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml"))


@cache
def load_family(name: str) -> Family:
    """Family of that name, of a data file or of another package.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    if name not in family_names():
        raise BadInputError(f"no host family is called {name!r}", suggestion=suggest(name, family_names()))
    document = _document(name)
    family = load_model(Family, Document(_completed(dict(document.data)), document.source))
    if family.name != name:
        raise BadInputError(f"the family of {name} calls itself {family.name!r}", suggestion=f"name: {name}")
    return family


def _document(name: str) -> Document:
    """Document of a data file, or of the file that an entry point of another package names."""
    if name in _data_files():
        path = resources.files("hebe.config") / "families" / f"{name}.yaml"
        return parse_yaml(path.read_bytes(), file=f"{name}.yaml")
    if name not in plugins("hebe.families"):
        raise BadInputError(f"no host family is called {name!r}", suggestion=suggest(name, family_names()))
    found = load_plugin("hebe.families", name)
    file = Path(found) if isinstance(found, str) else found
    try:
        return parse_yaml(file.read_bytes(), file=str(found))
    except (AttributeError, OSError) as err:
        reason = f"the entry point {name} names no file of a family: {err}"
        raise BadInputError(reason, suggestion="the path of a YAML file") from err


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    """Data of a family with what it does not say itself taken from the one that it is ``like``."""
    like = data.pop("like", None)
    if like is None:
        return data
    other = _completed(dict(_document(like).data))
    sublattices = {
        name: {**_species_of(other["sublattices"].get(name, {})), **sub} for name, sub in data["sublattices"].items()
    }
    taken: dict[str, Any] = {
        key: other[key] for key in _TAKEN_OVER if key in other and not (key in _LADDER and "ladder" in data)
    }
    return {**taken, **data, "sublattices": sublattices}


def _species_of(sublattice: dict[str, Any]) -> dict[str, Any]:
    return {"species": sublattice["species"]} if sublattice.get("species") else {}

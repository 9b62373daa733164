"""Host families: structure prototypes with named sublattices, as data files beside this module.

Adding a family means adding a file to ``families/``; nothing in the code names one. A campaign may bring one made from
a crystal (`hebe.config.host_file`); its data travel with whatever is computed for it.
"""

from __future__ import annotations

import itertools
import math
from functools import cache
from importlib import resources
from typing import Any, Final, Literal

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.units import ExactFraction
from hebe.config.wording import suggest
from hebe.config.yamlfile import Document, load_model, parse_yaml
from hebe.exceptions import BadInputError

_LADDER: Final = ("ladder_electrode", "no_electrode", "ladder", "anion_limit")
_TAKEN_OVER: Final = (*_LADDER, "topology")
"""What a family has of the one that it is like."""

Role = Literal["mixed", "working", "anion", "fixed"]
Spin = Literal["high", "low"]


class SpeciesData(ConfigModel):
    """Oxidation states that an element takes on a sublattice, and what is special about them."""

    valences: tuple[int, ...] = Field(min_length=1)
    low_spin: tuple[int, ...] = ()
    """Oxidation states that are low-spin in this host; all others are high-spin."""


class FamilySublattice(ConfigModel):
    """One set of symmetry-related sites.

    ``coordinates`` are fractional, one per orbit of the space group in its standard setting;
    ``multiplicity`` counts sites per formula unit; two sites closer than ``exclusion`` (A) are never occupied
    together.
    """

    wyckoff: str
    coordinates: tuple[tuple[ExactFraction, ExactFraction, ExactFraction], ...] = Field(min_length=1)
    coordination: int = Field(gt=0)
    multiplicity: int = Field(gt=0)
    role: Role
    exclusion: float = Field(default=0.0, ge=0)
    species: dict[str, SpeciesData] = Field(default_factory=dict)


class LatticeEstimate(ConfigModel):
    """Starting lattice of the conventional cell, linear in the mean cation radius.

    ``parameters`` (A, degrees) hold at ``reference_radius`` (A); ``slopes`` are d(parameter)/d(radius).
    """

    parameters: dict[Literal["a", "b", "c", "alpha", "beta", "gamma"], float]
    reference_radius: float
    slopes: dict[Literal["a", "b", "c"], float] = Field(default_factory=dict)
    source: str


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


class MeasuredSpacing(ConfigModel):
    """Repeat per layer at one content of the working ion ``ion``, relative to that of the material as made.

    ``state`` says what the structure is there: still the host, another stacking of the same slabs, or none of both.
    """

    material: str
    ion: str
    ratio: float = Field(gt=0)
    state: Literal["host", "stacking", "left"]
    source: str


class Topology(ConfigModel):
    """What "still the host" means after a relaxation.

    ``bond_stretch`` is the longest ratio of a cation-anion bond to its length in the host before the
    bond counts as broken, ``broken_bonds`` the number of broken bonds from which a cation has left its
    site, ``glide`` the lateral shift (A) of neighbouring slabs from which the stacking is another one,
    ``gap`` the ratio of the distance between slabs to that of the start from which the layers have come apart.
    ``spacing`` is, per working ion, the range of the repeat per layer relative to that of the start, or of the relaxed
    cell as made: above it the layers have come apart, below it they have collapsed. ``measured`` is what it was derived
    from.
    """

    bond_stretch: float = 1.35
    broken_bonds: int = 3
    glide: float | None = None
    gap: float = 1.3
    spacing: dict[str, tuple[float, float]] = Field(default_factory=dict)
    measured: tuple[MeasuredSpacing, ...] = ()

    @model_validator(mode="after")
    def _ranges(self) -> Topology:
        for ion, (lowest, highest) in self.spacing.items():
            if not 0 < lowest < 1 < highest:
                raise ValueError(
                    f"spacing of {ion} is a range around 1: smallest and largest repeat per layer of the host"
                )
        for one in self.measured:
            if one.ion not in self.spacing:
                raise ValueError(f"{one.material} was measured with {one.ion}, for which there is no spacing")
            lowest, highest = self.spacing[one.ion]
            inside = lowest < one.ratio < highest
            if one.state == "host" and not inside:
                raise ValueError(f"{one.material} was measured at {one.ratio} as the host, outside its spacing")
            if one.state == "left" and inside:
                raise ValueError(f"{one.material} has left the host at {one.ratio}, inside its spacing")
        return self

    def spacing_with(self, ion: str | None) -> tuple[float, float]:
        """Smallest and largest repeat per layer with a working ion, the widest range where it has none of its own."""
        ranges = [self.spacing[ion]] if ion in self.spacing else list(self.spacing.values())
        if not ranges:
            return 0.0, math.inf
        return min(lowest for lowest, _ in ranges), max(highest for _, highest in ranges)


class Family(ConfigModel):
    """A host family; ``ladder`` is ordered from the lowest potential to the highest.

    Potentials are against ``ladder_electrode``; a family without one says in ``no_electrode`` what orders its ladder.
    ``anion_limit`` names the last couple that gives its electrons before the anions do, as ``Ni 2+/3+``; None where the
    anions give first.
    ``x`` counts working ions per formula unit.
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
    ladder: tuple[Couple, ...]
    anion_limit: str | None
    topology: Topology
    sources: tuple[str, ...]

    @model_validator(mode="after")
    def _consistent(self) -> Family:
        if set(self.lattice) != set(self.working_ions or ("none",)):
            raise ValueError("lattice needs one estimate per working ion, or one named none")
        if self.anion_limit is not None and self.anion_limit not in [couple.label for couple in self.ladder]:
            raise ValueError(f"anion_limit must be a couple of the ladder, as Ni 2+/3+, not {self.anion_limit}")
        if not self.mixed:
            raise ValueError("a family needs a sublattice of role mixed")
        if bool(self.working_ions) != (self.working_sublattice is not None):
            raise ValueError("working_ions and a sublattice of role working belong together")
        return self

    @model_validator(mode="after")
    def _potentials(self) -> Family:
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
    def couples_before_anions(self) -> int:
        """How many couples, counted from the lowest, give their electrons before the anions do."""
        labels = [couple.label for couple in self.ladder]
        return 0 if self.anion_limit is None else labels.index(self.anion_limit) + 1

    @property
    def mixed(self) -> tuple[str, ...]:
        """Names of the sublattices on which species mix: those of that role, and anions where there is a choice."""
        return tuple(
            name
            for name, sub in self.sublattices.items()
            if sub.role == "mixed" or (sub.role == "anion" and len(sub.species) > 1)
        )

    @property
    def called(self) -> str:
        """How messages call the host: its name, or that it is the one of a file."""
        return self.name if self.name in family_names() else "the host of the file"

    @property
    def working_sublattice(self) -> str | None:
        """Name of the sublattice of the working ion, if the family has one."""
        return next((name for name, sub in self.sublattices.items() if sub.role == "working"), None)


def _check_potential(couple: Couple, *, electrode: bool) -> None:
    """Refuse a couple that has neither potential nor reason, or both, or a potential without an electrode."""
    if not electrode and (couple.potential_V is not None or couple.no_potential):
        raise ValueError(f"{couple.label}: the ladder names no electrode that its potential could refer to")
    if electrode and (couple.potential_V is None) == (not couple.no_potential):
        raise ValueError(f"{couple.label}: give potential_V, or no_potential with the reason")


@cache
def family_names() -> tuple[str, ...]:
    """Names of all families, sorted."""
    folder = resources.files("hebe.config") / "families"
    return tuple(sorted(entry.name.removesuffix(".yaml") for entry in folder.iterdir() if entry.name.endswith(".yaml")))


_brought: Final[dict[str, Family]] = {}


def adopt_family(family: Family) -> None:
    """Have a family that a campaign brings found by its name, which follows from its content.

    Raises
    ------
    ValueError
        If it has the name of a family of a data file.
    """
    if family.name in family_names():
        raise ValueError(f"{family.name} is a family of its own")
    _brought[family.name] = family


def brought_family(name: str) -> Family | None:
    """Family that a campaign brought, None if the name is that of a data file."""
    return _brought.get(name)


def load_family(name: str) -> Family:
    """Family of that name: one of a data file, or one that a campaign brought.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    return _brought[name] if name in _brought else _read_family(name)


@cache
def _read_family(name: str) -> Family:
    if name not in family_names():
        raise BadInputError(f"no host family is called {name!r}", suggestion=suggest(name, family_names()))
    document = _document(name)
    return load_model(Family, Document(_completed(dict(document.data)), document.source))


def _document(name: str) -> Document:
    path = resources.files("hebe.config") / "families" / f"{name}.yaml"
    return parse_yaml(path.read_bytes(), file=f"{name}.yaml")


def _completed(data: dict[str, Any]) -> dict[str, Any]:
    """Data of a family with what it does not say itself taken from the one that it is ``like``."""
    like = data.pop("like", None)
    if like is None:
        return data
    other = _completed(dict(_document(like).data))
    sublattices = {
        name: {"species": other["sublattices"].get(name, {}).get("species", {}), **sub}
        for name, sub in data["sublattices"].items()
    }
    taken: dict[str, Any] = {
        key: other[key] for key in _TAKEN_OVER if key in other and not (key in _LADDER and "ladder" in data)
    }
    return {**taken, **data, "sublattices": sublattices}

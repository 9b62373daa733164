"""The family that a crystal with partial occupancies makes: its sublattices with roles, its lattice, a ladder.

What a file cannot say (redox ladder, oxidation states, what counts as still the host) is taken from another family.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import Family
from hebe.config.family_sites import FamilySublattice, LatticeEstimate, SpeciesData
from hebe.config.family_topology import Topology
from hebe.config.layers import in_plane_first
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError
from hebe.science.crystals.crystal import VACANCY, Crystal, check_element, described
from hebe.science.crystals.free_sites import largest_free
from hebe.science.crystals.oxidation_states import ANION_STATES, OxidationStates, Valences

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping

EXCLUSION: Final = 2.0
"""Distance (A) below which two sites of the working ion are never occupied together: both prisms of a P stacking."""

_MOBILE: Final = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Zn", "Al", "Ag")
"""Elements that may leave sites which they share with others."""
_BOND: Final = 1.2
_SAME: Final = 1e-3
_DIGITS: Final = 6
_MOST_SUBLATTICES: Final = 16
_FINEST: Final = 240
_ROUNDED: Final = 3.4e-3
"""What a content may be off a simple fraction: sites whose occupancies have two digits add up to 0.67 of 2/3."""


@dataclass(frozen=True)
class FileHost:
    """A family made from a file, and the fractions that the file has on each sublattice that is mixed."""

    family: Family
    fractions: dict[str, dict[str, Fraction]]


def host_of_crystal(crystal: Crystal, working_ion: str | None, named: Mapping[str, Valences], like: Family) -> FileHost:
    """Family of a crystal.

    Parameters
    ----------
    crystal
        What the file holds.
    working_ion
        Element that goes in and out; the sites that it has alone are the working sublattice.
    named
        Sublattices that a campaign mixes, with the oxidation states of their species.
    like
        Family whose ladder, oxidation states and topology limits hold.

    Raises
    ------
    BadInputError
        If the working ion is missing or is no mobile ion and shares its sites, sites elsewhere are empty or too close,
        nothing is mixed, or an oxidation state is not known; names the nearest that would do.
    """
    placed = _placed(crystal, working_ion, named)
    _check_split(placed)
    metal = "anion" not in placed.roles.values()
    states = OxidationStates(crystal, like)
    sublattices = {}
    for name in dict.fromkeys(placed.labels):
        part, given = crystal.fractions[name], named.get(name, {})
        species = _atoms({**part, **given}) if metal else states.of(part, placed.roles[name], given)
        sublattices[name] = _sublattice(placed, name, species)
    x_full, x_made = _contents(placed)
    family = Family(
        name="",
        title=f"Crystal of space group {crystal.space_group} with {crystal.described()}",
        citation="a structure file",
        space_group=1,
        sublattices=sublattices,
        lattice={working_ion or "none": _estimate(placed.lattice)},
        layer_axis="c" if placed.layered else None,
        x_full=x_full,
        x_made=x_made,
        working_ions=(working_ion,) if working_ion else (),
        working=_shared(placed, working_ion),
        **(_METAL if metal else _of(like)),
    )
    fractions = {name: dict(crystal.fractions[name]) for name in family.mixed if len(crystal.fractions[name]) > 1}
    return FileHost(family.model_copy(update={"name": f"cif-{_digest(family)}"}), fractions)


_METAL: Final[dict[str, Any]] = {
    "bonding": "metallic",
    "topology": Topology(bond_stretch=1.1, broken_bonds=4),
    "sources": ("limits of the topology: fcc-alloy",),
}


def _of(like: Family) -> dict[str, Any]:
    """What an ionic host has of the family that it is like."""
    taken = ("ladder_electrode", "no_electrode", "ladder", "anion_limit", "topology")
    sources = (f"redox ladder, oxidation states and limits of the topology: {like.name}", *like.sources)
    return {**{key: getattr(like, key) for key in taken}, "sources": sources}


def _atoms(elements: Collection[str]) -> dict[str, SpeciesData]:
    """Atoms of a metal, which have no oxidation state."""
    for element in elements:
        check_element(element)
    return {element: SpeciesData() for element in elements}


def _shared(placed: _Placed, working_ion: str | None) -> tuple[str, ...]:
    """Mixed sublattices that the working ion shares, where it has no sites of its own."""
    if working_ion is None or "working" in placed.roles.values():
        return ()
    return tuple(name for name, part in placed.crystal.fractions.items() if working_ion in part)


@dataclass(frozen=True)
class _Placed:
    """A crystal with the role of every sublattice, those that belong together merged; ``units`` formula units."""

    crystal: Crystal
    roles: dict[str, Any]
    labels: tuple[str, ...]
    lattice: NDArray[np.float64]
    coords: NDArray[np.float64]
    layered: bool
    units: int

    def sites(self, name: str) -> list[int]:
        """Sites of a sublattice."""
        return [i for i, label in enumerate(self.labels) if label == name]

    def distances(self, first: int, second: int) -> NDArray[np.float64]:
        """Distances (A) from one site to the images of another in the cells around."""
        step = self.coords[second] - self.coords[first]
        shifts = np.array(list(itertools.product((-2, -1, 0, 1, 2), repeat=3)))
        return np.asarray(np.linalg.norm((step + shifts) @ self.lattice, axis=1))

    def near(self, sites: list[int]) -> list[tuple[int, int]]:
        """Pairs of positions in a list of sites of which not both can be occupied, a site and its own images too."""
        shifts = np.array(list(itertools.product((-2, -1, 0, 1, 2), repeat=3)))
        coords = self.coords[sites]
        found = []
        for i in range(len(sites)):
            steps = (coords[i:] - coords[i])[:, None] + shifts
            distances = np.linalg.norm(steps @ self.lattice, axis=2)
            close = ((distances > _SAME) & (distances < EXCLUSION)).any(axis=1)
            found += [(i, i + int(j)) for j in np.flatnonzero(close)]
        return found


def _placed(crystal: Crystal, working_ion: str | None, named: Mapping[str, Valences]) -> _Placed:
    roles = _roles(crystal, working_ion, named)
    _check_empty(crystal, roles, working_ion)
    merged = _merged(crystal, roles)
    labels = tuple(merged[label] for label in crystal.labels)
    counts = {name: labels.count(name) for name in dict.fromkeys(labels)}
    if len(counts) > _MOST_SUBLATTICES:
        raise BadInputError(f"it has {len(counts)} sublattices, at most {_MOST_SUBLATTICES} can be told apart")
    mixed = [name for name in counts if roles[name] == "mixed"]
    primary = max(mixed, key=lambda name: len(crystal.fractions[name]), default="")
    cell = in_plane_first(crystal.lattice, crystal.coords, [label == primary for label in labels])
    return _Placed(crystal, roles, labels, *cell, math.gcd(*counts.values()))


def own_composition(found: FileHost, name: str) -> SublatticeSpec:
    """What the file has on a mixed sublattice, in steps of at least 1/240.

    The steps are also those in which ions of one element may differ in charge: fine enough for the working ions, on
    sites of their own or shared.
    """
    family, part = found.family, found.fractions[name]
    species = family.sublattices[name].species
    grid = math.lcm(*(x.denominator for x in part.values()))
    amounts = dict(part)
    if grid > _FINEST:
        whole = {element: math.floor(x * _FINEST) for element, x in part.items()}
        last = sorted(part, key=lambda element: (whole[element] - part[element] * _FINEST, element))
        for element in last[: _FINEST - sum(whole.values())]:
            whole[element] += 1
        amounts = {element: Fraction(n, _FINEST) for element, n in whole.items()}
        grid = _FINEST
    held = {element: x for element, x in amounts.items() if x}
    shared = (x.denominator for other in family.working_shared for x in found.fractions.get(other, {}).values())
    finer = math.lcm(grid, family.x_made.denominator, *shared)
    return SublatticeSpec.model_validate(
        {
            "species": {element: species[element].valences for element in held},
            "amounts": held,
            "grid": finer if finer <= _FINEST else grid,
        }
    )


def coarser_steps(found: FileHost, own: SublatticeSpec, name: str) -> str | None:
    """How the composition taken from a file differs from the file's, in words; None where it does not."""
    part, amounts = found.fractions[name], own.amounts or {}
    changed = [
        f"{element} {float(x):.6g} to {float(amounts.get(element, Fraction(0))):.6g}"
        for element, x in part.items()
        if amounts.get(element) != x
    ]
    return f"amounts on {name} are taken in steps of 1/{_FINEST}: {', '.join(changed)}" if changed else None


def _digest(family: Family) -> str:
    """Ten hexadecimal digits that its content decides."""
    plain = family.model_dump(mode="json", exclude={"name", "title", "citation", "sources"})
    return hashlib.sha256(json.dumps(plain, sort_keys=True).encode()).hexdigest()[:10]


def _roles(crystal: Crystal, working_ion: str | None, named: Collection[str]) -> dict[str, Any]:
    """Role of each sublattice."""
    roles: dict[str, Any] = {}
    for name, part in crystal.fractions.items():
        if working_ion is not None and set(part) - {VACANCY} == {working_ion} and name not in named:
            roles[name] = "working"
        elif crystal.has_anions(part):
            roles[name] = "anion"
        else:
            roles[name] = "mixed" if name in named or len(part) > 1 else "fixed"
    if "anion" not in roles.values() and not _is_metal(crystal, working_ion):
        raise BadInputError(
            f"it holds no anions: {crystal.described()}", suggestion=f"one of {', '.join(ANION_STATES)}"
        )
    if set(roles.values()) == {"anion"}:
        raise BadInputError(f"all its sites hold anions: {crystal.described()}", suggestion="sites of cations alone")
    _check_working(crystal, roles, working_ion)
    unknown = [name for name in named if name not in roles]
    if unknown:
        hint = f"{suggest(unknown[0], roles)} It has {crystal.described()}"
        raise BadInputError(f"it has no sublattice {unknown[0]!r}", suggestion=hint)
    if "mixed" not in roles.values() and not any(len(crystal.fractions[n]) > 1 for n in roles if roles[n] == "anion"):
        raise BadInputError(
            f"no site is shared by several species: {crystal.described()}",
            suggestion="partial occupancies, or a sublattice of the campaign with species to mix",
        )
    return roles


def _is_metal(crystal: Crystal, working_ion: str | None) -> bool:
    from pymatgen.core import Element

    elements = {element for part in crystal.fractions.values() for element in part} - {VACANCY}
    return working_ion is None and all(Element(element).is_metal for element in elements)


def _check_working(crystal: Crystal, roles: Mapping[str, Any], working_ion: str | None) -> None:
    if working_ion is None or "working" in roles.values():
        return
    shared = [name for name, part in crystal.fractions.items() if working_ion in part]
    taken = [name for name in shared if set(crystal.fractions[name]) <= {working_ion, VACANCY}]
    if taken:
        reason = f"{taken[0]} holds the working ion {working_ion}, and the campaign lists other species for it"
        raise BadInputError(reason, suggestion=f"remove {taken[0]} from sublattices, or no working_ion")
    alone = sorted({next(iter(part)) for n, part in crystal.fractions.items() if roles[n] == "fixed"})
    if shared and working_ion in _MOBILE and all(roles[name] == "mixed" for name in shared):
        return
    if shared:
        name = max(shared, key=lambda sublattice: crystal.fractions[sublattice][working_ion])
        raise BadInputError(
            f"the working ion {working_ion} shares its sites: {name} holds {described(crystal.fractions[name])}",
            suggestion=f"nearest: {working_ion} alone on {name}, or no working_ion and analyses: [mixing]",
        )
    hint = f"nearest: {', '.join(alone)}" if alone else "no working_ion, and analyses: [mixing]"
    raise BadInputError(f"it holds no {working_ion}: {crystal.described()}", suggestion=hint)


def _merged(crystal: Crystal, roles: Mapping[str, Any]) -> dict[str, str]:
    """Sublattice -> the one that it is part of: those of the working ion, and those of one species and role."""
    first: dict[tuple[str, ...], str] = {}
    result = {}
    for name, part in crystal.fractions.items():
        kind = (roles[name], *(() if roles[name] == "working" else part))
        single = roles[name] == "working" or (roles[name] in ("anion", "fixed") and len(part) == 1)
        result[name] = first.setdefault(kind, name) if single else name
    return result


def _check_empty(crystal: Crystal, roles: Mapping[str, Any], working_ion: str | None) -> None:
    """Refuse empty sites of one species that is not the working ion, and of anions."""
    for name, part in crystal.fractions.items():
        several = roles[name] == "mixed" and len(part) > 2
        if VACANCY in part and roles[name] != "working" and not several:
            held = described(part)
            only = set(part) - {VACANCY}
            hint = f"full sites, or working_ion: {next(iter(only))}" if len(only) == 1 else "full sites"
            if working_ion is not None or crystal.has_anions(part):
                hint = "full sites; hebe.science.structures.sqs_of_host builds cells with empty sites"
            raise BadInputError(f"sites of {name} are partly empty ({held}), only those of the working ion may be",
                                suggestion=hint)  # fmt: skip


def _check_split(placed: _Placed) -> None:
    """Refuse mixed sites that are partly empty because they are split: both cannot be occupied."""
    fractions, labels = placed.crystal.fractions, placed.crystal.labels
    partly = [i for i, label in enumerate(labels) if placed.roles[label] == "mixed" and VACANCY in fractions[label]]
    for i, j in placed.near(partly)[:1]:
        raise BadInputError(
            f"sites of {labels[partly[i]]} and {labels[partly[j]]} that are partly empty are closer than "
            f"{EXCLUSION:g} A",
            suggestion="give them as one site with partial occupancies",
        )


def _sublattice(placed: _Placed, name: str, species: dict[str, SpeciesData]) -> FamilySublattice:
    """Sublattice of a family; its coordination counts cations around an anion, anions around a cation, or all atoms."""
    sites = placed.sites(name)
    anion = [placed.crystal.has_anions(placed.crystal.fractions[label]) for label in placed.crystal.labels]
    others = [i for i, is_anion in enumerate(anion) if is_anion != anion[sites[0]] or not any(anion)]
    around = np.concatenate([placed.distances(sites[0], i) for i in others])
    around = around[around > _SAME]
    excluding = placed.roles[name] == "working" and bool(placed.near(sites))
    return FamilySublattice(
        wyckoff=name,
        coordinates=tuple((_exact(x), _exact(y), _exact(z)) for x, y, z in placed.coords[sites].tolist()),
        coordination=int((around < _BOND * around.min()).sum()),
        multiplicity=len(sites) // placed.units,
        role=placed.roles[name],
        exclusion=EXCLUSION if excluding else 0.0,
        species=species,
    )


def _exact(value: float) -> Fraction:
    """Coordinate between 0 and 1 with six digits, thirds and the like exactly."""
    wrapped = value - math.floor(value)
    simple = Fraction(wrapped).limit_denominator(24)
    if abs(simple - wrapped) < 10.0**-_DIGITS:
        return simple % 1
    return Fraction(round(wrapped * 10**_DIGITS), 10**_DIGITS) % 1


def _estimate(lattice: NDArray[np.float64]) -> LatticeEstimate:
    from pymatgen.core import Lattice

    given = Lattice(lattice)
    names = ("a", "b", "c", "alpha", "beta", "gamma")
    values = {name: round(value, _DIGITS) for name, value in zip(names, given.parameters, strict=True)}
    return LatticeEstimate(parameters=values, reference_radius=0.0, source="the file")


def _contents(placed: _Placed) -> tuple[Fraction, Fraction]:
    """Most working ions that have room, and those of the file, per formula unit."""
    sites = [i for i, label in enumerate(placed.labels) if placed.roles[label] == "working"]
    parts = [placed.crystal.fractions[placed.crystal.labels[i]] for i in sites]
    made = _simple(sum(1 - float(part.get(VACANCY, 0)) for part in parts) / placed.units)
    full = Fraction(largest_free(len(sites), placed.near(sites)), placed.units)
    if made > full:
        raise BadInputError(
            f"{float(made):.4g} working ions per formula unit have no room: sites are closer than {EXCLUSION:g} A",
            suggestion=f"nearest: {float(full):.4g}",
        )
    return full, made


def _simple(content: float) -> Fraction:
    """Content as a fraction with a denominator of at most 24, or of 120 where that is off by more than 0.0034."""
    simple = Fraction(content).limit_denominator(24)
    return simple if abs(simple - content) < _ROUNDED else Fraction(content).limit_denominator(120)

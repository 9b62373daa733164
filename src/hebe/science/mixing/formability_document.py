"""Comparison descriptors of one candidate, put together from calculations; see `hebe.science.mixing.formability`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from itertools import combinations
from typing import TYPE_CHECKING

from hebe.exceptions import BadInputError
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.formability import FormabilityDoc
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.member import composition_of, split_of
from hebe.science.hulls.hull import InfeasibleError, PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.hull_entries import PhaseFacts, competing_entries, member_entries
from hebe.science.mixing.formability import deed, entropy_forming_ability, relative_formation, weighted_mean
from hebe.science.mixing.member_result import MemberResult
from hebe.science.mixing.pair_model import pairwise_energy

if TYPE_CHECKING:
    from hebe.science.chemistry.ladder import Split

_HALF = 1e-9


@dataclass(frozen=True)
class TileResult:
    """An ordered tile with its calculation; see `hebe.science.structures.tiles.Tile`."""

    degeneracy: int
    calculation: CalculationDoc | None


@dataclass(frozen=True)
class FormabilityInput:
    """What the descriptors of a candidate are made of.

    Parameters
    ----------
    spec
        The candidate.
    own
        Its configurations.
    vertices, edges
        Members of the host with fewest species, and those between.
    members
        Those that compete by name.
    phases, facts
        Calculations of competing phases by id; facts of those that are not the package's.
    brought
        Phases with their energies.
    tiles, n_tiles, sampled
        Ordered tiles, how many distinct ones there are, whether they were drawn.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    spec: MemberSpec
    own: Sequence[MemberResult]
    vertices: Sequence[MemberResult]
    edges: Sequence[MemberResult]
    members: Sequence[MemberResult] = ()
    phases: Mapping[str, CalculationDoc | None] = field(default_factory=dict)
    facts: Sequence[PhaseFacts] = ()
    brought: Sequence[PhaseEntry] = ()
    tiles: Sequence[TileResult] = ()
    n_tiles: int | None = None
    sampled: bool = False
    accept: tuple[str, ...] = ()

    @property
    def pairs(self) -> list[MemberResult]:
        """Members behind the pairwise values that have an energy."""
        return [member for member in (*self.vertices, *self.edges) if member.usable and member.split]

    @property
    def used(self) -> list[tuple[CalculationDoc, int]]:
        """Tiles that have an energy and are the host, with their degeneracies."""
        found = [(tile.calculation, tile.degeneracy) for tile in self.tiles]
        return [(doc, number) for doc, number in found if doc is not None and doc.usable and doc.is_host(self.accept)]

    @cached_property
    def first(self) -> CalculationDoc | None:
        """A calculation that says which engine it was."""
        return next((doc for doc in (*(m.result for m in self.pairs), *(doc for doc, _ in self.used))), None)

    @property
    def sites(self) -> int:
        """Mixed sites of the primary sublattice per formula unit."""
        return composition_of(self.spec).host.sublattices[self.spec.primary].multiplicity

    @cached_property
    def amounts(self) -> dict[str, float]:
        """Element -> amount per formula unit of the candidate."""
        return {element: float(n) for element, n in composition_of(self.spec).elements.items()}

    @cached_property
    def hull(self) -> list[PhaseEntry]:
        """Entries of the ``competing`` set on the energy scale of the calculations."""
        candidate = MemberResult(self.spec, None, None)
        entries = competing_entries(self.phases, set(self.amounts), self.facts)
        entries += member_entries([*self.vertices, *self.members], set(self.amounts), candidate)
        entries += [entry for entry in self.brought if set(entry.amounts) <= set(self.amounts)]
        return [entry for entry in entries if self.first and entry.energy_scale == self.first.energy_scale]


def formability_document(given: FormabilityInput) -> FormabilityDoc:
    """Descriptors of a candidate; what cannot be had is null with its reason."""
    used = given.used
    document = FormabilityDoc(
        engine=None if given.first is None else given.first.engine,
        energy_scale=None if given.first is None else given.first.energy_scale,
        n_tiles=given.n_tiles,
        n_tiles_used=len(used),
        tile_arrangements=sum(number for _, number in used),
        tiles_sampled=given.sampled,
        n_pairs=len(given.pairs),
    )
    _tiles(document, given)
    try:
        document.pairwise_mixing_enthalpy_eV_per_site = _pairwise(given)
    except (BadInputError, InfeasibleError) as err:
        document.pairwise_reason = str(err)
    try:
        found = relative_formation(*_pair_enthalpies(given))
        document.relative_formation_eV_per_site = found.mean
        document.relative_formation_spread_eV_per_site = found.sd
    except (BadInputError, InfeasibleError) as err:
        document.relative_formation_reason = str(err)
    return document


def _tiles(document: FormabilityDoc, given: FormabilityInput) -> None:
    """Descriptors from the energies of the tiles, eV/atom."""
    if given.n_tiles is None:
        document.tiles_reason = document.deed_reason = "no tiles were asked for"
        return
    energies, degeneracies = [doc.energy_per_atom for doc, _ in given.used], [number for _, number in given.used]
    if given.sampled:
        drawn = f"{sum(tile.degeneracy for tile in given.tiles)} arrangements drawn"
        document.warnings.append(f"tiles: {drawn} of {given.n_tiles} distinct ones: EFA and DEED are estimates")
    lost = len(given.tiles) - len(energies)
    if lost:
        document.warnings.append(f"tiles: {lost} of {len(given.tiles)} have no energy or left the host, left out")
    try:
        ability = entropy_forming_ability(energies, degeneracies)
    except BadInputError as err:
        document.tiles_reason = document.deed_reason = str(err)
        return
    document.tile_spread_eV_per_atom = 1 / ability
    document.entropy_forming_ability_atom_per_eV = ability
    try:
        hull = PhaseEquilibrium(given.hull).decompose(given.amounts).energy / sum(given.amounts.values())
        distance = weighted_mean(energies, degeneracies) - hull
        document.tile_hull_distance_eV_per_atom = distance
        document.deed_atom_per_eV = deed(ability, distance)
    except (BadInputError, InfeasibleError) as err:
        document.deed_reason = str(err)


def _pairwise(given: FormabilityInput) -> float:
    """Enthalpy of the pairwise model against the lowest mixture of members with fewest species, eV per mixed site.

    A candidate that is itself halfway between two of them is known by its own cells.
    """
    split = split_of(given.spec) or {}
    own = [member for member in given.own if member.usable and member.split] if _halfway(given) else []
    members = [*given.pairs, *own]
    points = [_by_site(member.split or {}) for member in members]
    energy = pairwise_energy(points, [member.energy for member in members], _by_site(split))
    entries = [
        PhaseEntry(name=v.name, amounts=v.ions, energy=v.energy, energy_scale=v.result.energy_scale)
        for v in given.vertices
        if v.usable
    ]
    lowest = PhaseEquilibrium(entries).decompose(_by_ion(split)).energy
    return (energy - lowest) / given.sites


def _halfway(given: FormabilityInput) -> bool:
    """Whether the candidate is the mean of two of the members with fewest species."""
    at = _by_site(split_of(given.spec) or {})
    corners = [_by_site(split_of(vertex.spec) or {}) for vertex in given.vertices]
    return any(
        all(abs((a.get(site, 0.0) + b.get(site, 0.0)) / 2 - at.get(site, 0.0)) < _HALF for site in {*a, *b, *at})
        for a, b in combinations(corners, 2)
    )


def _pair_enthalpies(given: FormabilityInput) -> tuple[list[str], dict[frozenset[str], float]]:
    """Ions of a candidate of equal parts, and the enthalpies of their pairs against phases of one of them each.

    Raises
    ------
    BadInputError
        If the candidate is not such that every two of its ions make a member of equal parts.
    """
    split = split_of(given.spec) or {}
    mixed = [{ion: x for ion, x in part.items() if x} for part in split.values()]
    several = [part for part in mixed if len(part) > 1]
    if len(several) != 1 or len(set(several[0].values())) != 1:
        raise BadInputError("relative formation is of equal parts of ions on one sublattice")
    ions = several[0]
    if len({ion.charge for ion in ions}) != 1 or len({ion.element for ion in ions}) != len(ions):
        raise BadInputError("ions of unlike charge make no pairs of equal parts")
    elements = {ion.element for ion in ions}
    alone = PhaseEquilibrium([entry for entry in given.hull if len(elements & set(entry.amounts)) < 2])
    found: dict[frozenset[str], float] = {}
    for edge in given.edges:
        held = {str(ion): edge.ions.get(str(ion), 0.0) for ion in ions}
        pair = {ion: n for ion, n in held.items() if n}
        if edge.usable and len(pair) == 2 and max(pair.values()) - min(pair.values()) < _HALF:
            mixture = alone.decompose(edge.amounts)
            found[frozenset(pair)] = (edge.energy - mixture.energy) / given.sites
    return [str(ion) for ion in ions], found


def _by_site(split: Split) -> dict[tuple[str, str], float]:
    """Sublattice and ion -> amount per formula unit."""
    return {(name, str(ion)): float(x) for name, part in split.items() for ion, x in part.items() if x}


def _by_ion(split: Split) -> dict[str, float]:
    """Ion -> amount per formula unit."""
    total: dict[str, Fraction] = {}
    for part in split.values():
        for ion, x in part.items():
            total[str(ion)] = total.get(str(ion), Fraction(0)) + x
    return {ion: float(x) for ion, x in total.items() if x}

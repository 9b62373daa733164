"""The nearest composition that a cell of a few atoms can hold exactly, neutral like the printed one."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction
from itertools import combinations, product
from typing import TYPE_CHECKING, Final

from hebe.config.campaign import SublatticeSpec
from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.literature.hosted import Hosted

if TYPE_CHECKING:
    from hebe.science.literature.hosted import Fractions
    from hebe.science.structures.host import HostCell

Valences = Mapping[str, Mapping[str, tuple[int, ...]]]
"""Sublattice -> element -> oxidation states."""

Counts = dict[str, dict[str, int]]
"""Sublattice -> element -> atoms."""

MOST_ATOMS: Final = 100
"""Largest cell of an approximant, unless a primitive cell of the host is larger."""

_OFF: Final = 3
_ROUNDINGS: Final = 40
_QUALITY: Final = 0.8
_LEAST: Final = 12
_ENOUGH: Final = 4
_SAME: Final = 1e-6


@dataclass(frozen=True)
class Approximant:
    """A composition of whole atoms in a cell of ``n_fu`` formula units.

    ``deviation`` is the largest difference to the printed amount of a species, per formula unit; 0 where it is exact.
    Cells that are built have ``sites`` of the primary sublattice and ``cell_fu`` formula units: several times ``n_fu``
    where that is small. ``valences`` are the oxidation states with which it is neutral.
    """

    hosted: Hosted
    composition: HostComposition
    valences: Valences
    n_fu: int
    deviation: float
    sites: int = 0
    cell_fu: int = 0


def approximate(hosted: Hosted, valences: Valences, most_atoms: int = MOST_ATOMS) -> Approximant:
    """Nearest neutral composition of a cell; the smallest cell where several are as near.

    Cells whose shortest repeat is below 0.8 of the longest possible one are taken only where there is no other.

    Parameters
    ----------
    hosted
        The composition wanted.
    valences
        Sublattice -> element -> oxidation states that it may take.
    most_atoms
        Largest cell.

    Raises
    ------
    BadInputError
        If no cell holds a neutral composition with these oxidation states.
    """
    from hebe.science.structures.host import host_cell

    family = hosted.family
    cell = host_cell(family, hosted.working_ion)
    most = max(1, int(most_atoms // (_atoms(hosted) * cell.formula_units)))
    found = _nearest(hosted, valences, cell, most)
    if not found:
        states = ", ".join(
            f"{e} {'/'.join(f'{z:+d}' for z in charges)} on {name}"
            for name, part in valences.items()
            for e, charges in part.items()
        )
        raise BadInputError(f"no cell of {family.name} with {most_atoms} atoms holds it neutral with {states}")
    sized = (_sized(option, cell, most) for option in found)
    return next((one for one, quality in sized if quality >= _QUALITY), _sized(found[0], cell, most)[0])


def _atoms(hosted: Hosted) -> Fraction:
    """Atoms per formula unit, sites of the working ion that are empty as made left out."""
    family = hosted.family
    others = sum(family.atoms_per_unit(name) for name in family.sublattices if name not in family.working_own)
    return others + hosted.x_own


def _nearest(hosted: Hosted, valences: Valences, cell: HostCell, most: int) -> list[Approximant]:
    """The few nearest neutral compositions of cells of up to `most` primitive ones, the best first.

    Cells are tried in the order of what rounding alone costs, which neutrality can only raise.
    """
    units = [n * cell.formula_units for n in range(1, most + 1)]
    costs = {n: min((_off(hosted, counts, n) for counts in _roundings(hosted, n, cell)), default=None) for n in units}
    found: list[Approximant] = []
    for cost, n in sorted((round(cost, 6), n) for n, cost in costs.items() if cost is not None):
        if sum(1 for one in found if one.deviation <= cost + _SAME) >= _ENOUGH:
            break
        option = _neutral(hosted, valences, n, cell)
        if option is not None:
            found.append(option)
    return sorted(found, key=lambda one: (round(one.deviation, 6), one.n_fu))[:_ENOUGH]


def _sized(option: Approximant, cell: HostCell, most: int) -> tuple[Approximant, float]:
    """Approximant with the size of its cells, and how near to isotropic they are."""
    from hebe.science.structures.configuration import cell_size
    from hebe.science.structures.supercell import find_supercell

    fractions = option.hosted.fractions
    primary = max(fractions, key=lambda name: len(fractions[name]))
    per_cell = cell.sites_per_cell(primary)
    cells = option.n_fu // cell.formula_units
    repeats = max(1, min(-(-_LEAST // (cells * per_cell)), most // cells))
    size = cell_size(option.composition, primary, repeats * cells * per_cell)
    sized = replace(option, sites=size, cell_fu=size // per_cell * cell.formula_units)
    return sized, find_supercell(cell, primary, size).quality


def _neutral(hosted: Hosted, valences: Valences, n_fu: int, cell: HostCell) -> Approximant | None:
    """Nearest neutral composition of `n_fu` formula units, None without any."""
    subs = hosted.family.sublattices
    costs = ((counts, _off(hosted, counts, n_fu)) for counts in _roundings(hosted, n_fu, cell))
    ways = [(cost, abs(float(x - hosted.x_own)), counts, x) for counts, cost in costs for x in _near(hosted, n_fu)]
    for cost, shift, counts, x in sorted(ways, key=lambda way: (round(max(way[0], way[1]), 6), way[1])):
        fractions: Fractions = {
            name: {e: Fraction(n, n_fu * subs[name].multiplicity) for e, n in part.items() if n}
            for name, part in counts.items()
        }
        specs = {
            name: SublatticeSpec(species={e: valences[name][e] for e in part}, amounts=part)
            for name, part in fractions.items()
        }
        space = CompositionSpace(hosted.family.name, hosted.working_ion, x, specs)
        composition = space.made_with(fractions)
        if space.split(composition) is not None:
            return Approximant(
                replace(hosted, x_own=x, fractions=fractions), composition, valences, n_fu, max(cost, shift)
            )
    return None


def _off(hosted: Hosted, counts: Counts, n_fu: int) -> float:
    """Largest difference of an amount per formula unit; of sublattices that were printed as one, of their sum."""
    wanted: dict[tuple[str, str], Fraction] = {}
    for name, part in counts.items():
        sites = hosted.family.sublattices[name].multiplicity
        key = "+" if name in hosted.spread else name
        for element in {*part, *hosted.fractions[name]}:
            off = Fraction(part.get(element, 0), n_fu) - hosted.fractions[name].get(element, Fraction(0)) * sites
            wanted[key, element] = wanted.get((key, element), Fraction(0)) + off
    return float(max(map(abs, wanted.values())))


def _near(hosted: Hosted, n_fu: int) -> list[Fraction]:
    """Contents of the working ion's own sites that a cell can have, near the one wanted."""
    if not hosted.x_own:
        return [Fraction(0)]
    middle, most = hosted.x_own * n_fu, int(hosted.family.x_full * n_fu)
    return [Fraction(n, n_fu) for n in range(max(1, round(middle) - _OFF), min(round(middle) + _OFF, most) + 1)]


def _roundings(hosted: Hosted, n_fu: int, cell: HostCell) -> Iterator[Counts]:
    """Whole numbers of atoms on every sublattice, each layer alike; at least one of every species."""
    names = list(hosted.fractions)
    if hosted.spread:
        yield from _spread_roundings(hosted, n_fu)
        return
    parts = []
    for name in names:
        layers = cell.layers(name)
        sites = n_fu * hosted.family.sublattices[name].multiplicity // layers
        parts.append(
            [(name, {e: layers * n for e, n in counts.items()}) for counts in _rounded(hosted.fractions[name], sites)]
        )
    for chosen in product(*parts):
        yield dict(chosen)


def _spread_roundings(hosted: Hosted, n_fu: int) -> Iterator[Counts]:
    """Roundings of what is printed as one set of sites: its sum, then the first sublattice; the last has the rest."""
    subs, fractions = hosted.family.sublattices, hosted.fractions
    sites = {name: n_fu * subs[name].multiplicity for name in hosted.spread}
    total = sum(sites.values())
    first, last = hosted.spread[0], hosted.spread[-1]
    elements = list(dict.fromkeys(e for name in hosted.spread for e in fractions.get(name, {})))
    sums = {e: sum((fractions[n].get(e, Fraction(0)) * sites[n] for n in hosted.spread), Fraction(0)) for e in elements}
    for counts in _rounded({e: x / total for e, x in sums.items()}, total):
        alone = {e: counts[e] for e in elements if e not in subs[last].species}
        shared = {e: fractions[first][e] for e in fractions[first] if e not in alone}
        left = sites[first] - sum(alone.values())
        scale = sum(shared.values(), Fraction(0))
        ways = _rounded({e: x / scale for e, x in shared.items()}, left) if scale and left > 0 else [{}]
        for way in ways:
            here = {**alone, **way}
            rest = {e: counts[e] - here.get(e, 0) for e in elements}
            if sum(here.values()) == sites[first] and min(rest.values()) >= 0:
                yield {first: here, last: rest}


def _rounded(fractions: Mapping[str, Fraction], sites: int) -> list[dict[str, int]]:
    """Ways to round fractions of some sites to whole numbers, the nearest first, at least one of every species."""
    if len(fractions) > sites:
        return []
    least = {name: max(1, int(x * sites)) for name, x in fractions.items()}
    missing = sites - sum(least.values())
    if missing < 0:
        return [_without(least, -missing)]
    open_ = [name for name, x in fractions.items() if x * sites > least[name]]
    if missing > len(open_):
        return []
    ways = [{name: n + (name in up) for name, n in least.items()} for up in combinations(open_, missing)]
    return sorted(ways, key=lambda way: _worst(way, fractions, sites))[:_ROUNDINGS]


def _worst(way: Mapping[str, int], fractions: Mapping[str, Fraction], sites: int) -> tuple[Fraction, list[int]]:
    return max(abs(way[name] - x * sites) for name, x in fractions.items()), list(way.values())


def _without(counts: Mapping[str, int], number: int) -> dict[str, int]:
    """Counts less `number`, taken from the most frequent species one by one."""
    left = dict(counts)
    for _ in range(number):
        left[max(left, key=lambda name: (left[name], name))] -= 1
    return left

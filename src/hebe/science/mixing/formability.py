"""Descriptors of whether a disordered phase forms, from energies of ordered tiles or of pairs; for comparison.

None of them holds a temperature or a competing decomposition: the mixing temperature is the answer, these rank.
"""

from __future__ import annotations

import math
import statistics
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence


def weighted_mean(values: Sequence[float], degeneracies: Sequence[int]) -> float:
    """Mean of tile values, each counted as often as its degeneracy says.

    Raises
    ------
    BadInputError
        If the two differ in length or a degeneracy is below 1.
    """
    total = _total(values, degeneracies)
    return math.fsum(g * value for value, g in zip(values, degeneracies, strict=True)) / total


def tile_spread(energies: Sequence[float], degeneracies: Sequence[int]) -> float:
    """Sample standard deviation of tile energies weighted by degeneracy, in the unit of the energies.

    ``sigma = sqrt(sum_i g_i (H_i - <H>)^2 / (sum_i g_i - 1))``: Sarker et al., Nat. Commun. 9, 4980 (2018). The tiles
    are all ordered cells of one size that tile the disordered phase; energies of quasi-random cells do not belong here.

    Parameters
    ----------
    energies
        Energy per atom of each distinct tile, eV.
    degeneracies
        How many equivalent tiles each stands for.

    Raises
    ------
    BadInputError
        If fewer than two tiles are counted.
    """
    total = _total(energies, degeneracies)
    if total < 2:
        raise BadInputError("a spread needs at least two tiles")
    mean = weighted_mean(energies, degeneracies)
    squares = math.fsum(g * (energy - mean) ** 2 for energy, g in zip(energies, degeneracies, strict=True))
    return math.sqrt(squares / (total - 1))


def entropy_forming_ability(energies: Sequence[float], degeneracies: Sequence[int]) -> float:
    """EFA, the inverse of `tile_spread`, (eV/atom)^-1: Sarker et al., Nat. Commun. 9, 4980 (2018).

    Raises
    ------
    BadInputError
        If all tiles have the same energy.
    """
    spread = tile_spread(energies, degeneracies)
    if spread == 0:
        raise BadInputError("all tiles have the same energy: the entropy forming ability has no bound")
    return 1.0 / spread


def deed(inverse_spread: float, hull_distance: float) -> float:
    """DEED, ``sqrt(sigma^-1 / <dH_hull>)``, (eV/atom)^-1: Divilov et al., Nature 625, 66 (2024).

    Parameters
    ----------
    inverse_spread
        Entropy forming ability, (eV/atom)^-1.
    hull_distance
        Mean energy of the tiles above the hull, weighted by degeneracy, eV/atom.

    Raises
    ------
    BadInputError
        If one of them is not positive.
    """
    if inverse_spread <= 0 or hull_distance <= 0:
        raise BadInputError("the descriptor needs a positive inverse spread and a positive distance from the hull")
    return math.sqrt(inverse_spread / hull_distance)


def deed_of_tiles(energies: Sequence[float], degeneracies: Sequence[int], hull_energy: float) -> float:
    """DEED of ordered tiles at a hull energy, all in eV/atom; see `deed`."""
    distance = weighted_mean(energies, degeneracies) - hull_energy
    return deed(entropy_forming_ability(energies, degeneracies), distance)


def regular_solution_enthalpy(fractions: Mapping[str, float], interactions: Mapping[frozenset[str], float]) -> float:
    """Enthalpy of a pairwise regular solution, ``sum_{i<j} Omega_ij x_i x_j``, in the unit of the interactions.

    With the mixing enthalpy dH of an equimolar pair, ``Omega_ij = 4 dH``: Takeuchi and Inoue, Mater. Trans. 46, 2817
    (2005).

    Parameters
    ----------
    fractions
        Species -> fraction of the mixed sites.
    interactions
        Pair of species -> Omega.

    Raises
    ------
    BadInputError
        If a pair is missing.
    """
    return math.fsum(
        fractions[a] * fractions[b] * _of_pair(interactions, a, b) for a, b in combinations(sorted(fractions), 2)
    )


@dataclass(frozen=True)
class PairStatistics:
    """Mean and sample standard deviation of the mixing enthalpies of all pairs, in their unit."""

    mean: float
    sd: float


def relative_formation(species: Iterable[str], pair_enthalpies: Mapping[frozenset[str], float]) -> PairStatistics:
    """How easily an equimolar phase of these species forms beside others, from its two-component phases.

    A low mean is little to be paid in enthalpy, a low spread is little that favours one neighbour over another and so
    full configurational entropy: the two axes of Pitike et al., Chem. Mater. 32, 7507 (2020).

    Parameters
    ----------
    species
        At least three.
    pair_enthalpies
        Pair of species -> mixing enthalpy of their equimolar phase in the host, against the stable single phases.

    Raises
    ------
    BadInputError
        If a pair is missing or there are fewer than three species.
    """
    names = sorted(set(species))
    if len(names) < 3:
        raise BadInputError("a spread over pairs needs at least three species")
    values = [_of_pair(pair_enthalpies, a, b) for a, b in combinations(names, 2)]
    return PairStatistics(statistics.fmean(values), statistics.stdev(values))


def _total(values: Sequence[float], degeneracies: Sequence[int]) -> int:
    if len(values) != len(degeneracies) or min(degeneracies, default=0) < 1:
        raise BadInputError("every tile needs an energy and a degeneracy of at least 1")
    return sum(degeneracies)


def _of_pair(values: Mapping[frozenset[str], float], a: str, b: str) -> float:
    try:
        return values[frozenset((a, b))]
    except KeyError as err:
        raise BadInputError(f"the pair {a}-{b} has no value") from err

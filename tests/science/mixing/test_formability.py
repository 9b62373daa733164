"""Comparison descriptors against printed numbers, hand-made tiles and identities."""

from __future__ import annotations

import math
import statistics
from itertools import combinations

import pytest

from hebe.exceptions import BadInputError
from hebe.science.mixing.formability import (
    deed,
    deed_of_tiles,
    entropy_forming_ability,
    regular_solution_enthalpy,
    relative_formation,
    tile_spread,
    weighted_mean,
)


@pytest.mark.parametrize(
    ("carbide", "inverse", "distance", "printed"),
    [
        ("(HfNbTaZr)C", 92, 22, 65),
        ("(HfNbTaTiZr)C", 99, 36, 53),
        ("(HfTaTiZr)C", 83, 43, 44),
        ("(HfNbTaTiV)C", 103, 77, 37),
    ],
)
def test_deed_of_the_carbides_of_table_1(carbide: str, inverse: float, distance: float, printed: float) -> None:
    # Divilov et al., Nature 625, 66 (2024), Table 1 prints whole numbers: the printed DEED must be reached by
    # inputs that round to those printed
    low = deed(inverse - 0.5, (distance + 0.5) / 1000)
    high = deed(inverse + 0.5, (distance - 0.5) / 1000)
    assert low - 0.5 <= printed <= high + 0.5, carbide
    assert round(deed(inverse, distance / 1000)) in (printed - 1, printed)


def test_spread_of_three_tiles_by_hand() -> None:
    # energies 0, 0.03, 0.06 counted 1, 2, 1 times: mean 0.03, squares 2 * 0.03^2, divided by 4 - 1
    energies, degeneracies = [0.0, 0.03, 0.06], [1, 2, 1]
    assert weighted_mean(energies, degeneracies) == pytest.approx(0.03)
    assert tile_spread(energies, degeneracies) == pytest.approx(math.sqrt(2 * 0.0009 / 3))
    assert entropy_forming_ability(energies, degeneracies) == pytest.approx(1 / 0.02449489743)
    assert deed_of_tiles(energies, degeneracies, -0.02) == pytest.approx(math.sqrt(40.82482905 / 0.05))


def test_degeneracy_is_the_same_as_repetition() -> None:
    energies, degeneracies = [-1.0, -0.98, -0.97], [3, 1, 6]
    repeated = [e for e, g in zip(energies, degeneracies, strict=True) for _ in range(g)]
    assert tile_spread(energies, degeneracies) == pytest.approx(statistics.stdev(repeated))


def test_regular_solution_of_an_equimolar_mixture_is_the_mean_of_its_pairs() -> None:
    names = "ABCDE"
    enthalpies = {frozenset(pair): 0.01 * n for n, pair in enumerate(combinations(names, 2))}
    interactions = {pair: 4 * value for pair, value in enthalpies.items()}
    # sum over 10 pairs of 4 dH / 25 is 1.6 times the mean pair
    mean = statistics.fmean(enthalpies.values())
    assert regular_solution_enthalpy(dict.fromkeys(names, 0.2), interactions) == pytest.approx(1.6 * mean)
    assert regular_solution_enthalpy({"A": 0.5, "B": 0.5}, interactions) == pytest.approx(enthalpies[frozenset("AB")])
    assert regular_solution_enthalpy({"A": 1.0}, interactions) == 0


def test_relative_formation_is_mean_and_spread_of_the_pairs() -> None:
    values = {frozenset("AB"): 0.1, frozenset("BC"): 0.2, frozenset("AC"): 0.3, frozenset("AD"): 9.0}
    found = relative_formation("ABC", values)
    assert found.mean == pytest.approx(0.2)
    assert found.sd == pytest.approx(0.1)
    with pytest.raises(BadInputError, match="the pair B-D has no value"):
        relative_formation("ABD", values)


def test_what_has_no_meaning_is_refused() -> None:
    with pytest.raises(BadInputError, match="at least two tiles"):
        tile_spread([0.0], [1])
    with pytest.raises(BadInputError, match="a degeneracy of at least 1"):
        tile_spread([0.0, 0.1], [1, 0])
    with pytest.raises(BadInputError, match="same energy"):
        entropy_forming_ability([0.0, 0.0], [1, 1])
    with pytest.raises(BadInputError, match="positive"):
        deed(90, -0.01)
    with pytest.raises(BadInputError, match="three species"):
        relative_formation("AB", {frozenset("AB"): 0.1})

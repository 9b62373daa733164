"""Projected states: centres, shares and what the spheres hold, on states whose answers are known."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.science.electrons.levels import edges, highest_occupied
from hebe.science.electrons.projected import TOP_EV, WINDOW_EV, Projected


def bands(*, fermi: float = 0.5) -> Projected:
    """One k point: an s band outside the window, two of oxygen's p, one of iron's d, an empty one."""
    energies = np.array([[[-18.0, -4.0, -2.0, -0.5, 3.0]]])
    weights = {
        "O": {0: np.array([[[0.6, 0, 0, 0, 0]]]), 1: np.array([[[0.1, 0.4, 0.4, 0.1, 0.3]]])},
        "Fe": {2: np.array([[[0, 0.1, 0, 0.8, 0.6]]])},
    }
    return Projected(energies, np.array([[[2.0, 2, 2, 2, 0]]]), weights, highest_occupied(energies, fermi))


def test_a_centre_is_the_first_moment_of_the_occupied_states_of_the_window() -> None:
    """From the highest occupied level: 0.4 at -3.5, 0.4 at -1.5, 0.1 at 0; iron 0.1 at -3.5 and 0.8 at 0."""
    found = bands()
    assert found.reference == -0.5
    assert found.centre("O", 1) == pytest.approx((0.4 * -3.5 + 0.4 * -1.5) / 0.9)
    assert found.centre("Fe", 2) == pytest.approx(0.1 * -3.5 / 0.9)
    assert found.centre("Fe", 1) is None
    assert found.centres(found.anions, 1).keys() == {"O"}
    assert found.metals == ["Fe"]
    assert found.held("O", 1) == pytest.approx(2.0)
    assert found.held("O", 1, WINDOW_EV) == pytest.approx(1.8), "without the s band"


def test_where_the_fermi_level_lies_in_a_gap_changes_nothing() -> None:
    """Programs put it where they like."""
    assert bands(fermi=0.0).centre("O", 1) == bands(fermi=2.9).centre("O", 1)
    energies = np.array([[[-1.0, 0.4], [-0.8, -0.2]]])
    assert edges(energies, 0.0) is None
    assert highest_occupied(energies, 0.0) == 0.0, "a band crosses it: a metal"


def test_what_the_spheres_hold_is_part_of_the_electrons() -> None:
    """Two electrons in each of four states, of which 0.7, 0.5, 0.4 and 0.9 are held."""
    assert bands().captured == pytest.approx((0.7 + 0.5 + 0.4 + 0.9) / 4)


def test_the_share_of_the_anions_is_that_of_the_highest_states() -> None:
    found = bands()
    assert TOP_EV < 1.5, "the next states are deeper"
    assert found.anion_share == pytest.approx(0.1 / 0.9)
    halves = Projected(found.energies, found.occupied, found.weights, found.reference, {"O": {1: 0.5}, "Fe": {2: 1.0}})
    assert halves.anion_share == pytest.approx(0.2 / 1.0), "a sphere that holds half of an orbital counts twice"
    nothing = Projected(found.energies, found.occupied, {"O": {0: found.weights["O"][0]}}, found.reference)
    assert nothing.anion_share is None


def test_both_spins_count() -> None:
    """One electron a state: two of one spin, one of the other."""
    energies = np.array([[[-3.0, -1.0, 1.0]], [[-2.0, 2.0, 3.0]]])
    weights = {"Fe": {2: np.full((2, 1, 3), 0.9)}}
    occupied = np.array([[[1.0, 1.0, 0.0]], [[1.0, 0.0, 0.0]]])
    found = Projected(energies, occupied, weights, highest_occupied(energies, 0.0))
    assert found.reference == -1.0
    assert found.centre("Fe", 2) == pytest.approx((-2 + 0 - 1) / 3)

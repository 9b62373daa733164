"""Blocks, collective coefficients, Haven ratio, conductivity, distances and occupancies of lattice walks."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice

from hebe.science.transport.collective import (
    Estimate,
    block_estimate,
    conductivity,
    curve_lags,
    haven_ratio,
    together,
)
from hebe.science.transport.residence import Sites, residence
from hebe.science.transport.van_hove import self_part
from support.lattice_walk import DISTANCE, STEP_FS, walk

if TYPE_CHECKING:
    from numpy.typing import NDArray

RATE, FRAMES = 0.05, 1001
TIME_FS = (FRAMES - 1) * STEP_FS
KNOWN = RATE / STEP_FS * DISTANCE**2 / 6 * 0.1  # cm^2/s


def in_step(n_ions: int, seed: int) -> NDArray[np.float64]:
    """Ions that all make the same jumps."""
    return np.repeat(walk(1, FRAMES, RATE, seed), n_ions, axis=1)


def test_intervals_of_blocks_hold_the_known_coefficient_as_often_as_they_say() -> None:
    """Tracer and collective coefficient of 100 walks each of 8 independent ions; 95 % of intervals hold."""
    for of in (lambda moved: moved, together):
        held = []
        for seed in range(100):
            found = block_estimate(of(walk(8, FRAMES, RATE, seed)), TIME_FS)
            assert found is not None
            low, high = found.interval
            held.append(low < KNOWN < high)
        assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100)


def test_independent_ions_have_a_haven_ratio_of_one_and_ions_in_step_one_over_their_number() -> None:
    ratios = {}
    for name, moved in {"alone": walk(200, 10 * FRAMES, RATE, 1), "in step": in_step(5, 2)}.items():
        time_fs = (len(moved) - 1) * STEP_FS
        tracer, collective = block_estimate(moved, time_fs), block_estimate(together(moved), time_fs)
        assert tracer is not None
        assert collective is not None
        found = haven_ratio(tracer, collective)
        assert found is not None
        ratios[name] = found
    assert ratios["alone"][1] < 1.0 < ratios["alone"][2]
    assert ratios["in step"][0] == pytest.approx(1 / 5)


def test_a_haven_ratio_needs_a_collective_coefficient() -> None:
    assert haven_ratio(Estimate(1.0, 0.1, 9), Estimate(1.0, 0.6, 9)) is None
    assert haven_ratio(Estimate(1.0, 0.1, 9), Estimate(-1.0, 0.1, 9)) is None
    assert haven_ratio(Estimate(1e-9, 1e-5, 9), Estimate(1.0, 0.1, 9)) is None, "nor is a tracer that is not known"


def test_the_interval_is_that_of_students_t() -> None:
    """2.262 standard errors with nine degrees of freedom; no coefficient is negative."""
    assert Estimate(10.0, 1.0, 9).interval == pytest.approx((10 - 2.26216, 10 + 2.26216), abs=1e-4)
    assert Estimate(1.0, 1.0, 9).interval[0] == 0.0
    assert Estimate(10.0, 1.0, 9).normal_error == pytest.approx(2.26216 / 1.95996, abs=1e-4)


def test_short_runs_have_no_blocks() -> None:
    assert block_estimate(walk(4, 99, RATE, 0), 9800.0) is None


def test_the_conductivity_is_that_of_nernst_and_einstein() -> None:
    """1e22 ions per cm^3 with D = 1e-8 cm^2/s at 300 K, by hand.

    1e22 (1.6022e-19)^2 1e-8 / (1.38065e-23 300) = 2.5670e-24 / 4.1419e-21 = 6.1975e-4 S/cm; that of two charges is
    four times as much.
    """
    assert conductivity(1e-8, 10, 1000.0, 1, 300.0) == pytest.approx(0.61975, rel=1e-4)
    assert conductivity(1e-8, 10, 1000.0, 2, 300.0) == pytest.approx(4 * 0.61975, rel=1e-4)
    assert conductivity(1e-8, 10, 1000.0, 1, 600.0) == pytest.approx(0.61975 / 2, rel=1e-4)


def test_the_van_hove_function_is_normalised_and_has_its_second_moment() -> None:
    """The integral is one; the mean square of distances is the mean square displacement."""
    moved, lag = walk(100, 400, RATE, 3, noise=0.2), 20
    found = self_part(moved, lag)
    assert found.density.sum() * found.width == pytest.approx(1.0)
    exact = float(((moved[lag:] - moved[:-lag]) ** 2).sum(axis=2).mean())
    assert (found.density * found.distances**2).sum() * found.width == pytest.approx(exact, rel=0.02)


def test_the_van_hove_function_of_jumps_has_its_peaks_at_the_sites() -> None:
    """Within one frame an ion stays, or is one jump away: Poisson's weights 0.95 and 0.05."""
    found = self_part(walk(500, 50, RATE, 4), 1)
    weights = dict(zip(np.round(found.distances, 3).tolist(), (found.density * found.width).tolist(), strict=True))
    assert weights[0.125] == pytest.approx(1 - RATE, abs=0.01)
    assert weights[DISTANCE + 0.125] == pytest.approx(RATE, abs=0.01)


def test_ions_are_counted_on_their_sites_through_the_periodic_cell() -> None:
    """Two of four sites along a line; one ion walks round the cell and is a quarter of the time on each site."""
    lattice = Lattice.orthorhombic(12, 5, 5)
    sites = Sites(np.array([[3.0 * k, 0, 0] for k in range(4)]), ["A: 1 Co", "A: 1 Co", "B: 1 Mn", "B: 1 Mn"], 3.0, 3.0)
    moved = np.zeros((200, 2, 3))
    moved[:, 0, 0] = 3.0 * (np.arange(200) // 10)
    moved[:, 1, 0] = 9.4
    found = residence(moved, sites, lattice)
    assert found.occupancies == pytest.approx({"A: 1 Co": 0.25, "B: 1 Mn": 0.75})
    assert found.n_sites == {"A: 1 Co": 2, "B: 1 Mn": 2}
    assert found.between == 0.0


def test_ions_between_sites_are_on_none() -> None:
    sites = Sites(np.array([[0.0, 0, 0], [3.0, 0, 0]]), ["A", "A"], 3.0, 3.0)
    moved = np.zeros((100, 1, 3))
    moved[::4, 0, 1] = 1.84  # a tetrahedron of a rock salt is 0.61 of a jump away
    found = residence(moved, sites, Lattice.cubic(8))
    assert found.between == pytest.approx(0.25)
    assert found.occupancies == pytest.approx({"A": 0.375})


def test_lags_rise_to_half_the_run() -> None:
    lags = curve_lags(1001)
    assert lags[0] == 1
    assert lags[-1] == 500
    assert sorted(set(lags)) == lags

"""Diffusion: a lattice walk with a known coefficient, jumps, bounds, drift."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.exceptions import BadInputError
from hebe.science.transport.diffusion import against_frame, count_jumps, diffusion, square_displacements
from support.lattice_walk import DISTANCE, STEP_FS, walk


@pytest.mark.parametrize("noise", [0.0, 0.2])
@pytest.mark.parametrize("seed", range(3))
def test_a_walk_on_a_lattice_has_its_known_coefficient(seed: int, noise: float) -> None:
    """D = rate a^2 / 6, within four standard errors that are below a tenth."""
    rate, frames = 0.02, 2001
    found = diffusion(walk(400, frames, rate, seed, noise), (frames - 1) * STEP_FS, range(400), DISTANCE)
    expected = rate / STEP_FS * DISTANCE**2 / 6 * 0.1
    assert found.d_cm2_per_s is not None
    assert found.se_cm2_per_s is not None
    assert found.se_cm2_per_s < 0.1 * expected
    assert abs(found.d_cm2_per_s - expected) < 4 * found.se_cm2_per_s
    assert found.n_jumps == pytest.approx(400 * (frames - 1) * rate, rel=0.05)
    assert found.bound_cm2_per_s is None


def test_vibrations_of_any_size_leave_the_slope_alone() -> None:
    """Ions that rattle by half an angstrom along each axis: the whole displacement over its time is 14 % too much."""
    rate, frames = 0.003, 2001
    found = diffusion(walk(1000, frames, rate, 2, noise=0.5), (frames - 1) * STEP_FS, range(1000), DISTANCE)
    expected = rate / STEP_FS * DISTANCE**2 / 6 * 0.1
    assert found.d_cm2_per_s == pytest.approx(expected, rel=0.06)
    assert found.msd_A2 / (6 * 0.2 * (frames - 1) * STEP_FS) * 0.1 > 1.1 * expected


def test_many_ions_that_have_hardly_moved_tell_nothing() -> None:
    found = diffusion(walk(2000, 201, 0.001, 3), 20_000.0, range(2000), DISTANCE)
    assert found.n_jumps > 100
    assert found.msd_A2 < DISTANCE**2
    assert found.d_cm2_per_s is None


def test_without_a_jump_there_is_only_a_bound() -> None:
    """Ten ions that stay for 200 ps: at 95 % confidence fewer than -ln 0.05 = 3.0 jumps in their time."""
    found = diffusion(walk(10, 2001, 0.0, 0, noise=0.2), 200_000.0, range(10), DISTANCE)
    assert (found.n_jumps, found.d_cm2_per_s, found.se_cm2_per_s) == (0, None, None)
    assert found.bound_cm2_per_s == pytest.approx(-np.log(0.05) * DISTANCE**2 * 1e-16 / (6 * 10 * 200_000e-15))


def test_the_longest_jump_decides_what_is_told_and_the_bound() -> None:
    """Short jumps within a cage are counted; to cross the crystal takes jumps twice as long."""
    still = walk(10, 2001, 0.0, 0, noise=0.2)
    short, far = (diffusion(still, 200_000.0, range(10), DISTANCE, most) for most in (None, 2 * DISTANCE))
    assert far.bound_cm2_per_s == pytest.approx(4 * (short.bound_cm2_per_s or 0.0))
    moving = walk(40, 2001, 0.005, 1)
    found = diffusion(moving, 200_000.0, range(40), DISTANCE)
    assert found.d_cm2_per_s is not None
    longer = 1.01 * np.sqrt(found.msd_A2)
    assert diffusion(moving, 200_000.0, range(40), DISTANCE, longer).d_cm2_per_s is None


def test_few_jumps_are_not_told_and_their_bound_holds() -> None:
    rate = 0.001
    found = diffusion(walk(20, 2001, rate, 1), 200_000.0, range(20), DISTANCE)
    assert 10 < found.n_jumps < 100
    assert found.d_cm2_per_s is None
    assert found.bound_cm2_per_s is not None
    expected = rate / STEP_FS * DISTANCE**2 / 6 * 0.1
    assert expected < found.bound_cm2_per_s < 2 * expected


def test_a_bound_holds_in_nineteen_of_twenty_runs() -> None:
    """Three jumps are expected in each run of 10 ions."""
    rate, frames = 0.003, 101
    walks = (walk(10, frames, rate, seed) for seed in range(400))
    bounds = [diffusion(moved, (frames - 1) * STEP_FS, range(10), DISTANCE).bound_cm2_per_s for moved in walks]
    held = np.mean([bound is not None and bound > rate / STEP_FS * DISTANCE**2 / 6 * 0.1 for bound in bounds])
    assert held >= 0.95 - 2 * np.sqrt(0.95 * 0.05 / 400)


def test_where_several_jumps_count_as_one_there_is_no_bound() -> None:
    """Two ions that jump five times from frame to frame: at most 80 of 400 jumps can be counted."""
    found = diffusion(walk(2, 4001, 0.05, 0)[::100], 400_000.0, range(2), DISTANCE)
    assert 40 < found.n_jumps <= 80
    assert (found.d_cm2_per_s, found.bound_cm2_per_s) == (None, None)


def test_vibrations_are_no_jumps() -> None:
    assert count_jumps(walk(50, 1000, 0.0, 0, noise=0.2), DISTANCE) == 0
    back_and_forth = np.zeros((5, 1, 3))
    back_and_forth[[1, 3], 0, 0] = DISTANCE
    assert count_jumps(back_and_forth, DISTANCE) == 4


def test_a_drift_of_the_frame_is_no_diffusion() -> None:
    frames = 201
    still = np.zeros((frames, 6, 3)) + np.linspace(0, 50, frames)[:, None, None]
    assert against_frame(still, [0, 1]) == pytest.approx(0.0)
    found = diffusion(still, 20_000.0, [0, 1], DISTANCE)
    assert (found.n_jumps, found.msd_A2) == (0, 0.0)


def test_square_displacements_are_means_over_windows() -> None:
    straight = np.arange(5.0)[:, None, None] * np.array([1.0, 2.0, 2.0])
    assert square_displacements(straight, [1, 2, 4])[:, 0] == pytest.approx([9.0, 36.0, 144.0])


@pytest.mark.parametrize(("frames", "mobile"), [(40, [0]), (41, [])])
def test_too_little_tells_nothing(frames: int, mobile: list[int]) -> None:
    with pytest.raises(BadInputError, match="tell no diffusion"):
        diffusion(np.zeros((frames, 2, 3)), 1.0, mobile, DISTANCE)

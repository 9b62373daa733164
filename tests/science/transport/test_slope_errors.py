"""Scatter of slopes of mean squares: a published formula, limits, lattice walks, and intervals of ions in groups."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest

from hebe.schemas.dynamics import DiffusionDoc, MotionDoc
from hebe.science.transport.collective import BLOCK_LAGS, BLOCKS, block_estimate
from hebe.science.transport.diffusion import A2_PER_FS_IN_CM2_PER_S, LAGS, diffusion, square_displacements
from hebe.science.transport.diffusion_document import tracer_estimate
from hebe.science.transport.slope_errors import block_factor, relative_variance
from support.lattice_walk import DISTANCE, STEP_FS, walk

FRAMES, RATE = 1001, 0.05
TIME_FS = (FRAMES - 1) * STEP_FS


@pytest.mark.parametrize("lag", [0.01, 0.2, 0.5])
def test_brownian_motion_has_the_published_variance(lag: float) -> None:
    """Qian, Sheetz, Elson: ``n (4 K - n) / (6 K^2)`` in two dimensions, K being the rest of the run, for n up to K.

    That is their equation with many frames; three dimensions have two thirds of it.
    """
    rest = 1 - lag
    published = lag * (4 * rest - lag) / (6 * rest**2)
    assert relative_variance((0.0, lag), math.inf) == pytest.approx(2 / 3 * published)


def test_lags_without_length_count_jumps() -> None:
    """Their number is Poisson's; a lag of half the run has a third more, as the weights of jumps fall to both ends."""
    assert relative_variance((0.0, 1e-9), 20.0) == pytest.approx(1 / 20)
    counted = relative_variance((0.0, 0.5), 1.0) - relative_variance((0.0, 0.5), math.inf)
    assert counted == pytest.approx(4 / 3)


def test_blocks_are_known_better_by_the_ratio_of_their_lags() -> None:
    """Of Brownian motion: 0.1592 and 0.0481 by summing over all pairs of windows of 4,000 frames."""
    assert block_factor(math.inf) == pytest.approx(math.sqrt(0.15924 / 0.048094), rel=1e-4)
    assert 1.0 < block_factor(5.0) < block_factor(50.0) < block_factor(math.inf)


@pytest.mark.parametrize(("lags", "parts"), [(LAGS, 1), (BLOCK_LAGS, BLOCKS)])
def test_walks_on_a_lattice_scatter_as_they_should(lags: tuple[float, float], parts: int) -> None:
    """Of 3,000 slopes: a variance is known to some 5 %."""
    moved = walk(3000 // parts, FRAMES, RATE, 3)
    frames = FRAMES // parts
    a, b = (round(share * (frames - 1)) for share in lags)
    slopes = []
    for part in range(parts):
        short, long = square_displacements(moved[part * frames : (part + 1) * frames], [a, b])
        slopes.append((long - short) / ((b - a) * RATE * DISTANCE**2))
    exact = (a / (frames - 1), b / (frames - 1))
    assert np.mean(slopes) == pytest.approx(1.0, abs=0.05)
    assert np.var(slopes) == pytest.approx(relative_variance(exact, RATE * (frames - 1)), rel=0.15)


@pytest.mark.parametrize("together", [1, 4])
def test_intervals_hold_also_where_ions_move_together(together: int) -> None:
    """100 runs of 24 ions, alone or four at a time: 95 % of the intervals hold, as far as so many runs tell."""
    held = []
    for seed in range(100):
        moved = np.repeat(walk(24 // together, FRAMES, RATE, seed), together, axis=1)
        told, blocks = diffusion(moved, TIME_FS, range(24), DISTANCE), block_estimate(moved, TIME_FS)
        assert blocks is not None
        document = DiffusionDoc(element="Li", jump_A=DISTANCE, **asdict(told))
        found = tracer_estimate(document, MotionDoc(tracer_block_se_cm2_per_s=blocks.error))
        assert found is not None
        low, high = found.interval
        held.append(low < RATE / STEP_FS * DISTANCE**2 / 6 * A2_PER_FS_IN_CM2_PER_S < high)
    assert np.mean(held) >= 0.95 - 3 * np.sqrt(0.95 * 0.05 / 100)

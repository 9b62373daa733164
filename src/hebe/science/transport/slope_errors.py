"""How far slopes of mean square displacements scatter for ions that walk at random, in a run and in its blocks."""

from __future__ import annotations

import math

from hebe.science.transport.collective import BLOCK_LAGS, BLOCKS
from hebe.science.transport.diffusion import LAGS


def relative_variance(lags: tuple[float, float], jumps: float) -> float:
    """Variance of the slope ``(MSD(b) - MSD(a)) / (b - a)`` of one ion over the square of its mean.

    The ion makes so many independent jumps of one length in space, at any time; Brownian motion has infinitely many.
    Pairs of jumps give what Brownian motion has, two thirds of the mean square of the time that two windows share (for
    ``a = 0`` it is the formula of Qian, Sheetz and Elson, Biophys. J. 60, 910 (1991)). The number of jumps scatters
    too: each is in the windows that begin within a lag before it, of which there are fewer near the ends.

    Parameters
    ----------
    lags
        a and b as shares of the trajectory, over all windows of which means are taken; ``0 <= a < b <= 0.5``.
    jumps
        Of the ion in the trajectory, on average.
    """
    a, b = lags
    pairs = _shared(b, b) - 2 * _shared(a, b) + _shared(a, a)
    counts = _seen(b, b) - 2 * _seen(a, b) + _seen(a, a)
    return (2 / 3 * pairs + counts / jumps) / (b - a) ** 2


def block_factor(jumps: float) -> float:
    """Standard error of the slope of a whole run over that of the mean slope of its ten blocks.

    Blocks have shorter lags, which are known better. Both errors fall with the root of the number of ions that move
    independently of each other: whatever it is, it cancels.

    Parameters
    ----------
    jumps
        Per ion in the run.
    """
    blocks = relative_variance(BLOCK_LAGS, jumps / BLOCKS) / BLOCKS
    return math.sqrt(relative_variance(LAGS, jumps) / blocks)


def _shared(a: float, b: float) -> float:
    """Mean over pairs of windows, of lengths a and b >= a, of the square of the time that they share."""
    within = (b - a) * a**2 * (1 - b)
    across = (1 - b) * a**3 / 3 - a**4 / 12
    return (within + 2 * across) / ((1 - a) * (1 - b))


def _seen(a: float, b: float) -> float:
    """Integral over a trajectory of the shares of windows, of lengths a and b >= a, that a moment lies in."""
    half = a**3 / 3 + a * (b**2 - a**2) / 2 + a * b * (0.5 - b)
    return 2 * half / ((1 - a) * (1 - b))

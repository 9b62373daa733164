"""How all ions together move in a trajectory, with the scatter over blocks of it; Haven ratio and conductivity."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from hebe.science.transport.diffusion import A2_PER_FS_IN_CM2_PER_S, square_displacements

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

CONFIDENCE: Final = 0.95
BLOCKS: Final = 10
FEWEST_IN_BLOCKS: Final = 100
"""Frames without which there are no blocks to take slopes from."""
BLOCK_LAGS: Final = (0.1, 0.5)
"""Ends of the interval of lags, as shares of a block, from which its slope is taken."""
_ELEMENTARY_CHARGE: Final = 1.602176634e-19
"""C (exact in the SI)."""
_BOLTZMANN: Final = 1.380649e-23
"""J/K (exact in the SI)."""


@dataclass(frozen=True)
class Estimate:
    """A mean with its standard error, which has so many degrees of freedom."""

    value: float
    error: float
    degrees: int

    @property
    def half_width(self) -> float:
        """Half the interval that holds the true mean with 95 % confidence (Student's t)."""
        return float(scipy.special.stdtrit(self.degrees, 0.5 + CONFIDENCE / 2)) * self.error

    @property
    def normal_error(self) -> float:
        """Standard deviation of the normal distribution whose interval is as wide."""
        return self.half_width / float(scipy.special.ndtri(0.5 + CONFIDENCE / 2))

    @property
    def interval(self) -> tuple[float, float]:
        """Ends of that interval; a quantity that cannot be negative ends at zero."""
        return max(0.0, self.value - self.half_width), self.value + self.half_width

    def times(self, factor: float) -> Estimate:
        """The estimate in other units."""
        return Estimate(factor * self.value, factor * self.error, self.degrees)


def together(moved: Array) -> Array:
    """Displacement of all ions together over the root of their number, shape (frames, 1, 3).

    Its mean square displacement is ``<|sum_i dr_i|^2> / N``: that of one ion where ions move independently of each
    other.
    """
    return np.asarray(moved.sum(axis=1, keepdims=True) / np.sqrt(moved.shape[1]))


def block_estimate(moved: Array, time_fs: float) -> Estimate | None:
    """Diffusion coefficient (cm^2/s) from ten blocks of a trajectory, None with fewer than 100 frames.

    In each block ``D = (MSD(t2) - MSD(t1)) / (6 (t2 - t1))`` with t1 and t2 at a tenth and a half of it; the standard
    error is that over blocks (Flyvbjerg and Petersen, J. Chem. Phys. 91, 461 (1989), with blocks of one length).

    Parameters
    ----------
    moved
        Coordinates (A) against the framework, not wrapped, at even times, shape (frames, n, 3).
    time_fs
        From the first frame to the last.
    """
    frames = len(moved)
    if frames < FEWEST_IN_BLOCKS:
        return None
    step = time_fs / (frames - 1)
    slopes = []
    for block in np.array_split(moved, BLOCKS):
        lags = [max(1, round(share * (len(block) - 1))) for share in BLOCK_LAGS]
        short, long = square_displacements(block, lags).mean(axis=1)
        slopes.append((long - short) / (6 * (lags[1] - lags[0]) * step) * A2_PER_FS_IN_CM2_PER_S)
    return Estimate(float(np.mean(slopes)), float(np.std(slopes, ddof=1) / np.sqrt(BLOCKS)), BLOCKS - 1)


def haven_ratio(tracer: Estimate, collective: Estimate) -> tuple[float, float, float] | None:
    """Tracer over collective coefficient, and its interval at 95 % confidence.

    The logarithm has the two relative errors added in quadrature. None where either coefficient is not known to half of
    itself.
    """
    if any(one.value <= 2 * one.error for one in (tracer, collective)):
        return None
    ratio = tracer.value / collective.value
    factor = math.exp(math.hypot(*(one.half_width / one.value for one in (tracer, collective))))
    return ratio, ratio / factor, ratio * factor


def conductivity(coefficient: float, n_ions: int, volume: float, charge: int, temperature: float) -> float:
    """Conductivity (mS/cm) by Nernst and Einstein, ``N z^2 e^2 D / (V k T)``.

    Parameters
    ----------
    coefficient
        D in cm^2/s: of a tracer, where the conductivity is that of independent ions, or of all ions together.
    n_ions, volume
        Ions in so many A^3.
    charge
        Of one ion, in elementary charges.
    temperature
        K.
    """
    per_cm3 = n_ions / volume * 1e24
    siemens = per_cm3 * (charge * _ELEMENTARY_CHARGE) ** 2 * coefficient / (_BOLTZMANN * temperature)
    return 1000 * siemens


def curve_lags(frames: int, number: int = 30) -> Sequence[int]:
    """Lags (frames), evenly on a logarithmic scale, at which a mean square displacement is drawn, to half the run."""
    return sorted({max(1, round(lag)) for lag in np.geomspace(1, max(1, (frames - 1) // 2), number)})

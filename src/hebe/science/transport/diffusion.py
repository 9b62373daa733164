"""How far ions move in a trajectory: mean square displacement, jumps, and a diffusion coefficient or its bound."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy
from numpy.typing import NDArray

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Sequence

Array = NDArray[np.float64]

ENOUGH_JUMPS: Final = 100
"""With fewer jumps a diffusion coefficient is not told, only its bound."""
FEWEST_FRAMES: Final = 41
_JUMP: Final = 0.7
_CONFIDENCE: Final = 0.95
_SPARSE: Final = 0.1
"""Where an ion has jumped in a larger share of the intervals between frames, several jumps may count as one."""
LAGS: Final = (0.05, 0.2)
"""Ends of the interval of lags, as shares of the trajectory, from which the slope is taken."""
A2_PER_FS_IN_CM2_PER_S: Final = 0.1


@dataclass(frozen=True)
class Diffusion:
    """Tracer diffusion of some ions.

    ``d_cm2_per_s`` with the standard error over ions, None where it is not to be told: ``bound_cm2_per_s`` is then its
    upper limit at 95 % confidence, None where frames are too sparse to count jumps. ``msd_A2`` is the mean square
    displacement at the last lag of the fit.
    """

    n_ions: int
    time_fs: float
    n_jumps: int
    msd_A2: float  # noqa: N815 - the unit keeps its case
    d_cm2_per_s: float | None
    se_cm2_per_s: float | None
    bound_cm2_per_s: float | None


def square_displacements(positions: Array, lags: Sequence[int]) -> Array:
    """Mean square displacement of each ion over all windows of a length, A^2, shape (lags, n).

    Parameters
    ----------
    positions
        Cartesian coordinates (A) that are not wrapped, shape (frames, n, 3).
    lags
        Lengths of windows in frames.
    """
    return np.array([((positions[lag:] - positions[:-lag]) ** 2).sum(axis=2).mean(axis=0) for lag in lags])


def against_frame(positions: Array, mobile: Sequence[int]) -> Array:
    """Positions of some ions relative to the mean of all others, which may drift; as they are without others."""
    others = np.setdiff1d(np.arange(positions.shape[1]), mobile)
    drift = positions[:, others].mean(axis=1, keepdims=True) if len(others) else np.zeros((len(positions), 1, 3))
    return np.asarray(positions[:, list(mobile)] - drift)


def count_jumps(positions: Array, distance: float) -> int:
    """Jumps of all ions: one has jumped when it is further than 0.7 of `distance` (A) from where it last was counted.

    Vibrations are no jumps as long as they are smaller than that. An ion jumps once at most from frame to frame, and
    not at all if it is back by then: where frames are further apart than jumps, too few are counted.
    """
    jumps, places = 0, positions[0].copy()
    for now in positions[1:]:
        jumped = ((now - places) ** 2).sum(axis=1) > (_JUMP * distance) ** 2
        jumps += int(jumped.sum())
        places[jumped] = now[jumped]
    return jumps


def diffusion(
    positions: Array, time_fs: float, mobile: Sequence[int], distance: float, farthest: float | None = None
) -> Diffusion:
    """Tracer diffusion from the slope of the mean square displacement, ``D = (MSD(t2) - MSD(t1)) / (6 (t2 - t1))``.

    It is told with at least 100 jumps and a mean square displacement above `farthest` squared, else only its upper
    limit ``most farthest^2 / (6 N t)``. ``most = chi2.ppf(0.95, 2 (jumps + 1)) / 2`` is that of the number of
    independent jumps expected (Garwood, Biometrika 28, 437 (1936)): 3.0 where none was seen. It is not told either
    where an ion has jumped in more than a tenth of the intervals between frames: several jumps may then count as one.

    Parameters
    ----------
    positions
        Cartesian coordinates (A) that are not wrapped, at even times, shape (frames, n, 3).
    time_fs
        From the first frame to the last.
    mobile
        Ions that diffuse.
    distance
        Length (A) of a jump, of the shortest one.
    farthest
        Length (A) of the longest jump, by which ions can cross the crystal; that of all without it.

    Raises
    ------
    BadInputError
        If there are fewer than 41 frames, or no ions.
    """
    frames = len(positions)
    if frames < FEWEST_FRAMES or not len(mobile):
        reason = f"{frames} frames of {len(mobile)} ions tell no diffusion"
        raise BadInputError(reason, suggestion=f"{FEWEST_FRAMES} frames or more")
    moved = against_frame(positions, mobile)
    lags = [max(1, round(share * (frames - 1))) for share in LAGS]
    short, long = square_displacements(moved, lags)
    step = time_fs / (frames - 1)
    each = (long - short) / (6 * (lags[1] - lags[0]) * step) * A2_PER_FS_IN_CM2_PER_S
    jumps, n, far = count_jumps(moved, distance), len(mobile), farthest or distance
    told = jumps >= ENOUGH_JUMPS and float(long.mean()) > far**2
    most = 0.5 * float(scipy.stats.chi2.ppf(_CONFIDENCE, 2 * (jumps + 1)))
    bound = most * far**2 / (6 * n * time_fs) * A2_PER_FS_IN_CM2_PER_S
    bounded = not told and jumps <= _SPARSE * n * (frames - 1)
    return Diffusion(
        n_ions=n,
        time_fs=time_fs,
        n_jumps=jumps,
        msd_A2=float(long.mean()),
        d_cm2_per_s=float(each.mean()) if told else None,
        se_cm2_per_s=float(each.std(ddof=1) / np.sqrt(n)) if told and n > 1 else None,
        bound_cm2_per_s=bound if bounded else None,
    )

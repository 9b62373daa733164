"""Diffusion and conductivity from jumps: rates, independent runs, slopes of mean squares.

A jump over a hop has the rate ``nu exp(-E / kT)`` (Vineyard, J. Phys. Chem. Solids 3, 121 (1957)), where E is the mean
of the barriers of both directions plus half the difference of the energies of its sites (Van der Ven, Ceder, Asta,
Tepesch, Phys. Rev. B 64, 184307 (2001)): rates forth and back keep detailed balance whatever the mean is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.constants import BOLTZMANN
from hebe.science.structures.compiled import random_state
from hebe.science.transport.jumping import Track, follow

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.transport.hop_lattice import HopLattice

Array = NDArray[np.float64]

RUNS: Final = 20
BLOCKS: Final = 200
_BEFORE: Final = 0.2
"""Share of a run that comes before it, for ions to get to where they stand at this temperature."""
_TRACER: Final = (20, 80)
_COLLECTIVE: Final = (2, 8)
"""Lengths of windows in blocks between which slopes are taken; of all ions together only short ones are known well."""
_WINDOWS: Final = 4
"""Windows that begin within the length of one."""
_TOLD: Final = 2.0
"""A value is told that is more than so many standard errors."""
_A2_IN_CM2: Final = 1e-16


@dataclass(frozen=True)
class Measured:
    """A value and its standard error."""

    value: float
    error: float

    @property
    def told(self) -> bool:
        """Whether it is known not to be 0."""
        return self.value > _TOLD * self.error


@dataclass(frozen=True)
class Motion:
    """What runs at one temperature show: coefficients (cm2/s), and the mean square displacement (A2) in a time (s).

    ``haven`` is the ratio of tracer to collective. ``made`` counts each jump over all runs, ``time`` (s) is that of all
    runs, ``occupied`` the share of it for which each site has an ion.
    """

    tracer: Measured
    collective: Measured
    haven: Measured
    msd: float
    window: float
    time: float
    made: NDArray[np.int64]
    occupied: Array

    def bound(self) -> float:
        """Upper limit of the tracer coefficient (cm2/s): mean squares grow no slower than 6 D t."""
        return self.msd / (6 * self.window) * _A2_IN_CM2


def jump_rates(lattice: HopLattice, means: Array, energies: Array, attempts: float, temperature: float) -> Array:
    """Rate of each jump (1/s).

    Parameters
    ----------
    lattice
        The jumps.
    means
        Mean of both barriers of each hop (eV), not below half the difference of its ends.
    energies
        Of an ion on each working site of the configuration (eV).
    attempts
        1/s.
    temperature
        K.
    """
    of_site = energies[lattice.site]
    rise = of_site[lattice.jumps.target] - of_site[lattice.jumps.source]
    barriers = means[lattice.hop] + rise / 2
    return np.asarray(attempts * np.exp(-barriers / (BOLTZMANN * temperature)))


def run_jumps(lattice: HopLattice, rates: Array, jumps: int, seed: int) -> Motion | None:
    """Let ions jump in independent runs; None where nothing can move.

    Parameters
    ----------
    lattice, rates
        The jumps and the rate of each (1/s).
    jumps
        Of all runs together.
    seed
        Of the random numbers.
    """
    length = max(1, jumps // (RUNS * BLOCKS))
    before = int(_BEFORE * length * BLOCKS)
    seen = list[_Seen]()
    for run in range(RUNS):
        track = follow(lattice.jumps, rates, lattice.held, BLOCKS, length, before, random_state(RUNS * seed + run))
        if len(track.times) <= BLOCKS:
            return None
        seen.append(_Seen.of(track))
    return _motion(seen)


@dataclass(frozen=True)
class _Seen:
    """What one run shows: slopes (A^2/s), mean square (A^2) in the longest window (s), its time (s), and counts."""

    tracer: float
    collective: float
    msd: float
    window: float
    time: float
    made: NDArray[np.int64]
    occupied: Array

    @classmethod
    def of(cls, track: Track) -> _Seen:
        places, times = track.places, track.times
        together = places.sum(axis=1, keepdims=True) / np.sqrt(places.shape[1])
        return cls(
            _slope(times, places, _TRACER),
            _slope(times, together, _COLLECTIVE),
            *_mean_square(times, places, _TRACER[1]),
            float(times[-1]),
            track.made,
            track.occupied,
        )


def _motion(runs: Sequence[_Seen]) -> Motion:
    tracer = np.array([run.tracer for run in runs]) * _A2_IN_CM2
    collective = np.array([run.collective for run in runs]) * _A2_IN_CM2
    time = sum(run.time for run in runs)
    return Motion(
        tracer=_mean(tracer),
        collective=_mean(collective),
        haven=_ratio(tracer, collective),
        msd=float(np.mean([run.msd for run in runs])),
        window=float(np.mean([run.window for run in runs])),
        time=time,
        made=np.sum([run.made for run in runs], axis=0),
        occupied=np.sum([run.occupied for run in runs], axis=0) / time,
    )


def _slope(times: Array, places: Array, lags: tuple[int, int]) -> float:
    """``(MSD(t2) - MSD(t1)) / (6 (t2 - t1))`` (A^2/s)."""
    (first, early), (second, late) = (_mean_square(times, places, lag) for lag in lags)
    return (second - first) / (6 * (late - early))


def _mean_square(times: Array, places: Array, lag: int) -> tuple[float, float]:
    """Mean square of displacements in windows of so many blocks (A^2), and their mean length (s)."""
    starts = np.arange(0, len(times) - lag, max(1, lag // _WINDOWS))
    apart, spans = places[starts + lag] - places[starts], times[starts + lag] - times[starts]
    return float(np.sum(apart**2) / (apart.shape[0] * apart.shape[1])), float(spans.mean())


def _mean(values: Array) -> Measured:
    return Measured(float(values.mean()), float(values.std(ddof=1) / np.sqrt(len(values))))


def _ratio(above: Array, below: Array) -> Measured:
    """Ratio of two means with its error by leaving out one run at a time (Quenouille, Biometrika 43, 353 (1956))."""
    n = len(above)
    parts = (above.sum() - above) / (below.sum() - below)
    return Measured(float(above.sum() / below.sum()), float(np.sqrt((n - 1) * parts.var())))

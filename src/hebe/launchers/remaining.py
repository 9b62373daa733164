"""How long a launch will go on: what jobs of each kind take, expected beforehand and corrected by those that ended."""

from __future__ import annotations

import statistics
from collections import Counter, defaultdict, deque
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable

Expects = Callable[[Any], tuple[str, float]]
"""Says of a job of which kind it is and how long one is expected to take (s)."""

_TRUST: Final = 2.0
"""So many jobs of a kind weigh as much as what all other kinds say."""
_REMEMBERED: Final = 200
_MOST_TIMES: Final = 4.0
_ENOUGH: Final = 3
"""Jobs of the kind that takes most of what is left which must have ended before anything is said: the first of a
process also load weights and compile."""


@dataclass
class _Kind:
    """Jobs of one kind: how many are left with how much expected time (s), and how much longer the last ones took."""

    jobs: int = 0
    seconds: float = 0.0
    factors: deque[float] = field(default_factory=lambda: deque(maxlen=_REMEMBERED))
    ended: int = 0
    weight: float = 0.0
    lane: str = ""

    def mean(self) -> float:
        """Mean factor, in which one that is far above the median counts as a few times that."""
        most = _MOST_TIMES * statistics.median(self.factors)
        return statistics.fmean(min(factor, most) for factor in self.factors)

    def factor(self, of_all: float) -> float:
        """Factor of the jobs that are left, drawn to that of all kinds while few have ended."""
        if not self.factors:
            return of_all
        number = len(self.factors)
        return (number * self.mean() + _TRUST * of_all) / (number + _TRUST)


class Remaining:
    """Time that the jobs of a launch still take.

    How much longer than expected the jobs of a kind take is a mean over those that ended, in which the first of a
    process, which compile, count little; it is drawn to that of all kinds while there are few.
    """

    def __init__(self) -> None:
        self._kinds: dict[str, _Kind] = {}

    def add(self, kind: str, expected_s: float, lane: str = "") -> None:
        """A job that is to run, in a lane: all of a kind do in the same."""
        found = self._kinds.setdefault(kind, _Kind(lane=lane))
        found.jobs += 1
        found.seconds += expected_s

    def drop(self, kind: str, expected_s: float) -> None:
        """A job that will not run any more, or not again."""
        found = self._kinds[kind]
        found.jobs -= 1
        found.seconds = max(0.0, found.seconds - expected_s) if found.jobs else 0.0

    def measured(self, kind: str, expected_s: float, seconds: float) -> None:
        """A job took so long."""
        found = self._kinds.setdefault(kind, _Kind())
        found.factors.append(seconds / expected_s)
        found.ended += 1
        found.weight += expected_s

    def left_s(self, size_of: Callable[[str], int], running: Iterable[tuple[str, float, float]] = ()) -> float | None:
        """Wall time (s) until all jobs have ended, None while too little is known.

        Parameters
        ----------
        size_of
            Says how many jobs of a lane run at a time. What takes longest decides: lanes work side by side.
        running
            Kind, expected time and time so far (s) of those that run.
        """
        of_all, times = self._common(), dict[str, float]()
        for name, kind in self._kinds.items():
            if kind.jobs:
                times[name] = kind.seconds * kind.factor(of_all)
        if not times:
            return 0.0
        heaviest = self._kinds[max(times, key=times.__getitem__)]
        if heaviest.ended < min(_ENOUGH * size_of(heaviest.lane), heaviest.ended + heaviest.jobs):
            return None
        left, jobs = defaultdict[str, float](float), Counter[str]()
        for name, time in times.items():
            left[self._kinds[name].lane] += time
            jobs[self._kinds[name].lane] += self._kinds[name].jobs
        for name, expected_s, so_far in running:
            left[self._kinds[name].lane] -= min(so_far, expected_s * self._kinds[name].factor(of_all))
        return max(max(0.0, left[lane]) / max(1, min(size_of(lane), jobs[lane])) for lane in jobs)

    def _common(self) -> float:
        """Factor of all kinds, each by the time that its jobs were expected to take."""
        measured = [kind for kind in self._kinds.values() if kind.factors]
        weight = sum(kind.weight for kind in measured)
        return sum(kind.weight * kind.mean() for kind in measured) / weight if weight else 1.0

"""Why a filter leaves nothing: the best value that was reached, and the limit that it missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from hebe.science.chemistry.candidate import Candidate

if TYPE_CHECKING:
    from hebe.config.campaign import Filters


@dataclass
class Reach:
    """How near candidates come to the limits of one filter.

    Parameters
    ----------
    value
        What the filter compares; None where a candidate has none.
    low, high
        Its limits, in the unit of `value`.
    written
        Text of a value as a campaign file has it.
    """

    value: Callable[[Candidate], float | None]
    low: float | None
    high: float | None
    written: Callable[[float], str]
    nearest: float | None = field(default=None, init=False)

    def look(self, candidate: Candidate) -> None:
        """Remember the value of a candidate if none was nearer."""
        value = self.value(candidate)
        if value is not None and (self.nearest is None or self._off(value) < self._off(self.nearest)):
            self.nearest = value

    def _off(self, value: float) -> float:
        """How far a value is outside the limits."""
        below = 0.0 if self.low is None else self.low - value
        above = 0.0 if self.high is None else value - self.high
        return max(below, above, 0.0)

    @property
    def missed(self) -> str:
        """The best value and the limit that it missed, in words."""
        if self.nearest is None:
            return "no composition has a value"
        if self.low is not None and self.nearest < self.low:
            return f"the highest value is {self.written(self.nearest)}, the limit min: {self.written(self.low)}"
        assert self.high is not None  # noqa: S101 - a value outside is beyond one of the two
        return f"the lowest value is {self.written(self.nearest)}, the limit max: {self.written(self.high)}"


def reaches(filters: Filters) -> dict[str, Reach]:
    """Filters with limits by name."""
    found = {}
    if (entropy := filters.entropy) is not None:
        found["entropy"] = Reach(
            lambda candidate: candidate.entropy(entropy.convention, entropy.sublattice),
            entropy.min,
            entropy.max,
            lambda value: f"{value:.4g} R",
        )
    if (size := filters.size_mismatch) is not None:
        found["size_mismatch"] = Reach(_mismatch, size.min, size.max, lambda value: f"{100 * value:.4g} %")
    return found


def _mismatch(candidate: Candidate) -> float | None:
    value = candidate.descriptors["size_mismatch"]
    return None if value is None else float(value)

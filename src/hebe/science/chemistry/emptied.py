"""Why a filter leaves nothing: the best value that was reached, and the limit that it missed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.science.chemistry.row_table import RowTable

if TYPE_CHECKING:
    from hebe.config.campaign import Filters


@dataclass
class Reach:
    """How near compositions come to the limits of one filter.

    Parameters
    ----------
    values
        What the filter compares; NaN where a composition has none.
    low, high
        Its limits, in the unit of `values`.
    written
        Text of a value as a campaign file has it.
    """

    values: Callable[[RowTable], NDArray[np.float64]]
    low: float | None
    high: float | None
    written: Callable[[float], str]
    nearest: float | None = field(default=None, init=False)

    def look(self, table: RowTable, failed: NDArray[np.bool_]) -> None:
        """Remember the value of a row that failed if none was nearer."""
        self.remember(self.values(table)[failed])

    def remember(self, values: NDArray[np.float64]) -> None:
        """Remember the nearest of values that failed."""
        known = values[~np.isnan(values)]
        if len(known):
            before = [] if self.nearest is None else [self.nearest]
            either = np.append(before, known)
            self.nearest = float(either[np.argmin(self._off(either))])

    def _off(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """How far values are outside the limits."""
        below = np.full_like(values, -np.inf) if self.low is None else self.low - values
        above = np.full_like(values, -np.inf) if self.high is None else values - self.high
        return np.maximum(np.maximum(below, above), 0.0)

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
            lambda table: table.entropy(entropy.convention, entropy.sublattice),
            entropy.min,
            entropy.max,
            lambda value: f"{value:.4g} R",
        )
    if (size := filters.size_mismatch) is not None:
        found["size_mismatch"] = Reach(
            lambda table: table.size_mismatch, size.min, size.max, lambda value: f"{100 * value:.4g} %"
        )
    return found

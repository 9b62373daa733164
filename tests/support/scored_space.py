"""Members of a space with synthetic values, and what a calculation of them is expected to gain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hebe.science.learning.acquisition import Acquisition, Aim, Limit
from hebe.science.learning.gaussian_process import fit

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.science.chemistry.walking import Rows
    from hebe.science.learning.gaussian_process import Array
    from support.mixture_truth import Described


class Members:
    """Rows of a space in blocks, with their scaled descriptors."""

    def __init__(self, described: Described, rows: Rows, size: int = 16_384) -> None:
        self.described, self.rows, self.size = described, rows, size

    def __call__(self) -> Iterator[tuple[Rows, Array]]:
        for begin in range(0, len(self.rows), self.size):
            part = self.rows[begin : begin + self.size]
            yield part, self.table(part)

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of some rows."""
        return self.described.table(rows)


def acquisition_of(described: Described, n: int, *, limited: bool = False) -> Acquisition:
    """Two objectives, and perhaps a limit, known of `n` members."""
    rows = described.space.sample(n, 11)
    table, processes = described.table(rows), []
    for seed in range(2 + limited):
        values = described.truth(rows, seed)
        processes.append(fit(table, values, np.full(n, 0.1 * values.std())))
    aims = [Aim("voltage", processes[0], -1.0), Aim("strain", processes[1], 1.0)]
    limits = [Limit("formation", processes[2], 1.0, float(np.median(processes[2].values)))] if limited else []
    reference = np.array([np.median(one.sign * one.model.predict(table)[0]) for one in aims])
    return Acquisition(aims, limits, table, reference)

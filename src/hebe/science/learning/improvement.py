"""Expected improvement of a front by candidates whose costs are known as independent normal distributions.

With one objective it is that of Jones, Schonlau and Welch, J. Glob. Optim. 13, 455 (1998), with several the expected
hypervolume improvement (Emmerich, Deutz and Klinkenberg, IEEE CEC 2147 (2011)), exact as a sum over boxes. It never
falls as a standard deviation grows: the improvement is convex in each cost, the others fixed.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.compiled import compiled

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.learning.gaussian_process import Array
    from hebe.science.learning.hypervolume import Boxes

_ROOT_HALF: Final = math.sqrt(0.5)
_DENSITY: Final = 1.0 / math.sqrt(2.0 * math.pi)


@compiled
def _below(edge: float, mean: float, sd: float) -> float:
    """``E(edge - y)+`` of a normal y: ``(edge - mean) Phi(t) + sd phi(t)`` with ``t = (edge - mean) / sd``."""
    gap = edge - mean
    if sd <= 0.0:
        return max(gap, 0.0)
    t = gap / sd
    if t < -38.0:  # its density is below the smallest number
        return 0.0
    return max(0.5 * gap * math.erfc(-t * _ROOT_HALF) + sd * _DENSITY * math.exp(-0.5 * t * t), 0.0)


@compiled
def _sum_boxes(
    means: Array,
    sds: Array,
    edges: Array,
    starts: NDArray[np.int64],
    boxes: NDArray[np.int64],
    known: Array,
    out: Array,
) -> None:
    """Expected improvement of each row; ``boxes`` has the edges of each box, lower then upper, by their numbers."""
    for i in range(means.shape[0]):
        for k in range(means.shape[1]):
            for e in range(starts[k], starts[k + 1]):
                known[e] = 0.0 if edges[e] == -np.inf else _below(edges[e], means[i, k], sds[i, k])
        total = 0.0
        for b in range(boxes.shape[0]):
            part = 1.0
            for k in range(means.shape[1]):
                part *= known[boxes[b, k, 1]] - known[boxes[b, k, 0]]
            total += part
        out[i] = total


def expected_improvement(means: Array, sds: Array, boxes: Boxes) -> Array:
    """Expected improvement of the hypervolume by each candidate, in the units of the costs multiplied.

    Parameters
    ----------
    means, sds
        Of the costs, shape ``(n, objectives)``.
    boxes
        What would improve the front: `hebe.science.learning.hypervolume.boxes_above`.

    Returns
    -------
    ndarray
        Shape ``(n,)``.
    """
    lower, upper = boxes
    edges, numbers, starts = list[float](), [], [0]
    for k in range(means.shape[1]):
        own = np.unique(np.concatenate([lower[:, k], upper[:, k]]))
        pair = np.stack([np.searchsorted(own, lower[:, k]), np.searchsorted(own, upper[:, k])], axis=1)
        numbers.append(pair + len(edges))
        edges += own.tolist()
        starts.append(len(edges))
    out, known = np.empty(len(means)), np.empty(len(edges))
    table = np.stack(numbers, axis=1).astype(np.int64)
    _sum_boxes(
        np.ascontiguousarray(means),
        np.ascontiguousarray(sds),
        np.array(edges),
        np.array(starts, dtype=np.int64),
        np.ascontiguousarray(table),
        known,
        out,
    )
    return out


@compiled
def _shares(limits: Array, means: Array, sds: Array, out: Array) -> None:
    """Probability that each cost is at most its limit, multiplied over the costs of a row."""
    for i in range(means.shape[0]):
        share = 1.0
        for k in range(means.shape[1]):
            gap = limits[k] - means[i, k]
            if sds[i, k] > 0.0:
                share *= 0.5 * math.erfc(-gap / sds[i, k] * _ROOT_HALF)
            elif gap < 0.0:
                share = 0.0
        out[i] = share


def probability_within(limits: Array, means: Array, sds: Array) -> Array:
    """Probability that all costs of a candidate are at most their limits, shape ``(n,)``.

    Parameters
    ----------
    limits
        Shape ``(constraints,)``.
    means, sds
        Of the costs, independent and normal, shape ``(n, constraints)``.
    """
    out = np.empty(len(means))
    _shares(limits, np.ascontiguousarray(means), np.ascontiguousarray(sds), out)
    return out

"""Hypervolume of a front, and the boxes of what would improve it. All objectives are costs: less is better."""

from __future__ import annotations

from itertools import pairwise

import numpy as np

from hebe.science.choosing.fronts import first_front
from hebe.science.learning.gaussian_process import Array

Boxes = tuple[Array, Array]
"""Lower and upper corners, shape ``(boxes, objectives)``; lower ones may be minus infinity."""


def better_than(costs: Array, reference: Array) -> Array:
    """First front of those costs that are better than a reference in every objective, in lexicographic order."""
    inside = np.unique(costs[(costs < reference).all(axis=1)], axis=0)
    return inside[first_front(inside)] if len(inside) else inside.reshape(0, costs.shape[1])


def hypervolume(costs: Array, reference: Array) -> float:
    """Volume between a reference and what costs of shape ``(n, objectives)`` dominate.

    Slab by slab along the last objective.
    """
    front = better_than(costs, reference)
    if not len(front):
        return 0.0
    if front.shape[1] == 1:
        return float(reference[0] - front.min())
    edges = np.append(np.unique(front[:, -1]), reference[-1])
    slabs = [hypervolume(front[front[:, -1] <= low, :-1], reference[:-1]) for low in edges[:-1]]
    return float(np.dot(slabs, np.diff(edges)))


def boxes_above(costs: Array, reference: Array) -> Boxes:
    """Disjoint boxes that fill what is better than a reference and dominated by no cost.

    The expected improvement is the sum over them of ``prod_k (E(upper_k - y_k)+ - E(lower_k - y_k)+)``.
    """
    front = better_than(costs, reference)
    number = len(reference)
    if number == 1:
        return np.full((1, 1), -np.inf), np.array([[min(front[:, 0], default=reference[0])]])
    edges = np.concatenate([[-np.inf], np.unique(front[:, -1]), reference[-1:]])
    lower, upper = [np.empty((0, number))], [np.empty((0, number))]
    for low, high in pairwise(edges.tolist()):
        inner = boxes_above(front[front[:, -1] <= low, :-1], reference[:-1])
        size = len(inner[0])
        lower.append(np.column_stack([inner[0], np.full(size, low)]))
        upper.append(np.column_stack([inner[1], np.full(size, high)]))
    return np.concatenate(lower), np.concatenate(upper)

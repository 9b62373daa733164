"""Certified lower bound on the pair cost of an arrangement: an integer program on the pair counts.

The neighbours of all sites of one kind are known in number: ``2 C_kk + sum_l C_kl = z n_k`` in every shell, whatever
the arrangement. The lowest cost of whole pair counts that obey this is a bound, which good arrangements reach.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.structures.objective import Problem

_NODES: Final = 2_000
_MARGIN: Final = 1e-7


def pair_bound(problem: Problem) -> float:
    """Cost that no arrangement of the problem's composition can be below; 0 with terms that are not pair counts.

    The programs of the shells are solved one by one, each within a number of nodes and not of seconds; the bound of a
    program that does not end counts.
    """
    if problem.triplets is not None or problem.coulomb is not None:
        return -np.inf if problem.coulomb is not None else 0.0
    return sum(_channel_bound(problem, c) for c in range(len(problem.channels)))


def _channel_bound(problem: Problem, c: int) -> float:
    from scipy.optimize import Bounds, LinearConstraint, milp  # a third of a second, which lists need not wait

    channel, pairs = problem.channels[c], problem.pairs
    amount = np.bincount(problem.start, minlength=len(problem.kinds))
    sides = [[k for k, (sub, _) in enumerate(problem.kinds) if sub == side] for side in channel.pair]
    within = channel.pair[0] == channel.pair[1]
    couples = [(k, m) for k in sides[0] for m in sides[1] if not within or k <= m]
    n = len(couples)
    scale = np.array([pairs.scale[c, k, m] for k, m in couples])
    goal = np.array([pairs.goal[c, k, m] for k, m in couples])
    low = np.array([pairs.fixed[c, k] if k == m else 0.0 for k, m in couples])
    rows = [LinearConstraint(*_deviation(scale, goal, sign)) for sign in (+1.0, -1.0)]
    sums = _sum_rules(problem, c, couples, amount)
    if sums is not None:
        matrix, totals = sums
        rows.append(LinearConstraint(np.hstack([matrix, np.zeros_like(matrix)]), totals, totals))
    whole = np.r_[np.array([float(least).is_integer() for least in low], dtype=float), np.zeros(n)]
    found = milp(
        np.r_[np.zeros(n), np.ones(n)],
        constraints=rows,
        integrality=whole,
        bounds=Bounds(np.r_[low, np.zeros(n)], np.inf),
        options={"node_limit": _NODES},
    )
    bound = found.fun if found.status == 0 else found.mip_dual_bound
    return 0.0 if bound is None else max(0.0, float(bound) - _MARGIN)


def _deviation(
    scale: NDArray[np.float64], goal: NDArray[np.float64], sign: float
) -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Matrix, low and high of ``e >= sign (goal - scale C)`` for every pair."""
    return np.hstack([np.diag(sign * scale), np.eye(len(scale))]), sign * goal, np.inf


def _sum_rules(
    problem: Problem, c: int, couples: list[tuple[int, int]], amount: NDArray[np.int64]
) -> tuple[NDArray[np.float64], NDArray[np.float64]] | None:
    """Rows of the sum rules and their right-hand sides, None where sites of a sublattice differ in coordination."""
    channel, sublattice = problem.channels[c], problem.sites.sublattice
    coordination = np.bincount(channel.first, minlength=len(sublattice))
    matrix, totals = [], []
    for k in sorted({k for couple in couples for k in couple}):
        numbers = set(coordination[sublattice == problem.kinds[k][0]].tolist())
        if len(numbers) > 1:
            return None
        matrix.append([float((a == k) + (b == k)) for a, b in couples])
        totals.append(float((numbers.pop() + channel.images) * amount[k]))
    return np.array(matrix), np.array(totals)

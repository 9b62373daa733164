"""Which small cells to compute: those that tell most of the differences that a ranking needs, for their cost.

Greedy choice is within 1 - 1/e of the best where gains only shrink (Nemhauser, Wolsey and Fisher, Math. Program. 14,
265 (1978)), which variances do nearly; the posterior after each choice is exact, because variances of Gaussians do not
depend on what is measured (Rasmussen and Williams, Gaussian Processes for Machine Learning (2006), section 2.2).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.errors.calibration import joint_prior, pair_names, remainder_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.errors.entry_errors import EntryErrors, Vector

_LEAST_GAIN: Final = 1e-12
"""Share of the first variance that counts as no gain."""

_SAME: Final = 1e-9
"""Relative difference of two gains that is rounding."""


@dataclass(frozen=True)
class SmallCell:
    """A member that could be computed, with the vertices that it balances against.

    Parameters
    ----------
    name
        Of the cell.
    terms
        Pair of ions -> second difference of ``m_s x_i x_j`` per mixed site: of the cell less its vertices.
    members
        Member -> 1 for the cell, minus its coefficient for a vertex.
    cost
        Estimated CPU time of the cell itself (s).
    costs
        Vertex -> its estimated CPU time (s); a vertex is paid once.
    """

    name: str
    terms: Mapping[str, float]
    members: Mapping[str, float]
    cost: float = 0.0
    costs: Mapping[str, float] = field(default_factory=dict)

    def left_to_pay(self, paid: set[str]) -> float:
        """CPU time (s) of the cell and of its vertices that are not computed yet."""
        return self.cost + sum(value for name, value in self.costs.items() if name not in paid)


def choose_cells(
    cells: Sequence[SmallCell], targets: Sequence[Mapping[str, float]], prior: EntryErrors, n: int
) -> list[int]:
    """Numbers of the cells to compute, the most telling for its cost first.

    Parameters
    ----------
    cells
        What could be computed.
    targets
        Of each candidate, the derivative of its margin (eV per site) by ``w`` of each pair (eV per mixed site). What
        is cut is the sum of the variances of all differences of two; of one candidate, its variance; of none, those
        of all pairs.
    prior
        Errors before anything is computed.
    n
        Cells; fewer are returned where no other tells anything.
    """
    state = _State(cells, targets, prior)
    chosen: list[int] = []
    paid: set[str] = set()
    order = sorted(range(len(cells)), key=lambda i: cells[i].name)
    while len(chosen) < n:
        left = [i for i in order if i not in chosen]
        gains = {i: state.gain(i) for i in left}
        prices = {i: cells[i].left_to_pay(paid) for i in left}
        telling = [i for i in left if gains[i] > _LEAST_GAIN * state.first]
        if not telling:
            break
        free = min(prices[i] for i in telling) <= 0
        worth = {i: gains[i] if free else gains[i] / prices[i] for i in telling}
        most = max(worth.values())
        best = next(i for i in telling if worth[i] > most * (1 - _SAME))  # by name, whatever the rounding
        state.measure(best)
        chosen.append(best)
        paid |= cells[best].costs.keys()
    return chosen


class _State:
    """Covariance of the bias, of pairs and of the remainders of members, and the directions that matter."""

    def __init__(self, cells: Sequence[SmallCell], targets: Sequence[Mapping[str, float]], prior: EntryErrors) -> None:
        asked = {name for target in targets for name in target}
        names = pair_names(prior, [], {*asked, *(name for cell in cells for name in cell.terms)})
        members = sorted({name for cell in cells for name in cell.members})
        _, pairs = joint_prior(prior, names)
        size, known = len(pairs), 1 + len(names)
        self.covariance = np.eye(size + len(members)) * remainder_of(prior) ** 2
        self.covariance[:size, :size] = pairs
        self.cells = np.zeros((len(cells), len(self.covariance)))
        for i, cell in enumerate(cells):
            self.cells[i, 1:known] = [cell.terms.get(name, 0.0) for name in names]
            self.cells[i, known:] = [cell.members.get(name, 0.0) for name in members]
        rows = np.array([[target.get(name, 0.0) for name in names] for target in targets]).reshape(-1, len(names))
        wanted = directions(rows) if len(rows) else np.eye(len(names))
        self.wanted = np.zeros((len(wanted), len(self.covariance)))
        self.wanted[:, 1:known] = wanted
        self.first = float(np.einsum("ij,jk,ik->", self.wanted, self.covariance, self.wanted))

    def gain(self, i: int) -> float:
        """What one cell takes off the sum of variances (square of eV per site)."""
        reach = self.covariance @ self.cells[i]
        variance = float(self.cells[i] @ reach)
        return float(np.square(self.wanted @ reach).sum() / variance) if variance > 0 else 0.0

    def measure(self, i: int) -> None:
        """Covariance once a cell is known."""
        reach = self.covariance @ self.cells[i]
        self.covariance = self.covariance - np.outer(reach, reach) / float(self.cells[i] @ reach)


def directions(targets: Vector) -> Vector:
    """Differences of all targets, shape ``(n_differences, n_pairs)``; one target is itself."""
    if len(targets) < 2:
        return targets
    first, second = np.array(list(combinations(range(len(targets)), 2)), dtype=np.intp).T
    found: Vector = targets[first] - targets[second]
    return found

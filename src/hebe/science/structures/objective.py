"""What a disordered cell is measured by: pair correlations to reach, triangles, electrostatics, as compiled tables.

``alpha_ij(shell) = 1 - C_ij / T_ij`` is the Warren-Cowley parameter (Cowley, Phys. Rev. 77, 669 (1950)) with C the
number of pairs in the cell and T that of a random arrangement.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from itertools import combinations_with_replacement, permutations
from typing import TYPE_CHECKING, Literal

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.structures.annealing import Electrostatics, Groups, PairTable, TripletTable
from hebe.science.structures.channels import Channel, MixedSites, find_channels, find_triangles
from hebe.science.structures.ewald import ewald_matrix

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

    from hebe.science.structures.channels import Triangles


@dataclass(frozen=True, kw_only=True)
class Objective:
    """What the search minimises: ``sum_s w_s sum_{i<=j} |alpha_ij(s) - target|`` and the optional terms.

    Parameters
    ----------
    shells, weights
        Neighbour shells within each sublattice and their weights, 1/s for shell s by default.
    cross_shells
        Shells between each two mixed sublattices, with the same weights.
    reference
        Random counts of this finite cell (``finite``: the mean over all allowed arrangements), or of an infinite one
        (``infinite``: x_i x_j of all pairs).
    targets
        (species, species, shell) -> wanted alpha within a sublattice. Unlike pairs that are not named have 0, like
        pairs what the sum rule ``sum_j x_j alpha_ij = 0`` leaves.
    triplets
        Weight of the triangles among the first shells of a sublattice; 0 leaves them out.
    electrostatics
        Weight of the Ewald energy, cost per eV and mixed site; 0 leaves it out, negative numbers raise the energy.
    """

    shells: int = 2
    weights: tuple[float, ...] | None = None
    cross_shells: int = 1
    reference: Literal["finite", "infinite"] = "finite"
    targets: Mapping[tuple[str, str, int], float] = field(default_factory=dict)
    triplets: float = 0.0
    electrostatics: float = 0.0

    def __post_init__(self) -> None:
        if self.shells < 1 or self.cross_shells < 0:
            raise BadInputError(f"expected at least one shell, got {self.shells}", suggestion="shells: 2")
        if self.weights is not None and (len(self.weights) < self.shells or min(self.weights) < 0):
            raise BadInputError(
                f"expected {self.shells} weights of 0 or more, one per shell, got {', '.join(map(str, self.weights))}"
            )
        for first, second, shell in self.targets:
            if not 1 <= shell <= self.shells:
                raise BadInputError(
                    f"the target of {first}-{second} is for shell {shell}, but shells 1 to {self.shells} are compared",
                    suggestion=f"nearest: shell {min(max(shell, 1), self.shells)}",
                )

    def weight(self, shell: int) -> float:
        """Weight of a shell, counted from 1."""
        weights = self.weights or ()
        return weights[shell - 1] if shell <= len(weights) else 1.0 / shell

    def content(self) -> list[object]:
        """Plain data for content keys."""
        targets = [[*key, value] for key, value in sorted(self.targets.items())]
        weights = None if self.weights is None else list(self.weights)
        return [
            self.shells, weights, self.cross_shells, self.reference, targets, self.triplets, self.electrostatics
        ]  # fmt: skip


@dataclass(frozen=True)
class Problem:
    """Tables of one search. ``kinds`` are (sublattice, species); ``start`` gives each site one of them."""

    kinds: tuple[tuple[int, str], ...]
    start: NDArray[np.int64]
    sites: MixedSites
    channels: tuple[Channel, ...]
    groups: Groups
    pairs: PairTable
    triplets: TripletTable | None
    coulomb: Electrostatics | None


def build_problem(
    structure: Structure,
    sites: MixedSites,
    counts: Sequence[Mapping[str, int]],
    objective: Objective,
    charges: tuple[Mapping[tuple[int, str], float], NDArray[np.float64]] | None = None,
) -> Problem:
    """Tables for a cell.

    Parameters
    ----------
    structure, sites
        Ideal cell and its mixed sites.
    counts
        Species -> number of sites for each group of `sites`, in the order of `MixedSites.groups`.
    objective
        What to compare.
    charges
        For the electrostatic term: charge (e) of each kind, and of every site of the structure (n,), those of the
        mixed sites left out.

    Raises
    ------
    BadInputError
        If a target alpha cannot occur at this composition; names the nearest that can.
    """
    group, kinds = sites.groups, _kinds(sites, counts)
    start = np.zeros(len(group), dtype=np.int64)
    for g, part in enumerate(counts):
        here = np.flatnonzero(group == g)
        sub = int(sites.sublattice[here[0]])
        start[here] = np.repeat([kinds.index((sub, name)) for name in sorted(part)], [part[n] for n in sorted(part)])
    several = objective.cross_shells if sites.sublattice.max() else 0
    channels = tuple(find_channels(structure, sites, objective.shells, several))
    pairs = _pair_table(channels, sites, start, kinds, objective)
    triplets = None
    if objective.triplets:
        reach = max(c.distance for c in channels if c.pair[0] == c.pair[1] and c.shell == 1)
        triplets = _triplet_table(find_triangles(structure, sites, reach), sites, start, kinds, objective)
    coulomb = None
    if objective.electrostatics and charges is not None:
        coulomb = _electrostatics(structure, sites, kinds, charges, objective.electrostatics)
    return Problem(kinds, start, sites, channels, _groups(group, start), pairs, triplets, coulomb)


def _kinds(sites: MixedSites, counts: Sequence[Mapping[str, int]]) -> tuple[tuple[int, str], ...]:
    group = sites.groups
    found = {
        (int(sites.sublattice[np.flatnonzero(group == g)[0]]), name) for g, part in enumerate(counts) for name in part
    }
    return tuple(sorted(found))


def _groups(group: NDArray[np.int64], start: NDArray[np.int64]) -> Groups:
    """Groups in which more than one kind stands."""
    parts = [np.flatnonzero(group == g) for g in range(int(group.max()) + 1)]
    parts = [part for part in parts if len(set(start[part].tolist())) > 1]
    edges = np.cumsum([0, *(len(part) for part in parts)]).astype(np.int64)
    members = np.concatenate([*parts, np.zeros(0, dtype=np.int64)]).astype(np.int64)
    return Groups(edges, members, np.repeat(np.arange(len(parts), dtype=np.int64), np.diff(edges)))


def random_counts(
    channel: Channel, sites: MixedSites, start: NDArray[np.int64], n_kinds: int, *, finite: bool
) -> NDArray[np.float64]:
    """Pairs of a channel in a random arrangement, shape (kinds, kinds), like pairs counted once.

    In the finite cell this is the mean over all arrangements that keep the composition of every group.
    """
    group = sites.groups if finite else sites.sublattice
    size = np.bincount(group).astype(float)
    n = np.zeros((len(size), n_kinds))
    np.add.at(n, (group, start), 1.0)
    between = np.zeros((len(size), len(size)))
    np.add.at(between, (group[channel.first], group[channel.second]), 1.0)
    x = n / size[:, None]
    counts = np.einsum("gh,gk,hl->kl", between, x, x)
    own = n[sorted(set(group[sites.sublattice == channel.pair[0]].tolist()))].sum(axis=0)
    if finite:
        single = np.maximum(size - 1, 1)
        correction = (n[:, :, None] * n[:, None, :] - np.einsum("gk,kl->gkl", n, np.eye(n_kinds))) / (size * single)[
            :, None, None
        ] - x[:, :, None] * x[:, None, :]
        counts += np.einsum("g,gkl->kl", np.diag(between), correction)
        counts[np.diag_indices(n_kinds)] += channel.images * own
    else:
        counts += channel.images * np.outer(own, own) / max(own.sum(), 1.0)
    counts[np.diag_indices(n_kinds)] /= 2
    return np.asarray(counts)


def _pair_table(
    channels: Sequence[Channel],
    sites: MixedSites,
    start: NDArray[np.int64],
    kinds: tuple[tuple[int, str], ...],
    objective: Objective,
) -> PairTable:
    n, k = len(start), len(kinds)
    first = np.concatenate([c.first for c in channels])
    number = np.repeat(np.arange(len(channels), dtype=np.int64), [len(c.first) for c in channels])
    second = np.concatenate([c.second for c in channels])
    order = np.lexsort((second, number, first))
    bonds = np.zeros((len(channels), n, n), dtype=np.uint8)
    np.add.at(bonds, (number, first, second), 1)
    goal, scale = np.zeros((len(channels), k, k)), np.zeros((len(channels), k, k))
    fixed, amount = np.zeros((len(channels), k)), np.bincount(start, minlength=k)
    own = np.array([sub for sub, _ in kinds])
    for c, channel in enumerate(channels):
        target = random_counts(channel, sites, start, k, finite=objective.reference == "finite")
        wanted = _wanted(channel, kinds, amount, target, objective)
        weight = objective.weight(channel.shell)
        counted = target > 1e-12
        goal[c][counted] = weight * (1 - wanted[counted])
        scale[c][counted] = weight / target[counted]
        fixed[c] = np.where(own == channel.pair[0], channel.images * amount / 2, 0.0) if channel.images else 0.0
    edges = np.searchsorted(first[order], np.arange(n + 1)).astype(np.int64)
    return PairTable(edges, second[order], number[order], bonds, fixed, goal, scale)


def _wanted(
    channel: Channel,
    kinds: tuple[tuple[int, str], ...],
    amount: NDArray[np.int64],
    random: NDArray[np.float64],
    objective: Objective,
) -> NDArray[np.float64]:
    """Wanted alpha of each pair of kinds in a channel; like pairs that are not named follow from the sum rule."""
    alpha = np.zeros((len(kinds), len(kinds)))
    names = {name: k for k, (sub, name) in enumerate(kinds) if sub == channel.pair[0]}
    named = {
        (i, j): value
        for (i, j, shell), value in objective.targets.items()
        if shell == channel.shell and i in names and j in names
    }
    if channel.pair[0] != channel.pair[1] or not named:
        return alpha
    total = sum(int(amount[k]) for k in names.values())
    share = {name: int(amount[k]) / total for name, k in names.items()}
    for (i, j), value in named.items():
        alpha[names[i], names[j]] = alpha[names[j], names[i]] = _allowed(i, j, value, share)
    for name, k in names.items():
        if (name, name) not in named and random[k, k] > 0:
            others = [m for m in names.values() if m != k]
            value = -float(random[k, others] @ alpha[k, others]) / (2 * random[k, k])
            alpha[k, k] = _allowed(name, name, value, share) if objective.reference == "infinite" else value
    return alpha


def _allowed(i: str, j: str, value: float, share: Mapping[str, float]) -> float:
    """The wanted alpha of a pair, if it can occur."""
    low, high = alpha_range(share[i], share[j], like=i == j)
    if not low - 1e-9 <= value <= high + 1e-9:
        raise BadInputError(
            f"alpha of {i}-{j} must lie between {low:.4g} and {high:.4g} at this composition, got {value:.4g}",
            suggestion=f"nearest: {min(max(value, low), high):.4g}",
        )
    return value


def alpha_range(x_i: float, x_j: float, *, like: bool) -> tuple[float, float]:
    """Lowest and highest alpha of a pair on a sublattice with fractions x_i and x_j.

    The share of i-j pairs is at most the smaller fraction and at least ``x_i + x_j - 1`` for like pairs.
    """
    low = 1 - min(x_i, x_j) / (x_i * x_j)
    return low, 1 - max(0.0, 2 * x_i - 1) / x_i**2 if like else 1.0


def _triplet_table(
    triangles: Triangles,
    sites: MixedSites,
    start: NDArray[np.int64],
    kinds: tuple[tuple[int, str], ...],
    objective: Objective,
) -> TripletTable:
    multisets = list(combinations_with_replacement(range(len(kinds)), 3))
    index = np.zeros((len(kinds),) * 3, dtype=np.int64)
    for m, multiset in enumerate(multisets):
        for corner in permutations(multiset):
            index[corner] = m
    order = np.argsort(triangles.first, kind="stable")
    n_types = int(triangles.type_of.max()) + 1 if len(triangles.type_of) else 0
    goal = np.zeros((n_types, len(multisets)))
    scale = np.zeros_like(goal)
    amount = np.bincount(start, minlength=len(kinds))
    for kind in range(n_types):
        rows = triangles.type_of == kind
        sub = int(sites.sublattice[triangles.first[rows][0]])
        for m, multiset in enumerate(multisets):
            if any(kinds[k][0] != sub for k in multiset):
                continue
            size = int((sites.sublattice == sub).sum())
            share = _triplet_share(multiset, amount, size, finite=objective.reference == "finite")
            if share > 0:
                goal[kind, m], scale[kind, m] = objective.triplets, objective.triplets / (share * rows.sum())
    edges = np.searchsorted(triangles.first[order], np.arange(len(start) + 1)).astype(np.int64)
    second, third, kind_of = (a[order] for a in (triangles.second, triangles.third, triangles.type_of))
    return TripletTable(edges, second, third, kind_of, index, goal, scale)


def _triplet_share(multiset: tuple[int, ...], amount: NDArray[np.int64], size: int, *, finite: bool) -> float:
    """Probability of a multiset of kinds on three different sites of a random arrangement."""
    times = Counter(multiset)
    arrangements = math.factorial(3) / math.prod(math.factorial(m) for m in times.values())
    if not finite:
        return arrangements * math.prod((int(amount[k]) / size) ** m for k, m in times.items())
    drawn = math.prod(math.perm(int(amount[k]), m) for k, m in times.items())
    return arrangements * drawn / math.perm(size, 3) if size > 2 else 0.0


def _electrostatics(
    structure: Structure,
    sites: MixedSites,
    kinds: tuple[tuple[int, str], ...],
    charges: tuple[Mapping[tuple[int, str], float], NDArray[np.float64]],
    weight: float,
) -> Electrostatics:
    by_kind, rest = charges
    others = rest.copy()
    others[sites.indices] = 0.0
    matrix = ewald_matrix(structure)
    part = np.ascontiguousarray(matrix[np.ix_(sites.indices, sites.indices)])
    charge = np.array([by_kind[kind] for kind in kinds], dtype=np.float64)
    return Electrostatics(part, matrix[sites.indices] @ others, charge, weight / len(sites.indices))

"""Other compositions of a host into which a candidate may demix: columns for the program of its hull.

A candidate is on the hull if no composition of the host, and no other phase, lies below the plane that touches its
free energy (tangent-plane distance: Baker, Pierce and Luks, SPE J. 22, 731 (1982)). Compositions enter by column
generation: what lies farthest below the plane of the last program is added to it (Gilmore and Gomory, Oper. Res. 9,
849 (1961)). The first columns hold every subset of the corners, and steps from the candidate along which the free
energy bends least, so that demixing into nearby compositions is seen at once.
"""

from __future__ import annotations

from functools import lru_cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy

from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from hebe.science.mixing.pair_terms import Vector
    from hebe.science.mixing.solution import HostSolution

_SUBSETS: Final = 128
_STEPS: Final = (0.1, 0.3, 0.6, 0.9)
_NEAR: Final = 1e-3
"""Change of an amount at which compositions around the candidate stand for the plane that touches its free energy."""
_STARTS: Final = 12
_DESCENT: Final = 80
_LEAST_SHARE: Final = 1e-12
_SAME: Final = 5e-4
_EVEN: Final = 1e-3


def first_columns(solution: HostSolution) -> Vector:
    """Compositions to start with, shape ``(n, n_ions)``: corners left out, in pairs, and on rays from the candidate."""
    corners, own = solution.corners, solution.own.amounts
    weights = even_weights(corners, own)
    found = [corners[[i, j]].mean(axis=0) for i, j in combinations(range(len(corners)), 2)]
    found += [own + t * (corner - own) for corner in corners for t in _STEPS]
    found += [own + t * reach(own, own - corner) * (own - corner) for corner in corners for t in _STEPS]
    for subset in _subsets(len(corners)):
        kept = weights[list(subset)]
        if kept.sum() > _SAME:
            found.append(kept @ corners[list(subset)] / kept.sum())
    for direction in soft_directions(solution):
        for change in (direction, -direction):
            limit = reach(own, change)
            found += [own + t * change for t in (min(limit, _NEAR / np.abs(change).max()), *np.multiply(_STEPS, limit))]
    return distinct(np.clip(np.array(found), 0.0, None), own)


def even_weights(corners: Vector, amounts: Vector) -> Vector:
    """Shares of the corners that make a composition, as even as possible, shape ``(n_corners,)``."""
    rows = np.vstack([corners.T, _EVEN * np.eye(len(corners))])
    shares, _ = scipy.optimize.nnls(rows, np.concatenate([amounts, np.full(len(corners), _EVEN / len(corners))]))
    found: Vector = shares
    return found


def reach(amounts: Vector, direction: Vector) -> float:
    """How far a composition can go in a direction before an ion is used up, in lengths of the direction."""
    falling = direction < -1e-12
    return float((amounts[falling] / -direction[falling]).min()) if falling.any() else 0.0


def soft_directions(solution: HostSolution) -> Vector:
    """Directions of composition at the candidate, that in which it becomes unstable first in front, ``(n, n_ions)``."""
    basis = _changes(solution)
    if not len(basis):
        return basis
    stiffness = basis @ solution.space.entropy_curvature(solution.own.amounts) @ basis.T
    values, vectors = scipy.linalg.eigh(-basis @ solution.curvature @ basis.T, -stiffness)
    found: Vector = (vectors.T @ basis)[np.argsort(-values)]
    return found


def spinodals(solution: HostSolution, offsets: Vector) -> Vector:
    """Temperatures (K) below which the candidate is unstable against the smallest changes, shape ``(n,)``.

    There ``d2E d = T d2S d`` in some direction d that the corners span; negative where it is stable at 0 K.

    Parameters
    ----------
    offsets
        What is added to the energy of each pair (eV per mixed site), shape ``(n, n_pairs)``.
    """
    basis, space = _changes(solution), solution.space
    if not len(basis):
        return np.full(len(offsets), -np.inf)
    root = np.linalg.cholesky(-basis @ space.entropy_curvature(solution.own.amounts) @ basis.T)
    turned: Vector = np.linalg.solve(root, basis)
    each = np.array([turned @ solution.pair_curvature(unit) @ turned.T for unit in np.eye(len(space.pairs))])
    bending = turned @ solution.curvature @ turned.T + np.tensordot(offsets, each, axes=1)
    found: Vector = np.asarray(np.linalg.eigvalsh(-bending)[:, -1], dtype=np.float64)
    return found


def _changes(solution: HostSolution) -> Vector:
    """Orthonormal changes of composition at the candidate that the corners span, among the ions that it holds."""
    own = solution.own.amounts
    held = (solution.corners[:, own < _SAME] < _SAME).all(axis=1)
    changes = solution.corners[held] - own
    if not len(changes):
        return np.empty((0, len(own)))
    _, lengths, basis = np.linalg.svd(changes, full_matrices=False)
    found: Vector = basis[lengths > 1e-8 * lengths.max()]
    return found


def below_planes(
    solution: HostSolution, temperatures: Vector, prices: Vector, offsets: Vector | None = None
) -> list[Vector]:
    """Compositions of lowest free energy above each of some planes, shape ``(n, n_ions)``: minima from many starts.

    Parameters
    ----------
    temperatures
        K, shape ``(n_planes,)``.
    prices
        Chemical potential of each ion (eV), what stands for the rest of the formula unit left out, shape
        ``(n_planes, n_ions)``.
    offsets
        What is added to the energy of each pair (eV per mixed site), shape ``(n_planes, n_pairs)``.
    """
    corners, space = solution.corners, solution.space
    scales = BOLTZMANN * np.maximum(temperatures, 100.0) * float(np.unique(space.sites).sum())
    bending = solution.curvature
    if offsets is not None:
        bending = np.array([bending + solution.pair_curvature(offset) for offset in offsets])
    kelvin, scale, fixed = temperatures[:, None, None], scales[:, None, None], (solution.linear - prices)[:, None]
    shares = np.repeat(_starts(len(corners))[None], len(temperatures), axis=0)
    for _ in range(_DESCENT):
        amounts = shares @ corners
        slopes = amounts @ bending
        slopes += fixed
        slopes -= kelvin * space.entropy_slopes(amounts)
        rise = slopes @ corners.T
        rise -= np.minimum.reduce(rise, axis=-1, keepdims=True)
        rise *= 0.5
        rise /= scale
        logs = np.log(shares, out=shares)
        logs -= rise
        logs -= np.maximum.reduce(logs, axis=-1, keepdims=True)
        shares = np.exp(logs, out=logs)
        shares /= np.add.reduce(shares, axis=-1, keepdims=True)
        np.maximum(shares, _LEAST_SHARE, out=shares)
    return [distinct(found, solution.own.amounts) for found in shares @ corners]


@lru_cache(maxsize=64)
def _starts(n: int) -> Vector:
    """Shares of n corners from which minima are sought, shape ``(n_starts, n)``."""
    random = np.random.default_rng(0).dirichlet(np.ones(n), _STARTS)
    found: Vector = np.maximum(np.vstack([random, 0.9 * np.eye(n) + 0.1 / n]), _LEAST_SHARE)
    found.setflags(write=False)
    return found


def distinct(amounts: Vector, own: Vector, known: Vector | None = None) -> Vector:
    """Compositions that differ from one another and from the candidate, in their order.

    ``known`` are some that do, which stand in front.
    """
    before = own[None] if known is None else np.vstack([own, known])
    kept, number = np.empty((len(before) + len(amounts), len(own))), len(before)
    kept[:number] = before
    for row in amounts:
        apart = np.abs(kept[:number] - row)
        if np.minimum.reduce(np.maximum.reduce(apart, axis=1)) > _SAME:
            kept[number] = row
            number += 1
    return kept[1:number]


def _subsets(n: int) -> list[tuple[int, ...]]:
    """Subsets of two corners and more, the largest first, at most as many as are tried."""
    sizes = range(n - 1, 1, -1)
    return [subset for size in sizes for subset in combinations(range(n), size)][:_SUBSETS]

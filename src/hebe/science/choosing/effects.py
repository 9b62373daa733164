"""How properties of mixtures depend on what is mixed: effects of elements and of pairs of them, with intervals.

Mixture models of Scheffe, J. R. Stat. Soc. B 20, 344 (1958): ``y = sum b_i x_i (+ sum b_ij x_i x_j)``, no constant,
since fractions sum to one on each sublattice. The effect of an element is taken along Cox's direction: its fraction
grows at the expense of all others of its sublattice in their mean proportions (Cox, Biometrika 58, 155 (1971)).

Compositions that must be neutral do not fill the simplex: where a change of composition does not occur among the
candidates, no fit can tell its effect, and it is said to be confounded instead of being given a number.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

Array = NDArray[np.float64]
Place = tuple[str, str]
"""Sublattice and element on it."""

STEP: Final = 0.1
"""Growth of a fraction for which the effect of an element is given."""

SHARE: Final = 0.2
"""Fraction of either element for which the interaction of a pair is given."""

FREE: Final = 3
"""Degrees of freedom that must be left for the scatter, at least."""

LEVEL: Final = 0.95
"""Probability with which an interval holds the effect."""

_ZERO: Final = 1e-8


@dataclass(frozen=True)
class Effect:
    """Effect of an element, or interaction of a pair; without a value it is confounded with what ``bound`` names.

    Parameters
    ----------
    places
        The element, or both of a pair.
    value, low, high
        Change of the property, and the ends of its interval.
    bound
        Elements whose fractions hang together in all candidates, so that the effect cannot be told.
    """

    places: tuple[Place, ...]
    value: float | None = None
    low: float | None = None
    high: float | None = None
    bound: tuple[Place, ...] = ()


@dataclass(frozen=True)
class Fit:
    """Effects on one property: how many candidates and independent terms, standard deviation of the scatter.

    Without effects ``reason`` says why.
    """

    n: int
    terms: int
    effects: tuple[Effect, ...] = ()
    scatter: float | None = None
    reason: str | None = None


def element_effects(fractions: Sequence[Mapping[Place, float]], values: Sequence[float]) -> Fit:
    """Main effects: change of the property as the fraction of an element grows by `STEP` along Cox's direction.

    Parameters
    ----------
    fractions
        Of each candidate: fraction of each element on its sublattice; missing ones are 0.
    values
        Of the property, of each candidate.
    """
    places, table = _table(fractions)
    contrasts = [((place,), STEP * _direction(places, table, at)) for at, place in enumerate(places)]
    return _fit(places, table, np.asarray(values, dtype=np.float64), contrasts)


def pair_effects(fractions: Sequence[Mapping[Place, float]], values: Sequence[float]) -> Fit:
    """Interactions of two elements of one sublattice: what the property departs from mixing linearly.

    ``b_ij x_i x_j`` of the quadratic model, where both have the fraction `SHARE`. Parameters as of `element_effects`.
    """
    places, table = _table(fractions)
    pairs = [(i, j) for i, j in combinations(range(len(places)), 2) if places[i][0] == places[j][0]]
    products = np.array([table[:, i] * table[:, j] for i, j in pairs]).reshape(len(pairs), len(table)).T
    wide = np.hstack([table, products])
    found = np.flatnonzero(np.abs(products).max(axis=0, initial=0.0) > _ZERO).tolist() if len(table) else []
    contrasts = []
    for at in found:
        contrast = np.zeros(wide.shape[1])
        contrast[len(places) + at] = SHARE**2
        contrasts.append(((places[pairs[at][0]], places[pairs[at][1]]), contrast))
    names = [*places, *(places[i] for i, _ in pairs)]
    return _fit(names, wide, np.asarray(values, dtype=np.float64), contrasts, named=len(places))


def _table(fractions: Sequence[Mapping[Place, float]]) -> tuple[list[Place], Array]:
    """Places whose fractions are not the same in all candidates, and the fractions, shape ``(n, places)``."""
    every = sorted({place for one in fractions for place in one})
    table = np.array([[one.get(place, 0.0) for place in every] for one in fractions], dtype=np.float64)
    table = table.reshape(len(fractions), len(every))
    moving = {place[0] for at, place in enumerate(every) if np.ptp(table[:, at]) > _ZERO}
    kept = [at for at, place in enumerate(every) if place[0] in moving]
    return [every[at] for at in kept], table[:, kept]


def _direction(places: Sequence[Place], table: Array, at: int) -> Array:
    """Cox's direction of an element: it grows by one, the others of its sublattice shrink in proportion."""
    mean = table.mean(axis=0)
    direction = np.zeros(len(places))
    for other, place in enumerate(places):
        if place[0] == places[at][0]:
            direction[other] = -mean[other] / (1 - mean[at]) if mean[at] < 1 - _ZERO else 0.0
    direction[at] = 1.0
    return direction


def _fit(
    names: Sequence[Place],
    table: Array,
    values: Array,
    contrasts: Sequence[tuple[tuple[Place, ...], Array]],
    *,
    named: int | None = None,
) -> Fit:
    """Least squares of the smallest norm; `named` are the leading columns that stand for single elements."""
    n = len(values)
    if n == 0:
        return Fit(0, 0, reason="no candidate has a value")
    if not contrasts:
        return Fit(n, 0, reason="the candidates do not differ in what is mixed")
    _, singular, rows = np.linalg.svd(table, full_matrices=False)
    rank = int((singular > singular[0] * _ZERO).sum())
    if rank == n < table.shape[1]:
        return Fit(n, rank, reason=f"{n} candidates are too few for a model of {table.shape[1]} terms")
    if n - rank < FREE:
        reason = f"{n} candidates and {rank} independent terms: it takes at least {rank + FREE} candidates"
        return Fit(n, rank, reason=reason)
    seen = rows[:rank]
    coefficients = np.linalg.pinv(table, rcond=_ZERO) @ values
    scatter = float(np.sqrt(np.sum((values - table @ coefficients) ** 2) / (n - rank)))
    inverse = (seen.T / singular[:rank] ** 2) @ seen
    found = [
        _effect(places, contrast, seen, names[:named], coefficients, inverse, scatter * _student(n - rank))
        for places, contrast in contrasts
    ]
    return Fit(n, rank, tuple(found), scatter)


def _effect(
    places: tuple[Place, ...],
    contrast: Array,
    seen: Array,
    names: Sequence[Place],
    coefficients: Array,
    inverse: Array,
    width: float,
) -> Effect:
    unseen = contrast - seen.T @ (seen @ contrast)
    if np.linalg.norm(unseen) > 1e-6 * np.linalg.norm(contrast):
        strong = np.abs(unseen) > 0.05 * float(np.abs(unseen).max())
        return Effect(places, bound=tuple(name for name, inside in zip(names, strong, strict=False) if inside))
    value = float(contrast @ coefficients)
    half = width * float(np.sqrt(max(0.0, float(contrast @ inverse @ contrast))))
    return Effect(places, value, value - half, value + half)


def _student(free: int) -> float:
    """Quantile of Student's distribution for an interval to both sides."""
    from scipy.stats import t

    return float(t.ppf(0.5 + LEVEL / 2, free))

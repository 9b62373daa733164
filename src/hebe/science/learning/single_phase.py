"""Whether a composition becomes one phase, learned from published outcomes: descriptors, forecasts, left-out groups.

A forecast is a logistic regression whose logits are stretched or shrunk by what left-out groups tell (Platt, Advances
in Large Margin Classifiers 61 (1999)); where they tell nothing it is the share that formed. What it is worth beside the
thermodynamic rule is in docs/science.md, from ``benchmarks/formation_scores.py``: less, so that no campaign uses it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.chemistry.entropy import site_entropy
from hebe.science.chemistry.ions import electronegativity, shannon_radius
from hebe.science.chemistry.metals import metallic_radius
from hebe.science.constants import BOLTZMANN
from hebe.science.learning.logistic import Logistic, fit_logistic, sigmoid

if TYPE_CHECKING:
    from collections.abc import Callable, Hashable, Mapping, Sequence

    from numpy.typing import NDArray

    from hebe.science.chemistry.ions import Ion
    from hebe.science.learning.gaussian_process import Array

    Mask = NDArray[np.bool_]

NAMES: Final = ("size mismatch", "electronegativity mismatch (Pauling)", "deviation of charges", "entropy (R per site)")
"""Descriptors of a composition: over its cation sublattices, each weighted by its ions."""

_COORDINATIONS: Final = (6, 8, 7, 9, 5, 4, 12)
"""Radii are those in coordination 6 on every site, so that families can be compared; else the next one tabulated."""


def describe_sites(sites: Mapping[str, Mapping[Ion, float]]) -> Array | None:
    """Descriptors of a composition, shape ``(4,)``; None where a radius or an electronegativity is not tabulated.

    The first three are root mean squares of the deviations from the mean of the sublattice: of radii relative to that
    mean, of electronegativities, of charges. The entropy is the ideal one of the elements.

    Parameters
    ----------
    sites
        Cation sublattice -> ion or atom -> amount per formula unit, no empty sites.
    """
    squares, total = np.zeros(4), 0.0
    for part in sites.values():
        amount = math.fsum(part.values())
        properties = [_properties(ion) for ion in part]
        if amount <= 0 or any(one is None for one in properties):
            return None
        shares = np.array(list(part.values())) / amount
        values = np.array(properties, dtype=np.float64)
        means = shares @ values
        off = (values - means) / np.array([means[0], 1.0, 1.0])
        squares += amount * np.append(shares @ off**2, _entropy(part, amount))
        total += amount
    if total <= 0:
        return None
    found = squares / total
    return np.append(np.sqrt(found[:3]), found[3])


def _properties(ion: Ion) -> tuple[float, float, float] | None:
    """Radius (A), electronegativity and charge."""
    radius = metallic_radius(ion.element) if ion.charge == 0 else _radius(ion)
    scale = electronegativity(ion.element)
    return None if radius is None or scale is None else (radius, scale, float(ion.charge))


def _radius(ion: Ion) -> float | None:
    return next((r for n in _COORDINATIONS if (r := shannon_radius(ion, n)) is not None), None)


def _entropy(part: Mapping[Ion, float], amount: float) -> float:
    """Ideal entropy of the elements on a sublattice, R per ion."""
    shares: dict[str, float] = {}
    for ion, x in part.items():
        shares[ion.element] = shares.get(ion.element, 0.0) + x / amount
    return site_entropy(shares.values())


def margin(enthalpy: float, entropy: float, temperature: float) -> float:
    """``(dH - T dS) / k T``: free energy of mixing against what competes.

    Parameters
    ----------
    enthalpy
        eV per site.
    entropy
        Gained, in units of k per site.
    temperature
        K.
    """
    return enthalpy / (BOLTZMANN * temperature) - entropy


_FAR: Final = 40.0
_HALVINGS: Final = 80


@dataclass(frozen=True)
class Forecast:
    """A fit, and what left-out groups make of its logits: ``shift + stretch * logit``.

    Parameters
    ----------
    fit
        To all outcomes.
    shift, stretch
        A stretch of 0 says that nothing was learned that holds elsewhere: the probability is the share that formed.
    """

    fit: Logistic
    shift: float
    stretch: float

    def probabilities(self, table: Array) -> Array:
        """Probability of rows to become one phase, shape ``(rows,)``."""
        return sigmoid(self.shift + self.stretch * self.fit.logits(table))


def fit_forecast(table: Array, outcomes: Array, groups: Sequence[Hashable]) -> Forecast:
    """Fit to outcomes, and stretch by what groups that were left out tell.

    Parameters
    ----------
    table
        Descriptors, shape ``(rows, descriptors)``.
    outcomes
        1 where one phase formed, else 0, shape ``(rows,)``.
    groups
        What each row belongs to.

    Raises
    ------
    BadInputError
        If the outcomes are all the same.
    """
    fit = fit_logistic(table, outcomes)
    logits, told = np.zeros(len(outcomes)), np.zeros(len(outcomes), dtype=bool)
    for out in _each(groups):
        if len(np.unique(outcomes[~out])) > 1:
            logits[out] = fit_logistic(table[~out], outcomes[~out]).logits(table[out])
            told |= out
    stretch = _stretch(logits, outcomes, [out for out in _each(groups) if told[out].all()])
    return Forecast(fit, _shift(stretch * fit.logits(table), float(outcomes.mean())), stretch)


def _stretch(logits: Array, outcomes: Array, groups: Sequence[Mask]) -> float:
    """By how much logits of left-out groups tell members of one group apart; 0 where they do not, or wrongly.

    A group has an intercept of its own: what was left out with it moves all of its logits.
    """
    both = [out for out in groups if len(np.unique(outcomes[out])) > 1]
    if not both:
        return 0.0
    rows = np.concatenate([np.flatnonzero(out) for out in both])
    own = np.stack([out[rows].astype(np.float64) for out in both], axis=1)
    centred = logits[rows] - own @ np.array([logits[out].mean() for out in both])
    line = fit_logistic(np.concatenate([centred[:, None], own], axis=1), outcomes[rows])
    return max(0.0, float(line.weights[1] / line.scales[0]))


def _shift(logits: Array, share: float) -> float:
    """What is added to logits so that their mean probability is a share, by bisection."""
    low, high = -_FAR - float(logits.max()), _FAR - float(logits.min())
    for _ in range(_HALVINGS):
        middle = 0.5 * (low + high)
        low, high = (middle, high) if float(sigmoid(logits + middle).mean()) < share else (low, middle)
    return 0.5 * (low + high)


def left_out(
    table: Array,
    outcomes: Array,
    groups: Sequence[Hashable],
    fit: Callable[[Array, Array, Sequence[Hashable]], Forecast] = fit_forecast,
) -> Array:
    """Probability of each row by a forecast that knows no row of its group, shape ``(rows,)``."""
    found = np.empty(len(outcomes))
    for out in _each(groups):
        kept = [group for group, away in zip(groups, out.tolist(), strict=True) if not away]
        found[out] = fit(table[~out], outcomes[~out], kept).probabilities(table[out])
    return found


def left_out_share(outcomes: Array, groups: Sequence[Hashable]) -> Array:
    """Share that formed among the other groups, for each row: what is known without any descriptor."""
    found = np.empty(len(outcomes))
    for out in _each(groups):
        found[out] = outcomes[~out].mean()
    return found


def _each(groups: Sequence[Hashable]) -> list[Mask]:
    """Rows of each group, as masks."""
    names = list(dict.fromkeys(groups))
    return [np.array([group == name for group in groups]) for name in names]

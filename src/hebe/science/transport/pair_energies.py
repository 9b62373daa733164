"""Energies of pairs of neighbours in a rock salt: given for pairs of species, or fitted to cells of one composition.

Fitted energies are those of effective charges, ``E = e_0 + sum_s k_s sum_(pairs of shell s) q_i q_j``, one ``k`` per
shell: with the few cells that a candidate has, single pairs of species are not to be told apart. Screening, relaxation
and covalency are in the ``k`` as far as they go with charges; sizes of ions are not.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.schemas.percolation import PairFitDoc
from hebe.science.transport.pair_shells import BOND, NEAREST, SECOND, SHELLS

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

Numbers = NDArray[np.float64]

_SETS: Final = ((NEAREST,), (NEAREST, BOND), (NEAREST, SECOND), SHELLS)
"""Shells that may enter a fit."""
_ALIKE: Final = 1e-6  # e^2 per cation site
_DIGITS: Final = 9
_BETTER: Final = 0.9
"""Share of the error of the mean above which a fit is noise: of random energies one in ten is better."""


@dataclass(frozen=True)
class GivenPairs:
    """Energies (eV) of pairs by their species, ``Li Ti``: neighbours, and cations with an anion between them."""

    nearest: Mapping[str, float]
    second: Mapping[str, float]

    def energies(self, kinds: Sequence[str], anions: Collection[str]) -> Numbers:
        """Shape (shells, kinds, kinds), symmetric; pairs that are not named have none."""
        found = np.zeros((len(SHELLS), len(kinds), len(kinds)))
        for given, far in ((self.nearest, False), (self.second, True)):
            for name, value in given.items():
                pair = name.split()
                if set(pair) <= set(kinds):
                    shell = SECOND if far else BOND if set(pair) & set(anions) else NEAREST
                    i, j = (kinds.index(one) for one in pair)
                    found[SHELLS.index(shell), [i, j], [j, i]] = value
        return found


@dataclass(frozen=True)
class PairFit:
    """Strengths (eV/e^2) of effective charges in each shell, and the document that tells them.

    ``root`` is a square root of their covariance, shape (shells, shells), with no rows of shells that have none.
    """

    document: PairFitDoc
    strengths: Numbers
    root: Numbers

    def energies(self, charges: Numbers, seed: int | None = None) -> Numbers:
        """Energies (eV) of pairs of charges (e, shape (kinds,)), shape (shells, kinds, kinds).

        They are those of the best strengths, or with a seed those of a draw from the normal distribution about them.
        """
        drawn = np.zeros(len(SHELLS)) if seed is None else np.random.default_rng(seed).standard_normal(len(SHELLS))
        return np.asarray((self.strengths + self.root @ drawn)[:, None, None] * np.outer(charges, charges))


def fitted(products: Numbers, energies: Sequence[float]) -> PairFit:
    """Strength of effective charges in each shell, by least squares; the shells with the least left-out error.

    A cell that is left out has no part in the choice of the shells by which it is predicted. The covariance of the
    strengths is that of least squares whose residuals are as large as that error.

    Parameters
    ----------
    products
        ``sum q_i q_j`` over the pairs of each shell, each once, per cation site; shape (cells, shells).
    energies
        Of the cells (eV per cation site), which have one composition.

    Raises
    ------
    BadInputError
        If there are too few cells, or they do not tell energies of pairs: each one is predicted no better from the
        others than by their mean.
    """
    values = np.asarray(energies, dtype=float)
    names = _shells(products, values)
    errors = [_missed(products, values, k) for k in range(len(values))]
    if names is None or None in errors:
        raise BadInputError(
            f"{len(values)} cells of different order are too few for energies of pairs",
            suggestion="more configurations (structures: per_candidate), or energies of pairs that are given",
        )
    error, spread = _rms(errors), _left_out(np.ones((len(values), 1)), values)
    if error > _BETTER * spread:
        raise BadInputError(
            f"energies of {len(values)} cells tell no energies of pairs: left out, each is missed by {1e3 * error:.1f}"
            f" meV per cation site, by the mean of the others by {1e3 * spread:.1f}",
            suggestion="more configurations, or energies of pairs that are given",
        )
    rows, held = _rows(products, names), [SHELLS.index(name) for name in names]
    solution = np.linalg.lstsq(rows, values, rcond=None)[0]
    centred = rows[:, 1:] - rows[:, 1:].mean(axis=0)
    strengths, root = np.zeros(len(SHELLS)), np.zeros((len(SHELLS), len(SHELLS)))
    strengths[held] = solution[1:]
    root[np.ix_(held, held)] = error * np.linalg.cholesky(np.linalg.inv(centred.T @ centred))
    errors_of = np.linalg.norm(root, axis=1)
    document = PairFitDoc(
        n_cells=len(values),
        strengths_eV={SHELLS[k]: float(strengths[k]) for k in held},
        strengths_se_eV={SHELLS[k]: float(errors_of[k]) for k in held},
        error_eV=error,
        spread_eV=spread,
    )
    return PairFit(document, strengths, root)


def _shells(products: Numbers, values: Numbers) -> tuple[str, ...] | None:
    """Shells with the least left-out error, the fewest of equal ones; None where the cells tell no strength."""
    found = [(rms, names) for names in _SETS if (rms := _error_of(products, values, names)) is not None]
    return min(found, key=lambda one: (round(one[0], _DIGITS), len(one[1])))[1] if found else None


def _missed(products: Numbers, values: Numbers, k: int) -> float | None:
    """What cell k is missed by when all is learned from the others; None where these tell nothing."""
    others, known = np.delete(products, k, axis=0), np.delete(values, k)
    names = _shells(others, known)
    if names is None:
        return None
    solution = np.linalg.lstsq(_rows(others, names), known, rcond=None)[0]
    return float(values[k] - (_rows(products, names) @ solution)[k])


def _rows(products: Numbers, names: Sequence[str]) -> Numbers:
    chosen = products[:, [SHELLS.index(name) for name in names]]
    return np.column_stack([np.ones(len(chosen)), chosen])


def _error_of(products: Numbers, values: Numbers, names: Sequence[str]) -> float | None:
    """Left-out error with some shells; None where the cells are too few, or too much alike, to tell their strengths."""
    rows = _rows(products, names)
    if len(values) <= rows.shape[1]:
        return None
    left = [np.delete(rows, k, axis=0) for k in range(len(rows))]
    if any(np.linalg.matrix_rank(part - part[:1], tol=_ALIKE) < len(names) for part in left):
        return None
    return _left_out(rows, values)


def _left_out(rows: Numbers, values: Numbers) -> float:
    """Root mean square of what each value is missed by when it is predicted from the others."""
    errors = []
    for k in range(len(values)):
        solution = np.linalg.lstsq(np.delete(rows, k, axis=0), np.delete(values, k), rcond=None)[0]
        errors.append(float(values[k] - rows[k] @ solution))
    return _rms(errors)


def _rms(values: Sequence[float | None]) -> float:
    return float(np.sqrt(np.mean(np.square([value for value in values if value is not None]))))

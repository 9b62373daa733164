"""Activation energy from diffusion coefficients at several temperatures, and what they say of another temperature."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
import scipy

from hebe.exceptions import BadInputError
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

FEWEST: Final = 3
_QUANTILE: Final = float(scipy.special.ndtri(0.975))
"""Standard deviations to each side that hold 95 % of a normal distribution."""


@dataclass(frozen=True)
class Line:
    """``ln D = ln D0 - E / (k T)``: both parameters, their covariance matrix, and chi^2 per degree of freedom."""

    log_prefactor: float
    activation_eV: float  # noqa: N815 - the unit keeps its case
    covariance: Array
    chi2: float

    @property
    def activation_interval(self) -> tuple[float, float]:
        """Ends of the interval of the activation energy (eV) at 95 % confidence."""
        width = _QUANTILE * float(np.sqrt(self.covariance[1, 1]))
        return self.activation_eV - width, self.activation_eV + width

    def at(self, temperature: float) -> tuple[float, float, float]:
        """D at a temperature (K), in the unit of those fitted, and the ends of its interval at 95 % confidence."""
        slope = np.array([1.0, -1 / (BOLTZMANN * temperature)])
        value = float(slope @ [self.log_prefactor, self.activation_eV])
        width = _QUANTILE * float(np.sqrt(slope @ self.covariance @ slope))
        return float(np.exp(value)), float(np.exp(value - width)), float(np.exp(value + width))


def fit_arrhenius(temperatures: Sequence[float], coefficients: Sequence[float], errors: Sequence[float]) -> Line:
    """Line through ln D against 1 / (k T), each point weighed by its relative error.

    Where the points scatter more than their errors say, the covariance is widened by chi^2 per degree of freedom; where
    they scatter less it stays (Birge, Phys. Rev. 40, 207 (1932)).

    Parameters
    ----------
    temperatures
        K, at least three different ones.
    coefficients, errors
        D and its standard errors, in one unit.

    Raises
    ------
    BadInputError
        If there are fewer temperatures, or a coefficient or an error is not positive.
    """
    if len(set(temperatures)) < FEWEST:
        reason = f"{len(set(temperatures))} temperatures tell no activation energy"
        raise BadInputError(reason, suggestion=f"{FEWEST} or more with a coefficient")
    values, deviations = np.array(coefficients, dtype=float), np.array(errors, dtype=float)
    if (values <= 0).any() or (deviations <= 0).any():
        raise BadInputError("a diffusion coefficient or its error is not positive")
    table = np.column_stack([np.ones(len(values)), -1 / (BOLTZMANN * np.array(temperatures, dtype=float))])
    weights = (values / deviations) ** 2
    inverse = np.linalg.inv(table.T @ (weights[:, None] * table))
    found = inverse @ (table.T @ (weights * np.log(values)))
    rest = np.log(values) - table @ found
    chi2 = float(weights @ rest**2) / max(1, len(values) - 2)
    return Line(float(found[0]), float(found[1]), inverse * max(1.0, chi2), chi2)


def highest_barrier(temperature: float, n_ions: int, time_fs: float, jumps: int) -> float:
    """Barrier (eV) with which a run sees so many jumps at 1e13 attempts a second, if every ion has where to go."""
    attempts = n_ions * time_fs * 1e-15 * 1e13
    return max(0.0, BOLTZMANN * temperature * float(np.log(attempts / jumps))) if attempts > 0 else 0.0

"""Descriptors of one sublattice of many compositions at once: `hebe.science.chemistry.descriptors` on arrays."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.chemistry.metals import GAS_CONSTANT, metal_data, valence_electrons

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.science.chemistry.row_plan import SitePlan
    from hebe.science.chemistry.row_split import RowSplits
    from hebe.science.chemistry.walking import Floats

_CANCELS: Final = 1e-9
"""Variance relative to the square of the mean below which the difference of two sums is not exact enough."""


class IonRows:
    """Ions of one sublattice as fractions of its occupied sites.

    Parameters
    ----------
    plan
        The ions and what is known of them.
    splits
        Amounts of all ions.
    charged
        Whether the host has ions, and no atoms without charge.
    """

    def __init__(self, plan: SitePlan, splits: RowSplits, *, charged: bool) -> None:
        self.plan, self.charged = plan, charged
        places = plan.places
        together = len(places) and places[-1] - places[0] + 1 == len(places)
        self.amounts = splits.amounts[places[0] : places[-1] + 1] if together else splits.amounts[places]
        total = self.amounts.sum(axis=0)
        self.share = 1.0 / np.where(total > 0, total, 1.0)

    def _lacking(self, values: Floats) -> NDArray[np.bool_] | None:
        """Rows with an ion that has no value; None if all have one."""
        missing = np.isnan(values)
        return np.asarray((self.amounts[missing] > 0).any(axis=0)) if missing.any() else None

    def _moments(self, values: Floats) -> tuple[Floats, Floats]:
        """Mean of values and ``sqrt(sum x (v - mean)^2)``; NaN where an ion without one is present.

        Sums are of differences from the middle of all values; where they cancel, each difference is squared by itself.
        """
        known = np.nan_to_num(values)
        middle = float(known.mean()) if len(known) else 0.0
        off = np.where(np.isnan(values), 0.0, known - middle)
        occupied = self.amounts.sum(axis=0) * self.share
        first, second = (np.stack([off, off * off]) @ self.amounts) * self.share
        mean, variance = middle * occupied + first, second - first * first
        close = np.flatnonzero(variance < _CANCELS * mean * mean)
        if len(close):
            x = self.amounts[:, close] * self.share[close]
            variance[close] = (x * (known[:, None] - mean[close]) ** 2).sum(axis=0)
        deviation = np.sqrt(np.maximum(variance, 0.0))
        lacking = self._lacking(values)
        if lacking is not None:
            mean[lacking] = deviation[lacking] = np.nan
        return mean, deviation

    @cached_property
    def _sizes(self) -> tuple[Floats, Floats]:
        mean, deviation = self._moments(self.plan.radii)
        return mean, deviation / np.where(mean == 0, 1.0, mean)

    @property
    def size_mismatch(self) -> Floats:
        """Size mismatch, relative to the mean radius."""
        return self._sizes[1]

    def descriptors(self) -> dict[str, Floats]:
        """All descriptors by name, of a metal or of ions."""
        shared = {
            "mean_radius_A": self._sizes[0],
            "size_mismatch": self._sizes[1],
            "electronegativity_mismatch_Pauling": self._moments(self.plan.negativities)[1],
        }
        if not self.charged:
            return {**shared, **self._of_metal()}
        active, empty = (np.stack([self.plan.active, self.plan.empty]) @ self.amounts) * self.share
        return {**shared, "jahn_teller_fraction": active, "d0_fraction": empty}

    def _of_metal(self) -> dict[str, Floats]:
        from pymatgen.core import Element

        fractions = self.amounts * self.share
        electrons = np.array([float(valence_electrons(ion.element)) for ion in self.plan.ions])
        points = [Element(ion.element).melting_point for ion in self.plan.ions]
        melting = np.array([np.nan if point is None else float(point) for point in points])
        enthalpy = self._mixing_enthalpy(fractions)
        entropy = -(fractions * np.log(np.where(fractions > 0, fractions, 1.0))).sum(axis=0)
        with np.errstate(divide="ignore", invalid="ignore"):
            omega = self._moments(melting)[0] * GAS_CONSTANT * entropy / np.abs(enthalpy)
        omega[~np.isfinite(omega)] = np.nan
        return {
            "valence_electron_concentration": electrons @ fractions,
            "mixing_enthalpy_kJ_per_mol": enthalpy,
            "omega": omega,
        }

    def _mixing_enthalpy(self, fractions: Floats) -> Floats:
        """``sum_{i<j} 4 H_ij c_i c_j`` (kJ per mol of atoms), NaN where an H_ij is missing."""
        table, result = metal_data().mixing_enthalpy_kJ_per_mol, np.zeros(fractions.shape[1])
        by_name = sorted(((ion.element, n) for n, ion in enumerate(self.plan.ions)), key=lambda pair: pair[0])
        for i, (first, n) in enumerate(by_name):
            for second, m in by_name[i + 1 :]:
                value = table.get(first, {}).get(second)
                both = fractions[n] * fractions[m]
                if value is None:
                    result[both > 0] = np.nan
                else:
                    result += 4.0 * value * both
        return result

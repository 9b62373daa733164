"""Descriptors of one sublattice of many compositions at once: `hebe.science.chemistry.descriptors` on arrays."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from hebe.config.family_sites import VACANCY, FamilySublattice
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import Ion, electronegativity, is_d0, is_jahn_teller, shannon_radius
from hebe.science.chemistry.metals import GAS_CONSTANT, metal_data, metallic_radius, valence_electrons
from hebe.science.chemistry.walking import Floats

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.science.chemistry.row_split import State


@dataclass(frozen=True)
class IonRows:
    """Ions of one sublattice and their fractions of its occupied sites, arrays over ``n`` rows."""

    sublattice: FamilySublattice
    fractions: dict[Ion, Floats]
    n: int
    metallic: bool

    @classmethod
    def of(cls, host: Family, name: str, state: State, n: int) -> IonRows:
        """Ions of a sublattice from amounts per formula unit; ions that no row has are left out."""
        amounts = {ion: x for (sub, ion), x in state.items() if sub == name and ion.element != VACANCY and x.any()}
        total = sum(amounts.values(), np.zeros(n))
        sites = np.where(total > 0, total, 1.0)
        return cls(
            host.sublattices[name], {ion: x / sites for ion, x in amounts.items()}, n, host.bonding == "metallic"
        )

    def _mean(self, values: dict[Ion, float | None]) -> Floats:
        """Mean of values; NaN where an ion without one is present."""
        result = np.zeros(self.n)
        for ion, x in self.fractions.items():
            value = values[ion]
            if value is None:
                result[x > 0] = np.nan
            elif value:
                result += x * value
        return result

    def _deviation(self, values: dict[Ion, float | None], mean: Floats) -> Floats:
        """``sqrt(sum x (v - mean)^2)``."""
        result = np.zeros(self.n)
        for ion, x in self.fractions.items():
            value = values[ion]
            if value is not None:
                off = mean - value
                off *= off
                off *= x
                result += off
        return np.sqrt(result)

    @cached_property
    def _radii(self) -> dict[Ion, float | None]:
        if self.metallic:
            return {ion: metallic_radius(ion.element) for ion in self.fractions}
        coordination = self.sublattice.coordination
        return {ion: shannon_radius(ion, coordination, spin_of(ion, self.sublattice)) for ion in self.fractions}

    @cached_property
    def mean_radius(self) -> Floats:
        """Mean radius (A)."""
        return self._mean(self._radii)

    @cached_property
    def size_mismatch(self) -> Floats:
        """Size mismatch, relative to the mean radius."""
        mean = self.mean_radius
        return self._deviation(self._radii, mean) / np.where(mean == 0, 1.0, mean)

    def descriptors(self) -> dict[str, Floats]:
        """All descriptors by name, of a metal or of ions."""
        chi = {ion: electronegativity(ion.element) for ion in self.fractions}
        shared = {
            "mean_radius_A": self.mean_radius,
            "size_mismatch": self.size_mismatch,
            "electronegativity_mismatch_Pauling": self._deviation(chi, self._mean(chi)),
        }
        if self.metallic:
            return {**shared, **self._of_metal()}
        active = {ion: float(is_jahn_teller(ion, spin_of(ion, self.sublattice))) for ion in self.fractions}
        empty = {ion: float(is_d0(ion)) for ion in self.fractions}
        return {**shared, "jahn_teller_fraction": self._mean({**active}), "d0_fraction": self._mean({**empty})}

    def _of_metal(self) -> dict[str, Floats]:
        from pymatgen.core import Element

        electrons: dict[Ion, float | None] = {ion: float(valence_electrons(ion.element)) for ion in self.fractions}
        melting = {ion: _number(Element(ion.element).melting_point) for ion in self.fractions}
        enthalpy, entropy = self._mixing_enthalpy(), np.zeros(self.n)
        for x in self.fractions.values():
            entropy -= x * np.log(np.where(x > 0, x, 1.0))
        with np.errstate(divide="ignore", invalid="ignore"):
            omega = self._mean(melting) * GAS_CONSTANT * entropy / np.abs(enthalpy)
        omega[~np.isfinite(omega)] = np.nan
        return {
            "valence_electron_concentration": self._mean(electrons),
            "mixing_enthalpy_kJ_per_mol": enthalpy,
            "omega": omega,
        }

    def _mixing_enthalpy(self) -> Floats:
        """``sum_{i<j} 4 H_ij c_i c_j`` (kJ per mol of atoms), NaN where an H_ij is missing."""
        table, result = metal_data().mixing_enthalpy_kJ_per_mol, np.zeros(self.n)
        by_name = sorted(((ion.element, x) for ion, x in self.fractions.items()), key=lambda pair: pair[0])
        for i, (first, x) in enumerate(by_name):
            for second, y in by_name[i + 1 :]:
                value = table.get(first, {}).get(second)
                both = x * y
                if value is None:
                    result[both > 0] = np.nan
                else:
                    result += 4.0 * value * both
        return result


def _number(value: float | None) -> float | None:
    return None if value is None else float(value)

"""Metals: radii, valence electrons, and the parameters of solid solutions that follow from them.

Data with their sources stand in ``metals.yaml``.
"""

from __future__ import annotations

import math
from functools import cache
from itertools import combinations
from typing import TYPE_CHECKING, Final

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.science.chemistry.entropy import site_entropy

if TYPE_CHECKING:
    from collections.abc import Mapping

GAS_CONSTANT: Final = 8.31446261815324e-3
"""kJ mol-1 K-1 (CODATA 2018)."""

_FIRST_P_GROUP: Final = 13


class MetalData(ConfigModel):
    """Radii (A), and enthalpies of mixing of liquid equimolar binaries (kJ per mol of atoms)."""

    radius_source: str
    enthalpy_source: str
    radius_A: dict[str, float]  # noqa: N815 - A is the unit
    mixing_enthalpy_kJ_per_mol: dict[str, dict[str, float]] = Field(default_factory=dict)  # noqa: N815 - kJ is the unit


@cache
def metal_data() -> MetalData:
    """Data of all metals that are known."""
    return packaged(MetalData, "hebe.science.chemistry", "metals.yaml")


def metallic_radius(element: str) -> float | None:
    """Radius of an atom in a dense metallic packing (A), None where there is none.

    Source: Miracle et al., Int. Mater. Rev. 55, 218 (2010).
    """
    return metal_data().radius_A.get(element)


def valence_electrons(element: str) -> int:
    """Electrons outside the noble-gas core, d electrons included: 3 for Al, 10 for Ni, 11 for Cu.

    Source: Guo et al., J. Appl. Phys. 109, 103505 (2011).
    """
    from pymatgen.core import Element

    group = Element(element).group
    return group - 10 if group >= _FIRST_P_GROUP else group


def valence_electron_concentration(fractions: Mapping[str, float]) -> float:
    """Mean number of valence electrons per atom, ``VEC = sum_i c_i VEC_i``.

    Above 8 solid solutions are fcc, below 6.87 bcc (Guo et al., J. Appl. Phys. 109, 103505 (2011)).
    """
    return math.fsum(c * valence_electrons(element) for element, c in fractions.items())


def mixing_enthalpy(fractions: Mapping[str, float]) -> float | None:
    """Enthalpy of mixing of the liquid, ``sum_{i<j} 4 H_ij c_i c_j`` (kJ per mol of atoms); None if an H_ij is missing.

    Source: Takeuchi and Inoue, Mater. Trans. 46, 2817 (2005).
    """
    table, total = metal_data().mixing_enthalpy_kJ_per_mol, []
    for first, second in combinations(sorted(fractions), 2):
        value = table.get(first, {}).get(second)
        if value is None:
            return None
        total.append(4.0 * value * fractions[first] * fractions[second])
    return math.fsum(total)


def omega(fractions: Mapping[str, float]) -> float | None:
    """``T_m S_mix / |H_mix|`` with the mean melting temperature; None where the enthalpy is zero or not known.

    Solid solutions have 1.1 and more (Yang and Zhang, Mater. Chem. Phys. 132, 233 (2012)).
    """
    from pymatgen.core import Element

    enthalpy = mixing_enthalpy(fractions)
    if not enthalpy:
        return None
    melting = math.fsum(c * float(Element(element).melting_point or math.nan) for element, c in fractions.items())
    value = melting * GAS_CONSTANT * site_entropy(fractions.values()) / abs(enthalpy)
    return value if math.isfinite(value) else None

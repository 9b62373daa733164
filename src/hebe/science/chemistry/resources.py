"""What a material takes: its price, how rare and how toxic its elements are, from the elements alone.

Data with year and source stand in ``resources.yaml``. Per energy they refer to the electrons that the cations can give,
at the potentials of the redox ladder.
"""

from __future__ import annotations

import math
from functools import cache
from typing import TYPE_CHECKING

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged

if TYPE_CHECKING:
    from collections.abc import Mapping

Found = tuple[float | None, str | None]
"""A value, or None with the reason."""


class ElementData(ConfigModel):
    """Price (USD per kg, year, publisher), abundance in the crust (mg/kg), limits of exposure (mg per m3 of air)."""

    price_source: str
    price: dict[str, tuple[float, int, str]]
    crust_source: str
    crust_mg_per_kg: dict[str, float]
    exposure_source: str
    exposure_mg_per_m3: dict[str, float]
    exposure_none: tuple[str, ...]


@cache
def element_data() -> ElementData:
    """Data of all elements that are known."""
    return packaged(ElementData, "hebe.science.chemistry", "resources.yaml")


def mass_fractions(elements: Mapping[str, float]) -> dict[str, float]:
    """Element -> share of the mass, from amounts per formula unit."""
    from pymatgen.core import Element

    masses = {element: n * float(Element(element).atomic_mass) for element, n in elements.items()}
    total = math.fsum(masses.values())
    return {element: mass / total for element, mass in masses.items()}


def cost(elements: Mapping[str, float]) -> Found:
    """Price of the elements in one kg of a material, ``sum_i w_i p_i`` (USD/kg), w the shares of the mass."""
    prices = {element: given[0] for element, given in element_data().price.items()}
    return _sum(mass_fractions(elements), prices, "price")


def crust(elements: Mapping[str, float]) -> Found:
    """Crust that holds the elements of one kg of a material, ``max_i w_i / a_i`` (kg/kg), a the abundance by mass.

    Its rarest element decides.
    """
    shares, known = mass_fractions(elements), element_data().crust_mg_per_kg
    missing = sorted(set(shares) - set(known))
    if missing:
        return None, f"no abundance is known of {', '.join(missing)}"
    return max(w / (known[element] * 1e-6) for element, w in shares.items()), None


def exposure(elements: Mapping[str, float]) -> Found:
    """Air in which the elements of one kg of a material reach their limits of exposure, ``sum_i w_i / L_i`` (m3/kg)."""
    data = element_data()
    inverse = {element: 1e6 / limit for element, limit in data.exposure_mg_per_m3.items()}
    return _sum(mass_fractions(elements), {**dict.fromkeys(data.exposure_none, 0.0), **inverse}, "limit of exposure")


def _sum(shares: Mapping[str, float], values: Mapping[str, float], what: str) -> Found:
    missing = sorted(set(shares) - set(values))
    if missing:
        return None, f"no {what} is known of {', '.join(missing)}"
    return math.fsum(w * values[element] for element, w in shares.items()), None

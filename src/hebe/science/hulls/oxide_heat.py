"""Thermal free energy of an ion in an oxide: that of the binary oxides of its element, per atom of the metal.

``[H(T) - H(0)] - T S(T)`` of oxides is taken as a sum over cations (Neumann and Kopp's rule for heat capacities), with
straight lines over the oxidation state between the oxides of tables. Where no oxidation state changes it cancels; where
one does it is as large as errors of engines: 1 eV per O2 at 1,200 K from Co3O4 to CoO. The data stand in
``oxygen.yaml``.
"""

from __future__ import annotations

import re
from dataclasses import replace
from functools import cache, lru_cache
from itertools import pairwise
from typing import TYPE_CHECKING, Final

from hebe.science.constants import KJ_PER_EV
from hebe.science.hulls.oxygen import HeatData, oxygen_data

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from hebe.science.hulls.hull import PhaseEntry

_ION: Final = re.compile(r"(?P<element>[A-Z][a-z]?)(?P<charge>[0-9.]*)(?P<sign>[+-])")
_STANDARD: Final = 298.15
_REFERENCE: Final = 2.0
"""Oxidation state whose function is counted as zero: only differences matter, and many ions have no other."""


@cache
def _tables() -> dict[str, dict[float, HeatData]]:
    """Metal -> oxidation state -> thermal function of its oxide."""
    from pymatgen.core.composition import Composition

    found: dict[str, dict[float, HeatData]] = {}
    for data in oxygen_data().heat:
        oxide = Composition(data.formula)
        (metal,) = (str(element) for element in oxide if str(element) != "O")
        found.setdefault(metal, {})[2 * oxide["O"] / oxide[metal]] = data
    return {metal: dict(sorted(table.items())) for metal, table in found.items()}


def heat_elements() -> frozenset[str]:
    """Metals that have thermal functions."""
    return frozenset(_tables())


def oxide_heat(formula: str, temperature: float) -> float:
    """``G(T) - H(0 K)`` of an oxide, eV per formula; the increment to 298.15 K counts where the tables have it.

    Below 298.15 K a straight line to zero; above the last temperature the function goes on straight.
    """
    data = next(entry for entry in oxygen_data().heat if entry.formula == formula)
    increment = next((o.increment for o in oxygen_data().oxides if o.formula == formula), None) or 0.0
    at = max(temperature, _STANDARD)
    value = (increment - at * _straight(data.function, at) / 1000) / KJ_PER_EV
    return value if temperature >= _STANDARD else value * temperature / _STANDARD


@lru_cache(maxsize=10_000)
def ion_heat(element: str, charge: float, temperature: float) -> float:
    """Thermal free energy of an ion less that of the element at 2+, eV per atom; 0 for elements without tables."""
    table = _tables().get(element)
    if table is None:
        return 0.0
    values = {z: oxide_heat(data.formula, temperature) / _metal(data.formula, element) for z, data in table.items()}
    points = list(values.items())
    return _straight(points, charge) - _straight(points, _REFERENCE)


def heat_of(
    amounts: Mapping[str, float], ions: Mapping[str, float], temperature: float, elements: Collection[str]
) -> float:
    """Thermal free energy of a phase less that of its metals at 2+, eV per formula.

    A binary oxide counts by its mean oxidation state, so that those of tables have their own value.

    Parameters
    ----------
    amounts
        Elements of a formula.
    ions
        Ions of a formula.
    temperature
        K.
    elements
        Metals that count.
    """
    metals = set(amounts) - {"O"}
    if len(metals) == 1 and "O" in amounts:
        (metal,) = metals
        if metal not in elements:
            return 0.0
        return amounts[metal] * ion_heat(metal, 2 * amounts["O"] / amounts[metal], temperature)
    parsed = [(_ION.fullmatch(ion), n) for ion, n in ions.items()]
    known = [
        (ion["element"], float(ion["charge"] or 1), n) for ion, n in parsed if ion is not None and ion["sign"] == "+"
    ]
    return sum(n * ion_heat(element, charge, temperature) for element, charge, n in known if element in elements)


def heated(entries: Sequence[PhaseEntry], temperature: float, elements: Collection[str]) -> list[PhaseEntry]:
    """Phases with the thermal free energy of their ions in the energy."""
    return [
        replace(e, energy=e.energy + heat_of(e.amounts, e.ions, temperature, elements)) if elements else e
        for e in entries
    ]


@cache
def _metal(formula: str, element: str) -> float:
    from pymatgen.core.composition import Composition

    return float(Composition(formula)[element])


def _straight(points: Sequence[tuple[float, float]], at: float) -> float:
    """Value on the straight line between two neighbours; beyond the ends the last line goes on."""
    (x0, y0), (x1, y1) = next((pair for pair in pairwise(points) if at <= pair[1][0]), (points[-2], points[-1]))
    return y0 + (y1 - y0) * (at - x0) / (x1 - x0)

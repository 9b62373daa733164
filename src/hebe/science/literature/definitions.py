"""Figures of the literature that follow from definitions and constants alone (level E of the targets)."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final

import scipy
from scipy.constants import R

from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.entropy import site_entropy
from hebe.science.chemistry.ions import Ion, shannon_radius
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Callable

HIGH: Final = 1.5
"""Threshold of high entropy, R per mole of mixed sites."""
FIVE: Final = (0.2,) * 5
_ZINC_DENSITY: Final = 7.14
_LITHIUM_PER_SILICON: Final = 4.4


def defined_figure(target_id: str) -> float | None:
    """Value of a target that takes no material, or an element alone; None of the others."""
    compute = _FIGURES.get(target_id)
    return None if compute is None else compute()


def _least_species() -> float:
    return float(next(n for n in range(2, 100) if site_entropy([1 / n] * n) >= HIGH))


def _largest_majority() -> float:
    """Share of one species beside four equal ones at which the entropy falls to the threshold."""
    return float(scipy.optimize.brentq(lambda x: site_entropy([x, *[(1 - x) / 4] * 4]) - HIGH, 0.2, 0.9))


def _specific(element: str, electrons: float) -> float:
    """Capacity of an element (mAh/g)."""
    from pymatgen.core import Element

    return FARADAY_MAH * electrons / float(Element(element).atomic_mass)


def _zinc_volumetric() -> float:
    return round(_specific("Zn", 2)) * _ZINC_DENSITY


def _two_sodium() -> float:
    """Capacity (mAh/g) of two sodium ions of Na2Fe2(CN)6."""
    from pymatgen.core import Composition

    return FARADAY_MAH * 2 / float(Composition("Na2Fe2C6N6").weight)


def _slope(entropy: float) -> float:
    """Kelvin of mixing temperature per meV and site of enthalpy, at an entropy in R."""
    return 1e-3 / (BOLTZMANN * entropy)


def _radius(element: str) -> float | None:
    """Shannon radius (nm) of an ion of an alkali metal among six neighbours."""
    radius = shannon_radius(Ion(element, 1), 6)
    return None if radius is None else radius / 10


_FIGURES: Final[dict[str, Callable[[], float | None]]] = {
    "def-he-si": lambda: HIGH * R,
    "def-he-ev": lambda: HIGH * BOLTZMANN,
    "def-ln5": lambda: site_entropy(FIVE),
    "def-nmin": _least_species,
    "def-boxmin": lambda: site_entropy((0.35, 0.35, 0.2, 0.05, 0.05)),
    "def-major": _largest_majority,
    "def-ts1000": lambda: 1000 * BOLTZMANN * site_entropy(FIVE),
    "def-slope5": lambda: _slope(math.log(5)),
    "def-slope15": lambda: _slope(HIGH),
    "const-zn-g": lambda: _specific("Zn", 2),
    "const-zn-v": _zinc_volumetric,
    "const-si": lambda: _specific("Si", _LITHIUM_PER_SILICON),
    "const-pba": _two_sodium,
    "radius-Li": lambda: _radius("Li"),
    "radius-Na": lambda: _radius("Na"),
    "radius-K": lambda: _radius("K"),
}
"""Id of a target -> what computes it."""

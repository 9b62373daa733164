"""Occupied states projected on s, p and d around the atoms: centres of bands, and what stands at their top.

A centre is the first moment of the projected density (Hammer, Norskov, Surf. Sci. 343, 211 (1995), for d states; Lee,
Kleis, Rossmeisl, Shao-Horn, Morgan, Energy Environ. Sci. 4, 3966 (2011), for O 2p), here over the occupied states of a
window, which no number of empty bands changes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Element

from hebe.science.crystals.crystal import ANIONS

if TYPE_CHECKING:
    from collections.abc import Iterable

WINDOW_EV: Final = 10.0
"""Depth of the window of a centre below the highest occupied level: holds p states of anions, not their s states."""
TOP_EV: Final = 1.0
"""Depth below the highest occupied level of the states that charging empties first."""
P: Final = 1
D: Final = 2
"""Angular momenta."""
_LEAST: Final = 1e-6


@dataclass(frozen=True)
class Projected:
    """States of a cell and what spheres around its atoms hold of them.

    Parameters
    ----------
    energies
        eV, shape (spins, k points, bands).
    occupied
        Electrons in each state times the weight of its k point, same shape.
    weights
        Element, angular momentum -> part of each state that the spheres of the element hold, same shape.
    reference
        Highest occupied level (eV).
    orbitals
        Element, angular momentum -> part of the free atom's orbital that its sphere holds; empty where unknown.
    """

    energies: NDArray[np.float64]
    occupied: NDArray[np.float64]
    weights: Mapping[str, Mapping[int, NDArray[np.float64]]]
    reference: float
    orbitals: Mapping[str, Mapping[int, float]] = field(default_factory=dict)

    @property
    def captured(self) -> float:
        """Part of the electrons that the spheres hold; the rest is between them."""
        held = sum(float((self.occupied * part).sum()) for parts in self.weights.values() for part in parts.values())
        return held / float(self.occupied.sum())

    def held(self, element: str, momentum: int, depth: float = np.inf) -> float:
        """Electrons that the spheres of an element hold, down to `depth` (eV) below the highest occupied level."""
        return float(self._held(element, momentum, depth).sum())

    def centre(self, element: str, momentum: int) -> float | None:
        """Centre of the occupied states within `WINDOW_EV` (eV from the highest occupied level), None without any."""
        held = self._held(element, momentum, WINDOW_EV)
        if held.sum() < _LEAST:
            return None
        return float((held * (self.energies - self.reference)).sum() / held.sum())

    def centres(self, elements: Iterable[str], momentum: int) -> dict[str, float]:
        """Centres of those elements that have such states."""
        found = {element: self.centre(element, momentum) for element in elements}
        return {element: centre for element, centre in found.items() if centre is not None}

    @property
    def anion_share(self) -> float | None:
        """Part of the anions' p states in those within `TOP_EV`, the metals' d states being the rest; None without any.

        Spheres hold nearly all of a d orbital and half of an O 2p orbital, so each counts as the part of the free
        atom's orbital that it is, where that is known.
        """
        anions = sum(self._population(element, P) for element in self.anions)
        metals = sum(self._population(element, D) for element in self.metals)
        return anions / (anions + metals) if anions + metals > _LEAST else None

    @property
    def anions(self) -> list[str]:
        """Elements with p states that count as those of anions."""
        return [element for element in self.weights if element in ANIONS]

    @property
    def metals(self) -> list[str]:
        """Elements of the d block."""
        return [element for element in self.weights if Element(element).block == "d"]

    def _population(self, element: str, momentum: int) -> float:
        return self.held(element, momentum, TOP_EV) / self.orbitals.get(element, {}).get(momentum, 1.0)

    def _held(self, element: str, momentum: int, depth: float) -> NDArray[np.float64]:
        part = self.weights.get(element, {}).get(momentum)
        if part is None:
            return np.zeros_like(self.energies)
        return np.where(self.energies >= self.reference - depth, self.occupied * part, 0.0)

"""Whether a result of CHGNet 0.3.0 lies outside what it was trained on: elements, environments, pressure.

MPtrj, the training set, holds relaxations of the Materials Project (Deng et al., Nat. Mach. Intell. 5, 1031 (2023)).
Environments are compared with those of atoms in ordered phases that come with Hebe, relaxed: in the features of the
network before its last layer, by the distance of the nearest reference of the same element over the spread of all of
them. `benchmarks/training_references.py` makes the references and measures how often that warns.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.engines.protocol import Relaxation

SCALE: Final = "chgnet-0.3.0/MP2020"
"""Energy scale of the model that the references are of."""

UNTRAINED: Final = ("Po", "At", "Rn", "Fr", "Ra")
"""Elements with Z of at most 94 that MPtrj lacks; the model's features of them are as they were initialised."""

LIMIT: Final = 1.9
"""Distance over spread: 99 % of the phases, each left out of the references, lie below it."""

PRESSURE: Final = 10.0
"""GPa: twice what any cell of a host or phase has that relaxed."""

_GPA: Final = 160.21766208


@dataclass(frozen=True)
class References:
    """Features of reference atoms by element, shape (n, 64), and the spread of each element's."""

    features: dict[str, NDArray[np.float32]]
    spread: dict[str, float]

    def farthest(self, elements: list[str], features: NDArray[np.float32]) -> tuple[float, str]:
        """Largest distance over spread of some atoms, and the element; 0 where no element has references."""
        found = [(self.distance(element, x), element) for element, x in zip(elements, features, strict=True)]
        return max(found, default=(0.0, ""))

    def distance(self, element: str, features: NDArray[np.float32]) -> float:
        """Distance of the nearest reference of an element over its spread; 0 for elements without references."""
        if element not in self.features:
            return 0.0
        nearest = np.linalg.norm(self.features[element] - features, axis=1).min()
        return float(nearest) / self.spread[element]


@cache
def load_references() -> References:
    """References as they come with Hebe."""
    with (resources.files("hebe.engines.chgnet") / "references.npz").open("rb") as file:
        data = np.load(file, allow_pickle=False)
        elements, rows, spreads = (data[name] for name in ("elements", "features", "spread"))
        counts = data["counts"]
    parts = np.split(rows.astype(np.float32), np.cumsum(counts)[:-1])
    return References(
        {str(element): part for element, part in zip(elements, parts, strict=True)},
        {str(element): float(value) for element, value in zip(elements, spreads, strict=True)},
    )


def features_of(structure: Structure) -> NDArray[np.float32]:
    """Features of each atom of a cell, shape (n, 64)."""
    from hebe.engines.chgnet import kernels
    from hebe.engines.chgnet.graph import build_graph
    from hebe.engines.chgnet.network import atom_features
    from hebe.engines.chgnet.weights import load_weights

    return atom_features(build_graph(structure), load_weights(), kernels)


def outside_training(result: Relaxation, scale: str) -> list[str]:
    """What of a result lies outside; empty for models of another energy scale, which nothing is known of."""
    if scale != SCALE:
        return []
    structure = result.structure
    elements = [site.specie.symbol for site in structure]
    found = [f"nothing was trained on {element}" for element in UNTRAINED if element in elements]
    far, element = load_references().farthest(elements, features_of(structure))
    if far > LIMIT:
        found.append(f"an environment of {element} is {far:.1f} spreads from all references (limit {LIMIT})")
    pressure = -float(np.trace(result.stress)) / 3 * _GPA
    if abs(pressure) > PRESSURE:
        found.append(f"its pressure is {pressure:.0f} GPa (limit {PRESSURE:g})")
    return found

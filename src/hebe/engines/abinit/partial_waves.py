"""Partial waves of PAW data sets in XML: what part of a free atom's orbital lies in a sphere.

The format: PAW-XML specification of ESL (esl.cecam.org/PAW-XML), energies in Hartree, lengths in Bohr radii.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, Final
from xml.etree import ElementTree as ET

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from numpy.typing import NDArray

    from hebe.engines.abinit.data_sets import DataSet

_GRIDS: Final[Mapping[str, Callable[[Any, Any, Any, Any, Any], Any]]] = {
    "r=d*i": lambda i, a, b, d, n: d * i,  # noqa: ARG005 - all equations have the same arguments
    "r=a*exp(d*i)": lambda i, a, b, d, n: a * np.exp(d * i),  # noqa: ARG005
    "r=a*(exp(d*i)-1)": lambda i, a, b, d, n: a * (np.exp(d * i) - 1),  # noqa: ARG005
    "r=a*i/(1-b*i)": lambda i, a, b, d, n: a * i / (1 - b * i),  # noqa: ARG005
    "r=a*i/(n-i)": lambda i, a, b, d, n: a * i / (n - i),  # noqa: ARG005
    "r=(i/n+a)^5/a-a^4": lambda i, a, b, d, n: (i / n + a) ** 5 / a - a**4,  # noqa: ARG005
}


@cache
def orbital_shares(data_set: DataSet, radius: float) -> dict[int, float]:
    """Angular momentum -> part of the outermost bound orbital within a radius.

    Parameters
    ----------
    data_set
        Its all-electron partial waves of bound states are orbitals of the free atom, normalised over all space.
    radius
        Bohr radii.
    """
    root = ET.fromstring(data_set.content)  # noqa: S314 - a file that the user's program reads as well
    grids = {grid.get("id"): grid for grid in root.iter("radial_grid")}
    waves = {wave.get("state"): wave for wave in root.iter("ae_partial_wave")}
    found = {}
    for state in root.iter("state"):
        wave = waves.get(state.get("id"))
        if state.get("n") is None or wave is None or (grid := grids.get(wave.get("grid"))) is None:
            continue
        r = _radii(grid)
        if r is not None:
            found[int(state.get("l", "0"))] = _within(r, np.array((wave.text or "").split(), dtype=float), radius)
    return found


def _radii(grid: ET.Element) -> NDArray[np.float64] | None:
    equation = _GRIDS.get((grid.get("eq") or "").replace(" ", ""))
    if equation is None:
        return None
    a, b, d, n = (float(grid.get(name, "nan")) for name in "abdn")
    numbers = np.arange(int(grid.get("istart", "0")), int(grid.get("iend", "-1")) + 1)
    return np.asarray(equation(numbers, a, b, d, n), dtype=np.float64)


def _within(r: NDArray[np.float64], wave: NDArray[np.float64], radius: float) -> float:
    inside = r[: len(wave)] <= radius
    density = (wave * r[: len(wave)]) ** 2
    return float(np.trapezoid(density[inside], r[: len(wave)][inside]))

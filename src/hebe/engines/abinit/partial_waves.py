"""Partial waves of PAW data sets in XML: what part of a free atom's orbital lies in a sphere.

The format: PAW-XML specification of ESL (esl.cecam.org/PAW-XML), energies in Hartree, lengths in Bohr radii.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

import numpy as np
from scipy.integrate import trapezoid

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from hebe.engines.abinit.data_sets import DataSet


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
    """Radii of a grid, None where the format does not know its equation."""
    a, b, d, n = (float(grid.get(name, "nan")) for name in "abdn")
    i = np.arange(int(grid.get("istart", "0")), int(grid.get("iend", "-1")) + 1, dtype=float)
    match (grid.get("eq") or "").replace(" ", ""):
        case "r=d*i":
            r = d * i
        case "r=a*exp(d*i)":
            r = a * np.exp(d * i)
        case "r=a*(exp(d*i)-1)":
            r = a * (np.exp(d * i) - 1)
        case "r=a*i/(1-b*i)":
            r = a * i / (1 - b * i)
        case "r=a*i/(n-i)":
            r = a * i / (n - i)
        case "r=(i/n+a)^5/a-a^4":
            r = (i / n + a) ** 5 / a - a**4
        case _:
            return None
    return r


def _within(r: NDArray[np.float64], wave: NDArray[np.float64], radius: float) -> float:
    inside = r[: len(wave)] <= radius
    density = (wave * r[: len(wave)]) ** 2
    return float(trapezoid(density[inside], r[: len(wave)][inside]))

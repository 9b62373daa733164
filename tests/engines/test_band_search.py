"""Paths that rest on their way: the higher saddle counts, cut ones go on, or stay whole where a part leads nowhere."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.band_search import Array, Seen, divided, first_band, relaxed_band
from hebe.engines.interpolation import first_images
from hebe.engines.path import Path
from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    import pathlib


def humps(structure: Structure) -> Evaluation:
    """A narrow barrier of 0.30 eV, then a broad one of 0.28, wells at 0, 1 and 2 A; springs across."""
    x, y, z = structure.cart_coords[0] - 10.0
    energy, slope = 0.0, 0.0
    for height, place, width in ((0.3, 0.55, 0.12), (0.28, 1.5, 0.25), *((-0.05, well, 0.15) for well in (0, 1, 2))):
        part = height * np.exp(-(((x - place) / width) ** 2))
        energy, slope = energy + part, slope - 2 * part * (x - place) / width**2
    force = -np.array([[slope, 4 * y, 4 * z]])
    return Evaluation(energy + 2 * (y * y + z * z), force, np.zeros((3, 3)))


@cache
def along_humps() -> tuple[Structure, Structure, float]:
    """Both outer wells, and the height of the higher barrier above the first (eV), on a fine grid."""
    lattice, grid = Lattice.cubic(20.0), np.linspace(-0.5, 2.5, 30_001)
    cells = [Structure(lattice, ["Li"], [[10 + x, 10, 10]], coords_are_cartesian=True) for x in grid]
    energies = np.array([humps(cell).energy_eV for cell in cells])
    low = [int(np.argmin(np.where(np.abs(grid - place) < 0.3, energies, np.inf))) for place in (0, 2)]
    return cells[low[0]], cells[low[1]], float(energies.max() - energies[low[0]])


@pytest.mark.parametrize("images", [4, 5, 6, 7])
def test_of_several_saddles_the_higher_one_counts_whatever_the_images(images: int) -> None:
    first, last, height = along_humps()
    found = Path(end=last, images=images, fmax=1e-3).drive(humps, first, None)
    assert found.converged
    assert len(found.resting) == 1
    assert found.barrier_eV == pytest.approx(height, abs=1e-4)
    assert found.band.minima(0.0) == found.resting


@pytest.mark.parametrize("what", ["comes apart", "does not settle", "comes to no rest"])
def test_where_a_part_leads_nowhere_the_whole_path_stands(what: str) -> None:
    """The surface turns into another one once the whole band is relaxed."""
    first, last, _ = along_humps()
    positions = first_images(first, last, 5)

    def look(images: Array) -> list[Seen]:
        asked.append(len(images))
        found = [humps(Structure(first.lattice, ["Li"], image, coords_are_cartesian=True)) for image in images]
        seen: list[Seen] = [[one.energy_eV, one.forces.tolist(), None] for one in found]
        settles, parts = len(images) == 1, [n for n in asked if n == 5][rounds:]
        if (what == "does not settle" and settles) or (what == "comes to no rest" and len(parts) > 0):
            return [[energy, [[0.0, 1.0, 0.0]], None] for energy, *_ in seen]
        if what == "comes apart" and len(parts) > 1:
            return [[1e6, forces, None] for _, forces, _ in seen]
        return seen

    asked, rounds = list[int](), 10_000
    whole = relaxed_band(look, first_band(positions, look(positions)), 0.01)
    assert whole.done
    asked, rounds = [], 0
    found = divided(look, whole, 0.01)
    assert len(asked) > 1
    assert (found.done, found.cut) == (True, False)
    assert found is whole


def test_a_path_of_two_steps_that_is_cut_goes_on_to_the_same_digits(tmp_path: pathlib.Path) -> None:
    first, last, _ = along_humps()
    path = Path(end=last, images=5, fmax=0.01, steps=9)
    whole = Path(end=last, images=5, fmax=0.01).drive(humps, first, None)
    assert len(whole.band.positions) == 13, "two parts of five images"
    attempts, evaluations = 0, 0
    while True:
        attempts += 1
        found = path.drive(humps, first, tmp_path)
        evaluations += found.n_steps
        if found.converged:
            break
        assert attempts < 100
    assert attempts > 4
    assert evaluations == whole.n_steps, "nothing is computed twice"
    assert found.band.positions.tolist() == whole.band.positions.tolist()
    assert found.band.energies.tolist() == whole.band.energies.tolist()

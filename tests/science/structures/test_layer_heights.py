"""Slabs and gaps of layered cells."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.science.structures.layer_heights import slab_and_gap

LCO = Structure.from_spacegroup(
    "R-3m", Lattice.hexagonal(2.8156, 14.0542), ["Li", "Co", "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.26]]
)
"""LiCoO2 with rounded height of oxygen: slabs of 2 (1/3 - 0.26) c."""


@pytest.mark.parametrize("normal", [[0.0, 0.0, 1.0], [0.03, -0.02, 0.99935]])
def test_slab_and_gap_fill_the_repeat(normal: list[float]) -> None:
    cell = LCO * (2, 1, 1)
    metals = np.array([site.specie.symbol == "Co" for site in cell])
    slab, gap = slab_and_gap(cell, np.array(normal), metals)
    assert slab == pytest.approx(2 * (1 / 3 - 0.26) * 14.0542)
    assert slab + gap == pytest.approx(14.0542 / 3)

"""Verdicts at their limits: a bond, a number of bonds, a gap and a shift that are exactly what is allowed."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.config.family_sites import Working
from hebe.science.structures.topology import SHORTEST, VOLUME_LIMIT, _layer_verdict, migrated_sites, sanity

RULES: Final = load_family("layered-o3").topology.model_copy(update={"bond_stretch": 1.5, "broken_bonds": 3})
BOND: Final = 2.0
AXES: Final = np.vstack([np.eye(3), -np.eye(3)])


def octahedron(*lengths: float) -> Structure:
    """Manganese in the middle of six oxygens, the first of which stand at `lengths` (A)."""
    bonds = np.array([*lengths, *[BOND] * (6 - len(lengths))])
    positions = np.vstack([np.full(3, 8.0), 8.0 + AXES * bonds[:, None]])
    labels = {"sublattice": ["TM", *["O"] * 6]}
    lattice = Lattice.cubic(16.0)
    return Structure(lattice, ["Mn", *["O"] * 6], positions, coords_are_cartesian=True, site_properties=labels)


@pytest.mark.parametrize(("broken", "left"), [(0, []), (2, []), (3, [0]), (4, [0])])
def test_a_cation_has_left_with_the_third_broken_bond(broken: int, left: list[int]) -> None:
    assert migrated_sites(octahedron(), octahedron(*[3.5] * broken), RULES) == left


@pytest.mark.parametrize(("length", "left"), [(3.0 - 1e-6, []), (3.0 + 1e-6, [0])])
def test_a_bond_is_broken_beyond_its_longest_ratio(length: float, left: list[int]) -> None:
    assert migrated_sites(octahedron(), octahedron(*[length] * 3), RULES) == left


def test_ions_of_the_working_sublattice_are_free_to_move() -> None:
    assert migrated_sites(octahedron(), octahedron(*[3.5] * 6), RULES, working=Working(None, ("TM",))) == []


def test_layers_may_open_and_slide_as_far_as_the_limits_and_no_further() -> None:
    lowest, highest = RULES.spacing_with("Na")
    glide = RULES.glide
    assert glide is not None
    assert _layer_verdict(glide, RULES.gap, highest, RULES, "Na") == "host"
    assert _layer_verdict(0.0, 1.0, lowest, RULES, "Na") == "host"
    assert _layer_verdict(glide + 1e-9, 1.0, 1.0, RULES, "Na") == "glide"
    assert _layer_verdict(0.0, RULES.gap + 1e-9, 1.0, RULES, "Na") == "delaminated"
    assert _layer_verdict(0.0, 1.0, highest + 1e-9, RULES, "Na") == "delaminated"
    assert _layer_verdict(0.0, 1.0, lowest - 1e-9, RULES, "Na") == "collapsed"


@pytest.mark.parametrize(
    ("change", "verdict"),
    [
        (VOLUME_LIMIT - 1e-6, "host"),
        (VOLUME_LIMIT + 1e-6, "exploded"),
        (-VOLUME_LIMIT + 1e-6, "host"),
        (-VOLUME_LIMIT - 1e-6, "exploded"),
    ],
)
def test_a_cell_explodes_beyond_half_its_volume_either_way(change: float, verdict: str) -> None:
    start = octahedron()
    final = start.copy()
    final.scale_lattice(start.volume * (1 + change))
    assert sanity(start, final) == verdict


@pytest.mark.parametrize(("distance", "verdict"), [(SHORTEST - 1e-6, "overlapping"), (SHORTEST + 1e-6, "host")])
def test_atoms_overlap_below_the_shortest_distance(distance: float, verdict: str) -> None:
    assert sanity(octahedron(), octahedron(distance)) == verdict

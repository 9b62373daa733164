"""Polyhedra: regular ones, known distortions, and strains that are put in come out."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from hebe.science.structures.polyhedra import Polyhedron, local_strain, polyhedra, surroundings

REGULAR = np.array([[1, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0], [0, 0, 1], [0, 0, -1]], dtype=float) * 2.0


def around(vectors: np.ndarray) -> Polyhedron:
    n = len(vectors)
    return Polyhedron(0, "Mn", np.arange(n), np.zeros((n, 3), dtype=np.int64), np.asarray(vectors, dtype=float))


def test_a_regular_octahedron_is_not_distorted() -> None:
    one = around(REGULAR)
    assert one.is_octahedron
    assert one.distortion == pytest.approx(0)
    assert one.angle_variance() == pytest.approx(0, abs=1e-9)
    assert one.elongation() == pytest.approx(1)
    assert one.axis_ratio() == pytest.approx(1)


@pytest.mark.parametrize("ratio", [1.02, 1.2, 1.4])
def test_a_jahn_teller_elongation_has_its_ratio(ratio: float) -> None:
    """Two bonds longer by the ratio: <l> and l0 follow, as in the definitions."""
    one = around(REGULAR * [1, 1, ratio])
    assert one.axis_ratio() == pytest.approx(ratio)
    mean = (4 + 2 * ratio) / 6
    assert one.distortion == pytest.approx((4 * (mean - 1) + 2 * (ratio - mean)) / 6 / mean)
    assert one.elongation() == pytest.approx((4 + 2 * ratio**2) / 6 / ratio ** (2 / 3))
    assert one.angle_variance() == pytest.approx(0, abs=1e-9)


def test_a_trigonal_flattening_has_the_angles_of_its_height() -> None:
    """Octahedron between two layers: six angles within a layer and six across it are 90 - d and 90 + d."""
    height = 0.9 * 2.0 / math.sqrt(3)
    radius = math.sqrt(4.0 - height**2)
    turns = np.radians([0, 120, 240])
    upper = np.column_stack([radius * np.cos(turns), radius * np.sin(turns), np.full(3, height)])
    lower = np.column_stack([-radius * np.cos(turns), -radius * np.sin(turns), np.full(3, -height)])
    one = around(np.concatenate([upper, lower]))
    within = math.degrees(math.acos((height**2 - radius**2 / 2) / 4))
    across = 180 - within
    assert one.is_octahedron
    assert one.angle_variance() == pytest.approx((6 * (within - 90) ** 2 + 6 * (across - 90) ** 2) / 11)
    assert one.distortion == pytest.approx(0, abs=1e-12)


def test_elongation_and_angles_of_small_distortions_are_proportional() -> None:
    """Robinson, Gibbs, Ribbe (1971): quadratic elongation less one goes with the variance of the angles."""
    ratios = []
    for flattening in (0.99, 0.98, 0.97):
        height = flattening * 2.0 / math.sqrt(3)
        radius = math.sqrt(4.0 - height**2)
        turns = np.radians([0, 120, 240])
        upper = np.column_stack([radius * np.cos(turns), radius * np.sin(turns), np.full(3, height)])
        one = around(np.concatenate([upper, -upper]))
        elongation, variance = one.elongation(), one.angle_variance()
        assert elongation is not None
        assert variance is not None
        ratios.append((elongation - 1) / variance)
    assert max(ratios) / min(ratios) < 1.05


@pytest.mark.parametrize("n", [4, 5, 7, 8])
def test_what_is_no_octahedron_has_no_angles_of_one(n: int) -> None:
    rng = np.random.default_rng(n)
    one = around(rng.normal(size=(n, 3)))
    assert not one.is_octahedron
    assert one.angle_variance() is None
    assert one.elongation() is None
    assert one.axis_ratio() is None


def test_a_prism_is_no_octahedron() -> None:
    turns = np.radians([0, 120, 240])
    upper = np.column_stack([1.6 * np.cos(turns), 1.6 * np.sin(turns), np.full(3, 1.2)])
    assert not around(np.concatenate([upper, upper * [1, 1, -1]])).is_octahedron


def rock_salt() -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])


SALT = rock_salt()
ANIONS_OF_SALT = [i for i, site in enumerate(SALT) if site.specie.symbol == "O"]
AROUND = polyhedra(SALT, [0, 1, 2, 3], ANIONS_OF_SALT, [6] * 4)


def test_polyhedra_of_rock_salt_are_regular_with_six_anions() -> None:
    salt = rock_salt()
    cations = [i for i, site in enumerate(salt) if site.specie.symbol == "Mg"]
    anions = [i for i, site in enumerate(salt) if site.specie.symbol == "O"]
    found = polyhedra(salt, cations, anions, [6] * len(cations))
    assert len(found) == 4
    for one in found:
        assert one.lengths == pytest.approx(np.full(6, 2.1))
        assert one.is_octahedron


entry = st.floats(-0.08, 0.08)


@settings(max_examples=30)
@given(st.lists(entry, min_size=9, max_size=9))
def test_a_homogeneous_deformation_is_the_strain_of_every_site(entries: list[float]) -> None:
    gradient = np.eye(3) + np.reshape(entries, (3, 3))
    other = Structure(Lattice(SALT.lattice.matrix @ gradient), SALT.species, SALT.frac_coords)
    strain = (gradient @ gradient.T - np.eye(3)) / 2
    deviator = strain - np.trace(strain) / 3 * np.eye(3)
    for one in AROUND:
        after = surroundings(one, other, one.site, {i: i for i in ANIONS_OF_SALT})
        assert after is not None
        found = local_strain(one.vectors, after)
        assert found.volume == pytest.approx(np.linalg.det(gradient) - 1, abs=1e-9)
        assert found.shear == pytest.approx(math.sqrt(1.5 * (deviator**2).sum()), abs=1e-9)
        assert found.residue < 1e-9


def test_a_cation_off_its_centre_is_a_residue_and_no_strain() -> None:
    moved = REGULAR - [0.1, 0, 0]
    found = local_strain(REGULAR, moved)
    assert found.volume == pytest.approx(0, abs=1e-12)
    assert found.residue == pytest.approx(0.1)


def test_a_missing_anion_has_no_strain() -> None:
    salt = rock_salt()
    anions = [i for i, site in enumerate(salt) if site.specie.symbol == "O"]
    (one,) = polyhedra(salt, [0], anions, [6])
    assert surroundings(one, salt, 0, {i: i for i in anions[:-1]}) is None

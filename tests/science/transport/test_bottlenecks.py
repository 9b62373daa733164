"""Bottlenecks of hops: known packings of anions, another way to the largest sphere, relaxed frames."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from scipy.optimize import minimize

from hebe.science.transport.bottlenecks import anion_radii, bottleneck, relaxed_frame
from hebe.science.transport.bottlenecks_document import bottlenecks_document
from hebe.science.transport.hops import find_hops
from support.transport_cells import built

if TYPE_CHECKING:
    from hebe.schemas.hops import HopDoc

OXIDE = 1.40


def simple_cubic(a: float) -> Structure:
    return Structure(Lattice.cubic(a), ["O", "Li"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])


def antifluorite(a: float) -> Structure:
    return Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["O", "Li"], [[0, 0, 0], [0.25, 0.25, 0.25]])


def test_a_square_of_anions_lets_half_its_diagonal_pass() -> None:
    """Hop of length a through the centre of a face, whose four corners are a / sqrt 2 away."""
    for a in (3.8, 4.4):
        frame = simple_cubic(a)
        found = [bottleneck(frame, hop, anion_radii(frame)) for hop in find_hops(frame, [1])]
        assert len(found) == 3
        for one in found:
            assert one is not None
            assert one.radius == pytest.approx(a / math.sqrt(2) - OXIDE, abs=2e-3)
            assert one.area == pytest.approx(a * a / 2, rel=1e-6)


def test_between_tetrahedra_the_sphere_leaves_the_edge_for_the_octahedron() -> None:
    """Straight from tetrahedron to tetrahedron it would pass the middle of an edge; aside it passes a triangle."""
    a = 5.0
    frame = antifluorite(a)
    hop = next(hop for hop in find_hops(frame, [i for i, s in enumerate(frame) if s.specie.symbol == "Li"]))
    straight, bent = (bottleneck(frame, hop, {"O": OXIDE}, aside) for aside in (0.0, 1.2))
    edge = a / math.sqrt(2)
    assert straight is not None
    assert bent is not None
    assert straight.radius == pytest.approx(edge / 2 - OXIDE, abs=5e-3)
    assert straight.radius < bent.radius <= edge / math.sqrt(3) - OXIDE + 1e-6
    assert edge / math.sqrt(3) - OXIDE - bent.radius < 0.05  # the triangle of a close packing


@pytest.mark.slow
def test_another_search_finds_no_wider_way() -> None:
    """In each plane across the way of hops of a garnet: the best place of a minimiser from several starts."""
    spec, _, made = built("gar-li7-he", 8)
    del spec
    radii = anion_radii(made)
    sites = [i for i, site in enumerate(made) if site.specie.symbol == "Li"]
    random = np.random.default_rng(1)
    frame = made.copy()
    frame.perturb(0.1)
    for hop in find_hops(made, sites)[:3]:
        ours = bottleneck(frame, hop, radii)
        assert ours is not None
        assert abs(ours.radius - widest(frame, hop, random)) < 0.03


def widest(frame: Structure, hop: HopDoc, random: np.random.Generator) -> float:
    matrix = frame.lattice.matrix
    a, b = frame.frac_coords[hop.first] @ matrix, (frame.frac_coords[hop.second] + hop.image) @ matrix
    oxygen = [i for i, site in enumerate(frame) if site.specie.symbol == "O"]
    anions = np.array(
        [(frame.frac_coords[i] + shift) @ matrix for i in oxygen for shift in np.ndindex(3, 3, 3)]
    ) - matrix.sum(axis=0)
    along = (b - a) / np.linalg.norm(b - a)
    across, other = np.linalg.svd(along[None])[2][1:]

    def room(place: np.ndarray[tuple[int], np.dtype[np.float64]], at: float) -> float:
        outside = max(float(np.hypot(*place)) - 1.2, 0.0)
        sphere = a + at * (b - a) + place[0] * across + place[1] * other
        return 10 * outside - float(np.linalg.norm(anions - sphere, axis=1).min()) + OXIDE

    def best(at: float) -> float:
        starts = random.uniform(-0.5, 0.5, (4, 2))
        return max(-float(minimize(room, start, (at,), method="Nelder-Mead").fun) for start in starts)

    return min(best(at) for at in np.linspace(0, 1, 25))


def test_a_relaxed_frame_moves_atoms_and_takes_empty_sites_along() -> None:
    ideal = Structure(Lattice.cubic(4), ["O", "Li", "Li"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5], [0.5, 0.0, 0.0]])
    made = Structure(Lattice.cubic(4.2), ["O", "Li"], [[0.02, 0.0, 0.99], [0.52, 0.5, 0.49]])
    made.add_site_property("configuration_site", [0, 1])
    frame = relaxed_frame(ideal, made)
    assert frame.lattice.a == pytest.approx(4.2)
    assert frame.frac_coords == pytest.approx(np.array([[0.02, 0, -0.01], [0.52, 0.5, 0.49], [0.52, 0, -0.01]]))


@pytest.mark.slow
def test_ways_are_as_wide_as_the_narrowest_hop_that_they_need() -> None:
    """More directions need narrower hops; in a cell that is larger by 5 % the anions are further apart by as much."""
    spec, configuration, made = built("gar-li7-he", 8)
    assert configuration.structure is not None
    found = bottlenecks_document(spec, configuration.structure, made)
    assert [way.directions for way in found.ways] == [1, 2, 3]
    radii = [way.radius_A for way in found.ways]
    assert radii == sorted(radii, reverse=True)
    assert found.anion_radii_A == {"O": OXIDE}
    assert sum(gate.n for gate in found.gates) == found.n_hops >= found.n_connecting > 0
    assert found.radius_A is not None
    assert found.radius_A >= radii[-1] - 1e-6
    wider = made.copy()
    wider.scale_lattice(made.volume * 1.05**3)
    larger = bottlenecks_document(spec, configuration.structure, wider)
    for way, other in zip(found.ways, larger.ways, strict=True):
        assert other.radius_A + OXIDE == pytest.approx(1.05 * (way.radius_A + OXIDE), abs=0.03)

"""Nets: known thresholds of lattices, directions as another implementation counts them, the bond that connects."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.exceptions import BadInputError
from hebe.science.transport.net import Net, neighbour_net
from hebe.science.transport.tiling import Tiling, even_repeats

CUBIC = Lattice.cubic(1.0)
HALVES: list[list[float]] = [[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]]
FLAT = 10.0  # so far apart are planes
LATTICES: dict[str, tuple[Lattice, list[list[float]], float, int, float]] = {
    "sc": (CUBIC, [[0, 0, 0]], 1.1, 6, 0.3116),
    "bcc": (CUBIC, [[0, 0, 0], [0.5, 0.5, 0.5]], 0.9, 8, 0.2460),
    "fcc": (CUBIC, HALVES, 0.8, 12, 0.1992),
    "square": (Lattice.orthorhombic(1, 1, FLAT), [[0, 0, 0]], 1.1, 4, 0.5927),
    "triangular": (Lattice.hexagonal(1, FLAT), [[0, 0, 0]], 1.1, 6, 0.5),
    "honeycomb": (Lattice.hexagonal(1, FLAT), [[1 / 3, 2 / 3, 0], [2 / 3, 1 / 3, 0]], 0.7, 3, 0.6970),
}
"""Lattice, sites, reach of a bond, neighbours, and threshold of site percolation (Stauffer and Aharony, Introduction to
Percolation Theory (1994); Xu et al., Front. Phys. 9, 113 (2014); honeycomb: Suding, Ziff, Phys. Rev. E 60, 275 (1999)).
"""


def repeated(net: Net, repeats: tuple[int, int, int]) -> Net:
    tiling = Tiling(net.n_sites, repeats)
    site = np.stack([net.first, net.second], axis=1)
    number, image = tiling.sites(site, np.stack([np.zeros_like(net.images), net.images], axis=1))
    images = (image[:, :, 1] - image[:, :, 0]).reshape(-1, 3)
    return Net(tiling.total, number[:, :, 0].ravel(), number[:, :, 1].ravel(), images)


@pytest.mark.parametrize("name", LATTICES)
def test_known_thresholds_of_site_percolation(name: str) -> None:
    lattice, places, reach, coordination, threshold = LATTICES[name]
    structure = Structure(lattice, ["Li"] * len(places), places)
    net, _ = neighbour_net(structure, reach)
    assert len(net) == coordination * len(places) / 2
    planar = lattice.c == FLAT
    side = round((40_000 / len(places)) ** (1 / (2 if planar else 3)))
    large = repeated(net, (side, side, 1 if planar else side))
    first, last = [], []
    for seed in range(6):
        order = np.random.default_rng(seed).permutation(large.n_sites) + 1
        crossings = large.crossings(np.maximum(order[large.first], order[large.second]))
        assert [one.directions for one in crossings] == ([1, 2] if planar else [1, 2, 3])
        first.append(crossings[0].value / large.n_sites)
        last.append(crossings[-1].value / large.n_sites)
    assert np.mean(first) < np.mean(last)
    assert (np.mean(first) + np.mean(last)) / 2 == pytest.approx(threshold, abs=0.006)


def scattered(seed: int) -> tuple[Net, np.ndarray]:
    """Net of sites anywhere in a cell, and the lengths of its bonds."""
    random = np.random.default_rng(seed)
    return neighbour_net(Structure(CUBIC, ["Li"] * 30, random.random((30, 3))), 0.45)


def ranks(net: Net) -> list[int]:
    """Directions of the part of each site: rank of the lattice vectors around its cycles, a tree and one bond each."""
    bonds = list(zip(net.first.tolist(), net.second.tolist(), net.images, strict=True))
    found = [-1] * net.n_sites
    for root in range(net.n_sites):
        if found[root] >= 0:
            continue
        place, queue = {root: np.zeros(3, dtype=int)}, [root]
        for here in queue:
            for i, j, image in bonds:
                for start, end, step in ((i, j, image), (j, i, -image)):
                    if start == here and end not in place:
                        place[end] = place[here] + step
                        queue.append(end)
        around = [place[i] + image - place[j] for i, j, image in bonds if i in place]
        for i in place:
            found[i] = int(np.linalg.matrix_rank(np.array(around))) if around else 0
    return found


@pytest.mark.parametrize("seed", range(12))
def test_directions_are_the_rank_of_the_cycles(seed: int) -> None:
    net, lengths = scattered(seed)
    seen = set()
    for longest in np.linspace(0.15, 0.45, 7):
        chosen = net.among(lengths < longest)
        parts = chosen.parts()
        assert parts.rank.tolist() == ranks(chosen)
        seen.add(parts.directions)
    assert len(seen) > 1


@pytest.mark.parametrize("seed", range(12))
def test_without_the_crossing_bond_the_net_no_longer_connects(seed: int) -> None:
    net, _ = scattered(seed)
    values = np.random.default_rng(100 + seed).random(len(net))
    crossings = net.crossings(values)
    assert [one.directions for one in crossings] == [1, 2, 3]
    for one in crossings:
        assert one.value == values[one.bond]
        up_to = values <= one.value
        assert net.among(up_to).parts().directions >= one.directions
        up_to[one.bond] = False
        assert net.among(up_to).parts().directions < one.directions


def test_parallel_chains_run_in_one_direction_and_crossed_ones_too() -> None:
    """Two chains that do not meet are no plane."""
    chains = Net(2, np.array([0, 1]), np.array([0, 1]), np.array([[1, 0, 0], [0, 1, 0]]))
    assert chains.parts().rank.tolist() == [1, 1]
    assert [one.directions for one in chains.crossings([0.2, 0.1])] == [1]
    met = Net(2, np.array([0, 1, 0]), np.array([0, 1, 1]), np.array([[1, 0, 0], [0, 1, 0], [0, 0, 0]]))
    assert met.parts().directions == 2
    assert met.crossings([0.2, 0.1, 0.3])[1].bond == 2


def test_a_window_of_site_energies_connects_what_differs_by_less() -> None:
    """Sites along a ring with energies 0, 0.1, 0.3: the way round needs the largest step, 0.3 eV."""
    ring = Net(3, np.array([0, 1, 2]), np.array([1, 2, 0]), np.array([[0, 0, 0], [0, 0, 0], [1, 0, 0]]))
    energies = np.array([0.0, 0.1, 0.3])
    (crossing,) = ring.crossings(np.abs(energies[ring.second] - energies[ring.first]))
    assert crossing.bond == 2
    assert crossing.value == pytest.approx(0.3)


def test_every_bond_needs_a_number() -> None:
    net, _ = scattered(0)
    with pytest.raises(BadInputError, match="need as many numbers, 1 were given"):
        net.crossings([0.1])
    with pytest.raises(BadInputError, match="need as many numbers"):
        net.crossings(np.full(len(net), np.nan))


def test_some_sites_of_a_cell_are_numbered_in_their_order() -> None:
    structure = Structure(CUBIC, ["Na", "Li", "Li", "Li"], HALVES)
    net, lengths = neighbour_net(structure, 0.8, [3, 1])
    assert set(zip(net.first.tolist(), net.second.tolist(), strict=True)) == {(0, 1)}
    assert len(net) == 4
    assert lengths == pytest.approx(np.sqrt(0.5))


def test_cells_are_repeated_to_be_as_wide_as_possible() -> None:
    assert even_repeats(Lattice.orthorhombic(1, 2, 4), 1, 8 * 64) == (16, 8, 4)
    assert even_repeats(CUBIC, 3, 80) == (3, 3, 3)

"""Channels of rock salts: counts of geometry, thresholds and shares of random order that were published."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.schemas.percolation import ChannelNetDoc
from hebe.science.transport.channels import Drawn, draw, given_cell, mean_channels
from hebe.science.transport.percolation_document import rock_salt
from hebe.science.transport.tetrahedra import Tetrahedra, find_tetrahedra

FCC = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Li"], [[0, 0, 0]])
URBAN = {1.14: 0.58, 1.2: 0.72, 1.3: 0.84}
"""Lithium per two sites and its share on the net of 0-TM channels; Urban, Lee, Ceder, Adv. Energy Mater. 4, 1400478."""


@pytest.fixture(scope="module")
def large() -> Tetrahedra:
    """A rock salt of 97336 cation sites."""
    found = rock_salt(load_family("drx"), "Li").tetrahedra.repeated((46, 46, 46))
    assert len(found) == 2 * found.n_sites
    return found


def lithium(large: Tetrahedra, per_two_sites: float, seed: int) -> Drawn:
    return draw(large, ["M"] * large.n_sites, {"M": per_two_sites / 2}, seed)


def test_0tm_channels_of_random_order_connect_at_the_published_content(large: Tetrahedra) -> None:
    """The net wraps around the cell in one direction."""
    nets = [lithium(large, 1.2, seed).channels(thresholds=True) for seed in range(3)]
    zero, one, two = mean_channels(nets, 0.0, [(1.0, 0.6)])
    assert zero.threshold_x is not None
    assert zero.threshold_x_sd is not None
    assert 2 * zero.threshold_x == pytest.approx(1.09, abs=0.01)
    assert 2 * zero.threshold_x_sd < 0.02
    assert one.threshold_x is not None
    assert two.threshold_x is not None
    assert two.threshold_x == pytest.approx(0.1992, abs=0.004), "every pair: sites of a face-centred lattice"
    assert two.threshold_x < one.threshold_x < zero.threshold_x


def test_a_sublattice_that_is_full_takes_no_more() -> None:
    """Nets of a site of A and two of B, of which the working ion has 0.8 and 0.1, that connect at twice the content."""
    net = ChannelNetDoc(blocking=0, tetrahedra=0.1, share=0.0, directions=0, threshold_x=2.0)
    (found,) = mean_channels([[net]], 0.5, [(1.0, 0.8), (2.0, 0.1)])
    assert found.threshold_x == pytest.approx(0.5 + 1.0 + 2 * 0.2)


def test_a_net_runs_in_as_many_directions_as_in_each_cell() -> None:
    nets = [ChannelNetDoc(blocking=0, tetrahedra=0.1, share=0.5, directions=n) for n in (3, 1, 2)]
    (found,) = mean_channels([[net] for net in nets], 0.0, [(1.0, 0.5)])
    assert found.directions == 1


@pytest.mark.parametrize("content", URBAN)
def test_published_shares_of_lithium_are_on_the_net(large: Tetrahedra, content: float) -> None:
    nets = [lithium(large, content, seed).channels(thresholds=False)[0] for seed in range(3)]
    assert np.mean([net.share for net in nets]) == pytest.approx(URBAN[content], abs=0.02)
    assert all(net.directions == 3 for net in nets)
    assert nets[0].threshold_x is None


def test_below_the_threshold_no_net_connects(large: Tetrahedra) -> None:
    zero, one, _ = lithium(large, 1.0, 0).channels(thresholds=False)
    assert (zero.share, zero.directions) == (0.0, 0)
    assert one.share > 0.95


def test_tetrahedra_of_random_order_are_binomial(large: Tetrahedra) -> None:
    p = 0.6
    for net in lithium(large, 2 * p, 3).channels(thresholds=False):
        expected = math.comb(4, net.blocking) * p ** (4 - net.blocking) * (1 - p) ** net.blocking
        assert net.tetrahedra == pytest.approx(expected, abs=0.005)


def test_a_tetrahedron_that_connects_the_net_disconnects_it(large: Tetrahedra) -> None:
    drawn = lithium(large, 1.2, 0)
    found = large.net(drawn.joined, 0)
    first = found.net.crossings(found.values)[0]
    up_to = found.values <= first.value
    assert found.net.among(up_to).parts().directions >= 1
    assert found.net.among(up_to & (found.tetrahedron != found.tetrahedron[first.bond])).parts().directions == 0


def test_a_layered_oxide_has_1tm_channels_in_its_layers() -> None:
    """Each tetrahedron of a lithium layer has three lithium and one metal, each of a metal layer the reverse."""
    salt = rock_salt(load_family("layered-o3"), "Li")
    is_open = np.array([name == "A" for name in salt.sublattices])
    closed = np.sort(salt.tetrahedra.closed(is_open))
    assert closed.tolist() == [1, 1, 3, 3]
    zero, one, two = given_cell(salt.tetrahedra, is_open).channels(thresholds=False)
    assert (zero.share, zero.directions) == (0.0, 0)
    assert (one.share, one.directions) == (1.0, 2)
    assert (two.share, two.directions) == (1.0, 2)


def test_all_lithium_is_one_net_and_none_is_no_net() -> None:
    tetrahedra = find_tetrahedra(FCC)
    assert [net.share for net in given_cell(tetrahedra, np.ones(4, dtype=bool)).channels(thresholds=False)] == [1.0] * 3
    assert [net.share for net in given_cell(tetrahedra, np.zeros(4, dtype=bool)).channels(thresholds=False)] == [
        0.0
    ] * 3


@pytest.mark.parametrize("cell", [FCC, FCC * (2, 1, 1), (FCC * (2, 2, 1)).copy().perturb(0.1)])
def test_there_are_two_tetrahedra_per_site_in_any_cell(cell: Structure) -> None:
    """Corners are neighbours of each other, in distorted cells too, and their centres differ."""
    found = find_tetrahedra(cell)
    assert len(found) == 2 * len(cell)
    places = (cell.frac_coords[found.corners] + found.images) @ cell.lattice.matrix
    sides = np.linalg.norm(places[:, :, None] - places[:, None], axis=-1)[:, *np.triu_indices(4, 1)]
    assert sides == pytest.approx(4.2 / np.sqrt(2), abs=0.25)
    centres = Structure(cell.lattice, ["O"] * len(found), places.mean(axis=1), coords_are_cartesian=True)
    assert centres.distance_matrix[np.triu_indices(len(found), 1)].min() > 1.8


@pytest.mark.parametrize("family", ["layered-p2", "layered-o2", "spinel", "layered-p2-pillared", "nasicon"])
def test_hosts_of_another_kind_are_refused(family: str) -> None:
    host = load_family(family)
    with pytest.raises(BadInputError, match="octahedral sites of a rock salt"):
        rock_salt(host, host.working_ions[0])

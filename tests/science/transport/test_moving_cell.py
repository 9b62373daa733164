"""Cells in which ions move: who is taken out, how they are repeated, which sites there are."""

from __future__ import annotations

from collections import Counter
from functools import cache

import numpy as np
import pytest

from hebe.science.structures.working import mobile_sites
from hebe.science.transport.hops import find_hops, hop_net
from hebe.science.transport.moving_cell import MovingCell, Preparation, moving_cell
from hebe.science.transport.residence import residence
from support import transport_cells

built = cache(transport_cells.built)


def prepared(name: str, n_sites: int, **asked: float) -> tuple[MovingCell, int]:
    """A cell, and how many ions it held as made."""
    spec, configuration, made = built(name, n_sites)
    assert configuration.structure is not None
    found = moving_cell(spec, configuration.structure, made, Preparation(**asked))  # type: ignore[arg-type]  # by name
    assert found is not None
    working = set(mobile_sites(spec, configuration.structure))
    return found, sum(int(site) in working for site in made.site_properties["configuration_site"])


def test_where_all_sites_are_occupied_ions_are_taken_out() -> None:
    found, n_ions = prepared("li-o3-lco", 4, vacancies=2)
    assert n_ions == 4
    assert (found.taken_out, len(found.ions), found.repeats) == (2, 2, (1, 1, 1))
    assert {found.structure[i].specie.symbol for i in found.ions} == {"Li"}
    assert Counter(site.specie.symbol for site in found.structure) == {"Li": 2, "Co": 4, "O": 8}
    assert len(found.sites.places) == 4
    assert set(found.sites.kinds) == {"A: 6 Co"}
    assert found.sites.jump == pytest.approx(2.82, abs=0.1), "neighbours in the layer of lithium"


def test_one_ion_stays_however_many_are_to_go() -> None:
    assert prepared("li-o3-lco", 4, vacancies=50)[0].taken_out == 3
    assert prepared("li-o3-lco", 4, vacancies=0)[0].taken_out == 0


def test_seeds_take_out_other_ions_and_the_same_one_again() -> None:
    def occupied(seed: int) -> set[int]:
        found, _ = prepared("li-o3-lco", 4, seed=seed)
        return {int(found.structure.site_properties["configuration_site"][i]) for i in found.ions}

    assert occupied(1) == occupied(1)
    assert len({frozenset(occupied(seed)) for seed in range(6)}) > 1


def test_an_atom_in_another_image_changes_no_distance() -> None:
    spec, configuration, made = built("li-o3-lco", 4)
    assert configuration.structure is not None
    wrapped = made.copy()
    lithium = next(i for i, site in enumerate(made) if site.specie.symbol == "Li")
    wrapped.translate_sites([lithium], [1, 0, 0], to_unit_cell=False)
    found = [moving_cell(spec, configuration.structure, cell, Preparation()) for cell in (made, wrapped)]
    distances = [(one.sites.jump, one.sites.farthest) for one in found if one is not None]
    assert distances[1] == pytest.approx(distances[0])


def test_where_sites_are_free_none_is_taken_out() -> None:
    found, n_ions = prepared("na-p2-nm3367", 6)
    assert (found.taken_out, len(found.ions)) == (0, n_ions)
    assert len(found.sites.places) > n_ions
    assert found.sites.jump < 2.0, "prisms of a P2 oxide share faces"


def test_jumps_within_a_cage_are_none() -> None:
    """The two sites beside a 24g of an argyrodite, and those of a cage: only hops between cages cross the crystal."""
    spec, configuration, _ = built("li-argy-cl15", 4)
    assert configuration.structure is not None
    hops = find_hops(configuration.structure, mobile_sites(spec, configuration.structure))
    pair, inside, between = sorted({round(hop.length_A, 1) for hop in hops})
    assert (pair, inside) == (1.6, 2.3)
    found, _ = prepared("li-argy-cl15", 4)
    assert found.sites.jump == pytest.approx(between, abs=0.05)
    cages = hop_net([hop for hop in hops if hop.length_A < between - 0.1], len(configuration.structure)).parts()
    assert cages.directions == 0
    larger, _ = prepared("li-argy-cl15", 4, width=8.0)
    assert larger.sites.jump == pytest.approx(found.sites.jump)


def test_how_ions_relax_changes_no_jump() -> None:
    spec, configuration, made = built("li-argy-cl15", 4)
    assert configuration.structure is not None
    relaxed = made.copy().perturb(0.3)
    found = [moving_cell(spec, configuration.structure, cell, Preparation()) for cell in (made, relaxed)]
    assert len({one.sites.jump for one in found if one is not None}) == 1


def test_cells_are_repeated_until_their_faces_are_far_enough_apart() -> None:
    one, _ = prepared("li-o3-lco", 4)
    large, _ = prepared("li-o3-lco", 4, width=9.0)
    assert large.structure.volume == pytest.approx(one.structure.volume * np.prod(large.repeats))
    assert len(large.ions) == len(one.ions) * np.prod(large.repeats)
    assert len(large.sites.places) == 4 * np.prod(large.repeats)
    widths = large.structure.volume / np.linalg.norm(
        np.cross(large.structure.lattice.matrix[[1, 2, 0]], large.structure.lattice.matrix[[2, 0, 1]]), axis=1
    )
    assert (widths >= 9.0 - 1e-6).all()
    assert (widths < 9.0 + widths / large.repeats).all(), "not further than needed"


def test_ions_of_the_repeated_cell_begin_on_their_sites() -> None:
    found, _ = prepared("li-o3-lco", 4, width=9.0)
    start = np.asarray(found.structure.cart_coords)[None][:, found.ions]
    at_start = residence(start, found.sites, found.structure.lattice)
    assert at_start.between == 0.0
    assert at_start.occupancies == pytest.approx({"A: 6 Co": 3 / 4})


def test_the_jump_is_no_longer_than_any_hop() -> None:
    spec, configuration, made = built("li-o3-lco", 4)
    assert configuration.structure is not None
    found = moving_cell(spec, configuration.structure, made, Preparation())
    assert found is not None
    hops = find_hops(configuration.structure, mobile_sites(spec, configuration.structure))
    assert found.sites.jump <= min(hop.length_A for hop in hops) + 1e-6

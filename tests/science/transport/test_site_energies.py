"""Site energies: signs, weights, sublattices, overlap, windows; the choice of sites."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from scipy.stats import norm

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.site_energies import SiteDoc, SiteEnergiesDoc, SitesDoc
from hebe.schemas.structures import OrderingDoc
from hebe.science.transport.site_choice import choose_sites
from hebe.science.transport.site_energies_document import SiteInput, overlap, site_energies_document
from support.transport_cells import built


def cell(energy: float | None, **changes: Any) -> CalculationDoc:
    lattice = Structure(Lattice.cubic(3.0), ["Li"], [[0, 0, 0]])
    fields = {"key": "k", "engine": "e", "energy_scale": "s", "task": "relax-ions", "status": "converged"}
    return CalculationDoc(**{**fields, "energy_eV": energy, "structure": lattice, **changes})


def sites(kinds: list[tuple[str, str]], chosen: list[int], equivalent: list[int] | None = None) -> SitesDoc:
    first = equivalent or list(range(len(kinds)))
    found = [
        SiteDoc(site=i, sublattice=sub, environment=around, equivalent=first[i])
        for i, (sub, around) in enumerate(kinds)
    ]
    return SitesDoc(key="s", sites=found, chosen=chosen, orderings=OrderingDoc(key="s", x=1.0))


def document(chosen: SitesDoc, energies: list[float], **more: Any) -> SiteEnergiesDoc:
    return site_energies_document(SiteInput(chosen, [cell(e) for e in energies], more.pop("fixed", []), **more))


def test_an_ion_whose_absence_costs_more_sits_deeper() -> None:
    """Cells without an ion at -10.0 and -9.6 eV: the second ion is bound by 0.4 eV more."""
    found = document(sites([("A", "2 Co"), ("A", "2 Mn")], [0, 1]), [-10.0, -9.6])
    assert [one.energy_eV for one in found.sites] == pytest.approx([0.2, -0.2])
    assert found.sd_eV == pytest.approx(0.2)
    assert found.range_eV == pytest.approx(0.4)
    assert (found.gap_eV, found.fixed_sd_eV, found.window_eV) == (None, None, None)


def test_kinds_count_by_their_share_of_all_sites() -> None:
    found = document(sites([("A", "2 Co")] * 3 + [("A", "2 Mn")], [0, 3]), [-10.0, -9.6])
    assert [one.weight for one in found.sites] == [3, 1]
    assert sum(one.weight * one.energy_eV for one in found.sites) == pytest.approx(0.0)
    assert found.sd_eV == pytest.approx(np.std([0.1, 0.1, 0.1, -0.3]))
    assert [(e.name, e.n_sites, e.n_computed) for e in found.environments] == [("A: 2 Co", 3, 1), ("A: 2 Mn", 1, 1)]


def test_sites_that_symmetry_makes_of_each_other_count_as_often_as_they_are() -> None:
    found = document(sites([("A", "2 Co")] * 4, [0, 3], equivalent=[0, 0, 0, 3]), [-10.0, -9.6])
    assert [one.weight for one in found.sites] == [3, 1]


def test_two_sublattices_have_a_gap_and_an_overlap() -> None:
    kinds = [("A", "a"), ("A", "b"), ("B", "a"), ("B", "b")]
    found = document(sites(kinds, [0, 1, 2, 3]), [-9.9, -10.1, -9.4, -9.6])
    assert found.gap_eV == pytest.approx(0.5)
    assert found.overlap == pytest.approx(2 * norm.cdf(-0.25 / 0.1), abs=1e-5)
    assert [one.name for one in found.sublattices] == ["A", "B"]
    assert [one.sd_eV for one in found.sublattices] == pytest.approx([0.1, 0.1])


def test_overlap_of_normal_distributions() -> None:
    """Of equal spread it is twice the tail beyond the middle; equal ones have all in common."""
    assert overlap((0.0, 1.0), (0.0, 1.0)) == pytest.approx(1.0)
    assert overlap((0.0, 1.0), (2.0, 1.0)) == pytest.approx(2 * norm.cdf(-1.0), abs=1e-6)
    assert overlap((0.0, 1.0), (2.0, 0.5)) == pytest.approx(overlap((2.0, 0.5), (0.0, 1.0)))
    assert overlap((0.0, 0.1), (9.0, 0.1)) == pytest.approx(0.0, abs=1e-9)


def test_the_window_is_the_least_step_that_connects() -> None:
    """Chains of sites along the shortest vector: the way goes over every site."""
    structure = Structure(Lattice.orthorhombic(9.0, 8.0, 8.0), ["Li"] * 3, [[x, 0, 0] for x in (0, 1 / 3, 2 / 3)])
    chain = sites([("A", "a"), ("A", "b"), ("A", "c")], [0, 1, 2])
    found = document(chain, [0.0, -0.1, -0.3], structure=structure)
    assert found.window_eV == pytest.approx(0.3)
    part = sites([("A", "a"), ("A", "b"), ("A", "c")], [0, 1])
    lacking = document(part, [0.0, -0.1], structure=structure)
    assert (lacking.window_eV, lacking.no_window) == (None, f"no energy of the ion at {part.sites[2].kind}")
    assert "no cell" in str(document(chain, [0.0, -0.1, -0.3]).no_window)
    alike = sites([("A", "a"), ("A", "b"), ("A", "a")], [0, 1])
    assert document(alike, [0.0, -0.1], structure=structure).window_eV == pytest.approx(0.1)


def test_a_hop_to_the_image_of_the_same_site_opens_no_window() -> None:
    """Across a cell that is one site wide no energy differs, along it the way goes over every site."""
    chain = sites([("A", "a"), ("A", "b"), ("A", "c")], [0, 1, 2])
    for width in (3.0, 8.0):
        structure = Structure(Lattice.orthorhombic(9.0, width, 8.0), ["Li"] * 3, [[x, 0, 0] for x in (0, 1 / 3, 2 / 3)])
        assert document(chain, [0.0, -0.1, -0.3], structure=structure).window_eV == pytest.approx(0.3)
    alone = Structure(Lattice.orthorhombic(3.0, 3.0, 8.0), ["Li"], [[0, 0, 0]])
    assert document(sites([("A", "a")], [0]), [0.0], structure=alone).window_eV is None


def test_energies_with_no_atom_moved_stand_beside() -> None:
    chosen = sites([("A", "a"), ("A", "b")], [0, 1])
    found = document(chosen, [-10.0, -9.6], fixed=[cell(-9.5), cell(-8.9)])
    assert [one.fixed_eV for one in found.sites] == pytest.approx([0.3, -0.3])
    assert found.fixed_sd_eV == pytest.approx(0.3)
    assert document(chosen, [-10.0, -9.6], fixed=[cell(-9.5), None]).fixed_sd_eV is None


def test_what_cannot_be_used_is_a_warning() -> None:
    chosen = sites([("A", "a"), ("A", "b"), ("A", "c")], [0, 1, 2])
    cells = [cell(None, status="failed"), None, cell(-1.0, topology="migrated")]
    found = site_energies_document(SiteInput(chosen, cells, []))
    assert [warning.split(": ")[1] for warning in found.warnings[:3]] == [
        "the cell without its ion is failed",
        "the cell without its ion is missing",
        "the cell without its ion is no longer the host (migrated)",
    ]
    assert found.sites == []
    accepted = site_energies_document(SiteInput(chosen, cells, [], accept=("migrated",)))
    assert len(accepted.sites) == 1


def test_equal_sites_of_an_ordered_host_have_one_that_stands_for_all() -> None:
    spec, configuration, made = built("li-o3-lco", 16)
    found = choose_sites(spec, configuration, made, 4, 0)
    assert len(found.sites) == 16
    assert found.chosen == [0]
    assert {one.environment for one in found.sites} == {"6 Co"}
    (left,) = found.orderings.occupied
    assert set(range(16)) - set(left) == {found.sites[0].site}
    energies = document(found, [-1.0])
    assert [one.weight for one in energies.sites] == [16]


def test_environments_are_covered_before_any_counts_twice() -> None:
    spec, configuration, made = built("li-o3-linico", 12)
    found = choose_sites(spec, configuration, made, 3, 0)
    kinds = {one.environment for one in found.sites}
    assert len({found.sites[k].environment for k in found.chosen}) == min(3, len(kinds))
    assert choose_sites(spec, configuration, made, 3, 0) == found


def test_without_a_cell_there_are_no_sites() -> None:
    spec, configuration, made = built("li-o3-lco", 4)
    for found in (choose_sites(spec, configuration, None, 4, 0), choose_sites(spec, None, made, 4, 0)):
        assert (found.status, found.sites, found.orderings.occupied) == ("absent", [], [])

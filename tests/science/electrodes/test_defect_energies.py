"""Energies of defects: differences of cells, cations that went back, distributions, occupation of sites."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.schemas.defects import DefectKind, DefectsDoc
from hebe.science.electrodes.defect_energies import (
    DefectState,
    defect_energies,
    defect_statistics,
    occupation,
    stayed,
)
from hebe.science.electrodes.migration_document import migration_document
from support.defects import calculation, cell, sites

if TYPE_CHECKING:
    from pymatgen.core import Structure

PERFECT = -320.0


def state(
    kind: DefectKind = "octahedral", x: str = "1/2", energies: tuple[float, ...] = (-319.0, -318.5, -318.0, -317.0)
) -> DefectState:
    """Defects whose cells stay as they were made."""
    structure = cell(x)
    cells, counts = sites(structure).cells(kind, 2)
    doc = DefectsDoc(key="d", label=f"c/{kind}", perfect="p", x=0.5 if x == "1/2" else 1.0, n_sites=counts, cells=cells)
    found = [
        calculation(one.structure, energy, f"k{i}")
        for i, (one, energy) in enumerate(zip(cells, energies, strict=False))
    ]
    return DefectState(doc, [calculation(structure, PERFECT, "p")], found)


def shifted(structure: Structure, site: int, to: np.ndarray, share: float) -> Structure:
    """The structure with one site moved a share of its way to a place (fractions)."""
    found = structure.copy()
    place = structure.frac_coords[site] + share * (to - structure.frac_coords[site])
    found.replace(site, found[site].species, coords=place, properties=dict(found[site].properties))
    return found


def test_the_energy_is_that_of_the_cell_less_the_perfect_one() -> None:
    found = defect_energies(state())
    assert [one.energy_eV for one in found] == pytest.approx([1.0, 1.5, 2.0, 3.0])
    assert [one.element for one in found] == ["Mn", "Mn", "Ni", "Ni"]
    assert {one.ended for one in found} == {"there"}


def test_what_was_taken_out_is_added() -> None:
    vacancies = state("oxygen_vacancy", energies=(-314.0, -313.0))
    without = [one.energy_eV or 0.0 for one in defect_energies(vacancies)]
    with_gas = [one.energy_eV or 0.0 for one in defect_energies(vacancies, added=-4.9)]
    assert np.subtract(without, with_gas) == pytest.approx(4.9)
    assert with_gas == pytest.approx([6.0 - 4.9, 7.0 - 4.9])


@pytest.mark.parametrize(("share", "ended"), [(0.0, "there"), (0.2, "there"), (0.6, "returned"), (1.0, "returned")])
def test_a_cation_that_goes_back_is_no_defect(share: float, ended: str) -> None:
    held = state()
    assert held.defects is not None
    made, first = held.defects.cells[0], held.calculations[0]
    assert first is not None
    own = np.array(held.perfect[0].cell.frac_coords[made.site])  # type: ignore[union-attr]
    went = first.model_copy(update={"structure": shifted(made.structure, made.site, own, share)})
    found = defect_energies(DefectState(held.defects, held.perfect, [went, *held.calculations[1:]]))
    assert found[0].ended == ended
    assert len(stayed(found)) == (4 if ended == "there" else 3)


def test_a_drift_of_the_whole_cell_is_no_motion() -> None:
    held = state()
    assert held.defects is not None
    calculations = []
    for one in held.calculations:
        assert one is not None
        moved = one.cell.copy()
        moved.translate_sites(range(len(moved)), [0.2, 0.1, 0.05], to_unit_cell=False)
        calculations.append(one.model_copy(update={"structure": moved}))
    assert {one.ended for one in defect_energies(DefectState(held.defects, held.perfect, calculations))} == {"there"}


def test_a_cation_that_goes_on_is_elsewhere() -> None:
    held = state("tetrahedral")
    assert held.defects is not None
    made, first = held.defects.cells[0], held.calculations[0]
    assert first is not None
    own = np.array(held.perfect[0].cell.frac_coords[made.site])  # type: ignore[union-attr]
    beyond = made.structure.frac_coords[made.site] + (np.array(made.target) - own)
    went = first.model_copy(update={"structure": shifted(made.structure, made.site, beyond, 1.0)})
    assert defect_energies(DefectState(held.defects, held.perfect, [went]))[0].ended == "elsewhere"


@pytest.mark.parametrize(
    ("element", "way", "ended"), [("O", 1.2, "elsewhere"), ("O", 0.8, "there"), ("Na", 1.2, "there")]
)
def test_a_vacancy_is_elsewhere_where_an_ion_of_its_kind_came_in(element: str, way: float, ended: str) -> None:
    held = state("oxygen_vacancy", energies=(-314.0, -313.0))
    assert held.defects is not None
    made, first = held.defects.cells[0], held.calculations[0]
    assert first is not None
    cell = made.structure.copy()
    moved = next(i for i, site in enumerate(cell) if site.specie.symbol == element)
    n = len(cell)
    cell.translate_sites([moved], [0.0, 0.0, way / cell.lattice.c * n / (n - 1)], to_unit_cell=False)
    went = first.model_copy(update={"structure": cell})
    assert defect_energies(DefectState(held.defects, held.perfect, [went]))[0].ended == ended


def test_distributions_are_by_element_and_content() -> None:
    both = [state(), state(x="1", kind="antisite", energies=(-319.9, -319.8, -319.7, -319.4))]
    found = defect_statistics(both, [energy for one in both for energy in defect_energies(one)])
    assert [(s.kind, s.element, s.x, s.n, s.n_sites) for s in found] == [
        ("octahedral", "Mn", 0.5, 2, 4),
        ("octahedral", "Ni", 0.5, 2, 4),
        ("antisite", "Mn", 1.0, 2, 4),
        ("antisite", "Ni", 1.0, 2, 4),
    ]
    assert (found[0].lowest_eV, found[0].mean_eV) == pytest.approx((1.0, 1.25))
    assert found[0].sd_eV == pytest.approx(np.std([1.0, 1.5], ddof=1))


def test_the_document_ranks_the_lowest_content() -> None:
    document = migration_document([state(x="1", kind="antisite", energies=(-319.9, -319.8, -319.7, -319.4)), state()])
    assert document.x == 0.5
    assert document.octahedral_eV == document.lowest_eV == pytest.approx(1.0)
    assert (document.kind, document.element) == ("octahedral", "Mn")
    assert document.antisite_eV is None  # that of x = 1 is not the one at x = 1/2
    assert len(document.defects) == 8


def test_the_lowest_of_the_kinds_is_ranked_and_each_is_told() -> None:
    both = [state(), state("tetrahedral", energies=(-318.9, -319.7, -319.4, -319.0))]
    document = migration_document(both)
    assert (document.octahedral_eV, document.tetrahedral_eV) == pytest.approx((1.0, 0.3))
    assert document.lowest_eV == pytest.approx(0.3)
    assert (document.kind, document.element) == ("tetrahedral", "Mn")


def test_a_full_host_has_no_empty_octahedra() -> None:
    document = migration_document([state(x="1")])
    assert document.octahedral_eV is None
    assert document.warnings == ["x = 1: no defect has an energy"]


def test_what_could_not_be_computed_is_said() -> None:
    lost = DefectState(DefectsDoc(key="", status="failed", label="c/x1/antisite", reason="no cell"), [None], [None])
    document = migration_document([lost, DefectState(None, [], [])])
    assert document.warnings == [
        "no antisite defects: no cell",
        "cells with defects could not be made",
        "no defects at the lowest content",
    ]
    failed = calculation(cell("1/2"), 0.0).model_copy(update={"status": "failed", "label": "c/d0"})
    held = state()
    assert defect_energies(DefectState(held.defects, held.perfect, [failed]))[0].energy_eV is None
    assert "c/d0: failed" in DefectState(held.defects, held.perfect, [failed]).problems()[0]


def test_a_perfect_cell_that_was_calculated_anew_is_the_only_one() -> None:
    """A later stage has the cells of the one before under other keys."""
    held = state()
    anew = DefectState(held.defects, [calculation(cell("1/2"), PERFECT - 1, "other")], held.calculations)
    assert defect_energies(anew)[0].energy_eV == pytest.approx(2.0)
    two = DefectState(held.defects, [calculation(cell("1/2"), e, f"other{e}") for e in (-1.0, -2.0)], held.calculations)
    assert defect_energies(two)[0].energy_eV is None


def test_occupation_follows_fermi_and_has_its_limits() -> None:
    assert occupation(0.0, 0.025) == 0.5
    assert occupation(1.0, 0.05) == pytest.approx(np.exp(-20), rel=1e-6)
    assert occupation(0.3, 0.1) + occupation(-0.3, 0.1) == pytest.approx(1.0)
    assert (occupation(0.01, 0.0), occupation(-0.01, 0.0)) == (0.0, 1.0)
    assert occupation(0.01, 1e-9) == pytest.approx(0.0)
    assert occupation(-0.01, 1e-9) == pytest.approx(1.0)


def test_a_perfect_cell_that_left_the_host_is_no_reference_and_that_is_said() -> None:
    held = state()
    (perfect,) = held.perfect
    assert perfect is not None
    left = perfect.model_copy(update={"topology": "migrated", "energy_eV": PERFECT - 20})
    found = DefectState(held.defects, [left], held.calculations)
    assert {one.energy_eV for one in defect_energies(found)} == {None}
    document = migration_document([found])
    assert document.warnings == [
        "no energies of octahedral defects: the perfect cell has no result, or left the host",
        "x = 0.5: no defect has an energy",
    ]
    accepted = DefectState(held.defects, [left], held.calculations, ("migrated",))
    assert [one.energy_eV for one in defect_energies(accepted)] == pytest.approx([21.0, 21.5, 22.0, 23.0])

"""Metals of working ions: cells that have the density of the solid, and campaigns that need one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from ase.data import atomic_numbers, reference_states
from pymatgen.core import Element

from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.science.chemistry.space import working_charge
from hebe.science.hulls.competing import load_phases
from hebe.science.hulls.working_metals import has_metal, working_metals
from support.cif_hosts import O3, write

if TYPE_CHECKING:
    from pathlib import Path

NAMED = ("Li", "Na", "K", "Rb", "Mg", "Ca", "Zn", "Al", "Ag", "Cu")


@pytest.mark.parametrize("element", NAMED)
def test_a_metal_has_the_density_of_the_solid(element: str) -> None:
    """Measured densities, which pymatgen tabulates in kg/m3, are another quantity than lattice parameters."""
    cell = working_metals()[element].structure()
    assert float(cell.density) == pytest.approx(float(Element(element).density_of_solid) / 1000, rel=0.02)


@pytest.mark.parametrize("element", ["Mg", "Ca", "Zn", "Al", "Ag", "Cu"])
def test_a_cell_agrees_with_the_table_of_ashcroft_and_mermin(element: str) -> None:
    """ASE holds the table, lengths in A with three digits."""
    metal, listed = working_metals()[element], dict(reference_states[atomic_numbers[element]] or {})
    a, _, c = metal.structure().lattice.abc
    if listed["symmetry"] == "hcp":
        assert c / a == pytest.approx(listed["c/a"], rel=0.005)
    else:
        assert listed["symmetry"] == "fcc"
        a = (4 * metal.structure().volume / len(metal.structure())) ** (1 / 3)
    assert a == pytest.approx(listed["a"], rel=0.002)


@pytest.mark.parametrize("element", NAMED)
def test_a_cell_agrees_with_the_molar_volume(element: str) -> None:
    """Tables of lattice parameters of the alkali metals are of 5 to 78 K, 2 % below those of room temperature."""
    cell = working_metals()[element].structure()
    length = (cell.volume / len(cell)) ** (1 / 3)
    assert length == pytest.approx((float(Element(element).molar_volume) / 0.602214) ** (1 / 3), rel=0.005)


def test_no_metal_is_from_memory() -> None:
    assert not [element for element, metal in working_metals().items() if metal.unverified]


def test_metals_of_working_ions_compete_with_nothing_else() -> None:
    assert {phase.id for phase in load_phases() if phase.kind == "element"} == {"Li-bcc", "Na-bcc"}


SPINEL = """data_spinel
_cell_length_a 8.3
_cell_length_b 8.3
_cell_length_c 8.3
_space_group_name_H-M_alt 'F d -3 m :2'
loop_
_atom_site_type_symbol
_atom_site_fract_x
_atom_site_fract_y
_atom_site_fract_z
_atom_site_occupancy
Mg2+ 0.125 0.125 0.125 1
Mn3+ 0.5 0.5 0.5 0.5
Cr3+ 0.5 0.5 0.5 0.5
O2- 0.263 0.263 0.263 1
"""


@pytest.mark.parametrize("ion", ["K", "Ag", "Rb", "Cu", "Mg", "Ca", "Zn"])
def test_a_host_of_another_ion_has_its_metal_as_the_reference(tmp_path: Path, ion: str) -> None:
    text = SPINEL.replace("Mg2+", f"{ion}2+") if working_charge(ion) == 2 else O3.replace("Na1 Na", f"{ion}1 {ion}")
    stages = "stages: [{engine: chgnet, x: [1, 0], analyses: [voltage]}]\n"
    flow = campaign_flow(
        load_campaign(write(tmp_path, f"host: {{file: my.cif, working_ion: {ion}}}", text, stages=stages))
    )
    labels = [str(job.metadata["label"]) for job in flow.jobs]
    assert any(label.startswith(f"shared/{ion}-") for label in labels), labels


def test_an_ion_without_a_metal_is_refused_before_anything_runs(tmp_path: Path) -> None:
    text = O3.replace("Na1 Na", "Cs1 Cs")
    with pytest.raises(BadInputError, match="no metal for Cs") as caught:
        load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Cs}", text))
    assert caught.value.key == "stages[0].analyses[0]"


def test_a_metal_is_known_without_making_the_phases() -> None:
    assert [element for element in (*working_metals(), "Xe") if has_metal(element)] == [*working_metals()]

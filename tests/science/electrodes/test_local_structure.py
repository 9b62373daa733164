"""Local structure over x: what is put into cells comes out, by element, with layers and strain."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.schemas.calculation import CalculationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.local_document import local_document
from hebe.science.structures.configuration import build_configuration

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

HALF = Fraction(1, 2)


def member() -> tuple[MemberSpec, Structure]:
    """NaNi1/2Mn1/2O2 and an ideal cell of four formula units."""
    composition = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Ni": HALF, "Mn": HALF}})
    split = {"TM": {Ion("Ni", 2): HALF, Ion("Mn", 4): HALF}}
    made = build_configuration(composition, "TM", n_sites=4, seed=1)
    assert made.structure is not None
    return member_spec(composition, split, "TM", {"TM": {"Ni": (2,), "Mn": (4,)}}), made.structure


def calculation(structure: Structure, energy: float, topology: str = "host") -> CalculationDoc:
    return CalculationDoc(
        key=f"{energy} {topology}",
        label=f"{energy}",
        engine="e",
        energy_scale="s",
        task="relax",
        status="converged",
        structure=structure,
        energy_eV=energy,
        topology=topology,
    )


def half(structure: Structure) -> Structure:
    """The cell without half of its sodium; sites say where they come from."""
    sodium = [i for i, label in enumerate(structure.site_properties["sublattice"]) if label == "A"]
    structure = structure.copy()
    structure.add_site_property("configuration_site", list(range(len(structure))))
    structure.remove_sites(sodium[::2])
    return structure


def deformed(structure: Structure, gradient: np.ndarray) -> Structure:
    return Structure(
        Lattice(structure.lattice.matrix @ gradient),
        structure.species,
        structure.frac_coords,
        site_properties=structure.site_properties,
    )


def test_bonds_slabs_and_gaps_are_those_of_the_ideal_cell() -> None:
    spec, cell = member()
    found = local_document(StateInput(spec, 4, calculation(cell, -10.0), [], []), (0.5, 1.0))
    (state,) = found.states
    assert [(shape.element, shape.n) for shape in state.species] == [("Mn", 2), ("Ni", 2)]
    lattice = cell.lattice.matrix
    a = min(float(np.linalg.norm(v)) for v in (lattice[0], lattice[1], lattice[2])) / 2
    repeat = cell.volume / 4 / (a**2 * math.sqrt(3) / 2)
    assert state.slab_A is not None
    assert state.gap_A is not None
    assert state.slab_A + state.gap_A == pytest.approx(repeat, rel=1e-6)
    bond = math.hypot(a / math.sqrt(3), state.slab_A / 2)
    for shape in state.species:
        assert shape.length_A == pytest.approx(bond, rel=1e-6)
        assert shape.axis_ratio == pytest.approx(1)
        assert shape.distortion == pytest.approx(0, abs=1e-9)
    assert found.bond_spread_A == pytest.approx(0, abs=1e-9)
    assert found.local_strain is None


def test_working_ions_on_the_sites_of_metals_have_no_polyhedra() -> None:
    composition = HostComposition("drx", "Li", Fraction(4, 3), {"M": {"Li": Fraction(2, 3), "Mn": Fraction(1, 3)}})
    split = {"M": {Ion("Li", 1): Fraction(2, 3), Ion("Mn", 4): Fraction(1, 3)}}
    made = build_configuration(composition, "M", n_sites=12, seed=1)
    assert made.structure is not None
    spec = member_spec(composition, split, "M", {"M": {"Li": (1,), "Mn": (4,)}})
    found = local_document(StateInput(spec, 6, calculation(made.structure, -10.0), [], []), (0.5, 1.0))
    assert [(shape.element, shape.n) for shape in found.states[0].species] == [("Mn", 4)]


def test_a_homogeneous_strain_is_that_of_every_site() -> None:
    spec, cell = member()
    gradient = np.eye(3) + np.array([[0.03, 0.0, 0.0], [0.0, -0.01, 0.0], [0.0, 0.0, 0.05]])
    other = calculation(deformed(half(cell), gradient), -8.0)
    found = local_document(StateInput(spec, 4, calculation(cell, -10.0), [other], []), (0.5, 1.0))
    made, state = found.states
    strain = (gradient @ gradient.T - np.eye(3)) / 2
    deviator = strain - np.trace(strain) / 3 * np.eye(3)
    wanted = math.sqrt(1.5 * (deviator**2).sum())
    assert (made.x, state.x) == (1.0, 0.5)
    assert state.strain_rms == pytest.approx(wanted)
    assert state.strain_max == pytest.approx(wanted)
    assert state.volume_strain_sd == pytest.approx(0, abs=1e-9)
    assert found.local_strain == pytest.approx(wanted)
    assert found.gap_change == pytest.approx(0.05, abs=1e-6)  # the third axis is across the layers
    assert made.strain_rms is None


def test_one_moved_anion_strains_its_neighbours_alone() -> None:
    spec, cell = member()
    moved = half(cell)
    labels = moved.site_properties["sublattice"]
    oxygen = labels.index("O")
    moved.translate_sites([oxygen], [0, 0, 0.3], frac_coords=False, to_unit_cell=False)
    found = local_document(StateInput(spec, 4, calculation(cell, -10.0), [calculation(moved, -8.0)], []), (0.5, 1.0))
    state = found.states[1]
    assert state.strain_max is not None
    assert state.strain_rms is not None
    assert 0 < state.strain_rms < state.strain_max


def test_states_that_left_the_host_and_broken_cells_count_nowhere() -> None:
    spec, cell = member()
    gone = calculation(half(cell), -8.0, "migrated")
    found = local_document(StateInput(spec, 4, calculation(cell, -10.0), [gone], []), (0.5, 1.0))
    assert [state.x for state in found.states] == [1.0]
    lost = local_document(StateInput(spec, 4, calculation(cell, -10.0, "migrated"), [gone], []), (0.5, 1.0))
    assert lost.states == []
    assert lost.bond_spread_A is None
    assert any("no as-made cell of the host" in text for text in lost.warnings)

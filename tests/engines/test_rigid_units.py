"""Cells with rigid units are told from oxides, as made and strained."""

from __future__ import annotations

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.curvature import Curvature
from hebe.engines.rigid_units import holds_rigid_units
from hebe.engines.surface import Surface
from hebe.science.hulls.competing import load_phases

PHASES = {phase.id: phase for phase in load_phases()}
RIGID = ("LiOH", "NaOH-naoh", "Na2CO3-gamma-na2co3", "H2O-ice-xi", "Zn-CN-2")
LOOSE = ("NaMnO2-alpha", "TiO2-anatase", "MgO", "Mn2O3-bixbyite", "LiF", "CuO", "Na-bcc", "Li2MnO3")


def bare(name: str) -> Structure:
    structure = PHASES[name].structure() if name in PHASES else sodium()
    structure.remove_oxidation_states()
    return structure


def sodium() -> Structure:
    return Structure(Lattice.cubic(4.2), ["Na", "Na"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))


@pytest.mark.parametrize("name", RIGID)
@pytest.mark.parametrize("scale", [0.95, 1.0, 1.05])
def test_bonded_non_metals_are_units(name: str, scale: float) -> None:
    cell = bare(name)
    assert holds_rigid_units(Structure(Lattice(cell.lattice.matrix * scale), cell.species, cell.frac_coords))


@pytest.mark.parametrize("name", LOOSE)
@pytest.mark.parametrize("scale", [0.9, 1.0, 1.1])
def test_oxides_fluorides_and_metals_hold_none(name: str, scale: float) -> None:
    cell = bare(name)
    assert not holds_rigid_units(Structure(Lattice(cell.lattice.matrix * scale), cell.species, cell.frac_coords))


@pytest.mark.parametrize(("name", "learns"), [("MgO", False), ("LiOH", True)])
def test_only_rigid_units_have_springs_that_learn(name: str, *, learns: bool) -> None:
    surface = Surface(bare(name), cell=True)
    origin = np.zeros(3 * len(surface.start) + 6)
    model = Curvature.first(surface, origin)
    assert (model.fit is not None) == learns
    assert model.hessian == pytest.approx(Curvature.of(surface, origin).hessian)

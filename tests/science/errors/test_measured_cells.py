"""Cells that stand for measured hosts: contents, orderings, volumes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from pymatgen.core import Structure

from hebe.exceptions import BadInputError
from hebe.science.errors.measured_cells import formula_units, host_cells, metal_cell
from hebe.science.errors.measured_host import MeasuredHost, MeasuredState, measured_hosts

BY_FORMULA = {host.formula: host for host in measured_hosts()}


@pytest.mark.parametrize("host", measured_hosts(), ids=lambda host: host.formula)
def test_cells_hold_what_they_stand_for(host: MeasuredHost) -> None:
    for state in host.states:
        cells = host_cells(host, state.x)
        assert cells
        for cell in cells:
            units = formula_units(host, cell)
            assert cell.composition[host.working_ion] == pytest.approx(float(state.x) * units)
            assert state.volume is None or cell.volume / units == pytest.approx(state.volume)
            assert cell.distance_matrix[~np.eye(len(cell), dtype=bool)].min() > 1.35


def test_half_emptied_layers_lose_every_other_row() -> None:
    cell = host_cells(BY_FORMULA["LiCoO2"], Fraction(1, 2))[0]
    ions = [i for i, site in enumerate(cell) if site.specie.symbol == "Li"]
    neighbours = cell.get_neighbors(cell[ions[0]], 3.1)
    assert len([n for n in neighbours if n.specie.symbol == "Li"]) == 2


def test_prisms_that_share_an_edge_are_not_filled_together() -> None:
    for cell in host_cells(BY_FORMULA["Na0.6667Ni0.3333Mn0.6667O2"], Fraction(2, 3)):
        ions = [site for site in cell if site.specie.symbol == "Na"]
        apart = [a.distance(b) for n, a in enumerate(ions) for b in ions[:n]]
        assert min(apart) > 2.0


def test_an_alkali_metal_has_eight_neighbours() -> None:
    for ion in ("Li", "Na", "K"):
        cell = metal_cell(ion)
        nearest = min(site.nn_distance for site in cell.get_neighbors(cell[0], 5.0))
        assert len(cell.get_neighbors(cell[0], 1.01 * nearest)) == 8
    with pytest.raises(BadInputError, match="metal Mg"):
        metal_cell("Mg")


def test_contents_that_a_cell_cannot_hold_are_refused() -> None:
    host = BY_FORMULA["LiCoO2"]
    third = host.model_copy(update={"states": (*host.states, MeasuredState(x=Fraction(1, 3)))})
    with pytest.raises(BadInputError, match="do not fit"):
        host_cells(third, Fraction(1, 3))


def test_a_cell_of_another_host_is_refused() -> None:
    with pytest.raises(BadInputError, match="no multiple"):
        formula_units(BY_FORMULA["LiCoO2"], Structure(3.0 * np.eye(3), ["Ni"], [[0, 0, 0]]))

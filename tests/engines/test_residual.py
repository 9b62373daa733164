"""When a relaxation has ended: the largest force and the virial per atom, each at the threshold."""

from __future__ import annotations

from typing import Final

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.descent import Limits
from hebe.engines.plane_waves import _CHECK_TOLERANCE_EV, checked
from hebe.engines.protocol import Evaluation, Relaxation
from hebe.engines.surface import Point, Surface

FMAX: Final = 0.05
CELL: Final = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
JUST_BELOW: Final = 1 - 1e-9
JUST_ABOVE: Final = 1 + 1e-9


def point(*, force: float = 0.0, virial: float = 0.0) -> Point:
    """Point with a force (eV/A) on its last atom and a virial (eV per atom) along its third axis."""
    forces, stress = np.zeros((len(CELL), 3)), np.zeros((3, 3))
    forces[-1] = force * np.array([2, -1, 2]) / 3
    stress[2, 2] = virial * len(CELL) / CELL.volume
    return Surface(CELL, cell=True).point(np.zeros(3 * len(CELL) + 6), CELL, Evaluation(-1.0, forces, stress))


def ended(found: Point, *, cell: bool) -> bool:
    return Limits(FMAX, 10, cell).met(found)


@pytest.mark.parametrize("kind", ["force", "virial"])
def test_a_relaxation_goes_on_until_it_is_below_the_threshold(kind: str) -> None:
    assert ended(point(**{kind: FMAX * JUST_BELOW}), cell=True)
    assert not ended(point(**{kind: FMAX * JUST_ABOVE}), cell=True)


def test_a_cell_that_is_fixed_may_be_under_stress() -> None:
    assert ended(point(virial=1.0), cell=False)
    assert not ended(point(force=FMAX * JUST_ABOVE), cell=False)


def test_the_virial_counts_per_atom_and_by_its_largest_row() -> None:
    """An off-diagonal pair of rows, and a cell of twice the size under the same stress."""
    stress = np.zeros((3, 3))
    stress[0, 1] = stress[1, 0] = 0.3 * len(CELL) / CELL.volume
    stress[1, 1] = 0.4 * len(CELL) / CELL.volume
    double = CELL.make_supercell([1, 1, 2], in_place=False)
    for cell in (CELL, double):
        at = Point(np.zeros(1), Evaluation(0.0, np.zeros((len(cell), 3)), stress), np.zeros(1), cell)
        assert at.residual == pytest.approx(0.5)


@pytest.mark.parametrize(("part", "holds"), [(JUST_BELOW, True), (JUST_ABOVE, False)])
@pytest.mark.parametrize(("fmax", "allowed"), [(1.0, 3.0), (0.001, _CHECK_TOLERANCE_EV)])
def test_a_larger_basis_may_leave_three_times_the_threshold_per_atom(
    fmax: float, allowed: float, part: float, *, holds: bool
) -> None:
    found = Relaxation(
        structure=CELL, energy_eV=-1.0, forces_max=0.0, stress=np.zeros((3, 3)), n_steps=4, converged=True
    )
    evaluation = point(virial=allowed * part).evaluation
    result = checked(found, fmax, lambda _: evaluation)
    assert result.converged is holds
    assert result.n_steps == 5
    assert (result.problem is None) is holds

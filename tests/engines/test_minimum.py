"""Ridges are left, minima are kept: a double well on paper, and a crystal of springs."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.optimizer import relax, relax_many
from hebe.engines.protocol import Relaxation
from support.double_well import DoubleWell, start

FMAX = 0.01
BARRIERS = (0.02, 0.002)
"""eV: steep enough to be followed at once (-2 eV/A^2), and a gentle ridge (-0.2) whose lowest curvature is sought."""


def down(well: DoubleWell, *, s: float = 0.0, minimum: bool = True, steps: int = 300) -> Relaxation:
    return relax(start(s=s), well, fmax=FMAX, cell=False, minimum=minimum, steps=steps)


def left_over(well: DoubleWell) -> float:
    """Energy (eV) above a side of the well that forces below the threshold can leave: f^2 / 2c, c = 8 b / s0^2."""
    softest = min(8 * well.barrier / well.half_width**2, well.stiffness)
    return 8 * FMAX**2 / softest


@pytest.mark.parametrize("barrier", BARRIERS)
def test_a_search_by_forces_alone_stays_on_the_ridge(barrier: float) -> None:
    found = down(DoubleWell(barrier), minimum=False)
    assert (found.converged, found.n_steps, found.minimum) == (True, 1, None)
    assert found.energy_eV == pytest.approx(barrier)


@pytest.mark.parametrize("barrier", BARRIERS)
def test_a_ridge_is_left_for_a_side(barrier: float) -> None:
    well = DoubleWell(barrier)
    found = down(well)
    assert found.converged
    assert found.energy_eV == pytest.approx(0.0, abs=left_over(well))
    assert abs(well.along(found.structure)) == pytest.approx(well.half_width, rel=0.1)
    assert found.minimum is not None
    assert found.minimum.pushes in (1, 2), "a gentle slope ends a descent on its way"
    assert found.minimum.gain_eV == pytest.approx(barrier, abs=left_over(well))
    assert found.minimum.curvature_eV_per_A2 > 0
    assert found.n_steps == len(well.asked)


@pytest.mark.parametrize("barrier", BARRIERS)
@pytest.mark.parametrize("tilt", [-0.008, 0.008])
def test_the_lower_side_is_taken(barrier: float, tilt: float) -> None:
    """A slope that is below the threshold of forces decides, from both sides of the ridge."""
    well = DoubleWell(barrier, tilt=tilt)
    found = down(well)
    assert well.along(found.structure) * tilt > 0
    assert found.energy_eV < 0


@pytest.mark.parametrize("barrier", BARRIERS)
def test_both_sides_have_the_energy_that_mirror_images_have(barrier: float) -> None:
    well = DoubleWell(barrier)
    sides = [down(well, s=s) for s in (-0.05, 0.05)]
    assert well.along(sides[0].structure) * well.along(sides[1].structure) < 0
    assert sides[0].energy_eV == pytest.approx(sides[1].energy_eV, abs=left_over(well))


@pytest.mark.parametrize("barrier", BARRIERS)
def test_the_last_digits_of_a_start_on_the_ridge_do_not_choose_the_side(barrier: float) -> None:
    well = DoubleWell(barrier)
    ends = [well.along(down(well, s=s).structure) for s in (-1e-5, -1e-7, 0.0, 1e-7, 1e-5)]
    assert len(set(np.sign(ends))) == 1


def test_a_minimum_stays_where_it_is_and_costs_at_most_twenty_evaluations() -> None:
    """Also one so soft (0.04 eV/A^2) that both of its sides are tried."""
    for stiffness in (3.0, 0.04):
        well = DoubleWell(barrier=0.0, stiffness=stiffness)
        plain, found = down(well, s=0.3, minimum=False), down(well, s=0.3)
        assert found.converged
        assert found.structure == plain.structure
        assert found.energy_eV == plain.energy_eV
        assert plain.n_steps < found.n_steps <= plain.n_steps + 20
        assert found.minimum is not None
        assert (found.minimum.pushes, found.minimum.gain_eV) == (0, 0.0)
        assert found.minimum.evaluations == found.n_steps - plain.n_steps
        assert found.minimum.curvature_eV_per_A2 >= 0 or abs(found.minimum.curvature_eV_per_A2) < 1e-9


def test_a_crystal_with_its_cell_stays_in_its_minimum() -> None:
    engine = get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="springs"))
    plain = engine.relax(start(), fmax=FMAX)
    found = engine.relax(start(), fmax=FMAX, minimum=True)
    assert plain.converged
    assert found.converged
    assert found.minimum is not None
    assert found.minimum.curvature_eV_per_A2 > -FMAX
    assert found.n_steps <= plain.n_steps + 20 or found.minimum.pushes > 0
    assert found.energy_eV <= plain.energy_eV + 1e-9


def test_a_push_that_gains_nothing_is_taken_back() -> None:
    """A ridge of 0.2 meV: a side is lower, by less than what counts; 10 % of it is left at the threshold of forces."""
    well = DoubleWell(barrier=2e-4, half_width=0.2)
    found = down(well)
    assert found.converged
    assert np.array_equal(found.structure.frac_coords, start().frac_coords)
    assert found.energy_eV == pytest.approx(2e-4)
    assert found.minimum is not None
    assert (found.minimum.pushes, found.minimum.gain_eV) == (0, 0.0)
    assert found.minimum.curvature_eV_per_A2 < -0.005, "it is said that it is no minimum"


@pytest.mark.parametrize("steps", [2, 4, 7])
def test_a_limit_in_the_middle_of_a_look_ends_it(steps: int) -> None:
    """The cell meets the threshold at once, and nothing is known of its curvature."""
    for well in (DoubleWell(BARRIERS[1]), DoubleWell(0.0)):
        found = down(well, steps=min(steps, 4) if well.barrier == 0 else steps)
        assert not found.converged
        assert found.problem is None
        assert found.n_steps == len(well.asked) <= steps
        assert found.structure == start()


def test_a_limit_that_leaves_room_for_the_look_changes_nothing() -> None:
    well = DoubleWell(BARRIERS[0])
    free = down(well)
    same = down(well, steps=free.n_steps)
    assert (same.converged, same.energy_eV, same.n_steps) == (True, free.energy_eV, free.n_steps)
    assert not down(well, steps=free.n_steps - 1).converged


def test_side_by_side_each_goes_the_way_that_it_goes_alone() -> None:
    well = DoubleWell(BARRIERS[1])
    starts = [start(s=s) for s in (0.0, 0.02, -0.15, 0.4)]
    alone = [relax(one, well, fmax=FMAX, cell=False, minimum=True) for one in starts]
    together = relax_many(
        starts, lambda cells: [well(c) for c in cells], fmax=FMAX, cell=False, minimum=True, steps=200, batch=3
    )
    for one, other in zip(alone, together, strict=True):
        assert isinstance(other, Relaxation)
        assert np.array_equal(one.structure.cart_coords, other.structure.cart_coords)
        assert (one.energy_eV, one.n_steps, one.converged) == (other.energy_eV, other.n_steps, other.converged)
        assert one.minimum == other.minimum


def test_a_search_that_was_not_asked_to_look_does_not() -> None:
    found = relax(start(s=0.1), DoubleWell(), fmax=FMAX, cell=False)
    assert found.minimum is None

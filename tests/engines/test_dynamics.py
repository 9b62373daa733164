"""Dynamics: energy is conserved to second order, temperatures are canonical, runs go on to the last bit, guards."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.dynamics import Dynamics, Trajectory
from hebe.engines.integration import FORCE, Integrator, Motion
from hebe.engines.protocol import Evaluation
from hebe.exceptions import CalculationCutError, EngineError
from hebe.science.constants import BOLTZMANN
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    import pathlib

    from numpy.typing import NDArray

EMT = get_engine(ASEBlock(ase="ase.calculators.emt:EMT", energy_scale="emt"))
COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.61), ["Cu"], [[0, 0, 0]])
STIFFNESS = 5.0  # eV/A^2


def springs(structure: Structure) -> Evaluation:
    """Each atom on a spring of its own."""
    moved = structure.cart_coords - COPPER.cart_coords
    return Evaluation(STIFFNESS / 2 * float((moved**2).sum()), -STIFFNESS * moved, np.zeros((3, 3)))


def run(task: Dynamics, start: Structure = COPPER, evaluate: Any = EMT.evaluate, folder: Any = None) -> Trajectory:
    return task.drive(evaluate, start, folder)


def test_without_a_thermostat_the_energy_is_conserved_to_second_order() -> None:
    """Velocity Verlet: half the step, a quarter of the error; the mean does not drift."""
    cell = displaced(COPPER, 0.05, "dynamics")

    def error(dt: float) -> float:
        found = run(
            Dynamics(steps=round(400 / dt), time_step_fs=dt, temperature=400.0, thermostat="none", every=1), cell
        )
        assert found.converged
        assert np.ptp(found.kinetic) > 0.02, "it moves"
        return float(np.std(found.total))

    coarse, fine = error(4.0), error(2.0)
    assert coarse < 2e-3
    assert coarse / fine == pytest.approx(4.0, rel=0.25)


def test_an_oscillator_has_the_period_of_its_mass() -> None:
    """x(t) = x0 cos(w t) with w^2 = k / m."""
    mass = 63.546
    moves = Integrator(np.full((1, 1), mass), 0.5, 0.0, "none", 100.0)
    omega = np.sqrt(STIFFNESS * FORCE / mass)

    def look(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        return STIFFNESS / 2 * float((x**2).sum()), -STIFFNESS * x

    here = Motion(np.array([[0.1, 0.0, 0.0]]), np.zeros((1, 3)), np.array([[-0.1 * STIFFNESS, 0.0, 0.0]]), 0.0)
    for _ in range(400):
        here = moves.step(here, look, np.random.default_rng(0))
    assert here.positions[0, 0] == pytest.approx(0.1 * np.cos(omega * 200.0), abs=1e-5)


@pytest.mark.parametrize("thermostat", ["langevin", "bussi"])
def test_temperatures_are_canonical(thermostat: Any) -> None:
    """Kinetic energies of springs follow a gamma distribution: mean Nf kT / 2, Var(T) = 2 T^2 / Nf.

    Frames are further apart than the thermostat remembers, so that they count as independent.
    """
    temperature, dt, every = 300.0, 4.0, 25
    task = Dynamics(
        steps=60_000,
        time_step_fs=dt,
        temperature=temperature,
        thermostat=thermostat,
        time_constant_fs=25.0,
        every=every,
    )
    moves = Integrator(np.full((4, 1), 63.546), dt, temperature, task.thermostat, task.time_constant_fs)
    random = np.random.default_rng(5)

    def look(x: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        return 0.0, -STIFFNESS * x

    here = Motion(np.zeros((4, 3)), moves.first_velocities(random), np.zeros((4, 3)), 0.0)
    found = []
    for step in range(task.steps):
        here = moves.step(here, look, random)
        if step % every == 0:
            found.append(moves.temperature_of(here.velocities))
    temperatures, degrees = np.array(found[20:]), moves.degrees
    assert degrees == (12 if thermostat == "langevin" else 9)
    n, variance = len(temperatures), 2 * temperature**2 / degrees
    error = np.sqrt(variance / n)
    assert error < 0.01 * temperature
    assert abs(temperatures.mean() - temperature) < 5 * error
    assert temperatures.var() / variance == pytest.approx(1.0, abs=5 * np.sqrt((2 + 12 / degrees) / n))


def test_friction_forgets_velocities_in_its_time_constant() -> None:
    """Free particles: the velocity is that of before times exp(-t / time constant), and noise."""
    moves = Integrator(np.full((20_000, 1), 63.546), 2.0, 300.0, "langevin", 50.0)
    random = np.random.default_rng(1)
    start = moves.first_velocities(random)
    here = Motion(np.zeros_like(start), start, np.zeros_like(start), 0.0)
    for _ in range(25):
        here = moves.step(here, lambda x: (0.0, np.zeros_like(x)), random)
    assert (here.velocities * start).sum() / (start**2).sum() == pytest.approx(np.exp(-1), abs=0.02)


def test_kinetic_energies_come_to_the_temperature_in_the_time_constant() -> None:
    """Three times too hot: of what is too much, exp(-t / time constant) is left."""
    moves = Integrator(np.full((20_000, 1), 63.546), 2.0, 300.0, "bussi", 50.0)
    random = np.random.default_rng(2)
    start = np.sqrt(3) * moves.first_velocities(random)
    here = Motion(np.zeros_like(start), start, np.zeros_like(start), 0.0)
    for _ in range(25):
        here = moves.step(here, lambda x: (0.0, np.zeros_like(x)), random)
    before, after = (moves.temperature_of(v) - 300.0 for v in (start, here.velocities))
    assert after / before == pytest.approx(np.exp(-1), abs=0.02)


def test_the_mean_potential_of_springs_is_that_of_equipartition() -> None:
    """Three halves kT per atom: positions are sampled right, not velocities alone."""
    task = Dynamics(steps=8000, time_step_fs=4.0, temperature=300.0, time_constant_fs=50.0, every=10, seed=2)
    found = run(task, evaluate=springs)
    potential = found.potential[50:]
    blocks = potential[: len(potential) // 25 * 25].reshape(-1, 25).mean(axis=1)
    error = float(blocks.std(ddof=1) / np.sqrt(len(blocks)))
    expected = 12 / 2 * BOLTZMANN * 300.0
    assert error < 0.05 * expected
    assert abs(potential.mean() - expected) < 4 * error


def test_the_centre_of_mass_rests_without_friction() -> None:
    for thermostat in ("none", "bussi"):
        found = run(Dynamics(steps=50, temperature=600.0, thermostat=thermostat, every=5))
        assert np.ptp(found.positions.mean(axis=1), axis=0) == pytest.approx(0.0, abs=1e-9)
        assert found.degrees == 9


class Limited:
    """Evaluations of an engine that a limit ends after a number of them."""

    def __init__(self) -> None:
        self.left = 0

    def __call__(self, structure: Structure) -> Evaluation:
        self.left -= 1
        if self.left < 0:
            raise CalculationCutError("emt", "walltime")
        return EMT.evaluate(structure)


@pytest.mark.parametrize("thermostat", ["langevin", "bussi", "none"])
def test_a_run_in_parts_is_the_whole_run(thermostat: Any, tmp_path: pathlib.Path) -> None:
    """Frames every three steps; limits of the engine end attempts between them."""
    task, limited = Dynamics(steps=20, thermostat=thermostat, every=3, seed=4), Limited()
    whole = run(task)
    with pytest.raises(CalculationCutError):
        run(task, evaluate=limited, folder=tmp_path)
    for evaluations in (1, 4, 7):
        limited.left = evaluations
        part = run(task, evaluate=limited, folder=tmp_path)
        assert (part.converged, part.n_steps) == (False, evaluations)
    limited.left = 100
    end = run(task, evaluate=limited, folder=tmp_path)
    assert end.converged
    assert end.n_steps == 21 - 12, "nothing was done twice"
    assert end.positions.tolist() == whole.positions.tolist()
    assert end.kinetic.tolist() == whole.kinetic.tolist()
    assert end.times.tolist() == [0, 3, 6, 9, 12, 15, 18]


@pytest.mark.parametrize("mass", [6.94, 22.99, 55.845])
def test_one_atom_whose_centre_of_mass_rests_has_nothing_to_rescale(mass: float) -> None:
    """Its velocity is a remainder of rounding."""
    moves = Integrator(np.full((1, 1), mass), 1.0, 300.0, "bussi", 100.0)
    here = Motion(np.zeros((1, 3)), np.full((1, 3), 1e-18), np.zeros((1, 3)), 0.0)
    after = moves.step(here, lambda positions: (0.0, np.zeros_like(positions)), np.random.default_rng(0))
    assert moves.degrees == 0
    assert after.velocities.tolist() == here.velocities.tolist()


def test_seeds_give_other_trajectories_and_the_same_one_again() -> None:
    first, again, other = (run(Dynamics(steps=3, seed=seed)) for seed in (1, 1, 2))
    assert first.potential.tolist() == again.potential.tolist()
    assert first.kinetic[0] != other.kinetic[0]


def test_a_cell_that_comes_apart_ends_the_run() -> None:
    def hot(structure: Structure) -> Evaluation:
        force = np.zeros((len(structure), 3))
        force[:2, 0] = (50.0, -50.0)
        return Evaluation(0.0, force, np.zeros((3, 3)))

    with pytest.raises(EngineError, match=r"the cell comes apart: .* 300 K were asked for") as caught:
        run(Dynamics(steps=100, thermostat="none"), evaluate=hot)
    assert caught.value.deterministic


def test_forces_that_are_no_numbers_end_the_run() -> None:
    def broken(structure: Structure) -> Evaluation:
        return Evaluation(np.nan, np.zeros((len(structure), 3)), np.zeros((3, 3)))

    with pytest.raises(EngineError, match="not finite"):
        run(Dynamics(steps=3), evaluate=broken)


@pytest.mark.slow
def test_in_fifty_picoseconds_the_energy_drifts_by_less_than_a_millielectronvolt_per_atom() -> None:
    task = Dynamics(steps=12_500, time_step_fs=4.0, temperature=600.0, thermostat="none", every=25)
    found = run(task, displaced(COPPER, 0.02, "drift"))
    slope = np.polyfit(found.times, found.total, 1)[0]
    assert abs(slope * 50_000) / len(COPPER) < 1e-3

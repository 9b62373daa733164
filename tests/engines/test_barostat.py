"""Volumes at a pressure: those of an ideal gas and of an elastic cell have their analytic distribution."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pydantic import ValidationError
from pymatgen.core import Lattice, Structure

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.barostat import GPA, Barostat, Breathing
from hebe.engines.dynamics import Dynamics, _Look
from hebe.engines.integration import Integrator
from hebe.engines.protocol import Evaluation
from hebe.exceptions import CalculationCutError
from hebe.science.constants import BOLTZMANN
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from numpy.typing import NDArray

EMT = get_engine(ASEBlock(ase="ase.calculators.emt:EMT", energy_scale="emt"))
COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.7), ["Cu"], [[0, 0, 0]])
TEMPERATURE = 300.0
KT = BOLTZMANN * TEMPERATURE
ATOMS = 8


def volumes(
    thermostat: Any, pressure: float, volume: float, stiffness: float, elastic: Callable[[float], float], steps: int
) -> NDArray[np.float64]:
    """Volumes (A^3) every 20 steps of particles without forces in a cell whose energy depends on its volume alone."""
    moves = Integrator(np.full((ATOMS, 1), 20.0), 2.0, TEMPERATURE, thermostat, 20.0)
    barostat = Barostat(moves, volume, pressure, 1 / stiffness, 40.0)
    random = np.random.default_rng(7)

    def look(positions: NDArray[np.float64], scale: float) -> tuple[float, NDArray[np.float64], float]:
        return 0.0, np.zeros_like(positions), elastic(volume * scale**3)

    here = Breathing(
        np.zeros((ATOMS, 3)), moves.first_velocities(random), np.zeros((ATOMS, 3)), 0.0, 1.0, elastic(volume)
    )
    found = []
    for step in range(steps):
        here = barostat.step(here, look, random)
        if step % 20 == 0:
            found.append(volume * here.scale**3)
    return np.array(found[steps // 200 :])


def error_of(values: NDArray[np.float64]) -> float:
    """Standard error of a mean over 20 blocks."""
    return float(np.std([part.mean() for part in np.array_split(values, 20)], ddof=1) / np.sqrt(20))


@pytest.mark.parametrize(("thermostat", "shape"), [("langevin", ATOMS + 1), ("bussi", ATOMS)])
def test_volumes_of_an_ideal_gas_follow_a_gamma_distribution(thermostat: Any, shape: int) -> None:
    """V^n exp(-P0 V / kT): mean (n + 1) kT / P0 and variance (n + 1) (kT / P0)^2, n the degrees of freedom over 3."""
    pressure = 0.1 * GPA
    unit = KT / pressure
    found = volumes(thermostat, pressure, shape * unit, pressure, lambda _: 0.0, 20_000)
    error = error_of(found)
    assert error < 0.025 * shape * unit
    assert abs(found.mean() - shape * unit) < 4 * error
    spread = (found - shape * unit) ** 2
    assert abs(spread.mean() - shape * unit**2) < 4 * error_of(spread)
    assert error_of(spread) < 0.2 * shape * unit**2


def test_volumes_of_an_elastic_cell_fluctuate_with_its_bulk_modulus() -> None:
    """U = B (V - V0)^2 / (2 V0): V^n exp(-(U + P0 V) / kT) by quadrature, whose variance is about kT V0 / B."""
    modulus, rest, pressure = 20 * GPA, 200.0, 1.0 * GPA
    grid = np.linspace(0.5 * rest, 1.5 * rest, 20_001)
    logarithm = (ATOMS - 1) * np.log(grid) - (modulus * (grid - rest) ** 2 / (2 * rest) + pressure * grid) / KT
    weights = np.exp(logarithm - logarithm.max())
    weights /= weights.sum()
    mean = float(weights @ grid)
    variance = float(weights @ (grid - mean) ** 2)
    assert variance == pytest.approx(KT * rest / modulus, rel=0.05)
    found = volumes("bussi", pressure, rest, modulus, lambda v: -modulus * (v - rest) / rest, 20_000)
    assert abs(found.mean() - mean) < 4 * error_of(found)
    spread = (found - mean) ** 2
    assert error_of(spread) < 0.15 * variance
    assert abs(spread.mean() - variance) < 4 * error_of(spread)


def test_the_pressure_is_minus_the_derivative_of_the_energy_by_the_volume() -> None:
    """All coordinates scaled with the cell, of stretched copper: it is under tension, and its pressure negative."""
    cell = displaced(COPPER, 0.05, "barostat")
    look = _Look(EMT.evaluate, cell)
    step = 1e-4
    energies = [look.breathing(cell.cart_coords * scale, scale)[0] for scale in (1 - step, 1 + step)]
    volume = cell.volume * ((1 + step) ** 3 - (1 - step) ** 3)
    pressure = look.breathing(cell.cart_coords, 1.0)[2]
    assert pressure == pytest.approx(-(energies[1] - energies[0]) / volume, rel=1e-4)
    assert pressure < 0


def at_pressure(pressure: float, steps: int = 60) -> Dynamics:
    return Dynamics(
        steps=steps,
        time_step_fs=4.0,
        temperature=300.0,
        thermostat="bussi",
        every=3,
        seed=4,
        pressure_GPa=pressure,
        volume_constant_fs=100.0,
    )


def elastic(structure: Structure) -> Evaluation:
    """Atoms on springs in a cell that resists; without a memory, as the neighbour lists of EMT have of cells before."""
    moved = structure.cart_coords - COPPER.cart_coords * (structure.volume / COPPER.volume) ** (1 / 3)
    stress = 100 * GPA * (structure.volume / COPPER.volume - 1) * np.eye(3)
    return Evaluation(2.5 * float((moved**2).sum()), -5.0 * moved, stress)


def test_a_run_at_a_pressure_in_parts_is_the_whole_run(tmp_path: Path) -> None:
    left = 0

    def limited(structure: Structure) -> Evaluation:
        nonlocal left
        left -= 1
        if left < 0:
            raise CalculationCutError("springs", "walltime")
        return elastic(structure)

    task = at_pressure(0.0, steps=20)
    whole = task.drive(elastic, COPPER, None)
    for evaluations in (4, 7, 100):
        left = evaluations
        end = task.drive(limited, COPPER, tmp_path)
    assert end.converged
    assert whole.volumes is not None
    assert end.volumes is not None
    assert end.volumes.tolist() == whole.volumes.tolist()
    assert end.positions.tolist() == whole.positions.tolist()
    assert len(set(whole.volumes.tolist())) == len(whole.times)


def test_pressure_compresses() -> None:
    loose, tight = (at_pressure(pressure).drive(EMT.evaluate, COPPER, None).volumes for pressure in (0.0, 30.0))
    assert loose is not None
    assert tight is not None
    assert tight[-10:].mean() < 0.95 * loose[-10:].mean()


def test_runs_in_a_fixed_cell_have_the_keys_that_they_had() -> None:
    """Nothing about a pressure is in them, and stress is not needed."""
    fixed, free = Dynamics(steps=3), at_pressure(0.0)
    assert set(free.identity()) - set(fixed.identity()) == {"pressure_GPa", "bulk_modulus_GPa", "volume_constant_fs"}
    assert fixed.needs == {"forces"}
    assert free.needs == {"forces", "stress"}


@pytest.mark.parametrize("without", [{"thermostat": "none"}, {"temperature": 0.0}])
def test_a_pressure_needs_a_temperature(without: dict[str, Any]) -> None:
    with pytest.raises(ValidationError, match="needs a thermostat and a temperature"):
        Dynamics(steps=3, pressure_GPa=0.0, **without)

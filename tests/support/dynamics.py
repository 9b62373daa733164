"""Molecular dynamics as a task that the package does not know: velocity Verlet, or BAOAB with friction.

BAOAB: Leimkuhler and Matthews, Appl. Math. Res. Express 2013, 34.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
from jobflow import JobConfig, Maker, OnMissing, OutputReference, job
from numpy.typing import NDArray
from pydantic import Field
from pymatgen.core import Structure

from hebe.config.engines import EngineBlock
from hebe.config.model import ConfigModel
from hebe.engines.checkpoint import read_whole, write_whole
from hebe.engines.deadline import DEADLINE
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.start import Start
from hebe.schemas.task import Correction, TaskDoc
from hebe.science.keys import structure_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hebe.engines.protocol import Evaluation

BOLTZMANN: Final = 8.617333262e-5
"""eV/K (CODATA 2018)."""
FORCE: Final = 9.648533212e-3
"""Acceleration (A/fs^2) of one amu by one eV/A (CODATA 2018)."""


@dataclass
class Trajectory:
    """A trajectory as far as it is known: energies (eV) of every step, the last positions (A) and velocities (A/fs)."""

    positions: NDArray[np.float64]
    velocities: NDArray[np.float64]
    forces: NDArray[np.float64]
    potential: list[float]
    kinetic: list[float]
    wanted: int
    n_steps: int = 0
    cpu_s: float = 0.0
    corrections: tuple[Correction, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def converged(self) -> bool:
        """Whether all steps are there."""
        return len(self.potential) > self.wanted

    @property
    def total(self) -> NDArray[np.float64]:
        """Potential and kinetic energy (eV) of every step."""
        return np.add(self.potential, self.kinetic, dtype=np.float64)


class Dynamics(ConfigModel):
    """Some steps of molecular dynamics in a fixed cell; without ``friction`` (1/fs) the energy is conserved.

    ``temperature`` in K.
    """

    kind: Literal["dynamics"] = "dynamics"
    needs: ClassVar[frozenset[str]] = frozenset({"forces"})
    steps: int = Field(ge=1)
    time_step_fs: float = Field(default=2.0, gt=0)
    temperature: float = Field(default=300.0, ge=0)
    friction: float = Field(default=0.0, ge=0)
    seed: int = 0

    def identity(self) -> Mapping[str, Any]:
        """All of it: every number changes the trajectory."""
        return {"task": self.kind, **self.model_dump(exclude={"kind"})}

    def drive(self, evaluate: Callable[[Structure], Evaluation], start: Structure, folder: Path | None) -> Trajectory:
        """Go on from the last step that was written down."""
        path = None if folder is None else folder / "dynamics.json"
        masses = np.array([float(site.specie.atomic_mass) for site in start])[:, None]
        random = np.random.default_rng(self.seed)
        here = None if path is None else self._read(path, start, random)
        if here is None:
            here = self._first(evaluate, start, masses, random)
            if path is not None:
                self._write(path, start, here, random)
        while not here.converged and not (here.n_steps > 0 and DEADLINE.passed):
            self._step(here, evaluate, start, masses, random)
            if path is not None:
                self._write(path, start, here, random)
        return here

    def _first(
        self, evaluate: Callable[[Structure], Evaluation], start: Structure, masses: Any, random: Any
    ) -> Trajectory:
        found = evaluate(start)
        velocities = random.normal(size=(len(start), 3)) * np.sqrt(FORCE * BOLTZMANN * self.temperature / masses)
        velocities -= (masses * velocities).sum(axis=0) / masses.sum()
        kinetic = [_kinetic(masses, velocities)]
        return Trajectory(start.cart_coords, velocities, found.forces, [found.energy_eV], kinetic, self.steps, 1)

    def _step(
        self, here: Trajectory, evaluate: Callable[[Structure], Evaluation], start: Structure, masses: Any, random: Any
    ) -> None:
        dt = self.time_step_fs
        velocities = here.velocities + dt / 2 * FORCE * here.forces / masses
        positions = here.positions + dt / 2 * velocities
        if self.friction > 0:
            kept = np.exp(-self.friction * dt)
            thermal = np.sqrt(FORCE * BOLTZMANN * self.temperature / masses)
            velocities = kept * velocities + np.sqrt(1 - kept**2) * thermal * random.normal(size=velocities.shape)
        positions += dt / 2 * velocities
        found = evaluate(Structure(start.lattice, start.species, positions, coords_are_cartesian=True))
        velocities = velocities + dt / 2 * FORCE * found.forces / masses
        here.positions, here.velocities, here.forces = positions, velocities, found.forces
        here.potential.append(found.energy_eV)
        here.kinetic.append(_kinetic(masses, velocities))
        here.n_steps += 1

    def _write(self, path: Path, start: Structure, here: Trajectory, random: Any) -> None:
        arrays = {name: getattr(here, name).tolist() for name in ("positions", "velocities", "forces")}
        energies = {"potential": here.potential, "kinetic": here.kinetic}
        write_whole(path, {"of": structure_hash(start), **arrays, **energies, "random": random.bit_generator.state})

    def _read(self, path: Path, start: Structure, random: Any) -> Trajectory | None:
        found = read_whole(path)
        if found.get("of") != structure_hash(start):
            return None
        random.bit_generator.state = found["random"]
        positions, velocities, forces = (np.array(found[name]) for name in ("positions", "velocities", "forces"))
        return Trajectory(positions, velocities, forces, found["potential"], found["kinetic"], self.steps)


def _kinetic(masses: Any, velocities: Any) -> float:
    return float(0.5 * (masses * velocities**2).sum() / FORCE)


class DynamicsDoc(TaskDoc):
    """Energies (eV) along a trajectory."""

    total_eV: list[float] = Field(default_factory=list)  # noqa: N815 - the unit keeps its case


@dataclass(kw_only=True)
class DynamicsMaker(Maker):
    """Some steps of dynamics of a structure."""

    name: str = "dynamics"
    engine: dict[str, Any]
    task: dict[str, Any]

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(self, structure: Structure, label: str = "") -> DynamicsDoc | OutputReference:
        """Calculate, or refer to what was calculated before."""
        engine = get_engine(EngineBlock.model_validate(self.engine))
        return Attempt(
            schema=DynamicsDoc,
            engine=engine,
            task=Dynamics.model_validate(self.task),
            start=structure,
            identity=Start(structure).identity(engine),
            payload=lambda found: {"total_eV": found.total.tolist()},
            label=label,
        ).make()

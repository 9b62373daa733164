"""Molecular dynamics of a cell: a trajectory that another attempt goes on with to the last bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field
from pymatgen.core import Structure

from hebe.config.model import ConfigModel
from hebe.engines.checkpoint import Log, read_whole, write_whole
from hebe.engines.deadline import DEADLINE
from hebe.engines.integration import Integrator, Motion, Thermostat
from hebe.exceptions import CalculationCutError, EngineError
from hebe.schemas.calculation import Correction
from hebe.science.keys import content_hash, structure_hash

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from hebe.engines.protocol import Evaluation

    Look = Callable[[NDArray[np.float64]], tuple[float, NDArray[np.float64]]]

_STATE: Final = "dynamics.json"
_FRAMES: Final = "frames.jsonl"
_HOTTER: Final = 5.0
_HOTTER_K: Final = 1000.0
"""A cell so many times as hot as asked for, and so many K more, comes apart."""


@dataclass(frozen=True)
class Trajectory:
    """A trajectory as far as it is known, every so many steps.

    ``times`` (fs), ``potential`` and ``kinetic`` (eV) have shape (f,), ``positions`` (A) shape (f, n, 3); coordinates
    are not wrapped. ``degrees`` of freedom and the ``temperature`` (K) that was asked for go with them.
    """

    start: Structure
    times: NDArray[np.float64]
    potential: NDArray[np.float64]
    kinetic: NDArray[np.float64]
    positions: NDArray[np.float64]
    degrees: int
    temperature: float
    converged: bool
    n_steps: int
    cpu_s: float = 0.0
    corrections: tuple[Correction, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> NDArray[np.float64]:
        """Potential and kinetic energy (eV)."""
        return np.asarray(self.potential + self.kinetic)


class Dynamics(ConfigModel):
    """Some steps of molecular dynamics in a fixed cell.

    ``time_step_fs`` between steps; ``temperature`` in K; ``thermostat`` and its ``time_constant_fs`` as in
    `hebe.engines.integration`; frames are kept ``every`` so many steps, and written down with what is needed to go on.
    """

    kind: Literal["dynamics"] = "dynamics"
    needs: ClassVar[frozenset[str]] = frozenset({"forces"})
    steps: int = Field(ge=1)
    time_step_fs: float = Field(default=1.0, gt=0, le=10)
    temperature: float = Field(default=300.0, ge=0)
    thermostat: Thermostat = "langevin"
    time_constant_fs: float = Field(default=100.0, gt=0)
    seed: int = Field(default=0, ge=0)
    every: int = Field(default=10, ge=1)

    def identity(self) -> Mapping[str, Any]:
        """All of it: every number changes the trajectory; masses are those of the elements."""
        return {"task": self.kind, "integrator": 1, **self.model_dump(exclude={"kind"})}

    def drive(self, evaluate: Callable[[Structure], Evaluation], start: Structure, folder: Path | None) -> Trajectory:
        """Go on from what was written down last.

        Raises
        ------
        CalculationCutError
            If a limit of the engine ended it before its first evaluation.
        EngineError
            If an energy or force is not finite, or the cell comes apart.
        """
        masses = np.array([[float(site.specie.atomic_mass)] for site in start])
        moves = Integrator(masses, self.time_step_fs, self.temperature, self.thermostat, self.time_constant_fs)
        of = content_hash([structure_hash(start), dict(self.identity())])
        run = _Run(self, moves, np.random.default_rng(self.seed), _Record(folder, of))
        look = _Look(evaluate, start)
        run.go_on(look)
        return run.trajectory(start, look.number)


class _Look:
    """Energies and forces at positions, counted."""

    def __init__(self, evaluate: Callable[[Structure], Evaluation], start: Structure) -> None:
        self.evaluate, self.start, self.number = evaluate, start, 0

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        cell = Structure(
            self.start.lattice,
            self.start.species,
            positions,
            coords_are_cartesian=True,
            site_properties=self.start.site_properties,
        )
        found = self.evaluate(cell)
        self.number += 1
        if not (np.isfinite(found.energy_eV) and np.isfinite(found.forces).all()):
            raise EngineError("dynamics", "energy or forces are not finite", deterministic=True)
        return found.energy_eV, found.forces


class _Record:
    """What is written down: frames, one a line, and the state after the last step of a frame or of an attempt."""

    def __init__(self, folder: Path | None, of: str) -> None:
        self._state = None if folder is None else folder / _STATE
        self._log = None if folder is None else Log(folder / _FRAMES, of)
        self._of = of
        self.frames: list[Any] = []

    def read(self) -> dict[str, Any]:
        """State of the attempt before, empty without one; frames beyond it are cut away."""
        if self._state is None or self._log is None:
            return {}
        state, frames = read_whole(self._state), self._log.resume()
        if state.get("of") != self._of or len(frames) < state["frames"]:
            state = {"frames": 0}
        self.frames = frames[: state["frames"]]
        self._log.keep(len(self.frames))
        return state if self.frames else {}

    def add(self, frame: list[Any]) -> None:
        """Write down one more frame."""
        self.frames.append(frame)
        if self._log is not None:
            self._log.append(frame)

    def write(self, state: Mapping[str, Any]) -> None:
        """Write down where the run stands."""
        if self._state is not None:
            write_whole(self._state, {"of": self._of, "frames": len(self.frames), **state})


@dataclass
class _Run:
    """One attempt; ``step`` counts those of all attempts."""

    task: Dynamics
    moves: Integrator
    random: np.random.Generator
    record: _Record
    step: int = 0

    def go_on(self, look: _Look) -> None:
        """Step by step to the end or to a limit."""
        here = self._begin(look)
        while self.step < self.task.steps and not (look.number and DEADLINE.passed):
            before = self.random.bit_generator.state
            try:
                here = self.moves.step(here, look, self.random)
            except CalculationCutError:
                self.random.bit_generator.state = before
                break
            self.step += 1
            self._check(here)
            if self.step % self.task.every == 0:
                self._frame(here)
        if look.number:
            self._write(here)

    def trajectory(self, start: Structure, number: int) -> Trajectory:
        """What is known."""
        steps, potential, kinetic, positions = zip(*self.record.frames, strict=True)
        return Trajectory(
            start=start,
            times=np.array(steps) * self.task.time_step_fs,
            potential=np.array(potential),
            kinetic=np.array(kinetic),
            positions=np.array(positions),
            degrees=self.moves.degrees,
            temperature=self.task.temperature,
            converged=self.step >= self.task.steps,
            n_steps=number,
        )

    def _begin(self, look: _Look) -> Motion:
        state = self.record.read()
        if state:
            self.random.bit_generator.state = state["random"]
            positions, velocities, forces = (np.array(state[name]) for name in ("positions", "velocities", "forces"))
            self.step = state["step"]
            return Motion(positions, velocities, forces, state["potential"])
        velocities, positions = self.moves.first_velocities(self.random), np.array(look.start.cart_coords)
        potential, forces = look(positions)
        here = Motion(positions, velocities, forces, potential)
        self._frame(here)
        return here

    def _frame(self, here: Motion) -> None:
        self.record.add([self.step, here.potential, self.moves.kinetic(here.velocities), here.positions.tolist()])
        self._write(here)

    def _write(self, here: Motion) -> None:
        arrays = {name: getattr(here, name).tolist() for name in ("positions", "velocities", "forces")}
        random = self.random.bit_generator.state
        self.record.write({"step": self.step, "potential": here.potential, **arrays, "random": random})

    def _check(self, here: Motion) -> None:
        """Refuse a cell that comes apart."""
        reached = self.moves.temperature_of(here.velocities)
        if reached > _HOTTER * self.task.temperature + _HOTTER_K:
            reason = (
                f"the cell comes apart: {reached:.0f} K in step {self.step}, {self.task.temperature:g} K were asked for"
            )
            raise EngineError("dynamics", reason, deterministic=True)

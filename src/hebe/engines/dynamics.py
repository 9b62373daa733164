"""Molecular dynamics of a cell: a trajectory that another attempt goes on with to the last bit."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Literal, Self

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from pymatgen.core import Lattice, Structure

from hebe.config.model import ConfigModel
from hebe.engines.barostat import GPA, Barostat, Breathing
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
_OF_A_PRESSURE: Final = frozenset({"pressure_GPa", "bulk_modulus_GPa", "volume_constant_fs"})
_HOTTER_K: Final = 1000.0
"""A cell so many times as hot as asked for, and so many K more, comes apart."""


@dataclass(frozen=True)
class Trajectory:
    """A trajectory as far as it is known, every so many steps.

    ``times`` (fs), ``potential`` and ``kinetic`` (eV) have shape (f,), ``positions`` (A) shape (f, n, 3); coordinates
    are not wrapped. ``volumes`` (A^3) are those of a run at a pressure, whose positions are in the lattice of the
    start. ``degrees`` of freedom and the ``temperature`` (K) that was asked for go with them.
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
    volumes: NDArray[np.float64] | None = None
    cpu_s: float = 0.0
    corrections: tuple[Correction, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def total(self) -> NDArray[np.float64]:
        """Potential and kinetic energy (eV)."""
        return np.asarray(self.potential + self.kinetic)


class Dynamics(ConfigModel):
    """Some steps of molecular dynamics, in a fixed cell or at a pressure.

    ``time_step_fs`` between steps; ``temperature`` in K; ``thermostat`` and its ``time_constant_fs`` as in
    `hebe.engines.integration`; frames are kept ``every`` so many steps, and written down with what is needed to go on.
    At a ``pressure_GPa`` the volume fluctuates as in `hebe.engines.barostat`; ``bulk_modulus_GPa`` and
    ``volume_constant_fs`` say how fast, and are no part of the ensemble.
    """

    kind: Literal["dynamics"] = "dynamics"
    steps: int = Field(ge=1)
    time_step_fs: float = Field(default=1.0, gt=0, le=10)
    temperature: float = Field(default=300.0, ge=0)
    thermostat: Thermostat = "langevin"
    time_constant_fs: float = Field(default=100.0, gt=0)
    seed: int = Field(default=0, ge=0)
    every: int = Field(default=10, ge=1)
    pressure_GPa: float | None = None
    bulk_modulus_GPa: float = Field(default=100.0, gt=0)
    volume_constant_fs: float = Field(default=1000.0, gt=0)

    @model_validator(mode="after")
    def _has_a_temperature(self) -> Self:
        """Refuse a pressure without a thermostat: volumes would have no temperature."""
        if self.pressure_GPa is not None and (self.thermostat == "none" or self.temperature == 0):
            raise ValueError("a run at a pressure needs a thermostat and a temperature above 0 K")
        return self

    @property
    def needs(self) -> frozenset[str]:
        """Forces, and stress at a pressure."""
        return frozenset({"forces"} if self.pressure_GPa is None else {"forces", "stress"})

    def identity(self) -> Mapping[str, Any]:
        """All of it: every number changes the trajectory; masses are those of the elements."""
        fixed = _OF_A_PRESSURE if self.pressure_GPa is None else frozenset[str]()
        return {"task": self.kind, "integrator": 1, **self.model_dump(exclude={"kind", *fixed})}

    def barostat(self, moves: Integrator, start: Structure) -> Barostat | None:
        """What the volume does, None in a fixed cell."""
        if self.pressure_GPa is None:
            return None
        compressibility = 1 / (self.bulk_modulus_GPa * GPA)
        return Barostat(moves, start.volume, self.pressure_GPa * GPA, compressibility, self.volume_constant_fs)

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
        run = _Run(self, moves, self.barostat(moves, start), np.random.default_rng(self.seed), _Record(folder, of))
        look = _Look(evaluate, start)
        run.go_on(look)
        return run.trajectory(start, look.number)


class _Look:
    """Energies and forces at positions, counted, also in cells whose lengths are scaled."""

    def __init__(self, evaluate: Callable[[Structure], Evaluation], start: Structure) -> None:
        self.evaluate, self.start, self.number = evaluate, start, 0

    def __call__(self, positions: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        found = self._evaluation(positions, self.start.lattice)
        return found.energy_eV, found.forces

    def breathing(self, positions: NDArray[np.float64], scale: float) -> tuple[float, NDArray[np.float64], float]:
        """The same in a cell of a scale, with minus the derivative of the energy by the volume (eV/A^3)."""
        found = self._evaluation(positions, Lattice(self.start.lattice.matrix * scale))
        if not np.isfinite(found.stress).all():
            raise EngineError("dynamics", "the stress is not finite", deterministic=True)
        return found.energy_eV, found.forces, -float(np.trace(found.stress)) / 3

    def _evaluation(self, positions: NDArray[np.float64], lattice: Lattice) -> Evaluation:
        cell = Structure(
            lattice,
            self.start.species,
            positions,
            coords_are_cartesian=True,
            site_properties=self.start.site_properties,
        )
        found = self.evaluate(cell)
        self.number += 1
        if not (np.isfinite(found.energy_eV) and np.isfinite(found.forces).all()):
            raise EngineError("dynamics", "energy or forces are not finite", deterministic=True)
        return found


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
    barostat: Barostat | None
    random: np.random.Generator
    record: _Record
    step: int = 0

    def go_on(self, look: _Look) -> None:
        """Step by step to the end or to a limit."""
        here = self._begin(look)
        while self.step < self.task.steps and not (look.number and DEADLINE.passed):
            before = self.random.bit_generator.state
            try:
                here = self._next(here, look)
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
        steps, potential, kinetic, positions, *scales = zip(*self.record.frames, strict=True)
        volumes = start.volume * np.array(scales[0]) ** 3 if scales else None
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
            volumes=volumes,
        )

    def _next(self, here: Motion, look: _Look) -> Motion:
        if self.barostat is not None and isinstance(here, Breathing):
            return self.barostat.step(here, look.breathing, self.random)
        return self.moves.step(here, look, self.random)

    def _begin(self, look: _Look) -> Motion:
        state = self.record.read()
        if state:
            self.random.bit_generator.state = state["random"]
            positions, velocities, forces = (np.array(state[name]) for name in ("positions", "velocities", "forces"))
            self.step = state["step"]
            before = (positions, velocities, forces, state["potential"])
            return Motion(*before) if self.barostat is None else Breathing(*before, state["scale"], state["pressure"])
        velocities, positions = self.moves.first_velocities(self.random), np.array(look.start.cart_coords)
        if self.barostat is None:
            potential, forces = look(positions)
            here = Motion(positions, velocities, forces, potential)
        else:
            potential, forces, pressure = look.breathing(positions, 1.0)
            here = Breathing(positions, velocities, forces, potential, 1.0, pressure)
        self._frame(here)
        return here

    def _frame(self, here: Motion) -> None:
        scale = here.scale if isinstance(here, Breathing) else 1.0
        frame = [self.step, here.potential, self.moves.kinetic(here.velocities), (here.positions / scale).tolist()]
        self.record.add(frame if self.barostat is None else [*frame, scale])
        self._write(here)

    def _write(self, here: Motion) -> None:
        arrays = {name: getattr(here, name).tolist() for name in ("positions", "velocities", "forces")}
        random = self.random.bit_generator.state
        cell = {"scale": here.scale, "pressure": here.pressure} if isinstance(here, Breathing) else {}
        self.record.write({"step": self.step, "potential": here.potential, **arrays, **cell, "random": random})

    def _check(self, here: Motion) -> None:
        """Refuse a cell that comes apart."""
        reached = self.moves.temperature_of(here.velocities)
        if reached > _HOTTER * self.task.temperature + _HOTTER_K:
            reason = (
                f"the cell comes apart: {reached:.0f} K in step {self.step}, {self.task.temperature:g} K were asked for"
            )
            raise EngineError("dynamics", reason, deterministic=True)

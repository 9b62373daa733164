"""Tasks: what engines lack is said, other kinds have room beside those of the package, all go on where they were."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines.ase import ASEBlock
from hebe.engines import get_engine
from hebe.engines.deadline import DEADLINE
from hebe.engines.displacements import Displacements
from hebe.engines.driving import Driven
from hebe.engines.dynamics import Dynamics, Trajectory
from hebe.engines.path import Passage, Path
from hebe.engines.protocol import Evaluation
from hebe.engines.tasks import EvaluatedTask, Relax, Static, Task
from hebe.exceptions import CalculationCutError, EngineError
from support.double_well import start

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Iterator, Mapping

EMT = get_engine(ASEBlock(ase="ase.calculators.emt:EMT", energy_scale="emt"))
COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.61), ["Cu"], [[0, 0, 0]])
WELL: dict[str, Any] = {"barrier": 0.15, "half_width": 0.4, "tilt": 0.1, "stiffness": 3.0}


def well_engine() -> Any:
    return get_engine(ASEBlock(ase="support.double_well_calculator:make", energy_scale="well", arguments=WELL))


def stationary() -> list[float]:
    """Where the slope of the tilted well vanishes (A): left minimum, top, right minimum."""
    b, s0, tilt = WELL["barrier"], WELL["half_width"], WELL["tilt"]
    return sorted(np.roots([4 * b / s0**4, 0.0, -4 * b / s0**2, -tilt]).real.tolist())


class Counting:
    """Evaluations of an engine, which end the process in the middle of the one with a number."""

    def __init__(self, engine: Any, killed_at: int | None = None) -> None:
        self.engine, self.killed_at, self.number = engine, killed_at, 0

    def __call__(self, structure: Structure) -> Evaluation:
        self.number += 1
        if self.number == self.killed_at:
            raise KeyboardInterrupt
        found: Evaluation = self.engine.evaluate(structure)
        return found


@pytest.fixture
def no_time() -> Iterator[None]:
    """The deadline of the process is over."""
    DEADLINE.set(0.0)
    yield
    DEADLINE.clear()


class Blind(Driven):
    """An engine that has energies alone."""

    name = "blind"
    capabilities = frozenset[str]()

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:  # noqa: ARG002
        flat = np.zeros((len(structure), 3))
        return Evaluation(float(len(structure)), flat, np.zeros((3, 3)))


class Nothing:
    """A task that is only a name."""

    kind = "nothing"
    needs: frozenset[str] = frozenset()

    def identity(self) -> Mapping[str, Any]:
        return {"task": self.kind}


@pytest.mark.parametrize("task", [Static(), Relax(fmax=0.1), Displacements(), Dynamics(steps=1), Path(end=COPPER)])
def test_tasks_are_told_apart_by_kind(task: Task) -> None:
    assert isinstance(task, Task)
    assert isinstance(task, EvaluatedTask) == (task.kind not in ("static", "relax"))
    assert task.identity()["task"]


def test_what_an_engine_lacks_is_said_before_anything_runs() -> None:
    assert Blind().run(Static(), COPPER).converged
    for task, words in (
        (Relax(fmax=0.1), "relax needs forces, stress"),
        (Relax(fmax=0.1, cell=False), "relax needs forces$"),
        (Displacements(), "displacements needs forces"),
        (Dynamics(steps=1), "dynamics needs forces"),
        (Nothing(), "nothing is not among the tasks"),
    ):
        with pytest.raises(EngineError, match=words) as caught:
            Blind().run(task, COPPER)
        assert caught.value.deterministic


def test_limits_of_an_attempt_are_no_part_of_what_is_asked() -> None:
    assert Relax(fmax=0.1, steps=3).identity() == Relax(fmax=0.1, steps=9).identity()
    assert Path(end=COPPER, steps=3).identity() == Path(end=COPPER, steps=9).identity()
    assert Dynamics(steps=3).identity() != Dynamics(steps=9).identity()


def dynamics() -> tuple[Any, EvaluatedTask, Structure]:
    return EMT, Dynamics(steps=12, time_constant_fs=50.0, seed=5, every=1), COPPER


def path() -> tuple[Any, EvaluatedTask, Structure]:
    left, _, right = stationary()
    return well_engine(), Path(end=start(s=right), images=2, fmax=1e-3), start(s=left)


def displacements() -> tuple[Any, EvaluatedTask, Structure]:
    pytest.importorskip("phonopy", reason="needs the package phonopy")
    springs = get_engine(ASEBlock(ase="support.spring_crystal:make", energy_scale="springs"))
    places = np.array([[0, 0, 0], [0.5, 0, 0], [0.5, 0.5, 0.5], [0, 0, 0.52]])
    cell = Structure(Lattice.orthorhombic(4.1, 4.2, 4.3), ["Mg", "O"] * 2, places)
    return springs, Displacements(supercell=4.0), cell


def numbers(outcome: Any) -> list[Any]:
    """Everything that an outcome found, to the last bit."""
    if isinstance(outcome, Trajectory):
        return [outcome.positions.tolist(), outcome.potential.tolist(), outcome.kinetic.tolist()]
    if isinstance(outcome, Passage):
        return [outcome.band.positions.tolist(), outcome.band.energies.tolist()]
    spectrum = outcome.spectrum()
    return [outcome.rest.tolist(), [f.tolist() for f in outcome.forces], spectrum.frequencies.tolist()]


@pytest.mark.parametrize("made", [dynamics, path, displacements])
@pytest.mark.parametrize("killed_at", [1, 2, 4, 7])
def test_a_kill_costs_one_evaluation_and_changes_no_bit(made: Any, killed_at: int, tmp_path: pathlib.Path) -> None:
    engine, task, begin = made()
    whole = Counting(engine)
    expected = task.drive(whole, begin, None)
    assert whole.number > killed_at
    killed, rest = Counting(engine, killed_at), Counting(engine)
    with pytest.raises(KeyboardInterrupt):
        task.drive(killed, begin, tmp_path)
    found = task.drive(rest, begin, tmp_path)
    assert killed.number + rest.number == whole.number + 1
    assert found.n_steps == rest.number
    assert numbers(found) == numbers(expected)


@pytest.mark.parametrize("made", [dynamics, path, displacements])
def test_without_time_every_attempt_goes_one_evaluation_on(made: Any, tmp_path: pathlib.Path, no_time: None) -> None:
    assert no_time is None
    engine, task, begin = made()
    evaluate = Counting(engine)
    attempts = [task.drive(evaluate, begin, tmp_path) for _ in range(4)]
    assert [(one.converged, one.n_steps) for one in attempts] == [(False, 1)] * 4
    DEADLINE.clear()
    end = task.drive(evaluate, begin, tmp_path)
    whole = Counting(engine)
    assert numbers(end) == numbers(task.drive(whole, begin, None))
    assert evaluate.number == whole.number


def test_what_was_written_of_another_cell_is_not_taken(tmp_path: pathlib.Path) -> None:
    engine, task, begin = displacements()
    first = engine.run(task, begin, tmp_path)
    other = begin.copy().apply_strain(0.01, inplace=False)
    found = engine.run(task, other, tmp_path)
    assert found.n_steps == first.n_steps
    assert numbers(found) == numbers(engine.run(task, other, None))


def test_a_limit_of_the_engine_ends_displacements_as_cut(tmp_path: pathlib.Path) -> None:
    engine, task, begin = displacements()

    def limited(structure: Structure) -> Evaluation:
        limited_count.append(1)
        if len(limited_count) > 3:
            raise CalculationCutError("springs", "walltime")
        found: Evaluation = engine.evaluate(structure)
        return found

    limited_count: list[int] = []
    cut = task.drive(limited, begin, tmp_path)
    assert (cut.converged, cut.n_steps) == (False, 3)
    limited_count[:] = [1, 1, 1]
    with pytest.raises(CalculationCutError):
        task.drive(limited, begin, tmp_path / "other")

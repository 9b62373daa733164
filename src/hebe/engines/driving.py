"""What every engine can do that evaluates structures: the base of engines, and how it does a task."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import partial
from typing import TYPE_CHECKING

from pymatgen.core import DummySpecies

from hebe.engines.optimizer import relax
from hebe.engines.protocol import static_result
from hebe.engines.tasks import BatchTask, EvaluatedTask, Relax, Static
from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.engines.protocol import Evaluation, Relaxation
    from hebe.engines.tasks import Outcome, Task


def require_order(engine: str, *structures: Structure) -> None:
    """Refuse a cell whose sites are shared by several species: an engine has an energy for atoms alone.

    Raises
    ------
    EngineError
        Names the functions that order such a cell.
    """
    for structure in structures:
        if not structure.is_ordered:
            reason = "the cell is disordered: order it first, with hebe.science.structures.sqs_of_host or generate_sqs"
            raise EngineError(engine, reason, deterministic=True)
        for site in structure:
            if isinstance(site.specie, DummySpecies):
                raise EngineError(engine, f"{site.specie} is no element", deterministic=True)


class Driven(ABC):
    """Base of engines: every task out of `evaluate`, relaxations with the project's own optimizer.

    An engine with files or with an optimizer of its own has its own `static` and `relax`.
    """

    name: str
    reads: tuple[str, ...] = ()
    capabilities: frozenset[str] = frozenset({"forces", "stress"})

    @abstractmethod
    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3) and, when asked and available, moments (Bohr magnetons)."""

    def evaluate_many(self, structures: Sequence[Structure], *, magmoms: bool = False) -> Iterable[Evaluation]:
        """Evaluations of structures one after another; an engine with batches has its own, which gives a list."""
        return (self.evaluate(structure, magmoms=magmoms) for structure in structures)

    def run(self, task: Task, start: Structure, folder: Path | None = None) -> Outcome:
        """Do a task from a structure, with files in `folder`; the same folder continues what was cut off there.

        Raises
        ------
        EngineError
            If the engine cannot do it, or an energy is not to be had.
        """
        require_order(self.name, start)
        lacking = sorted(task.needs - self.capabilities)
        if lacking:
            raise EngineError(self.name, f"{task.kind} needs {', '.join(lacking)}", deterministic=True)
        if isinstance(task, Static):
            return self.static(start, folder=folder)
        if isinstance(task, Relax):
            return self.relax(
                start, fmax=task.fmax, steps=task.steps, cell=task.cell, minimum=task.minimum, folder=folder
            )
        if isinstance(task, BatchTask):
            evaluate_many = partial(self.evaluate_many, magmoms="magmoms" in self.capabilities)
            return task.drive_many(evaluate_many, start, folder)
        if isinstance(task, EvaluatedTask):
            return task.drive(self.evaluate, start, folder)
        raise EngineError(self.name, f"{task.kind} is not among the tasks that it knows", deterministic=True)

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:  # noqa: ARG002 - has no files
        """Energy, forces and stress of the structure as it is, and moments where the engine has them."""
        require_order(self.name, structure)
        return static_result(structure, self.evaluate(structure, magmoms="magmoms" in self.capabilities))

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        minimum: bool = False,
        folder: Path | None = None,  # noqa: ARG002 - has no files
    ) -> Relaxation:
        """Relax ions and, unless `cell` is false, the cell; moments are those of the end."""
        require_order(self.name, structure)
        evaluate = partial(self.evaluate, magmoms="magmoms" in self.capabilities)
        return relax(structure, evaluate, fmax=fmax, steps=steps, cell=cell, minimum=minimum)

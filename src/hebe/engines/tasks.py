"""What an engine can be asked to do: tasks, told apart by their kind and identified by what changes their result."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar, Literal, Protocol, runtime_checkable

from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.engines.softest import LOOK

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.engines.protocol import Evaluation
    from hebe.schemas.calculation import Correction


class Outcome(Protocol):
    """What every task comes to, beside its own results.

    ``converged`` is False where a limit ended it, so that another attempt goes on; ``n_steps`` counts the evaluations
    of this attempt; ``cpu_s`` is CPU time of other processes; ``corrections`` are what was done about errors on the
    way; ``versions`` are those that only the output tells.
    """

    @property
    def converged(self) -> bool:
        """Whether it came to its end."""
        ...

    @property
    def n_steps(self) -> int:
        """Evaluations of this attempt."""
        ...

    @property
    def cpu_s(self) -> float:
        """CPU time (s) of other processes."""
        ...

    @property
    def corrections(self) -> Sequence[Correction]:
        """What was done about errors."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions that only the output tells."""
        ...


@runtime_checkable
class Task(Protocol):
    """Something that an engine does with a structure.

    ``kind`` tells tasks apart; ``needs`` are names of `hebe.engines.protocol.CAPABILITIES`.
    """

    @property
    def kind(self) -> str:
        """Kind of the task."""
        ...

    @property
    def needs(self) -> frozenset[str]:
        """What the engine must be able to."""
        ...

    def identity(self) -> Mapping[str, Any]:
        """What enters the content key beside the engine and the start: ``task``, its name in documents, and settings.

        Limits that only say how far an attempt goes are no part of it.
        """
        ...


@runtime_checkable
class EvaluatedTask(Task, Protocol):
    """A task for which energies and forces are enough, so that any engine can do it.

    It writes where it stands into its folder, ends as not converged at a limit of time, and goes on from there.
    """

    def drive(self, evaluate: Callable[[Structure], Evaluation], start: Structure, folder: Path | None) -> Outcome:
        """Do it.

        Parameters
        ----------
        evaluate
            Energy (eV), forces (eV/A) and stress (eV/A^3) of a structure.
        start
            Where it starts.
        folder
            Where it is written how far it is; nowhere if None.
        """
        ...


@runtime_checkable
class BatchTask(EvaluatedTask, Protocol):
    """A task that often has several structures to evaluate at once, as an engine with batches can."""

    def drive_many(
        self,
        evaluate_many: Callable[[Sequence[Structure]], Iterable[Evaluation]],
        start: Structure,
        folder: Path | None,
    ) -> Outcome:
        """Do it; `evaluate_many` gives a list where an engine has batches, else one evaluation after another."""
        ...


class Static(ConfigModel):
    """Energy, forces and stress of a structure as it is."""

    kind: Literal["static"] = "static"
    needs: ClassVar[frozenset[str]] = frozenset()

    def identity(self) -> Mapping[str, Any]:
        """Its name: there is nothing to choose."""
        return {"task": self.kind}


class Relax(ConfigModel):
    """A relaxation of ions and, unless ``cell`` is false, of the cell.

    ``fmax`` (eV/A) is the largest force at the end, ``steps`` limits the evaluations of an attempt, ``minimum`` has the
    end looked at along its softest direction and pushed on until it is a minimum.
    """

    kind: Literal["relax"] = "relax"
    cell: bool = True
    fmax: float = Field(gt=0)
    steps: int = Field(default=300, ge=1)
    minimum: bool = False

    @property
    def needs(self) -> frozenset[str]:
        """Forces, and stress where the cell relaxes."""
        return frozenset({"forces", "stress"} if self.cell else {"forces"})

    def identity(self) -> Mapping[str, Any]:
        """Name, threshold, whether and how a minimum is sought, and what moves."""
        looked = {"minimum": LOOK} if self.minimum else {}
        name, moves = ("relax", "strain") if self.cell else ("relax-ions", "fixed")
        return {"task": name, "fmax": self.fmax, **looked, "cell": moves}

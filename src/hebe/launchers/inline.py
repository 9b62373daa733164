"""The crew for stores that this process alone may open: jobs run here, one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.launchers.crew import Event
from hebe.launchers.execution import RecordingStore, execute
from hebe.launchers.places import Places
from hebe.launchers.protocol import decode_job

if TYPE_CHECKING:
    from pathlib import Path

    from jobflow.core.store import JobStore

    from hebe.launchers.graph import Node
    from hebe.launchers.limits import Limits
    from hebe.launchers.protocol import Task
    from hebe.launchers.records import Records


class InlineCrew:
    """Runs jobs in the launcher's own process; time and memory limits are not watched.

    Parameters
    ----------
    store
        Connected store.
    records
        The launcher's records.
    folder
        Where job folders are made.
    limits
        Limits of jobs that bring none of their own.
    """

    size: int = 1

    def __init__(self, store: JobStore, records: Records, folder: Path, limits: Limits) -> None:
        self.started = 0
        self._store = RecordingStore(store, records, limits)
        self._places = Places(folder)
        self._folder = folder
        self._node: Node | None = None
        self._task: Task | None = None

    @property
    def busy(self) -> int:
        """Number of jobs that were handed over."""
        return int(self._node is not None)

    def running(self) -> list[Node]:
        """Return the jobs that run."""
        return [] if self._node is None else [self._node]

    def has_room(self) -> bool:
        """Whether a job can be handed over now."""
        return self._node is None

    def pace(self, _node: Node) -> float | None:
        """Return how long such a job takes; nothing is known here, so that they come one by one."""
        return None

    def submit(self, batch: list[tuple[Node, Task]]) -> None:
        """Hand a job over."""
        ((self._node, self._task),) = batch

    def poll(self, _timeout_s: float) -> list[Event]:
        """Run what was handed over."""
        node, task = self._node, self._task
        if node is None or task is None:
            return []
        outcome = execute(node.identity, lambda: decode_job(task.body), self._store, self._places)
        self._node = None
        return [Event("started", node), Event("ended", node, outcome)]

    def close(self) -> None:
        """Remove the folder if no job left anything in it."""
        self._places.close()
        try:
            self._folder.rmdir()
        except OSError:
            return

    def kill(self) -> None:
        """Forget what was not started."""
        self._node = None

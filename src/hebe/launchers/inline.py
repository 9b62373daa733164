"""The crew for stores that live in this process alone: jobs run here, one after the other."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from hebe.launchers.crew import Event
from hebe.launchers.execution import RecordingStore, execute

if TYPE_CHECKING:
    from pathlib import Path

    from jobflow.core.store import JobStore

    from hebe.launchers.graph import Node
    from hebe.launchers.records import Records


class InlineCrew:
    """Runs jobs in the launcher's own process.

    Parameters
    ----------
    store
        Connected store.
    records
        The launcher's records.
    folder
        Where job folders are made.
    """

    def __init__(self, store: JobStore, records: Records, folder: Path) -> None:
        self.started = 0
        self._store = RecordingStore(store, records)
        self._folder = folder
        self._queue: deque[Node] = deque()

    def running(self) -> list[Node]:
        """Return the jobs that were handed over."""
        return list(self._queue)

    def has_room(self, _node: Node) -> bool:
        """Whether a job can be handed over now."""
        return not self._queue

    def submit(self, node: Node) -> None:
        """Hand a job over."""
        self._queue.append(node)

    def poll(self, _timeout_s: float) -> list[Event]:
        """Run what was handed over."""
        events = []
        while self._queue:
            node = self._queue[0]
            events.append(Event("started", node))
            outcome = execute(node.job.as_dict(), self._store, self._folder)
            self._queue.popleft()
            events.append(Event("ended", node, outcome))
        return events

    def close(self) -> None:
        """Remove the folder if no job left anything in it."""
        try:
            self._folder.rmdir()
        except OSError:
            return

    def kill(self) -> None:
        """Forget what was not started."""
        self._queue.clear()

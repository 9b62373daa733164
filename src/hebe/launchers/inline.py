"""Jobs one after the other in this process, for a debugger: what a job prints is seen, a breakpoint stops it."""

from __future__ import annotations

import sys
import threading
from collections import deque
from contextlib import nullcontext, redirect_stdout, suppress
from typing import TYPE_CHECKING, Any

from hebe.launchers.execution import RecordingStore, execute
from hebe.launchers.in_process import InProcessLauncher
from hebe.launchers.job_folders import JobFolders
from hebe.launchers.launch import Surroundings, launch
from hebe.launchers.protocol import Task, decode_job
from hebe.launchers.workers import Event, OneLane

if TYPE_CHECKING:
    from jobflow.core.flow import Flow
    from jobflow.core.job import Job

    from hebe.launchers.graph import Node
    from hebe.launchers.launcher import Wishes
    from hebe.launchers.summary import RunSummary


def run(flow: Flow | Job, **options: Any) -> RunSummary:
    """Run a flow in this process; options and results are those of `hebe.launchers.local.run`, without ``workers``.

    Time and memory of jobs have no limits, a job that ends the process ends the launch, and a launch that runs one long
    job is silent for as long. Everything else is as with worker processes: same documents, same records, resume.
    """
    return launch(flow, InlineWorkers, **options)


class InlineLauncher(InProcessLauncher):
    """Runs jobs in the process that was asked to."""

    def run_flow(self, flow: Flow, wishes: Wishes) -> RunSummary:
        """Run one flow to its end; shows no bar, which would be in the way of a debugger."""
        return run(
            flow,
            store=self._project.store,
            root=self._project.root,
            progress=bool(wishes.progress),
            on_event=wishes.on_event,
            retry_failed=wishes.retry_failed,
            expects=wishes.expects,
        )


class InlineWorkers(OneLane):
    """The own process as the only worker; jobs are copies, as they are everywhere else."""

    size = 1

    def __init__(self, near: Surroundings) -> None:
        self._store = RecordingStore(near.store, near.records, near.limits)
        self._folder, self._folders = near.folder, JobFolders(near.folder)
        self._waiting: deque[tuple[Node, Task]] = deque()
        self._current: tuple[Node, Task] | None = None

    @property
    def busy(self) -> int:
        """How many jobs it has."""
        return len(self._waiting) + (self._current is not None)

    def has_room(self, _lane: str = "") -> bool:
        """Whether no job waits."""
        return not self.busy

    def pace(self, _node: Node) -> None:
        """Not known: jobs are to come one by one."""

    def submit(self, batch: list[tuple[Node, Task]]) -> None:
        """Take jobs over."""
        self._waiting.extend(batch)

    def poll(self, timeout_s: float) -> list[Event]:
        """Tell that the next job begins, or run the one that was told to."""
        if self._current is not None:
            (node, task), self._current = self._current, None
            # standard output belongs to the command, which may print one JSON document
            with nullcontext() if sys.stdout.isatty() else redirect_stdout(sys.stderr):
                outcome = execute(task.identity, lambda: decode_job(task.body), self._store, self._folders)
            return [Event("ended", node, outcome)]
        if self._waiting:
            self._current = self._waiting.popleft()
            return [Event("started", self._current[0])]
        threading.Event().wait(timeout_s)
        return []

    def running(self) -> list[Node]:
        """Return the job that begins."""
        return [] if self._current is None else [self._current[0]]

    def close(self) -> None:
        """Remove a job folder that was never used, and that of the launch if nothing is left in it."""
        self._folders.close()
        with suppress(OSError):
            self._folder.rmdir()

    kill = close

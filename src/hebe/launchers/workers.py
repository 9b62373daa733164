"""What runs jobs for a scheduler: all that it knows of processes, pools and queues."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Protocol

from hebe.launchers.graph import Node
from hebe.launchers.limits import Cause
from hebe.launchers.outcome import Outcome

if TYPE_CHECKING:
    from hebe.launchers.protocol import Task


class EndAtOnceError(KeyboardInterrupt):
    """Somebody who watches the launch wants it to end at once, whatever runs."""


@dataclass
class Event:
    """Something that happened to a job.

    ``lost`` means that its worker died or was ended while it ran, ``unsure`` that its worker died before it could tell
    whether it ran, ``returned`` that it was not started.
    """

    kind: Literal["started", "ended", "lost", "unsure", "returned"]
    node: Node
    outcome: Outcome | None = None
    message: str = ""
    cause: Cause = "died"


class OneLane:
    """Base of workers that are all alike."""

    size: int

    def lane(self, _node: Node) -> str:
        """Return the only lane."""
        return ""

    def size_of(self, _lane: str) -> int:
        """How many jobs may run at a time."""
        return self.size


class Workers(Protocol):
    """Runs jobs for one launch; all methods are called by one thread.

    For every job that it was given it tells exactly one of ``ended``, ``lost``, ``unsure`` and ``returned``, before the
    first two ``started``. When it tells ``ended`` with an output, the output is in the store, durably.
    """

    @property
    def size(self) -> int:
        """How many jobs may run at a time."""

    def lane(self, node: Node) -> str:
        """Return the lane of a job: each has a number of jobs that may run at a time, and a queue of its own."""

    def size_of(self, lane: str) -> int:
        """How many jobs of a lane may run at a time."""

    @property
    def busy(self) -> int:
        """How many jobs it has."""

    def has_room(self, lane: str) -> bool:
        """Whether jobs of a lane can be handed over now."""

    def pace(self, node: Node) -> float | None:
        """Return how long a job of this kind takes (s); None if it is not known or jobs are to come one by one."""

    def submit(self, batch: list[tuple[Node, Task]]) -> None:
        """Take jobs over, to be run in this order by one worker, that of the first one's lane; returns at once."""

    def poll(self, timeout_s: float) -> list[Event]:
        """Return what has happened since the last call; wait for at most a time in seconds if it is nothing.

        Raises
        ------
        hebe.exceptions.StoreError
            If the store cannot be written.
        hebe.exceptions.LaunchError
            If no worker can work.
        """

    def running(self) -> list[Node]:
        """Return the jobs that run now."""

    def close(self) -> None:
        """Let idle workers go; called when no job is left."""

    def kill(self) -> None:
        """End everything at once, as far as that is possible; what ran is lost."""

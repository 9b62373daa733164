"""What is handed to a worker at once: one long job, or brief ones with those that wait only for them."""

from __future__ import annotations

import math
from collections import deque
from typing import TYPE_CHECKING

from hebe.launchers.protocol import Task, encode_job

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.launchers.graph import Node

AHEAD_S = 0.1
"""How much work of brief jobs a worker may have at hand, in seconds."""

BRIEF_S = 0.01
"""Jobs of a kind that takes less than this are committed in groups."""

_MOST = 256


class Batch:
    """Collects jobs for one worker.

    Parameters
    ----------
    pace
        Says how long a job takes in seconds, None when it is not known.
    share
        How many jobs it may take at most, for others to have some too.
    serial
        Number of the last task.
    """

    def __init__(self, pace: Callable[[Node], float | None], share: int, serial: int) -> None:
        self.serial = serial
        self.items: list[tuple[Node, Task]] = []
        self._pace = pace
        self._most = max(1, min(_MOST, share))
        self._seconds = 0.0
        self._numbers: dict[str, int] = {}
        self._met: dict[int, int] = {}

    def takes(self, node: Node) -> bool:
        """Whether a job that is ready may be added."""
        pace = self._pace(node)
        if not self.items:
            return True
        return pace is not None and len(self.items) < self._most and self._seconds + pace <= AHEAD_S

    def add(self, node: Node) -> None:
        """Add a job and those that follow from it.

        Raises
        ------
        TypeError, ValueError, AttributeError, KeyError
            If the job cannot be turned into data; it was not added.
        """
        self._put(node)
        queue = deque([node])
        while queue:
            for child in self._followers(queue.popleft()):
                try:
                    self._put(child)
                except (TypeError, ValueError, AttributeError, KeyError):
                    continue
                queue.append(child)

    def _put(self, node: Node) -> None:
        body = encode_job(node.job)
        pace = self._pace(node)
        self.serial += 1
        after = tuple(self._numbers[uuid] for uuid in node.inputs | node.after if uuid in self._numbers)
        asked = node.record is not None and node.record["status"] == "diverted"  # its record goes with its output
        brief = pace is not None and pace < BRIEF_S and not asked
        self.items.append((node, Task(self.serial, node.identity, body, after, brief, bool(node.gate.waiting))))
        self._numbers[node.uuid] = self.serial
        self._seconds += math.inf if pace is None else pace

    def _followers(self, node: Node) -> list[Node]:
        """Jobs that wait for jobs of this batch alone, and are brief like them."""
        gate = node.gate
        if gate.pending != 1 or gate.hosts or self._seconds >= AHEAD_S:
            return []
        found: list[Node] = []
        for child in gate.waiting:
            self._met[id(child)] = self._met.get(id(child), 0) + 1
            if self._met[id(child)] < child.pending or child.is_out or child.stored is not None:
                continue
            pace = self._pace(child)
            if pace is None or pace >= BRIEF_S or len(self.items) + len(found) >= _MOST:
                continue
            if self._seconds + pace * (1 + len(found)) <= AHEAD_S:
                found.append(child)
        return found

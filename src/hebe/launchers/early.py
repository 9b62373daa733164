"""Worker processes that start before there is a flow, and load what its jobs will use while it is put together."""

from __future__ import annotations

import contextlib
from collections import deque
from typing import TYPE_CHECKING, Protocol, runtime_checkable

from hebe.launchers.process import Worker, start
from hebe.launchers.protocol import frame
from hebe.stores.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from hebe.launchers.launcher import Wishes
    from hebe.launchers.preparation import Preparation


@runtime_checkable
class StartsEarly(Protocol):
    """A launcher whose workers can start before it has a flow."""

    def started(self, wishes: Wishes, most: int, preparation: Preparation) -> contextlib.AbstractContextManager[None]:
        """Have workers for the next flow start and prepare themselves; those that it does not take end at the end.

        Parameters
        ----------
        wishes
            How the flow will be run.
        most
            How many workers there will be work for, at most.
        preparation
            What each of them does first.
        """


class EarlyWorkers:
    """Worker processes that wait for their launch.

    Parameters
    ----------
    number
        How many.
    folder
        Of the launch, for their logs.
    preparation
        What each of them does first.
    """

    def __init__(self, number: int, folder: Path, preparation: Preparation) -> None:
        self.folder = folder
        self._waiting: deque[Worker] = deque()
        try:
            for place in range(number):
                self._waiting.append(start(place, folder, Service({})))
                self._waiting[-1].channel.sendall(frame({"type": "prepare", "preparation": preparation}))
        except BaseException:
            self.close()
            raise

    def take(self) -> Worker | None:
        """Hand one over that is still alive; None when there is none left."""
        while self._waiting:
            worker = self._waiting.popleft()
            if not worker.has_ended:
                return worker
            _end(worker)
        return None

    def close(self) -> None:
        """End those that nobody has taken."""
        while self._waiting:
            _end(self._waiting.popleft())
        with contextlib.suppress(OSError):
            self.folder.rmdir()


@contextlib.contextmanager
def waiting(number: int, folder: Path, preparation: Preparation) -> Iterator[EarlyWorkers]:
    """Workers that wait while something else is done."""
    workers = EarlyWorkers(number, folder, preparation)
    try:
        yield workers
    finally:
        workers.close()


def _end(worker: Worker) -> None:
    worker.end()
    worker.channel.close()
    worker.current_task.close()
    if worker.log.exists() and worker.log.stat().st_size == 0:
        worker.log.unlink()

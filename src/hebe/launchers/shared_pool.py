"""Worker processes of which some share devices: those of jobs whose engine evaluates many cells in one pass.

Each of these jobs has a worker of its own, with its claim, output, log and limits as anywhere else; only the cells that
it wants evaluated go to the process of the device, which takes what several workers want in one pass. A worker that has
ended its job takes the next one that is ready.
"""

from __future__ import annotations

import selectors
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Literal

from hebe.config.engines import EngineBlock
from hebe.launchers.devices import AT_A_TIME, Device, DeviceProcess, cuda_devices, might_have_cuda, opened

if TYPE_CHECKING:
    from hebe.config.settings import Settings
    from hebe.launchers.graph import Node
    from hebe.launchers.protocol import Task
    from hebe.launchers.worker_pool import WorkerPool
    from hebe.launchers.workers import Event

LANE: Final = "device"
"""Lane of the jobs that share devices."""

_BATCH: Final = "batch"
_LOOK_S: Final = 0.1

MakePool = Callable[[int, Mapping[str, Any], Path], "WorkerPool"]
"""Makes a pool of a size, whose workers are told something more, with its logs in a folder."""


@dataclass(frozen=True)
class Sharing:
    """How devices are shared.

    Parameters
    ----------
    jobs
        Jobs that share a device: 1 none, None as many as are good for a CUDA device, and none on processors.
    atoms
        Bound on the atoms of one pass; None: by the memory of the device.
    device
        Where engines compute, as in settings.
    """

    jobs: int | None = None
    atoms: int | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"

    @classmethod
    def of(cls, settings: Settings) -> Sharing:
        """What settings say."""
        return cls(settings.batch, settings.batch_atoms, settings.device)

    @property
    def is_worth_a_look(self) -> bool:
        """Whether jobs may share a device here."""
        return self.jobs != 1 and (self.jobs is not None or (self.device != "cpu" and might_have_cuda()))

    def devices(self, processors: int) -> list[Device]:
        """Devices that jobs share; so many processors where there is no CUDA, if they are to be shared at all."""
        if self.jobs == 1:
            return []
        found = [] if self.device == "cpu" else cuda_devices()
        if found or self.jobs is None or self.device == "cuda":
            return found
        return [Device("cpu")] * processors


def is_batched(job: Any) -> bool:
    """Whether a job runs an engine that evaluates many cells in one pass."""
    block = getattr(job.maker, "engine", None)
    if not isinstance(block, Mapping):
        return False
    return is_of_batches(EngineBlock.model_for(block))


def is_of_batches(block: Any) -> bool:
    """Whether a block, or a class of blocks, is of an engine that evaluates many cells in one pass."""
    traits = getattr(block, "traits", None)
    return traits is not None and _BATCH in traits.capabilities


class SharedPool:
    """Workers for jobs that share devices, a pool for each device, and a pool for all others.

    Parameters
    ----------
    others
        Runs what needs no device, and everything where none is found.
    sharing
        How devices are shared; they are looked for when the first job needs one.
    make
        Makes the pool of a device.
    """

    def __init__(self, others: WorkerPool, sharing: Sharing, make: MakePool) -> None:
        self._others, self._sharing, self._make = others, sharing, make
        self._devices: list[DeviceProcess] = []
        self._pools: list[WorkerPool] | None = None
        self._selector = selectors.DefaultSelector()
        self._selector.register(others, selectors.EVENT_READ)

    @property
    def size(self) -> int:
        """How many jobs may run at a time."""
        return sum(pool.size for pool in self._all)

    @property
    def busy(self) -> int:
        """How many jobs it has."""
        return sum(pool.busy for pool in self._all)

    def lane(self, node: Node) -> str:
        """Return the lane of a job."""
        return LANE if is_batched(node.job) else ""

    def size_of(self, lane: str) -> int:
        """How many jobs of a lane may run at a time."""
        return sum(pool.size for pool in self._of(lane))

    def has_room(self, lane: str) -> bool:
        """Whether jobs of a lane can be handed over now."""
        if lane == LANE and self._pools is None:
            self._pools = self._opened()
        return any(pool.has_room() for pool in self._of(lane))

    def pace(self, node: Node) -> float | None:
        """Return how long a job of this kind takes in seconds, None when none has ended yet."""
        known = [pace for pool in self._of(node.lane) if (pace := pool.pace(node)) is not None]
        return max(known, default=None)

    def submit(self, batch: list[tuple[Node, Task]]) -> None:
        """Hand jobs over to one worker, of the device that has least to do."""
        pools = [pool for pool in self._of(batch[0][0].lane) if pool.has_room()]
        min(pools, key=lambda pool: pool.busy).submit(batch)

    def poll(self, timeout_s: float) -> list[Event]:
        """Wait for news of any pool for at most a time in seconds and return them; errors are those of `WorkerPool`."""
        end = time.monotonic() + timeout_s
        while True:
            events = [event for pool in self._all for event in pool.poll(0.0)]
            left = end - time.monotonic()
            if events or left <= 0:
                return events
            self._selector.select(min(left, _LOOK_S))

    def running(self) -> list[Node]:
        """Return the jobs that run."""
        return [node for pool in self._all for node in pool.running()]

    def close(self) -> None:
        """Let idle workers end and wait for them, then end the processes of the devices."""
        self._end(lambda pool: pool.close())

    def kill(self) -> None:
        """End all workers and what they started, at once."""
        self._end(lambda pool: pool.kill())

    def _end(self, end: Callable[[WorkerPool], None]) -> None:
        for pool in self._pools or []:
            end(pool)
        for device in self._devices:
            device.close()
        self._devices = []
        end(self._others)  # the last: it removes the folder of the launch where nothing was left in it

    @property
    def _all(self) -> list[WorkerPool]:
        return [*(self._pools or []), self._others]

    def _of(self, lane: str) -> list[WorkerPool]:
        return (self._pools if lane == LANE else None) or [self._others]

    def _opened(self) -> list[WorkerPool]:
        """Start the process of each device, and make its pool; without one its jobs are those of other workers."""
        pools = []
        for number, device in enumerate(self._sharing.devices(self._others.size)):
            folder = self._others.folder / f"device-{number}"
            process = opened(device, folder.with_suffix(".log"), self._sharing.atoms)
            if process is None:
                continue
            self._devices.append(process)
            told = {"device": process.told}
            pools.append(self._make(self._sharing.jobs or AT_A_TIME, told, folder))
            self._selector.register(pools[-1], selectors.EVENT_READ)
        return pools

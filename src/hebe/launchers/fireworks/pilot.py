"""What a queue job runs: one process per slot, each started again when its job kills it, until there is nothing to do.

``python -m hebe.launchers.fireworks.pilot FOLDER`` with the folder of the queue job, which holds ``pilot.json``.
Neither its words nor its file tell where the database is: that is read from the settings of the project.
"""

from __future__ import annotations

import json
import os
import signal
import sys
import time
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, NoReturn

from hebe.engines.deadline import DEADLINE
from hebe.engines.sharing.line import LINE

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hebe.launchers.devices import DeviceProcess
    from hebe.launchers.fireworks.access import Access

FILE = "pilot.json"
EXITED = "exited"
"""File that says that a queue job came to its own end."""

_PATIENCE_S = 20.0
_RETRY_S = 1.0
_LEASE_S = 900.0
_MOST_DEATHS = 50
_EX_TAKEN_AWAY = 75
_EX_SPOILT = 76


@dataclass(frozen=True)
class Pilot:
    """A queue job: its name, the resources that it asked for, how many jobs it runs at a time and for how long.

    ``relay``: its node does not reach the database, ``hebe launch`` does for it. ``batch`` of its jobs share a device.
    """

    name: str
    root: str
    category: str
    slots: int
    walltime_s: float
    grace_s: float
    attempts: int
    idle_s: float
    relay: bool = False
    batch: int = 1

    @property
    def patience_s(self) -> float:
        """How long a worker waits for an answer of the database, not longer than it has to end in."""
        return min(_PATIENCE_S, self.grace_s)

    def write(self, folder: Path) -> None:
        """Write it into the folder of the queue job."""
        (folder / FILE).write_text(json.dumps(asdict(self), indent=2), encoding="utf-8")

    @classmethod
    def read(cls, folder: Path) -> Pilot:
        """Read it."""
        return cls(**json.loads((folder / FILE).read_text(encoding="utf-8")))


def main(folder: Path) -> int:
    """Work as a queue job."""
    pilot = Pilot.read(folder)
    ends = time.monotonic() + pilot.walltime_s - pilot.grace_s
    _load()
    devices = _devices(pilot, folder)
    try:
        code = _keep_slots(pilot, folder, ends, devices)
    finally:
        for device in devices:
            device.close()
    with suppress(OSError):
        (folder / EXITED).touch()
    return code


def _devices(pilot: Pilot, folder: Path) -> list[DeviceProcess]:
    """The processes of the devices that jobs share."""
    from hebe.config.settings import get_settings
    from hebe.launchers.devices import opened
    from hebe.launchers.shared_pool import Sharing

    if pilot.batch == 1:
        return []
    settings = get_settings(Path(pilot.root))
    found = Sharing(pilot.batch, settings.batch_atoms, settings.device).devices(pilot.slots // pilot.batch)
    processes = [
        opened(device, folder / f"device-{number}.log", settings.batch_atoms) for number, device in enumerate(found)
    ]
    return [process for process in processes if process is not None]


def _keep_slots(pilot: Pilot, folder: Path, ends: float, devices: Sequence[DeviceProcess]) -> int:
    """Have a process in each slot until there is nothing to do; return the exit code."""
    slots: dict[int, int] = {}
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    deaths, code = 0, 0
    for slot in range(pilot.slots):
        slots[_start(pilot, folder, slot, ends, "", devices)] = slot
    while slots:
        if stopping:
            for pid in slots:
                os.kill(pid, signal.SIGTERM)
            stopping.clear()
            ends = time.monotonic()
        pid, status = os.waitpid(-1, os.WNOHANG)
        if not pid:
            time.sleep(0.2)
            continue
        if pid not in slots:  # the process of a device: slots evaluate for themselves
            continue
        slot = slots.pop(pid)
        _end_group(pid)
        how = os.waitstatus_to_exitcode(status)
        if how == 0:
            continue
        deaths += how not in {_EX_TAKEN_AWAY, _EX_SPOILT}
        code = 1
        if 0 < how < _EX_TAKEN_AWAY or deaths >= _MOST_DEATHS or time.monotonic() >= ends:
            continue
        reason = f"its worker was ended by signal {-how}" if how < 0 else f"its worker left with code {how}"
        slots[_start(pilot, folder, slot, ends, reason, devices)] = slot
    return code


def _load() -> None:
    """Import once for all slots what takes long; nothing here starts a thread."""
    import fireworks  # noqa: F401
    import jobflow  # noqa: F401
    import pymatgen.core  # noqa: F401

    import hebe.launchers.fireworks.worker  # noqa: F401


def _start(pilot: Pilot, folder: Path, slot: int, ends: float, lost: str, devices: Sequence[DeviceProcess] = ()) -> int:
    sys.stdout.flush()
    parent, pid = os.getpid(), os.fork()
    if not pid:
        os.setsid()
        if devices:
            LINE.use(*devices[slot % len(devices)].told)
        _work(pilot, folder, slot, parent, ends, lost)
    return pid


def _work(pilot: Pilot, folder: Path, slot: int, parent: int, ends: float, lost: str) -> NoReturn:
    """Be a slot."""
    from hebe.launchers.fireworks.orphans import give_up
    from hebe.launchers.fireworks.worker import FULL, Worker, not_its_fault
    from hebe.launchers.worker import die_with
    from hebe.stores.claims import set_lease
    from hebe.stores.mongodb import set_patience

    code = 1
    try:
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        signal.signal(signal.SIGTERM, lambda *_: DEADLINE.set(0))
        die_with(parent)
        DEADLINE.set(ends - time.monotonic())
        set_patience(pilot.patience_s)
        set_lease(_LEASE_S)
        access = _patiently(lambda: _open(pilot, folder))
        name = f"{pilot.name}/{slot}"
        if lost:
            give_up(access, name, lost, pilot.attempts)
        Worker(access, name, pilot.category, folder / f"slot-{slot}", idle_s=pilot.idle_s).work()
        code = 0
    except SystemExit as stop:
        code = int(stop.code or 0)
    except Exception as err:  # noqa: BLE001 - told in the log of the queue job
        code = FULL if not_its_fault(err) else 1
        _tell(err)
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)


def _open(pilot: Pilot, folder: Path) -> Access:
    """Reach the project, directly or through ``hebe launch``."""
    from hebe.config.cluster import ClusterSettings
    from hebe.config.settings import get_settings
    from hebe.launchers.fireworks.access import open_project
    from hebe.launchers.fireworks.relay import open_relayed

    root = Path(pilot.root)
    if not pilot.relay:
        return open_project(root)
    return open_relayed(root, get_settings(root).cluster or ClusterSettings(), folder, pilot.patience_s)


def _patiently(connect: Callable[[], Access]) -> Access:
    """Connect, however long the database is away, until this process must end."""
    from pymongo.errors import ConnectionFailure

    from hebe.exceptions import StoreError

    while True:
        try:
            return connect()
        except (StoreError, ConnectionFailure):
            if DEADLINE.passed:
                raise
            time.sleep(_RETRY_S)


def _tell(err: Exception) -> None:
    import traceback

    from hebe.stores.mongodb import without_credentials

    sys.stderr.write(without_credentials("".join(traceback.format_exception(err))))


def _end_group(pid: int) -> None:
    """End whatever a worker started and left behind."""
    try:
        os.killpg(pid, signal.SIGKILL)
    except (ProcessLookupError, PermissionError):
        return


if __name__ == "__main__":
    sys.exit(main(Path(sys.argv[1])))

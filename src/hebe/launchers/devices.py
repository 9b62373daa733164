"""The processes of devices: which devices there are, and one process for each that evaluates for all its workers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import warnings
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.engines.sharing.line import Device as Kind
from hebe.exceptions import HebeWarning
from hebe.launchers.process import one_thread_each, search_path

if TYPE_CHECKING:
    from collections.abc import Mapping

AT_A_TIME: Final = 16
"""Jobs that share a CUDA device where nothing else is said."""

_VISIBLE: Final = "CUDA_VISIBLE_DEVICES"
_COUNT: Final = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
import torch
print(torch.cuda.device_count() if torch.cuda.is_available() else 0)
"""
_COUNT_S: Final = 120.0
_BOOT: Final = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from hebe.launchers.device_process import main
main(*sys.argv[2:])
"""
_QUEUE: Final = 4096
_END_S: Final = 5.0
_LONGEST: Final = 80
"""Characters of a folder for the path of a socket, which is short by nature."""


@dataclass(frozen=True)
class Device:
    """Where cells are evaluated: a CUDA device by the name that `CUDA_VISIBLE_DEVICES` knows, or a processor."""

    kind: Kind
    name: str = ""

    @property
    def environment(self) -> Mapping[str, str]:
        """Variables by which a process sees this device alone."""
        return {_VISIBLE: self.name} if self.kind == "cuda" else {}


def might_have_cuda() -> bool:
    """Whether it is worth asking torch for CUDA devices where nobody said that there are some."""
    return _may_know_cuda() and any(Path("/dev").glob("nvidia[0-9]*"))


@cache
def cuda_devices() -> list[Device]:
    """CUDA devices that torch can compute on, asked in a process of its own: torch stays out of this one."""
    if not _may_know_cuda():
        return []
    try:
        told = subprocess.run(  # noqa: S603 - our own words
            [sys.executable, "-P", "-c", _COUNT, json.dumps(search_path())],
            capture_output=True,
            text=True,
            timeout=_COUNT_S,
            check=True,
        )
        count = int(told.stdout.split()[-1])
    except (OSError, subprocess.SubprocessError, ValueError, IndexError) as err:
        words = f"torch does not tell how many CUDA devices there are ({type(err).__name__}): no jobs share one"
        warnings.warn(words, HebeWarning, stacklevel=2)
        return []
    named = [name.strip() for name in os.environ.get(_VISIBLE, "").split(",") if name.strip()]
    return [Device("cuda", name) for name in (named or map(str, range(count)))][:count]


def _may_know_cuda() -> bool:
    """Whether torch is there, and its build does not rule CUDA out."""
    try:
        return sys.platform != "darwin" and not metadata.version("torch").endswith("+cpu")
    except metadata.PackageNotFoundError:
        return False


def opened(device: Device, log: Path, atoms: int | None) -> DeviceProcess | None:
    """The process of a device, None with a warning where it cannot start; parameters are those of `DeviceProcess`."""
    try:
        return DeviceProcess(device, log, atoms)
    except OSError as err:
        words = f"the process of a device cannot start ({err}): no jobs share {device.name or 'that processor'}"
        warnings.warn(words, HebeWarning, stacklevel=2)
        return None


class DeviceProcess:
    """The process that evaluates on one device; it is started again when it dies, and ends with this one.

    Parameters
    ----------
    device
        The device.
    log
        File for what it says, removed if that is nothing.
    atoms
        Bound on the atoms of one pass; None: by the memory of the device.

    Raises
    ------
    OSError
        If it cannot start; nothing is left of it then.
    """

    def __init__(self, device: Device, log: Path, atoms: int | None) -> None:
        self.device, self._log = device, log
        folder = tempfile.gettempdir()
        short = folder if len(folder) < _LONGEST else "/tmp"  # noqa: S108 - a folder of ours alone is made there
        self._folder = tempfile.mkdtemp(prefix="hebe-", dir=short)
        self.path = str(Path(self._folder) / "device")
        try:
            self._process = self._started(atoms)
        except OSError:
            self._clear()
            raise

    def _started(self, atoms: int | None) -> subprocess.Popen[bytes]:
        self._log.parent.mkdir(parents=True, exist_ok=True)
        with socket.socket(socket.AF_UNIX) as listener, self._log.open("ab") as stream:
            listener.bind(self.path)
            listener.listen(_QUEUE)
            words = [str(listener.fileno()), self._folder, self.device.kind, str(atoms or 0)]
            return subprocess.Popen(  # noqa: S603 - our own module
                [sys.executable, "-P", "-c", _BOOT, json.dumps(search_path()), *words],
                stdin=subprocess.PIPE,
                stdout=stream,
                stderr=stream,
                pass_fds=[listener.fileno()],
                start_new_session=True,
                env={**one_thread_each(), **self.device.environment},
                cwd=self._log.parent,  # below the project, whose settings count
            )

    @property
    def told(self) -> tuple[str, Kind, Mapping[str, str]]:
        """What a worker is told of it, see `hebe.engines.sharing.line.Line.use`."""
        return self.path, self.device.kind, self.device.environment

    def close(self) -> None:
        """End it."""
        if self._process.stdin is not None:
            self._process.stdin.close()
        try:
            self._process.wait(_END_S)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
        self._clear()

    def _clear(self) -> None:
        shutil.rmtree(self._folder, ignore_errors=True)
        with contextlib.suppress(OSError):
            if self._log.stat().st_size == 0:
                self._log.unlink()

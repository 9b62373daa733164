"""One worker process as its launcher sees it: how it is started, what it has, how it is ended."""

from __future__ import annotations

import contextlib
import json
import os
import secrets
import signal
import socket
import subprocess
import sys
import time
from collections import OrderedDict
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hebe.launchers import leftovers
from hebe.launchers.current_task import CurrentTask
from hebe.launchers.graph import Node
from hebe.launchers.leftovers import MARK, end_marked
from hebe.launchers.limits import Cause
from hebe.launchers.protocol import FrameBuffer, UnreadableError
from hebe.stores.service import Service

ONE_THREAD = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
    "NUMBA_NUM_THREADS",
)
_BOOT = """
import json, sys
sys.path[:] = json.loads(sys.argv[1])
from hebe.launchers.worker import main
main(*map(int, sys.argv[2:]))
"""
_GUARD = 'read -r line; kill -s KILL -- -"$1"; exec "$2" -I -S "$3" "$4"'
_LAST_LINES = 3
_LAST_BYTES = 4096
_CHUNK = 1 << 18


@dataclass
class Worker:
    """One worker process.

    ``guard`` is a process that ends what the worker has started when the launcher dies; ``mark`` is what all that has;
    ``assigned`` are the jobs that it has, by task number, in order; ``backlog_s`` how long they are expected to take;
    ``service`` answers what it asks. ``heard`` is when there was a last sign of life (s, monotonic clock), ``stops``
    how often it was seen stopped, one look after the other; ``why`` says why it was ended, where no limit of the job
    does.
    """

    number: int
    process: subprocess.Popen[bytes]
    guard: subprocess.Popen[bytes]
    channel: socket.socket
    current_task: CurrentTask
    log: Path
    service: Service
    mark: str
    buffer: FrameBuffer = field(default_factory=FrameBuffer)
    unsent: bytearray = field(default_factory=bytearray)
    assigned: OrderedDict[int, Node] = field(default_factory=OrderedDict)
    paces: dict[int, float] = field(default_factory=dict)
    backlog_s: float = 0.0
    seen: int = 0
    recalling: bool = False
    is_ready: bool = False
    cause: Cause = "died"
    why: str = ""
    heard: float = field(default_factory=time.monotonic)
    looked: float = 0.0
    stops: int = 0

    def take(self, number: int) -> Node | None:
        """Take a job off the list."""
        node = self.assigned.pop(number, None)
        self.backlog_s = max(0.0, self.backlog_s - self.paces.pop(number, 0.0)) if self.assigned else 0.0
        return node

    def current(self) -> tuple[Node, float] | None:
        """Return the job that runs and when it began (s, monotonic clock)."""
        number, began = self.current_task.read()
        node = self.assigned.get(number)
        return None if node is None else (node, began)

    @property
    def has_ended(self) -> bool:
        """Whether the process is no more, whatever its connection says: what it has started may hold that open."""
        if self.process.returncode is not None:
            return True
        try:
            return os.waitid(os.P_PID, self.process.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        except ChildProcessError:
            return True

    def rest(self) -> list[dict[str, Any]]:
        """Return what the process has sent and nobody has read yet, as far as it can be read."""
        messages: list[dict[str, Any]] = []
        with contextlib.suppress(OSError, UnreadableError):
            while data := self.channel.recv(_CHUNK):
                messages += self.buffer.feed(data)
        return messages

    def end(self) -> int:
        """End the process and all that it started, at once; return its exit code."""
        for process in (self.process, self.guard):
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(process.pid, signal.SIGKILL)
        self.guard.wait()
        if self.guard.stdin is not None:
            self.guard.stdin.close()
        code = self.process.wait()
        if code:  # else it came to its end, and has ended what jobs have left
            end_marked(self.mark)
        return code

    def is_stopped(self) -> bool:
        """Whether the process has been stopped by a signal, and not by a debugger."""
        try:
            state = Path(f"/proc/{self.process.pid}/stat").read_text(encoding="utf-8", errors="replace")
        except OSError:
            return False
        return state.rpartition(")")[2].split()[0] == "T"

    def last_words(self) -> str:
        """Return where the process has logged what it said, with the last lines; nothing if it said nothing."""
        try:
            with self.log.open("rb") as stream:
                stream.seek(max(0, stream.seek(0, os.SEEK_END) - _LAST_BYTES))
                text = stream.read().decode("utf-8", "replace").replace("\0", "\\x00")
        except OSError:
            return ""
        lines = [line.strip() for line in text.splitlines() if line.strip()]
        return f"{self.log} ends with: {' | '.join(lines[-_LAST_LINES:])}" if lines else ""

    def memory_mb(self) -> float:
        """Return the resident memory of the process and its direct children in MB; 0 where that is not known."""
        pid = self.process.pid
        try:
            children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="ascii").split()
        except OSError:
            children = []
        return sum(map(_resident_mb, [str(pid), *children]))


def start(number: int, folder: Path, service: Service) -> Worker:
    """Start a worker process that a service answers; its output goes to a log in a folder."""
    ours, theirs = socket.socketpair()
    folder.mkdir(parents=True, exist_ok=True)
    log, mark = folder / f"worker-{number}.log", f"{os.getpid()}-{number}-{secrets.token_hex(8)}"
    with theirs, log.open("ab") as stream, CurrentTask.file() as notes:
        current_task = CurrentTask(notes)
        inherited = [theirs.fileno(), notes.fileno()]
        numbers = map(str, [*inherited, os.getpid()])
        process = subprocess.Popen(  # noqa: S603 - our own module
            [sys.executable, "-P", "-c", _BOOT, json.dumps(search_path()), *numbers],
            stdin=subprocess.DEVNULL,
            stdout=stream,
            stderr=stream,
            pass_fds=inherited,
            start_new_session=True,
            env={**one_thread_each(), MARK: mark},
        )
    guard = subprocess.Popen(  # noqa: S603 - a fixed command with a number
        ["/bin/sh", "-c", _GUARD, "sh", str(process.pid), sys.executable, leftovers.__file__, mark],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    ours.settimeout(0)
    return Worker(number, process, guard, ours, current_task, log, service, mark)


def _resident_mb(pid: str) -> float:
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()[1])
    except (OSError, IndexError, ValueError):
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


def one_thread_each() -> dict[str, str]:
    """One compute thread per worker, decided before any numerical library is imported."""
    return {**os.environ, **dict.fromkeys(ONE_THREAD, "1")}


def search_path() -> list[str]:
    """Where workers find modules; not told by the environment, which programs started by jobs would inherit."""
    return [entry or str(Path.cwd()) for entry in sys.path]

"""Conversation with GPAW: in this process where it is importable, else with a worker process that is watched."""

from __future__ import annotations

import contextlib
import json
import queue
import subprocess
import threading
import time
from typing import TYPE_CHECKING, Any, Final, Protocol

from hebe.engines.gpaw.installation import environment
from hebe.engines.gpaw.worker import MARK, Evaluator

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from hebe.engines.gpaw.installation import Installation

LOG: Final = "gpaw.txt"
ERRORS: Final = "worker.err"
_POLL_S: Final = 0.5
_GRACE_S: Final = 60.0


class Session(Protocol):
    """Answers requests; see `worker` for what they hold."""

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer, or ``error`` and ``message``."""
        ...

    def close(self) -> None:
        """End it."""
        ...


class InProcess:
    """GPAW in this process; nobody watches it."""

    def __init__(self) -> None:
        self._evaluator = Evaluator()

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer a request."""
        found: dict[str, Any] = self._evaluator.answer({**request, "id": 0})
        return {**found, "cpu_s": 0.0}  # this process counts its own

    def close(self) -> None:
        """Forget the calculator."""
        self._evaluator = Evaluator()


class WorkerProcess:
    """A worker process: started when first asked, ended when it is stuck, started again after it died.

    Parameters
    ----------
    installation
        Which Python.
    folder
        Where it works; its log and its errors stay there.
    stuck_s
        Wall time (s) without output after which it is stuck.
    clock
        Wall time in seconds.
    """

    def __init__(
        self, installation: Installation, folder: Path, stuck_s: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._installation, self._folder, self._stuck_s, self._clock = installation, folder, stuck_s, clock
        self._process: subprocess.Popen[str] | None = None
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        self._number = 0

    @property
    def pid(self) -> int | None:
        """Number of the process while there is one."""
        return None if self._process is None else self._process.pid

    def ask(self, request: dict[str, Any]) -> dict[str, Any]:
        """Answer of the worker, or what became of it."""
        process = self._process or self._start()
        self._number += 1
        try:
            assert process.stdin is not None  # noqa: S101 - it was opened with a pipe
            process.stdin.write(json.dumps({**request, "id": self._number}) + "\n")
            process.stdin.flush()
        except OSError:
            return self._died(process)
        return self._wait(process, request.get("left_s"))

    def close(self) -> None:
        """End the worker; it writes nothing more."""
        process, self._process = self._process, None
        if process is not None:
            process.kill()
            process.wait()
            for stream in (process.stdin, process.stdout):
                if stream is not None:
                    with contextlib.suppress(OSError):
                        stream.close()

    def _start(self) -> subprocess.Popen[str]:
        with (self._folder / ERRORS).open("a") as errors:
            process = subprocess.Popen(  # noqa: S603 - a Python that the settings name, and a script of this package
                self._installation.command,
                cwd=self._folder,
                env=environment(self._installation.python),
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
            )
        self._process, self._lines = process, queue.SimpleQueue()
        threading.Thread(target=_read, args=(process, self._lines), daemon=True).start()
        return process

    def _wait(self, process: subprocess.Popen[str], left_s: float | None) -> dict[str, Any]:
        began = heard = self._clock()
        written = self._written()
        while True:
            with contextlib.suppress(queue.Empty):
                line = self._lines.get(timeout=_POLL_S)
                if line is None:
                    return self._died(process)
                heard = self._clock()
                if line.startswith(MARK):
                    answer: dict[str, Any] = json.loads(line.removeprefix(MARK))
                    return answer
            now = self._clock()
            if self._written() != written:
                written, heard = self._written(), now
            if left_s is not None and now - began > left_s + _GRACE_S:
                self.close()
                return {"error": "cut", "message": "the time was over and the worker did not end by itself"}
            if now - heard > self._stuck_s:
                self.close()
                return {"error": "stuck", "message": f"no output for {self._stuck_s:g} s"}

    def _written(self) -> tuple[int, int]:
        try:
            found = (self._folder / LOG).stat()
        except OSError:
            return (0, 0)
        return found.st_size, found.st_mtime_ns

    def _died(self, process: subprocess.Popen[str]) -> dict[str, Any]:
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(timeout=_POLL_S)
        self.close()
        code = process.returncode
        cause = f"ended by signal {-code}" if code < 0 else f"exit code {code}"
        said = (self._folder / ERRORS).read_text(errors="replace").strip().splitlines()
        return {"error": "died", "message": cause + (f": {said[-1][:300]}" if said and code > 0 else "")}


def _read(process: subprocess.Popen[str], lines: queue.SimpleQueue[str | None]) -> None:
    with contextlib.suppress(ValueError, OSError):  # closed while reading
        for line in process.stdout or ():
            lines.put(line)
    lines.put(None)

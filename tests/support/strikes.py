"""Launchers on one flow and one store, killed again and again, together with their workers, until all is done."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import subprocess
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.stores import open_store
from support import launcher_jobs as jobs
from support.launcher_script import CAMPAIGN
from support.processes import workers_of
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

SCRIPT: Final = Path(jobs.__file__).with_name("launcher_script.py")
SIGNS: Final = {"jobs": 1, "calculations": -1}
AT_ONCE: Final = {"jobs": 3, "calculations": 60}
"""By how many candidates or calculations the flow grows when it has ended before the last kill."""
_LONGEST_S: Final = 0.6


class Siege:
    """Launchers that are killed.

    Parameters
    ----------
    root
        Folder of the project.
    kind
        ``jobs`` or ``calculations``.
    launchers
        How many at a time, each with two workers.
    seed
        Of the choice of moments and targets.
    """

    def __init__(self, root: Path, kind: str, launchers: int, seed: int) -> None:
        self.kills = {"launcher": 0, "worker": 0}
        self.size = 0
        self._root, self._kind, self._number = root, kind, launchers
        self._generator = random.Random(seed)
        self._running: list[subprocess.Popen[bytes]] = []
        self._kept: dict[str, int] = {}
        self._logs = 0
        self.marks = root / "marks"
        self.marks.mkdir(parents=True)

    def hold_out(self, kills: int) -> None:
        """Run flows to their ends under so many kills; what is found on the way to be wrong is an assertion."""
        while sum(self.kills.values()) < kills or not self.size:
            self.size += AT_ONCE[self._kind]
            self._running = [self._start() for _ in range(self._number)]
            try:
                self._disturb(kills)
            finally:
                for process in self._running:
                    process.kill()
                    process.wait()
            self.look()

    def look(self) -> None:
        """Nothing that was stored is gone or has run again."""
        stored = set(self.values())
        assert set(self._kept) <= stored, "something was lost"
        counts = jobs.executions(self.marks)
        again = {name for name, count in self._kept.items() if counts[name] != count}
        assert not again, "something that was finished ran again"
        self._kept = {name: counts[name] for name in stored}

    def values(self) -> dict[str, Any]:
        """Value of each job or calculation that is stored, by its name or key."""
        store = open_store(self._root)
        try:
            outputs = [document["output"] for document in store.query({}, ["output"])]
        finally:
            store.close()
        name = {"jobs": "name", "calculations": "key"}[self._kind]
        return {output[name]: output["value"] for output in outputs if name in output}

    def _start(self) -> subprocess.Popen[bytes]:
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
        size = SIGNS[self._kind] * self.size * CAMPAIGN
        self._logs += 1
        log = self._root / f"launcher-{self._logs}.log"
        with log.open("wb") as stream:
            return subprocess.Popen(
                [sys.executable, str(SCRIPT), str(self._root), str(size), "2", "patient"],
                stdout=stream,
                stderr=stream,
                env=environment,
            )

    def _disturb(self, kills: int) -> None:
        """Kill until it is enough or nothing runs any more, then wait for the end."""
        while any(process.poll() is None for process in self._running) and sum(self.kills.values()) < kills:
            threading.Event().wait(self._generator.uniform(0.05, _LONGEST_S))
            place = self._generator.randrange(self._number)
            if self._strike(self._running[place]):
                self.look()
            if self._running[place].poll() == -signal.SIGKILL:
                self._running[place] = self._start()
        for process in self._running:
            until(lambda found=process: found.poll() is not None, "a launcher ends")  # type: ignore[misc]
            assert process.returncode == 0, self._told()

    def _strike(self, process: subprocess.Popen[bytes]) -> bool:
        """Kill a launcher that has workers, or one of these; False when there was none."""
        with contextlib.suppress(OSError):
            workers = workers_of(process.pid)
            if workers and process.poll() is None:
                target = self._generator.choice(["launcher", "worker"])
                os.kill(process.pid if target == "launcher" else self._generator.choice(workers), signal.SIGKILL)
                if target == "launcher":
                    process.wait()
                self.kills[target] += 1
                return True
        return False

    def _told(self) -> str:
        return "\n".join(self._errors())

    def _errors(self) -> Iterator[str]:
        """What launchers said that is no event."""
        for log in sorted(self._root.glob("launcher-*.log")):
            for line in log.read_text(encoding="utf-8", errors="replace").splitlines():
                if not line.startswith('{"kind"'):
                    yield f"{log.name}: {line[:500]}"

"""Several processes that need the same compiled function: one compiles, the others take its code."""

from __future__ import annotations

import os
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOOP = """
import os, sys, time
from pathlib import Path
from numba.core import event
from numba.extending import overload
from hebe.science.compiled import compiled

def inner(x):
    pass

@overload(inner)
def typed(x):
    Path(os.environ["HERE"], f"compiles-{os.getpid()}").touch()
    time.sleep(float(os.environ["COMPILES_S"]))
    return lambda x: x + 1

@compiled
def outer(x):
    return inner(x)

Path(os.environ["HERE"], f"ready-{os.getpid()}").touch()
while not Path(os.environ["HERE"], "go").exists():
    time.sleep(0.01)
assert outer(2) == 3
"""


class Processes:
    """Processes that wait for a file ``go``, then call one function; each says by a file when it compiles that."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        (folder / "loop.py").write_text(LOOP)
        self.started: list[subprocess.Popen[bytes]] = []

    def start(self, *, compiles_s: float) -> subprocess.Popen[bytes]:
        here = {"HERE": str(self.folder), "NUMBA_CACHE_DIR": str(self.folder / "cache"), "COMPILES_S": str(compiles_s)}
        found = subprocess.Popen([sys.executable, str(self.folder / "loop.py")], env={**os.environ, **here})
        self.started.append(found)
        return found

    def go(self) -> None:
        until(lambda: len(list(self.folder.glob("ready-*"))) == len(self.started), "all processes are ready")
        (self.folder / "go").touch()

    @property
    def compiling(self) -> set[str]:
        return {path.name.removeprefix("compiles-") for path in self.folder.glob("compiles-*")}


@pytest.fixture
def processes(tmp_path: Path) -> Iterator[Processes]:
    found = Processes(tmp_path)
    yield found
    for process in found.started:
        process.kill()
        process.wait()


def test_one_of_three_processes_compiles(processes: Processes) -> None:
    started = [processes.start(compiles_s=0.5) for _ in range(3)]
    processes.go()
    assert [process.wait(60) for process in started] == [0, 0, 0]
    assert len(processes.compiling) == 1


def test_a_process_that_dies_while_it_compiles_leaves_it_to_another(processes: Processes) -> None:
    dies = processes.start(compiles_s=600)
    processes.go()
    until(lambda: processes.compiling == {str(dies.pid)}, "it compiles")
    waits = processes.start(compiles_s=0)
    until(lambda: len(list(processes.folder.glob("ready-*"))) == 2, "the other is ready")
    assert waits.poll() is None
    dies.kill()
    assert waits.wait(60) == 0
    assert processes.compiling == {str(dies.pid), str(waits.pid)}

"""Programs under a watcher: exit codes, and that nothing of them is left, whoever dies first."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from hebe.engines.program import EXIT_CODE, processes_of, stop_program, watched
from support.waiting import ended, handles_of, until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PARENT = """
import subprocess, sys
subprocess.Popen(sys.argv[2:], start_new_session=sys.argv[1] == "session").wait()
"""
TWO = "setsid sh -c 'echo begun; exec sleep 600' & echo begun; exec sleep 600"
"""A program of two processes, one of them in a session of its own."""


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder, in which nothing is left to run at the end."""
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    stop_program(tmp_path)


def start(*words: str, lines: int = 2) -> subprocess.Popen[str]:
    """Start something that prints some lines when it is ready."""
    process = subprocess.Popen(words, stdout=subprocess.PIPE, text=True, start_new_session=True)
    assert process.stdout is not None
    assert [process.stdout.readline() for _ in range(lines)] == ["begun\n"] * lines
    return process


def both(folder: Path) -> list[int]:
    """Numbers of both processes, once they have become what they shall be."""
    until(lambda: len(processes_of(folder)) == 2, "both are there")
    return processes_of(folder)


@pytest.mark.parametrize(("script", "code"), [("exit 0", 0), ("exit 3", 3), ("kill -9 $$", 137), ("kill -11 $$", 139)])
def test_exit_codes_are_those_of_a_shell(folder: Path, script: str, code: int) -> None:
    assert subprocess.run(watched(["sh", "-c", script]), check=False).returncode == code
    assert int((folder / EXIT_CODE).read_text()) == code


def test_what_a_program_leaves_behind_is_ended_with_it(folder: Path) -> None:
    done = subprocess.run(watched(["sh", "-c", "setsid sleep 600 & exit 2"]), check=False)
    assert done.returncode == 2
    assert processes_of(folder) == []


def test_a_watcher_that_is_told_to_end_ends_all(folder: Path) -> None:
    """As custodian does it, by a signal to the group that it started."""
    process = start(*watched(["sh", "-c", TWO]))
    both(folder)
    os.killpg(process.pid, signal.SIGTERM)
    process.communicate()
    assert processes_of(folder) == []
    assert not (folder / EXIT_CODE).exists(), "it did not end by itself"


@pytest.mark.parametrize("place", ["session", "group"])
def test_a_program_ends_with_the_worker_that_started_it(folder: Path, place: str) -> None:
    """Whether the program has a session of its own or not: the launcher kills the whole group of a worker."""
    worker = start(sys.executable, "-c", PARENT, place, *watched(["sh", "-c", TWO]))
    running = handles_of(both(folder))
    os.killpg(worker.pid, signal.SIGKILL)
    ended(running)
    worker.communicate()
    assert processes_of(folder) == []


def test_a_program_without_a_watcher_is_found_and_ended(folder: Path) -> None:
    process = start(*watched(["sh", "-c", TWO]))
    process.kill()
    process.wait()
    running = handles_of(both(folder))
    assert not stop_program(folder.parent), "that is another folder"
    assert stop_program(folder)
    ended(running)
    assert not stop_program(folder)
    process.communicate()


def test_other_processes_in_the_folder_are_left_alone(folder: Path) -> None:
    """A person who looks at the files, for example."""
    process = start("sh", "-c", "echo begun; exec sleep 600", lines=1)
    assert not stop_program(folder)
    assert process.poll() is None
    process.kill()
    process.communicate()

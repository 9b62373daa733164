"""A worker process: receives jobs, runs them one after the other, answers with their outcomes.

It dies with its launcher: the kernel kills it (Linux), and the end of the connection makes it kill its own group.
"""

from __future__ import annotations

import ctypes
import faulthandler
import io
import os
import runpy
import signal
import socket
import sys
import types
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from hebe.exceptions import StoreError
from hebe.launchers.condition import Condition
from hebe.launchers.current_task import CurrentTask
from hebe.launchers.leftovers import adopt, end_children
from hebe.launchers.task_queue import TaskQueue

if TYPE_CHECKING:
    from jobflow.core.job import Job

    from hebe.launchers.outcome import Outcome
    from hebe.launchers.protocol import Task

LOADING_SCRIPT = "_HEBE_LOADING_SCRIPT"
"""Set while a worker loads the launching script, which must not launch again."""

_PR_SET_PDEATHSIG = 1
_LONG_S = 0.01


def main(descriptor: int, current_task: int, parent: int) -> None:
    """Work until told to quit.

    Parameters
    ----------
    descriptor
        File descriptor of the connection.
    current_task
        File descriptor of the current task.
    parent
        Process number of the launcher.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    faulthandler.enable()
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(line_buffering=True, errors="backslashreplace")  # what was said is in the log
    die_with(parent)
    adopt()
    os.set_inheritable(descriptor, False)  # noqa: FBT003 - what jobs start must not hold the connection open
    task_queue, current = TaskQueue(socket.socket(fileno=descriptor)), CurrentTask(current_task)
    os.close(current_task)
    for held in (task_queue, current):
        os.register_at_fork(after_in_child=held.close)
    task_queue.start()
    greeting = task_queue.message()
    while greeting["type"] == "prepare":
        greeting["preparation"]()
        greeting = task_queue.message()
    worker = Worker(task_queue, current, greeting)
    try:
        worker.work()
    except StoreError as err:
        worker.give_up(err)
    except OSError as err:
        worker.give_up(StoreError(f"{err.filename}: {err.strerror or err}"))


def die_with(parent: int) -> None:
    """Have the kernel kill this process when the launcher's thread ends; elsewhere the connection tells."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
        if os.getppid() != parent:
            os._exit(1)


class Worker:
    """Runs tasks with the store and in the folder that its launcher names.

    Parameters
    ----------
    task_queue
        Where tasks come from and answers go to.
    current_task
        Where it says what it does.
    greeting
        The launcher's first message, once what was to be prepared is done.
    """

    def __init__(self, task_queue: TaskQueue, current_task: CurrentTask, greeting: dict[str, Any]) -> None:
        from monty.json import MontyDecoder

        from hebe.launchers.commit_group import CommitGroup
        from hebe.launchers.execution import RecordingStore
        from hebe.launchers.job_folders import JobFolders
        from hebe.launchers.limits import Limits
        from hebe.launchers.records import Records

        self._queue, self._current = task_queue, current_task
        self._script: str | None = greeting["main"]
        if greeting.get("device"):
            from hebe.engines.sharing.line import LINE

            LINE.use(*greeting["device"])
        task_queue.line.use()
        inner = MontyDecoder().process_decoded(greeting["store"])
        inner.connect()
        records = Records(MontyDecoder().process_decoded(greeting["records"]))
        self._store = RecordingStore(inner, records, Limits(**greeting["limits"]))
        self._group = CommitGroup(inner.docs_store, self._tell, records.fail_output)
        self._store.group = self._group
        self._folders = JobFolders(Path(greeting["folder"]))
        self._condition = Condition()
        self._store.restore = self._condition.restore
        self._spoiled: set[int] = set()

    def work(self) -> None:
        """Run tasks until there are no more."""
        self._group.watch(self.give_up)
        self._queue.send({"type": "ready"})
        while True:
            if self._queue.is_empty:
                self._group.flush()
                self._spoiled.clear()
            task = self._queue.task()
            if task is None:
                break
            if self._spoiled.isdisjoint(task.after):
                self._run(task)
            else:
                self._spoiled.add(task.number)
                self._queue.send({"type": "returned", "tasks": [task.number]})
            if not self._condition.is_sound:
                self._group.flush()
                self._queue.retire()
                break
        self._folders.close()
        sys.stdout.flush()
        os._exit(0)

    def give_up(self, err: StoreError) -> NoReturn:
        """Tell the launcher that the store cannot be written and end."""
        self._queue.send({"type": "broken", "message": str(err)})
        os._exit(1)

    def _run(self, task: Task) -> None:
        from hebe.launchers.execution import execute
        from hebe.launchers.protocol import decode_job

        def build() -> Job:
            if self._script and task.of_script:
                _load_script(self._script)
                self._script = None
            return decode_job(task.body)

        self._current.write(task.number)
        self._store.is_brief = task.is_brief
        if not task.is_brief:
            self._group.flush()
        outcome = execute(task.identity, build, self._store, self._folders)
        end_children()
        if not outcome.is_plain:
            self._spoiled.add(task.number)
        self._group.outcome(task.number, outcome)
        if not task.is_brief or outcome.seconds > _LONG_S or not outcome.is_plain or self._group.is_due:
            self._group.flush()
        self._current.write(0)

    def _tell(self, outcomes: list[tuple[int, Outcome]]) -> None:
        self._queue.send({"type": "ended", "outcomes": outcomes})


def _load_script(path: str) -> None:
    """Load the launching script under another name, so that jobs defined in it can be found."""
    module = types.ModuleType("__mp_main__")
    sys.modules["__main__"] = sys.modules["__mp_main__"] = module
    os.environ[LOADING_SCRIPT] = path
    try:
        module.__dict__.update(runpy.run_path(path, run_name="__mp_main__"))
    finally:
        del os.environ[LOADING_SCRIPT]

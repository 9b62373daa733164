"""Any executor in the sense of `concurrent.futures` as a launcher: pools of processes, executorlib, Parsl, Dask.

The process that was asked to run a flow keeps the graph, the claims and the store. Workers get a job with the documents
that it reads and give documents back: they need Hebe, and no database or file system in common.
"""

from __future__ import annotations

import os
from concurrent.futures import ProcessPoolExecutor
from contextlib import contextmanager
from functools import partial
from importlib import import_module
from typing import TYPE_CHECKING, Any, ClassVar, Final

from pydantic import Field

from hebe.config.launcher import EXECUTOR
from hebe.config.model import ConfigModel
from hebe.config.reading.units import Whole
from hebe.config.settings import get_settings
from hebe.config.trust import require_executor
from hebe.exceptions import BadInputError, HebeError
from hebe.launchers.check import Check
from hebe.launchers.executor.pools import process_pool
from hebe.launchers.in_process import InProcessLauncher, processors
from hebe.launchers.process import ONE_THREAD

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from concurrent.futures import Executor

    from jobflow.core.flow import Flow
    from jobflow.core.job import Job

    from hebe.launchers.executor.workers import ExecutorWorkers
    from hebe.launchers.launch import Surroundings
    from hebe.launchers.launcher import Wishes
    from hebe.launchers.summary import RunSummary

POOL: Final = "hebe.launchers.executor.pools:process_pool"

_NUMBERS: Final = ("max_workers", "max_cores")


class ExecutorKeys(ConfigModel):
    """Keys of the launcher in settings.

    ``executor`` makes the executor, as ``module:factory``, with ``arguments`` by name. It has up to ``workers`` jobs at
    a time; without it the numbers are those of `run`.
    """

    executor: str = Field(default=POOL, min_length=3)
    arguments: dict[str, Any] = Field(default_factory=dict)
    workers: Whole | None = Field(default=None, ge=1, le=100_000)


def run(
    flow: Flow | Job,
    *,
    executor: Callable[..., Executor] | str = POOL,
    arguments: Mapping[str, Any] | None = None,
    workers: int | None = None,
    **options: Any,
) -> RunSummary:
    """Run a flow on an executor; other options and results are those of `hebe.launchers.local.run`.

    Of the limits of jobs, the time is kept where workers run jobs in their main threads, by an exception: code that
    does not return to Python is not ended. Memory has no limit. A worker that dies costs its job a try.

    Parameters
    ----------
    executor
        What makes it, or where that is found: ``module:factory``. It is called again when an executor has broken.
    arguments
        For it, by name; pools of the standard library get ``max_workers`` where it is not given.
    workers
        How many jobs the executor has at a time; by default ``max_workers`` or ``max_cores`` of the arguments, else the
        number of processors.

    Raises
    ------
    hebe.exceptions.BadInputError
        If the factory cannot be imported or refuses its arguments.
    hebe.exceptions.LaunchError
        If the executor runs jobs in threads of this process, and as `hebe.launchers.local.run`.
    """
    from hebe.launchers.launch import launch

    factory = imported(executor) if isinstance(executor, str) else executor
    given = dict(arguments or {})
    size = workers or next((int(given[name]) for name in _NUMBERS if given.get(name)), None) or processors()
    if factory is process_pool or (isinstance(factory, type) and issubclass(factory, ProcessPoolExecutor)):
        given.setdefault("max_workers", size)
    make = partial(_made, factory, given)

    def hire(near: Surroundings) -> ExecutorWorkers:
        from hebe.launchers.executor.workers import ExecutorWorkers

        return ExecutorWorkers(make, size, near)

    with _one_thread_each():
        return launch(flow, hire, **options)


def imported(path: str) -> Callable[..., Executor]:
    """Return what ``module:factory`` names.

    Raises
    ------
    hebe.exceptions.BadInputError
        If it cannot be imported or is nothing that can be called.
    """
    module, _, name = path.partition(":")
    try:
        found: Any = import_module(module)
        for part in name.split("."):
            found = getattr(found, part)
    except (ImportError, AttributeError, ValueError) as err:
        reason = f"{path!r} cannot be imported: {type(err).__name__}: {err}"
        raise BadInputError(reason, key="launcher.executor", suggestion="module:factory") from err
    if not callable(found):
        raise BadInputError(f"{path!r} makes nothing: it is {found!r}", key="launcher.executor")
    made: Callable[..., Executor] = found
    return made


class ExecutorLauncher(InProcessLauncher):
    """Runs jobs on the executor that settings name."""

    Block: ClassVar[type[ConfigModel]] = ExecutorKeys

    def run_flow(self, flow: Flow, wishes: Wishes) -> RunSummary:
        """Run one flow to its end."""
        given: ExecutorKeys = self._block
        require_executor(given.executor, self._project.root)
        told = any(given.arguments.get(name) for name in _NUMBERS)
        workers = wishes.workers or given.workers or (None if told else get_settings(self._project.root).workers)
        return run(
            flow,
            executor=given.executor,
            arguments=given.arguments,
            workers=workers,
            store=self._project.store,
            root=self._project.root,
            progress=wishes.progress,
            on_event=wishes.on_event,
            retry_failed=wishes.retry_failed,
            expects=wishes.expects,
        )

    def checks(self) -> Iterator[Check]:
        """Look whether the factory can be imported."""
        given: ExecutorKeys = self._block
        try:
            require_executor(given.executor, self._project.root)
            imported(given.executor)
        except HebeError as err:
            yield Check(EXECUTOR, "failed", str(err), "correct launcher.executor in hebe.yaml, or install its package")
        else:
            yield Check(EXECUTOR, "ok", given.executor)


def _made(factory: Callable[..., Executor], arguments: dict[str, Any]) -> Executor:
    try:
        return factory(**arguments)
    except (TypeError, ValueError) as err:
        reason = f"the executor refuses its arguments: {err}"
        raise BadInputError(reason, key="launcher.arguments") from err


@contextmanager
def _one_thread_each() -> Iterator[None]:
    """Have processes that are started meanwhile compute with one thread each, where the environment says nothing."""
    added = [name for name in ONE_THREAD if name not in os.environ]
    os.environ.update(dict.fromkeys(added, "1"))
    try:
        yield
    finally:
        for name in added:
            os.environ.pop(name, None)

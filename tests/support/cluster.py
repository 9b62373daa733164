"""A project whose jobs run on the private Slurm of the tests, driven step by step by the test itself."""

from __future__ import annotations

import itertools
import os
import subprocess
import sys
import time
import uuid
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobflow import Flow

from hebe.launchers.fireworks.access import open_project
from hebe.launchers.fireworks.driver import Driver
from hebe.launchers.fireworks.pilot import Pilot
from hebe.launchers.fireworks.project import submit_flow
from hebe.launchers.fireworks.queue import Slurm as SlurmCommands
from support.launcher_jobs import executions
from support.waiting import LIMIT_S, until

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from hebe.launchers.fireworks.access import Access
    from support.mongo_stand_in import StandIn

_SETTINGS = """
store: {{kind: mongodb, uri: "{uri}", database: "{database}"}}
cluster:
  max_jobs: {max_jobs}
  grace: {grace} s
  python: {python}
  relay: {relay}
  resources:
    default: {{queue: main, cores: {slots}, slots: {slots}, walltime: {walltime} s, before: {before}}}
"""

NOWHERE = "mongodb://127.0.0.1:9/nowhere"
"""Where no database is; with it in their environment, queue jobs are like those on nodes that reach none."""


class Project:
    """A folder with settings, its LaunchPad, and what drives the queue.

    Parameters
    ----------
    root
        Project folder.
    server
        The stand-in; None for a real server at ``uri``.
    uri
        Where the database is.
    """

    def __init__(self, root: Path, server: StandIn | None, uri: str) -> None:
        self.root, self.server, self.marks = root, server, root / "marks"
        self._uri, self._database = uri, f"hebe_test_{uuid.uuid4().hex[:8]}"
        self.marks.mkdir(parents=True)
        (root / ".hebe").mkdir()
        self.set()
        self.access: Access = open_project(root)
        self.driver = Driver(self.access, SlurmCommands(), idle_s=3.0)
        self.access.launchpad.prepare()

    def set(
        self,
        *,
        max_jobs: int = 4,
        grace: float = 4.0,
        slots: int = 2,
        walltime: float = 600.0,
        python: str = sys.executable,
        relay: bool = False,
    ) -> None:
        """Write the settings."""
        text = _SETTINGS.format(
            uri=self._uri,
            database=self._database,
            max_jobs=max_jobs,
            grace=grace,
            slots=slots,
            walltime=walltime,
            python=python,
            relay=str(relay).lower(),
            before=[f"export HEBE_STORE_URI={NOWHERE}"] if relay else [],
        )
        (self.root / "hebe.yaml").write_text(text)

    def reopen(self) -> None:
        """Read changed settings."""
        self.driver.close()
        self.access.close()
        self.access = open_project(self.root)
        self.driver = Driver(self.access, SlurmCommands(), idle_s=3.0)

    def submit(self, *jobs: Any, name: str = "test") -> dict[str, Any]:
        """Put jobs onto the LaunchPad."""
        for job in jobs:
            job.metadata.setdefault("campaign", name)
        return submit_flow(Flow(list(jobs), name=name), self.root)

    def drive(self, holds: Callable[[], bool], what: str) -> None:
        """Do what ``hebe launch`` does until a condition holds."""
        looks = itertools.count()

        def looked() -> bool:
            if next(looks) % 20 == 0:
                self.driver.look()
            return self._holds(holds)

        until(looked, what, told=lambda: f"{self.access.launchpad.states()}, {self.logs()}")

    def drive_for(self, seconds: float) -> None:
        """Do what ``hebe launch`` does for some time."""
        end = time.monotonic() + seconds
        self.drive(lambda: time.monotonic() >= end, "the time is over")

    def finish(self) -> dict[str, int]:
        """Drive until every job has ended, and return how many ended how."""

        def ended() -> bool:
            return not {"READY", "RUNNING", "RESERVED"} & self.access.launchpad.states().keys()

        self.drive(ended, "every job has ended")
        return self.access.launchpad.states()

    @contextmanager
    def pilot(self, **changes: Any) -> Iterator[subprocess.Popen[bytes]]:
        """What a queue job runs, started here without a queue."""
        name = f"hebe-{uuid.uuid4().hex[:8]}"
        folder = self.access.runs / name
        folder.mkdir(parents=True)
        relay, environment = self.access.cluster.relay, dict(os.environ)
        facts: dict[str, Any] = {
            "relay": relay,
            "slots": 1,
            "walltime_s": 600.0,
            "grace_s": 4.0,
            "attempts": 3,
            "idle_s": 0.5,
            **changes,
        }
        Pilot(name=name, root=str(self.root), category="default", **facts).write(folder)
        words = [sys.executable, "-m", "hebe.launchers.fireworks.pilot", str(folder)]
        paths = os.pathsep.join([*sys.path, str(Path(__file__).parents[1])])
        environment |= {"PYTHONPATH": paths, **({"HEBE_STORE_URI": NOWHERE} if relay else {})}
        with (folder / "queue.log").open("wb") as log:
            process = subprocess.Popen(words, stdout=log, stderr=log, env=environment)
        try:
            yield process
        finally:
            process.kill()
            process.wait()

    def work(self, **changes: Any) -> int:
        """Let a queue job without a queue work to its end; return its exit code."""
        with self.pilot(**changes) as process:
            return process.wait(LIMIT_S)

    def done(self) -> dict[str, int]:
        """How often each job came to its end."""
        return {name: count for name, count in executions(self.marks).items() if not name.endswith("-begun")}

    def begun(self, name: str) -> int:
        """How often a job began."""
        return executions(self.marks).get(f"{name}-begun", 0)

    def logs(self) -> str:
        """What queue jobs wrote."""
        return "\n".join(path.read_text() for path in self.root.glob(".hebe/runs/*/queue.log"))

    def close(self) -> None:
        """Drop the database."""
        self.driver.close()
        self.access.launchpad.pad.connection.drop_database(self._database)
        self.access.close()

    def _holds(self, holds: Callable[[], bool]) -> bool:
        from pymongo.errors import ConnectionFailure

        try:
            return holds()
        except ConnectionFailure:
            return False


@contextmanager
def project(folder: Path, server: StandIn | None) -> Iterator[Project]:
    """A project on a database of its own: of the stand-in, or of the server of HEBE_TEST_MONGODB_URI."""
    made = Project(folder / "project", server, os.environ["HEBE_TEST_MONGODB_URI"] if server is None else server.uri)
    try:
        yield made
    finally:
        made.close()

"""What runs campaigns: the protocol that every launcher keeps, built in or of another package."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

from hebe.config.model import ConfigModel
from hebe.launchers.remaining import Expects

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator
    from pathlib import Path

    from jobflow.core.flow import Flow
    from jobflow.core.store import JobStore

    from hebe.config.settings import Settings
    from hebe.launchers.check import Check


class Project:
    """The project that a launcher works for.

    Parameters
    ----------
    root
        Folder that holds ``.hebe``.
    store
        Its store, connected; opened when it is asked for if not given.
    """

    def __init__(self, root: Path, store: JobStore | None = None) -> None:
        self.root = root
        self._given = store

    @cached_property
    def store(self) -> JobStore:
        """Connected store of outputs."""
        from hebe.stores.factory import open_store

        return open_store(self.root) if self._given is None else self._given


@dataclass
class Submission:
    """What a submission adds, or would add.

    ``workflows`` and ``jobs`` are new, ``known`` jobs are there already, ``finished`` have an output, ``again`` are
    there but run once more (cut off, or made from other outputs than those that they read now). ``resources`` counts
    the new jobs by the resources that they take, ``calculations`` those of them that run an engine, ``cores`` those
    that one job of each resources has.
    """

    workflows: int = 0
    jobs: int = 0
    known: int = 0
    finished: int = 0
    again: int = 0
    resources: dict[str, int] = field(default_factory=dict)
    calculations: dict[str, int] = field(default_factory=dict)
    cores: dict[str, int] = field(default_factory=dict)


class Report(Protocol):
    """How things stand when a launcher has nothing left to do: ``complete``, ``failed`` or ``interrupted``."""

    @property
    def status(self) -> str:
        """One of the three."""

    def as_dict(self) -> dict[str, Any]:
        """Return plain data for ``--json``."""


@dataclass(frozen=True)
class Wishes:
    """How a person wants jobs to be run; a launcher heeds those that mean something to it.

    Parameters
    ----------
    workers
        How many jobs may run at a time; None: settings, then the launcher decide.
    progress
        Show progress on stderr: never, always, or (None) as fits.
    retry_failed
        Whether failed outputs are computed again.
    interval_s, idle_s
        Time between two looks at a queue; how long a queue job without work waits for some. In seconds.
    stay
        Wait for further submissions when nothing is left.
    tell
        Gets lines for a person who watches.
    on_event
        Called with ``{"kind", "uuid", "index", "name"}`` for every change of a job.
    expects
        Says of which kind a job is and how long one is expected to take (s), for the time that is left.
    """

    workers: int | None = None
    progress: bool | None = None
    retry_failed: bool = False
    interval_s: float = 5.0
    idle_s: float = 10.0
    stay: bool = False
    tell: Callable[[str], None] = lambda _text: None
    on_event: Callable[[dict[str, Any]], None] | None = None
    expects: Expects | None = None


class Launcher(Protocol):
    """Runs flows of one project.

    What all launchers promise: outputs, failures and flows that jobs asked for are written to the project's store and
    records (`hebe.launchers.execution.execute` does it), under the uuids of the jobs. So any launcher goes on with what
    another has begun, and ``hebe status``, ``hebe results`` and ``hebe show`` need not know which one it was. What is
    finished is not run again; a job that fails or dies costs itself and what follows from it, nothing else.

    A class of another package is found under the entry point group ``hebe.launchers``. It is made with a `Project` and
    its keys of ``launcher:`` in the settings as an instance of its `Block`.
    """

    Block: ClassVar[type[ConfigModel]]
    """Its keys in settings; `NoKeys` when it has none."""

    keeps: ClassVar[bool]
    """Whether what was submitted is there when the process has ended."""

    goes_on: ClassVar[str]
    """Command that runs what waits: ``hebe run CAMPAIGN`` or ``hebe launch``."""

    def __init__(self, project: Project, block: Any) -> None: ...

    @classmethod
    def in_use(cls, settings: Settings) -> bool:
        """Whether settings prepare it although another one may be the one that runs by default.

        Those in use are asked when failed jobs are rerun, and looked at by ``hebe doctor``.
        """

    def submit(self, flow: Flow, *, dry_run: bool = False) -> Submission:
        """Take a flow over; taking it again adds only what is new, and lets it go on if it was paused or cancelled.

        With ``dry_run`` nothing changes.
        """

    def drive(self, wishes: Wishes) -> Report:
        """Run what was submitted until nothing is left to do; listens to pause and cancel.

        Ctrl-C ends it without loss: what is stored is stored, and `submit` and `drive` go on from there.
        """

    def rerun(self, uuids: Collection[str], *, dry_run: bool = False) -> int:
        """Return how many of these failed jobs it has; it makes them, and what follows from them, ready again.

        Their outputs and records were removed from the store before. A launcher that keeps nothing returns 0: the next
        launch finds no output.
        """

    def status(self, uuids: Collection[str] | None = None) -> dict[str, Any]:
        """Return how far the jobs of the project are, as `hebe.launchers.status.read_status` does."""

    def checks(self) -> Iterator[Check]:
        """Look at everything that it needs, for ``hebe doctor``; a finding is a check, not an exception."""


class NoKeys(ConfigModel):
    """Of a launcher without keys in settings."""

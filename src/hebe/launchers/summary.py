"""What a launch did: the counts that ``hebe run --json`` prints."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from typing import TYPE_CHECKING, Any

from hebe.launchers.outcome import Digest, Failure

if TYPE_CHECKING:
    from collections.abc import Iterable


@dataclass(frozen=True)
class FailureGroup:
    """Jobs that failed for the same reason; ``run_dir`` is the folder of the first of them that has one."""

    error_class: str
    message: str
    count: int
    job_ids: list[str]
    run_dir: str | None = None


@dataclass(frozen=True)
class RunSummary:
    """Result of a launch.

    Parameters
    ----------
    status
        ``complete``, ``failed`` (something has no usable output) or ``interrupted``.
    jobs
        ``total``, ``completed``, ``failed``, ``running``, ``waiting``; ``reused`` are those of the completed that
        were finished before.
    calculations
        ``computed`` by this launch, ``reused`` (existed before, or taken over from another job), ``failed``.
    failures
        Grouped by error.
    elapsed_s
        Wall time in seconds.
    """

    status: str
    jobs: dict[str, int]
    calculations: dict[str, int]
    failures: list[FailureGroup]
    elapsed_s: float

    def as_dict(self) -> dict[str, Any]:
        """Return plain data."""
        return asdict(self)


@dataclass
class Tally:
    """Counts of a launch while it runs."""

    total: int = 0
    completed: int = 0
    failed: int = 0
    running: int = 0
    reused: int = 0
    computed_calculations: int = 0
    reused_calculations: int = 0
    failed_calculations: int = 0
    failures: dict[str, Failure] = field(default_factory=dict)
    started_at: float = field(default_factory=time.monotonic)
    left_s: Callable[[], float | None] = lambda: None
    """Says how long the launch will still take, as far as that is known."""

    @property
    def waiting(self) -> int:
        """Jobs that were neither started nor decided."""
        return self.total - self.completed - self.failed - self.running

    @property
    def elapsed_s(self) -> float:
        """Wall time since the start in seconds."""
        return time.monotonic() - self.started_at

    def count(self, digest: Digest, *, existed: bool, taken_over: bool = False) -> None:
        """Count a job that has an output."""
        failed = digest.status == "failed"
        if failed:
            self.failed += 1
        else:
            self.completed += 1
            self.reused += existed
        if digest.is_calculation and failed:
            self.failed_calculations += 1
        elif digest.is_reference or (digest.is_calculation and (existed or taken_over)):
            self.reused_calculations += 1
        elif digest.is_calculation:
            self.computed_calculations += 1

    def fail(self, uuid: str, failure: Failure) -> None:
        """Count a job without output."""
        self.failed += 1
        self.failures[uuid] = failure

    def jobs(self) -> dict[str, int]:
        """Return the counts of jobs."""
        names = ("total", "completed", "failed", "running", "waiting", "reused")
        return {name: getattr(self, name) for name in names}

    def calculations(self) -> dict[str, int]:
        """Return the counts of calculations."""
        return {
            "computed": self.computed_calculations,
            "reused": self.reused_calculations,
            "failed": self.failed_calculations,
        }

    def summary(self, *, interrupted: bool) -> RunSummary:
        """Return the result as of now."""
        status = "interrupted" if interrupted else "failed" if self.failed else "complete"
        groups = group(self.failures.items())
        return RunSummary(status, self.jobs(), self.calculations(), groups, round(self.elapsed_s, 3))


def group(failures: Iterable[tuple[str, Failure]]) -> list[FailureGroup]:
    """Group failures by class and message, the most frequent first."""
    found: dict[tuple[str, str], list[str]] = {}
    folders: dict[tuple[str, str], str | None] = {}
    for uuid, failure in failures:
        reason = failure.error_class, failure.message
        found.setdefault(reason, []).append(uuid)
        folders[reason] = folders.get(reason) or failure.run_dir
    groups = [FailureGroup(*reason, len(uuids), uuids, folders[reason]) for reason, uuids in found.items()]
    return sorted(groups, key=lambda item: (-item.count, item.error_class, item.message))

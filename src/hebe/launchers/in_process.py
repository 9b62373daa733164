"""What launchers have in common that run a flow in the process that was asked to, and keep nothing beyond it."""

from __future__ import annotations

import os
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, ClassVar

from hebe.config.settings import get_settings
from hebe.exceptions import LaunchError
from hebe.launchers.graph import walk
from hebe.launchers.launcher import NoKeys, Project, Submission, Wishes
from hebe.launchers.status import project_status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from jobflow.core.flow import Flow

    from hebe.config.model import ConfigModel
    from hebe.config.settings import Settings
    from hebe.launchers.check import Check
    from hebe.launchers.summary import RunSummary


class InProcessLauncher(ABC):
    """A launcher whose flows are those of this process.

    Parameters
    ----------
    project
        What it works for.
    block
        Its keys of ``launcher:`` in settings.
    """

    Block: ClassVar[type[ConfigModel]] = NoKeys
    keeps: ClassVar[bool] = False
    goes_on: ClassVar[str] = "hebe run CAMPAIGN"

    def __init__(self, project: Project, block: Any) -> None:
        self._project, self._block = project, block
        self._flows: list[Flow] = []

    @classmethod
    def in_use(cls, _settings: Settings) -> bool:
        """Nothing prepares it."""
        return False

    def submit(self, flow: Flow, *, dry_run: bool = False) -> Submission:
        """Remember a flow for `drive`."""
        if not dry_run:
            self._flows.append(flow)
        return Submission(workflows=1, jobs=len(walk(flow)))

    def drive(self, wishes: Wishes) -> RunSummary:
        """Run what was submitted to its end; the summary of the first flow that did not complete, else of the last."""
        if not self._flows:
            raise LaunchError(f"nothing was submitted in this process: {self.goes_on}")
        flows, self._flows = self._flows, []
        for flow in flows:
            summary = self.run_flow(flow, wishes)
            if summary.status != "complete":
                break
        return summary

    @abstractmethod
    def run_flow(self, flow: Flow, wishes: Wishes) -> RunSummary:
        """Run one flow to its end."""

    def rerun(self, _uuids: Collection[str], *, dry_run: bool = False) -> int:  # noqa: ARG002 - of the protocol
        """Nothing to do: the next launch finds no output."""
        return 0

    def status(self, uuids: Collection[str] | None = None) -> dict[str, Any]:
        """Return how far the jobs of the project are."""
        return project_status(self._project.root, uuids)

    def checks(self) -> Iterator[Check]:
        """Nothing that the rest of ``hebe doctor`` does not look at."""
        return iter(())

    def _at_a_time(self, wishes: Wishes) -> int:
        """How many jobs may run at a time."""
        return wishes.workers or get_settings(self._project.root).workers or processors()


def processors() -> int:
    """How many processors this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1

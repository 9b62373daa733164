"""Campaigns on a LaunchPad of FireWorks, run by queue jobs of Slurm or PBS."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from hebe.config.settings import get_settings
from hebe.exceptions import HebeError
from hebe.launchers.launcher import NoKeys, Submission
from hebe.launchers.status import project_status

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from jobflow.core.flow import Flow

    from hebe.config.model import ConfigModel
    from hebe.config.settings import Settings
    from hebe.launchers.check import Check
    from hebe.launchers.fireworks.driver import Report
    from hebe.launchers.launcher import Project, Wishes


class FireworksLauncher:
    """Runs what is on the LaunchPad of a project; the block ``cluster`` of settings describes the queue.

    Parameters
    ----------
    project
        What it works for.
    block
        No keys.
    """

    Block: ClassVar[type[ConfigModel]] = NoKeys
    keeps: ClassVar[bool] = True
    goes_on: ClassVar[str] = "hebe launch"

    def __init__(self, project: Project, _block: Any) -> None:
        self._root = project.root

    @classmethod
    def in_use(cls, settings: Settings) -> bool:
        """Whether settings describe a cluster."""
        return settings.cluster is not None

    def submit(self, flow: Flow, *, dry_run: bool = False) -> Submission:
        """Put a flow onto the LaunchPad, one workflow per candidate; again adds only what is new."""
        from hebe.launchers.fireworks.project import submit_flow

        return Submission(**submit_flow(flow, self._root, dry_run=dry_run))

    def drive(self, wishes: Wishes) -> Report:
        """Keep queue jobs in flight until nothing on the LaunchPad is left to do."""
        from hebe.launchers.fireworks.project import drive

        def tell(report: Report) -> None:
            wishes.tell(report.note or report.text)

        return drive(self._root, tell, interval_s=wishes.interval_s, idle_s=wishes.idle_s, stay=wishes.stay)

    def rerun(self, uuids: Collection[str], *, dry_run: bool = False) -> int:
        """Make those of some failed jobs that are on the LaunchPad ready there, with what follows from them."""
        cluster = get_settings(self._root).cluster
        if cluster is None or not uuids:
            return 0
        from hebe.launchers.fireworks.access import open_launchpad

        launchpad = open_launchpad(self._root, cluster)
        try:
            there = {job["spec"]["hebe"]["uuid"] for job in launchpad.of(uuids, {"spec.hebe.uuid": 1})}
            if there and not dry_run:
                launchpad.rerun(there)
        finally:
            launchpad.pad.connection.close()
        return len(there)

    def status(self, uuids: Collection[str] | None = None) -> dict[str, Any]:
        """Return how far the jobs of the project are."""
        return self.seen(project_status(self._root, uuids), uuids)

    def seen(self, found: dict[str, Any], uuids: Collection[str] | None = None) -> dict[str, Any]:
        """A status with what was done to jobs by ``lpad``, or with a note that the LaunchPad cannot be asked."""
        from hebe.launchers.fireworks.by_hand import changes, with_changes

        if "lpad" in found:
            return found
        try:
            return with_changes(found, changes(self._root, uuids))
        except HebeError as err:
            return {**found, "lpad": {"note": str(err)}}

    def checks(self) -> Iterator[Check]:
        """Look at LaunchPad, queue and secrets."""
        from hebe.launchers.fireworks.checks import examine_cluster

        return examine_cluster(self._root)

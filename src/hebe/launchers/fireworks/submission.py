"""Putting a flow onto a LaunchPad; putting it there again adds only what is new."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.launchers.fireworks.workflows import Group, Link, firework_of, groups_of, linked, links_of
from hebe.launchers.launcher import Submission
from hebe.launchers.lineage import Lineage, read_digests

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from fireworks import Workflow
    from jobflow.core.flow import Flow
    from jobflow.core.job import Job
    from maggma.core.store import Store

    from hebe.config.cluster import ClusterSettings
    from hebe.launchers.fireworks.launchpad import Launchpad
    from hebe.launchers.outcome import Digest
    from hebe.launchers.records import Records

_AT_ONCE = 100


def submit(
    flow: Flow | Job,
    launchpad: Launchpad,
    documents: Store,
    records: Records,
    cluster: ClusterSettings,
    *,
    dry_run: bool = False,
) -> Submission:
    """Put a flow onto a LaunchPad, with the flows that jobs of it asked for in an earlier launch.

    Parameters
    ----------
    flow
        Any flow; jobs whose metadata name a candidate are grouped by it.
    launchpad
        The jobs of the LaunchPad.
    documents, records
        Outputs and records of the launchers, which say what is finished.
    cluster
        Which jobs take which resources.
    dry_run
        Only say what would be added.
    """
    links = links_of(flow)
    for asked in records.asked(link.job.uuid for link in links):
        links += links_of(asked)
    uuids = {link.job.uuid for link in links}
    stored, lineage = read_digests(documents, uuids), Lineage(documents)
    lineage.learn(uuids, stored)
    diverted = {
        name for name, record in records.of(uuid for uuid, _ in stored).items() if record["status"] == "diverted"
    }
    fresh = _settled(links, stored, lineage)
    settled = fresh - diverted
    there: dict[tuple[str, int], dict[str, str]] = {}
    fields = {"spec.hebe": 1, "state": 1}
    for job in launchpad.of(uuids, fields):
        facts = job["spec"]["hebe"]
        there.setdefault((facts["uuid"], facts["index"]), {})[facts["group"]] = job["state"]
    result, made = Submission(), []
    for group in groups_of(links):
        workflow = _workflow(group, there, settled, cluster, result)
        if workflow is not None:
            made.append(workflow)
    stale = {name for name, states in there.items() if name not in fresh and set(states.values()) == {"COMPLETED"}}
    result.finished, result.again, result.workflows = len(settled), len(stale), len(made)
    result.known = len({link.name for link in links} & there.keys())
    if not dry_run:
        launchpad.prepare()
        add_workflows(launchpad, made)
        launchpad.rerun({uuid for uuid, _ in stale})
    return result


def add_workflows(launchpad: Launchpad, workflows: Iterable[Workflow]) -> None:
    """Write workflows, a hundred at a time."""
    batch: list[Workflow] = []
    for workflow in workflows:
        batch.append(workflow)
        if len(batch) == _AT_ONCE:
            _write(launchpad, batch)
            batch = []
    if batch:
        _write(launchpad, batch)


def workflows_of(flow: Flow | Job, cluster: ClusterSettings) -> list[Workflow]:
    """Workflows of a flow that a job asked for while it ran."""
    found = [_workflow(group, {}, set(), cluster, Submission()) for group in groups_of(links_of(flow))]
    return [workflow for workflow in found if workflow is not None]


def _workflow(
    group: Group,
    there: dict[tuple[str, int], dict[str, str]],
    settled: Collection[tuple[str, int]],
    cluster: ClusterSettings,
    result: Submission,
) -> Workflow | None:
    from fireworks import Workflow

    new = [link for link in group.links if link.name not in settled and group.name not in there.get(link.name, ())]
    new = _needed(new, group)
    if not new:
        return None
    inside, settled_uuids = {link.job.uuid for link in new}, {uuid for uuid, _ in settled}
    made = {link.name: firework_of(link, group.name, cluster, link.parents - inside - settled_uuids) for link in new}
    for link in new:
        category = made[link.name].spec["_category"]
        result.jobs += 1
        result.resources[category] = result.resources.get(category, 0) + 1
        if getattr(link.job.maker, "engine", None) is not None:
            result.calculations[category] = result.calculations.get(category, 0) + 1
    facts = made[new[-1].name].spec["hebe"]
    metadata = {"hebe": True, "group": group.name, "campaign": facts["campaign"], "candidate": facts["candidate"]}
    name = f"{facts['campaign']} {group.name}".strip()
    return Workflow(list(made.values()), linked(made, new), name=name, metadata=metadata)


def _needed(new: list[Link], group: Group) -> list[Link]:
    """Leave out shared jobs that only settled or known jobs of the group need."""
    own = [link for link in new if link.candidate is not None or group.name.startswith(("border/", "jobs/"))]
    wanted, queue = {link.name for link in own}, list(own)
    by_uuid: dict[str, list[Link]] = {}
    for link in new:
        by_uuid.setdefault(link.job.uuid, []).append(link)
    while queue:
        for parent in queue.pop().parents:
            for link in by_uuid.get(parent, ()):
                if link.name not in wanted:
                    wanted.add(link.name)
                    queue.append(link)
    return [link for link in new if link.name in wanted]


def _write(launchpad: Launchpad, batch: list[Workflow]) -> None:
    first = launchpad.reserve(sum(len(workflow.fws) for workflow in batch))
    documents = []
    for workflow in batch:
        renamed = {}
        for firework in sorted(workflow.fws, key=lambda one: -one.fw_id):
            renamed[firework.fw_id] = first
            firework.fw_id = first
            first += 1
        workflow._reassign_ids(renamed)  # noqa: SLF001 - FireWorks' own way to add many at once
        for fw_id in workflow.root_fw_ids:
            if not workflow.id_fw[fw_id].spec["hebe"]["held"]:
                workflow.id_fw[fw_id].state = workflow.fw_states[fw_id] = "READY"
        documents += [firework.to_db_dict() for firework in workflow.fws]
    launchpad.insert([workflow.to_db_dict() for workflow in batch], documents)


def _settled(links: list[Link], stored: dict[tuple[str, int], Digest], lineage: Lineage) -> set[tuple[str, int]]:
    """Jobs that need no run: they have an output that is not cut, of what they read now."""
    found = {
        link.name
        for link in links
        if link.name in stored
        and stored[link.name].status != "cut"
        and not lineage.is_stale(link.name, stored[link.name], link.inputs)
    }
    return _without_followers(found, links)


def _without_followers(found: set[tuple[str, int]], links: list[Link]) -> set[tuple[str, int]]:
    """Leave out jobs that follow, directly or not, from one that runs."""
    children: dict[str, list[Link]] = {}
    for link in links:
        for parent in link.parents:
            children.setdefault(parent, []).append(link)
    queue = [link for link in links if link.name not in found]
    while queue:
        for child in children.get(queue.pop().job.uuid, ()):
            if child.name in found:
                found.discard(child.name)
                queue.append(child)
    return found

"""A flow as many small workflows: one per candidate, each with jobs of its own for what candidates share.

Jobs that need outputs of several candidates (a stage border, a summary) get workflows of their own and are held until
everything that they read has ended.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from jobflow.core.job import Job

from hebe.config.trust import sign
from hebe.launchers.diversions import signed_content
from hebe.launchers.graph import references, walk

if TYPE_CHECKING:
    from collections.abc import Collection

    from fireworks import Firework
    from jobflow.core.flow import Flow

    from hebe.config.cluster import ClusterSettings

TASK = "{{hebe.ProjectJob}}"
"""Name by which a LaunchPad knows what runs a job; it stays when modules move."""


@dataclass(frozen=True)
class Link:
    """A job, the uuids of those of its flow that it follows, and of all whose outputs it reads."""

    job: Job
    parents: frozenset[str]
    inputs: frozenset[str] = frozenset()

    @property
    def name(self) -> tuple[str, int]:
        """What identifies the job."""
        return self.job.uuid, self.job.index

    @property
    def candidate(self) -> str | None:
        """Candidate that the job works for."""
        found = (self.job.metadata or {}).get("candidate")
        return None if found is None else str(found)


@dataclass
class Group:
    """Jobs that become one workflow."""

    name: str
    links: list[Link] = field(default_factory=list)


def links_of(flow: Flow | Job) -> list[Link]:
    """List the jobs of a flow, parents before children where the flow is ordered so."""
    jobs = walk(flow)
    known = {job.uuid for job, _ in jobs}
    found = []
    for job, after in jobs:
        inputs = references((job.function_args, job.function_kwargs))
        found.append(Link(job, frozenset((inputs | after) & known - {job.uuid}), frozenset(inputs - {job.uuid})))
    return found


def groups_of(links: list[Link]) -> list[Group]:
    """Distribute the jobs of a flow over workflows."""
    by_uuid: dict[str, list[Link]] = {}
    for link in links:
        by_uuid.setdefault(link.job.uuid, []).append(link)
    waits = _waits_for_candidates(links, by_uuid)
    own: dict[str, list[Link]] = {}
    shared: list[Link] = []
    for link in links:
        if link.candidate is not None:
            own.setdefault(link.candidate, []).append(link)
        elif waits[link.job.uuid]:
            own.setdefault(f"border/{link.job.uuid}", []).append(link)
        else:
            shared.append(link)
    groups, needed = [], set()
    is_shared = {link.name for link in shared}
    for name, members in own.items():
        above = _above(members, by_uuid, is_shared)
        needed |= above
        groups.append(Group(name, [link for link in links if link.name in above] + members))
    rest = [link for link in shared if link.name not in needed]
    return groups + _connected(rest)


def firework_of(link: Link, group: str, cluster: ClusterSettings, after: Collection[str] = ()) -> Firework:
    """Return the firework of a job; FireWorks' own launchers can run it too, in the folder of the project.

    Parameters
    ----------
    link
        The job.
    group
        Name of its workflow.
    cluster
        Says which resources it takes.
    after
        ``uuid`` of each job of another workflow that must have ended before.
    """
    from jobflow.managers.fireworks import job_to_firework

    job, metadata = link.job, link.job.metadata or {}
    made: Firework = job_to_firework(job)
    for task in made.tasks:
        task._fw_name = TASK  # noqa: SLF001 - what FireWorks looks for when it runs the job
    made.spec["_tasks"] = [task.to_dict() for task in made.tasks]
    stage = metadata.get("stage")
    priority = metadata.get("priority")
    made.spec["_category"] = cluster.name_for(engine_of(job), stage if isinstance(stage, int) else None)
    made.spec["_priority"] = priority if isinstance(priority, (int, float)) else 0
    made.spec["hebe"] = {
        "uuid": job.uuid,
        "index": job.index,
        "campaign": str(metadata.get("campaign") or ""),
        "label": str(metadata.get("label") or ""),
        "candidate": link.candidate,
        "stage": stage,
        "group": group,
        "not_before": 0.0,
        "lost": 0,
        "after": sorted(after),
        "held": bool(after),
        "signature": sign(signed_content(made.spec["_tasks"])),
    }
    return made


def engine_of(job: Job) -> str | None:
    """Name of the engine that a job runs, None when its maker has none."""
    engine = getattr(job.maker, "engine", None)
    if isinstance(engine, Mapping):
        return str(engine.get("name") or "ase")
    return engine if isinstance(engine, str) else None


def _waits_for_candidates(links: list[Link], by_uuid: dict[str, list[Link]]) -> dict[str, bool]:
    """Whether jobs of candidates are among what a job needs, directly or not."""
    known: dict[str, bool] = {}
    for first in links:
        stack = [first.job.uuid]
        while stack:
            uuid = stack[-1]
            parents = {parent for link in by_uuid[uuid] for parent in link.parents}
            open_ = [parent for parent in parents if parent not in known and parent not in stack]
            if open_:
                stack.extend(open_)
                continue
            stack.pop()
            direct = any(link.candidate is not None for parent in parents for link in by_uuid[parent])
            known[uuid] = direct or any(known.get(parent, False) for parent in parents)
    return known


def _above(members: list[Link], by_uuid: dict[str, list[Link]], wanted: set[tuple[str, int]]) -> set[tuple[str, int]]:
    """Those of some jobs that members need, directly or not."""
    found: set[tuple[str, int]] = set()
    queue = [uuid for link in members for uuid in link.parents]
    while queue:
        for link in by_uuid[queue.pop()]:
            if link.name in wanted and link.name not in found:
                found.add(link.name)
                queue.extend(link.parents)
    return found


def _connected(links: list[Link]) -> list[Group]:
    """Workflows of jobs that no candidate needs: those that depend on each other belong together."""
    leader: dict[str, str] = {}

    def find(uuid: str) -> str:
        while leader.setdefault(uuid, uuid) != uuid:
            uuid = leader[uuid]
        return uuid

    for link in links:
        for parent in link.parents:
            leader[find(link.job.uuid)] = find(parent)
    groups: dict[str, Group] = {}
    for link in links:
        name = find(link.job.uuid)
        groups.setdefault(name, Group(f"jobs/{name}")).links.append(link)
    return list(groups.values())


def linked(fireworks: Mapping[tuple[str, int], Firework], links: list[Link]) -> dict[Any, list[Any]]:
    """Edges between the fireworks of one workflow, as FireWorks wants them."""
    by_uuid: dict[str, list[Firework]] = {}
    for (uuid, _), firework in fireworks.items():
        by_uuid.setdefault(uuid, []).append(firework)
    edges: dict[Any, list[Any]] = {}
    for link in links:
        for parent in sorted(link.parents):
            for firework in by_uuid.get(parent, ()):
                edges.setdefault(firework, []).append(fireworks[link.name])
    return edges

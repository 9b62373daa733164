"""How a flow becomes workflows: one per candidate, each with what it needs, and borders that wait for all."""

from __future__ import annotations

from typing import Any

import pytest
from jobflow import Flow

from hebe.config.cluster import ClusterSettings, Resources
from hebe.launchers.fireworks.workflows import engine_of, firework_of, groups_of, links_of
from hebe.makers import RelaxMaker
from support import launcher_jobs as jobs

pytest.importorskip("fireworks", reason="needs the package fireworks")


def labelled(job: Any, candidate: str | None, **metadata: Any) -> Any:
    job.name = metadata.pop("name", job.name)
    job.metadata.update({"campaign": "c", **({"candidate": candidate} if candidate else {}), **metadata})
    return job


def campaign() -> tuple[Flow, dict[str, Any]]:
    """Two candidates that share a phase, a border over both, and one job that nobody needs."""
    phase = labelled(jobs.add(1), None)
    unused = labelled(jobs.add(5), None)
    made = {"phase": phase, "unused": unused}
    for name in ("a", "b"):
        made[f"{name}1"] = labelled(jobs.add(1), name)
        made[f"{name}2"] = labelled(jobs.add(made[f"{name}1"].output, phase.output), name)
    made["border"] = labelled(jobs.add(made["a2"].output, made["b2"].output), None)
    made["after"] = labelled(jobs.add(made["border"].output), None)
    return Flow(list(made.values())), made


def test_a_workflow_for_each_candidate_with_jobs_of_its_own_for_what_is_shared() -> None:
    flow, made = campaign()
    groups = {group.name: {link.job.uuid for link in group.links} for group in groups_of(links_of(flow))}
    assert groups["a"] == {made[name].uuid for name in ("a1", "a2", "phase")}
    assert groups["b"] == {made[name].uuid for name in ("b1", "b2", "phase")}
    assert groups[f"border/{made['border'].uuid}"] == {made["border"].uuid}
    assert groups[f"border/{made['after'].uuid}"] == {made["after"].uuid}
    assert {made["unused"].uuid} in groups.values()
    assert len(groups) == 5


def test_jobs_without_candidates_stay_together_if_they_depend_on_each_other() -> None:
    chain = [jobs.add(1)]
    chain.append(jobs.add(chain[0].output))
    others = [jobs.add(2), jobs.add(3)]
    groups = groups_of(links_of(Flow([*chain, *others])))
    assert sorted(len(group.links) for group in groups) == [1, 1, 2]


def test_the_spec_tells_who_works_for_what_and_takes_which_resources() -> None:
    resources = {"default": Resources(), "large": Resources(cores=8)}
    cluster = ClusterSettings(resources=resources, use={"stage 1": "large"})
    job = labelled(RelaxMaker(engine={"name": "gpaw"}).make(None), "a", stage=1, priority=-3)
    (link,) = links_of(job)
    spec = firework_of(link, "a", cluster, {"other"}).spec
    assert (spec["_category"], spec["_priority"]) == ("large", -3)
    wanted = {"uuid": job.uuid, "campaign": "c", "candidate": "a", "stage": 1, "after": ["other"], "held": True}
    assert wanted.items() <= spec["hebe"].items()
    assert engine_of(job) == "gpaw"

"""Hops of the working ion in a configuration as jobs: their choice, the cells between which they lead, their paths."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobflow import Job

from hebe.flows.jobs import job_of
from hebe.makers.hops import HopMaker, HopsMaker

if TYPE_CHECKING:
    from hebe.analyses.wants import Hops
    from hebe.flows.wanted import Member
    from hebe.flows.wiring import StageWiring
    from hebe.schemas.spec import MemberSpec


@dataclass(frozen=True)
class HopJobs:
    """Choice, ends (start and end of each hop, one after another) and paths of the hops of one configuration."""

    choice: Job
    ends: list[Job]
    paths: list[Job]

    def fields(self) -> dict[str, Any]:
        """Fields of `Cell`."""
        return {
            "hops": self.choice.output,
            "ends": [job.output for job in self.ends],
            "paths": [job.output for job in self.paths],
        }


def wire_hops(wiring: StageWiring, spec: MemberSpec, member: Member, index: int, asked: Hops, priority: int) -> HopJobs:
    """Hops of a configuration in the lattice of its as-made cell; slots beyond those that there are stay ``absent``."""
    name = spec.candidate_id
    label, made = f"{name}/c{index}/hops/s{wiring.number}", member.made.output
    maker = HopsMaker(n=asked.n, seed=asked.seed)
    choose = job_of(maker, spec, member.configuration, made, label=label)
    choice = wiring.add(choose, f"{label}/choice", priority, name)
    end = wiring.maker("relax-ions", spec=spec)
    path = HopMaker(engine=wiring.stage.engine.of_calculations(), images=asked.images, fmax=asked.fmax)
    start, ends, paths = (member.configuration, choice.output.orderings, made), list[Job](), list[Job]()
    for k in range(asked.n):
        for side in ("start", "end"):
            of_end = f"{label}/h{k}/{side}"
            job = job_of(end, *start, slot=len(ends), label=of_end)
            ends.append(wiring.add(job, of_end, priority, name))
        of_path = f"{label}/h{k}/path"
        outputs = [job.output for job in ends[-2:]]
        job = job_of(path, choice.output, member.configuration, *outputs, slot=k, label=of_path)
        paths.append(wiring.add(job, of_path, priority, name))
    return HopJobs(choice, ends, paths)

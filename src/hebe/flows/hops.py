"""Hops and sites of the working ion in a configuration, and its dynamics, as jobs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from jobflow import Job

from hebe.flows.jobs import job_of
from hebe.makers.dynamics import DiffusionMaker
from hebe.makers.hops import HopMaker, HopsMaker, SitesMaker
from hebe.science.transport.seeds import seed_at

if TYPE_CHECKING:
    from hebe.analyses.wants import Hops, MovingIons, SiteVacancies
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


def wire_hops(wiring: StageWiring, spec: MemberSpec, member: Member, label: str, asked: Hops, priority: int) -> HopJobs:
    """Hops of a configuration in the lattice of its as-made cell; slots beyond those that there are stay ``absent``."""
    name = spec.candidate_id
    made = member.made.output
    maker = HopsMaker(n=asked.n, seed=asked.seed, vacancies=asked.vacancies)
    choose = job_of(maker, spec, member.configuration, made, label=label)
    choice = wiring.add(choose, f"{label}/choice", priority, name)
    end = wiring.maker("relax-ions", spec=spec)
    engine = wiring.stage.engine.of_calculations()
    path = HopMaker(engine=engine, images=asked.images, fmax=asked.fmax, highest=asked.bound)
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


@dataclass(frozen=True)
class SiteJobs:
    """Choice of sites, and the cells that lack the ion on each chosen one: with relaxed ions, with no atom moved."""

    choice: Job
    relaxed: list[Job]
    fixed: list[Job]

    def fields(self) -> dict[str, Any]:
        """Fields of `Cell`."""
        return {
            "sites": self.choice.output,
            "emptied": [job.output for job in self.relaxed],
            "emptied_fixed": [job.output for job in self.fixed],
        }


def wire_sites(
    wiring: StageWiring, spec: MemberSpec, member: Member, index: int, asked: SiteVacancies, priority: int
) -> SiteJobs:
    """Cells of a configuration without one ion each; slots beyond those that there are stay ``absent``."""
    name = spec.candidate_id
    label, made = f"{name}/c{index}/sites/s{wiring.number}", member.made.output
    choose = job_of(SitesMaker(n=asked.n, seed=asked.seed), spec, member.configuration, made, label=label)
    choice = wiring.add(choose, f"{label}/choice", priority, name)
    start, found = (member.configuration, choice.output.orderings, made), SiteJobs(choice, [], [])
    relax, static = wiring.maker("relax-ions", spec=spec), wiring.maker("static", spec=spec)
    for kind, maker, jobs in (("relaxed", relax, found.relaxed), ("fixed", static, found.fixed)):
        for k in range(asked.n):
            of_site = f"{label}/v{k}/{kind}"
            jobs.append(wiring.add(job_of(maker, *start, slot=k, label=of_site), of_site, priority, name))
    return found


def wire_runs(
    wiring: StageWiring, spec: MemberSpec, member: Member, index: int, asked: MovingIons, priority: int
) -> list[Job]:
    """Molecular dynamics of a configuration in the lattice of its as-made cell, the temperatures side by side."""
    name, jobs = spec.candidate_id, list[Job]()
    for temperature in asked.temperatures:
        label = f"{name}/c{index}/dynamics/s{wiring.number}/{temperature:g}K"
        maker = DiffusionMaker(
            engine=wiring.stage.engine.of_calculations(),
            task={
                "steps": asked.steps,
                "time_step_fs": asked.time_step_fs,
                "temperature": temperature,
                "thermostat": asked.thermostat,
                "seed": seed_at(asked.seed, temperature),
                "every": asked.every,
            },
            vacancies=asked.vacancies,
            seed=asked.seed,
            width=asked.width,
            keep=asked.keep,
        )
        job = job_of(maker, spec, member.configuration, member.made.output, label=label)
        jobs.append(wiring.add(job, label, priority, name))
    return jobs

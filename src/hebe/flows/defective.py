"""Cells with point defects that analyses want, as jobs: in which contents they are made, and their calculations."""

from __future__ import annotations

from dataclasses import dataclass, replace
from fractions import Fraction
from typing import TYPE_CHECKING, Any

from jobflow import Job, OutputReference

from hebe.config.reading.refusal import bad_key
from hebe.flows.jobs import job_of
from hebe.makers.defects import DefectsMaker
from hebe.science.electrodes.electrode import SAME_X
from hebe.science.structures.defects import most_defects

if TYPE_CHECKING:
    from hebe.analyses.wants import Defects
    from hebe.config.stage import Task
    from hebe.flows.wanted import Member, States
    from hebe.flows.wiring import StageWiring
    from hebe.makers.relax import RelaxMaker
    from hebe.makers.static import StaticMaker
    from hebe.schemas.defects import DefectKind
    from hebe.schemas.spec import MemberSpec


class DefectsOf:
    """Where defects of a kind are made: in a configuration at another content (`state`), or as made without one.

    ``label`` is that of the cells at the content.
    """

    def __init__(self, member: Member, state: States | None, asked: Defects, kind: DefectKind, label: str) -> None:
        self.member = member
        self.state = state
        self.asked = asked
        self.kind = kind
        self.label = label

    def of(self, member: Member, state: States | None) -> DefectsOf:
        """The same of the cells of another stage."""
        return DefectsOf(member, state, self.asked, self.kind, self.label)

    @property
    def perfect(self) -> list[Job]:
        """Calculations of which the lowest is that of the perfect cell."""
        return [self.member.made] if self.state is None else self.state.jobs


@dataclass(frozen=True)
class Defective:
    """Defects of one kind in one configuration at one content: as made, and their calculations.

    ``perfect`` holds the calculations of which the lowest is that of the perfect cell.
    """

    made: OutputReference
    perfect: list[Job]
    jobs: list[Job]

    def fields(self) -> dict[str, Any]:
        """Fields of `hebe.science.electrodes.defect_energies.DefectState`."""
        return {
            "defects": self.made,
            "perfect": [job.output for job in self.perfect],
            "calculations": [job.output for job in self.jobs],
        }


def defect_contents(wiring: StageWiring, spec: MemberSpec, asked: Defects) -> list[Fraction]:
    """X (ions per formula unit) of the cells of a stage in which defects are made, falling."""
    made, (low, high) = Fraction(spec.x_made), wiring.window(spec)
    known = sorted({made, *wiring.contents(spec)})
    full = wiring.family.full_content(made)
    inside = [x for x in known if low - SAME_X <= x <= high + SAME_X] or known
    wanted = {min(known, key=lambda x: abs(x - part * full)) for part in asked.x} or {inside[0]}
    return sorted(wanted | ({made} if asked.as_made else set()), reverse=True)


def defect_maker(wiring: StageWiring, spec: MemberSpec) -> RelaxMaker | StaticMaker:
    """Maker of a calculation of a cell with a defect: in the lattice of the perfect cell, topology unchecked."""
    task: Task = "relax-ions" if wiring.stage.task == "relax" else wiring.stage.task
    made = wiring.maker(task, displacement=wiring.campaign.structures.shift, spec=spec)
    return replace(made, family=None, host=None, ion=None)


def first_defects(wiring: StageWiring, spec: MemberSpec, wanted: DefectsOf, priority: int) -> Defective:
    """Cells with a defect, of the lowest one of a stage at a content, and their calculations.

    Raises
    ------
    BadInputError
        If the stage does not relax.
    """
    if wiring.stage.task == "static":
        reason = f"{wanted.kind.replace('_', ' ')} defects need cells that relax"
        raise bad_key(wiring.campaign, ("stages", wiring.number, "task"), reason, "task: relax")
    name, candidate = f"{wanted.label}/{wanted.kind}", spec.candidate_id
    maker = DefectsMaker(kind=wanted.kind, number=wanted.asked.number, accept=wiring.stage.accept)
    make = job_of(maker, spec, [job.output for job in wanted.perfect], wanted.member.n_fu, label=name)
    made = wiring.add(make, f"{name}/s{wiring.number}/build", priority, candidate)
    jobs = []
    for slot in range(most_defects(spec, wanted.kind, wanted.asked.number)):
        label = f"{name}/d{slot}/s{wiring.number}"
        job = job_of(defect_maker(wiring, spec), made.output, slot=slot, label=label)
        jobs.append(wiring.add(job, label, priority, candidate))
    return Defective(made.output, wanted.perfect, jobs)


def again(
    wiring: StageWiring, spec: MemberSpec, held: Defective, wanted: DefectsOf, priority: int, perfect: Job
) -> Defective:
    """Cells with a defect of the stage before, calculated anew, and the perfect cell of which they were made."""
    jobs = []
    for slot, before in enumerate(held.jobs):
        label = f"{wanted.label}/{wanted.kind}/d{slot}/s{wiring.number}"
        job = job_of(defect_maker(wiring, spec), None, slot=0, label=label, previous=[before.output])
        jobs.append(wiring.add(job, label, priority, spec.candidate_id))
    return Defective(held.made, [perfect], jobs)

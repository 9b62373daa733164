"""A later stage of a campaign: it starts from the cells that the stage before left, where that has any."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from hebe.analyses.wants import AirSolids, Contents, Metal, OxygenOxides, Phases, Stackings, Tiles
from hebe.config.reading.refusal import bad_key
from hebe.flows.defective import again, defect_contents, first_defects
from hebe.flows.first import BuiltStage
from hebe.flows.jobs import job_of
from hebe.flows.wanted import SHARED_PRIORITY, Member, Stacked, States
from hebe.flows.wiring import StageWiring
from hebe.science.structures.forms import formed_spec

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow import Job, OutputReference
    from pymatgen.core import Structure

    from hebe.analyses.wants import Want
    from hebe.flows.defective import Defective, DefectsOf
    from hebe.makers.build import BuildMaker
    from hebe.schemas.spec import MemberSpec
    from hebe.science.hulls.given_phases import GivenPhase
    from hebe.science.hulls.phase import Phase


@dataclass(kw_only=True)
class LaterStage(StageWiring):
    """A stage whose calculations start from those of another one.

    The jobs of the stage before are wired again to know their ids; they are not part of this stage's flow.

    Parameters
    ----------
    before
        The stage before.
    """

    before: StageWiring

    @cached_property
    def fresh(self) -> BuiltStage:
        """Wiring of what the stage before has no cells of: it starts from cells as they were made.

        Raises
        ------
        BadInputError
            If the stage does not relax.
        """
        if self.stage.task == "static":
            added = [name for name in self.stage.analyses if name not in self.before.stage.analyses]
            reason = (
                f"{', '.join(added)} needs cells that the stage before did not relax, and this stage does not either"
            )
            raise bad_key(self.campaign, ("stages", self.number, "task"), reason, "task: relax")
        given: dict[str, Any] = {"number": self.number, "prefix": self.prefix, "jobs": self.jobs}
        return BuiltStage(campaign=self.campaign, **given, _shared=self._shared)

    @property
    def n_configurations(self) -> int:
        """As many as the stage before has, unless this one takes fewer."""
        return self.stage.configurations or self.before.n_configurations

    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """Contents of the stage before that this stage asks for too; those of this stage where it had none."""
        known = self.before.contents(spec)
        if self.campaign.structures.method == "explicit":
            return known
        if Contents not in self.before.kinds:
            return self.fresh.contents(spec)
        full = self.family.full_content(Fraction(spec.x_made))
        return [x for x in known if x / full in self.stage.x]

    def candidates(self, specs: Sequence[MemberSpec]) -> None:
        """All jobs of some candidates, best first."""
        self.before.candidates(specs)
        super().candidates(specs)

    def member(
        self,
        spec: MemberSpec,
        prefix: str,
        index: int,
        priority: int,
        builder: BuildMaker,
        candidate: str | None,
        *,
        want: type[Want] | None = None,
    ) -> Member:
        """As-made cell of the stage before, calculated anew."""
        if want is not None and want not in self.before.kinds:
            return self.fresh.member(spec, prefix, index, priority, builder, candidate, want=want)
        before = self.before.member(spec, prefix, index, priority, builder, candidate, want=want)
        name = f"{prefix}/c{index}/x{spec.x_made}/o0/s{self.number}"
        job = self._again(before.configuration, [before.made], 0, name, spec)
        return Member(before.configuration, before.n_fu, self.add(job, name, priority, candidate), before)

    def states(self, spec: MemberSpec, member: Member, x: Fraction, prefix: str, priority: int) -> States:
        """Lowest cells of the stage before at a content, calculated anew."""
        if Contents not in self.before.kinds and self.campaign.structures.method != "explicit":
            return self.fresh.states(spec, member, x, prefix, priority)
        before = self.before.states(spec, member.before or member, x, prefix, priority)
        jobs = []
        for slot in range(min(self.stage.orderings.keep, len(before.jobs))):
            name = f"{prefix}/o{slot}/s{self.number}"
            made = None if member.before is None else member.before.made
            job = self._again(member.configuration, before.jobs, slot, name, spec, made)
            jobs.append(self.add(job, name, priority, spec.candidate_id))
        return States(x, before.ordering, jobs)

    def stacked(self, spec: MemberSpec, member: Member, index: int, stacking: str, priority: int) -> Stacked:
        """Cells of the stage before in another stacking, calculated anew."""
        if Stackings not in self.before.kinds:
            return self.fresh.stacked(spec, member, index, stacking, priority)
        held = self.before.stacked(spec, member.before or member, index, stacking, priority)
        other, name = formed_spec(spec, stacking), f"{spec.candidate_id}/c{index}/{stacking}"
        label = f"{name}/x{spec.x_made}/o0/s{self.number}"
        made = self.add(
            self._again(held.member.configuration, [held.member.made], 0, label, other),
            label,
            priority,
            spec.candidate_id,
        )
        states = []
        for state in held.states:
            jobs = []
            for slot in range(min(self.stage.orderings.keep, len(state.jobs))):
                label = f"{name}/x{state.x}/o{slot}/s{self.number}"
                job = self._again(held.member.configuration, state.jobs, slot, label, other, held.member.made)
                jobs.append(self.add(job, label, priority, spec.candidate_id))
            states.append(States(state.x, state.ordering, jobs))
        return Stacked(Member(held.member.configuration, held.member.n_fu, made, held.member), states)

    def defects(self, spec: MemberSpec, wanted: DefectsOf, priority: int) -> Defective:
        """Cells of the stage before with a defect, calculated anew.

        Defects are made of this stage's own cells where the stage before had none, or where the lattice changes. Their
        perfect cell is the lowest of that stage, unless that calculated anew one of several that another had found.
        """
        x = Fraction(spec.x_made) if wanted.state is None else wanted.state.x
        known = wanted.asked in self.before.wants(spec) and x in defect_contents(self.before, spec, wanted.asked)
        if self.stage.task == "relax" or not known:
            return first_defects(self, spec, wanted, priority)
        earlier = wanted.member.before or wanted.member
        state = None if wanted.state is None else self.before.states(spec, earlier, x, wanted.label, priority)
        held = self.before.defects(spec, wanted.of(earlier, state), priority)
        known_cells = [earlier.made] if state is None else state.jobs
        if [job.uuid for job in held.perfect] == [job.uuid for job in known_cells]:
            return again(self, spec, held, wanted, priority, wanted.perfect[0])
        name = f"{wanted.label}/{wanted.kind}/perfect/s{self.number}"
        made = None if wanted.member.before is None else earlier.made
        job = self._again(wanted.member.configuration, held.perfect, 0, name, spec, made)
        return again(self, spec, held, wanted, priority, self.add(job, name, priority, spec.candidate_id))

    def tile(self, spec: MemberSpec, structure: Structure, label: str, priority: int) -> Job:
        """Ordered tile of the stage before, calculated anew."""
        if Tiles not in self.before.kinds:
            return self.fresh.tile(spec, structure, label, priority)
        name = f"{label}/s{self.number}"
        job = self._again(None, [self.before.tile(spec, structure, label, priority)], 0, name, spec)
        return self.add(job, name, priority, spec.candidate_id)

    def phase(self, phase: Phase | GivenPhase) -> Job:
        """Competing phase of the stage before, calculated anew."""
        if Phases not in self.before.kinds:
            return self.fresh.phase(phase)
        return self._reference(f"shared/{phase.id}", self.before.phase(phase))

    def oxide(self, phase: Phase) -> Job:
        """Oxide of the stage before, calculated anew; from its structure where only this stage needs oxygen."""
        return self.phase(phase) if OxygenOxides in self.before.kinds else self.fresh.phase(phase)

    def air_solid(self, phase: Phase) -> Job:
        """Solid of the stage before, calculated anew; from its structure where only this stage needs it."""
        if AirSolids not in self.before.kinds:
            return self.fresh.phase(phase)
        return self._reference(f"shared/{phase.id}", self.before.air_solid(phase))

    def open_phase(self, phase: Phase | GivenPhase) -> Job:
        """Phase of the stage before, calculated anew; from its structure where only this stage asks for it."""
        self.opened.add(phase.id)
        if phase.id not in self.before.opened:
            return self.fresh.phase(phase)
        return self._reference(f"shared/{phase.id}", self.before.open_phase(phase))

    def metal(self) -> Job:
        """Working-ion metal of the stage before, calculated anew."""
        if not {Metal, Phases} & self.before.kinds:
            return self.fresh.metal()
        return self._reference(f"shared/{self.campaign.host.working_ion}", self.before.metal())

    def _reference(self, name: str, before: Job) -> Job:
        label = f"{name}/s{self.number}"
        if label not in self._shared:
            job = self._again(None, [before], 0, label)
            self._shared[label] = self.add(job, label, SHARED_PRIORITY)
        found: Job = self._shared[label]
        return found

    def _again(
        self,
        configuration: OutputReference | None,
        before: list[Job],
        slot: int,
        label: str,
        spec: MemberSpec | None = None,
        made: Job | None = None,
    ) -> Job:
        """Calculation that starts from the `slot`-th in energy of those of the stage before.

        Its layers are compared with those of the as-made cell of the stage before, so that no state waits for another.
        """
        maker = self.maker(self.stage.task, spec=spec)
        parent, previous = None if made is None else made.output, [job.output for job in before]
        return job_of(maker, configuration, None, parent, slot=slot, label=label, previous=previous)

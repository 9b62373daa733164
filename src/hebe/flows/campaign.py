"""campaign_flow: the DAG of a campaign, known in full before anything runs."""

from __future__ import annotations

from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any

from jobflow import Flow, Job

from hebe.config.campaign import Campaign
from hebe.config.family import Family, load_family
from hebe.config.stage import Stage
from hebe.makers.build import BuildMaker
from hebe.makers.candidate import CandidateMaker
from hebe.makers.identity import stable
from hebe.makers.mixing import MixingMaker
from hebe.makers.order import OrderMaker
from hebe.makers.relax import RelaxMaker
from hebe.makers.strain import StrainMaker
from hebe.makers.voltage import VoltageMaker
from hebe.science.analysis.competing import Phase, load_phases, phases_within
from hebe.science.analysis.vertices import polytope_vertices
from hebe.science.chemistry.candidate import Candidate, primary_sublattice
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.member import candidate_spec, member_spec, split_of
from hebe.science.chemistry.screening import screen
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.ladder import Split

_SMALLEST_VERTEX = 8
_LARGEST_GROWTH = 2
_SHARED_PRIORITY = 1_000_000


@dataclass
class StageWiring:
    """Jobs of one stage of a campaign; everything that two candidates share is wired once."""

    campaign: Campaign
    stage: Stage
    number: int = 0
    jobs: list[Job] = field(default_factory=list)
    _shared: dict[str, Any] = field(default_factory=dict)

    @cached_property
    def family(self) -> Family:
        """Host family."""
        return load_family(self.campaign.host.family)

    @cached_property
    def space(self) -> CompositionSpace:
        """Space of the campaign, for oxidation states."""
        return CompositionSpace.from_campaign(self.campaign)

    def add(self, job: Job, label: str, priority: int, candidate: str | None = None) -> Job:
        """Give a job its identity and put it into the flow."""
        stable(job, campaign=self.campaign.name, label=label, priority=priority, candidate=candidate, stage=self.number)
        self.jobs.append(job)
        return job

    def relaxer(self, *, host: bool = True) -> RelaxMaker:
        """Relaxation maker of the stage; competing phases are displaced like candidates, so that both may distort."""
        engine = self.stage.engine.model_dump(mode="json", exclude_none=True)
        displacement = self.campaign.structures.displacement
        return RelaxMaker(engine=engine, displacement=displacement, family=self.family.name if host else None)

    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """X (ions per formula unit) of the states beside the as-made one, falling."""
        made = Fraction(spec.x_made)
        wanted = {x * self.family.x_full for x in self.stage.x}
        return sorted(wanted - {made}, reverse=True)

    def window(self, spec: MemberSpec) -> tuple[float, float]:
        """Lowest and highest x (ions per formula unit) that are ranked."""
        if self.stage.window is not None:
            full = self.family.x_full
            return float(self.stage.window.low * full), float(self.stage.window.high * full)
        everything = [*self.contents(spec), Fraction(spec.x_made)]
        return float(min(everything)), float(max(everything))

    def member(
        self, spec: MemberSpec, prefix: str, index: int, priority: int, builder: BuildMaker, candidate: str | None
    ) -> tuple[Job, Job]:
        """Configuration of a member and its as-made relaxation."""
        label = f"{prefix}/c{index}"
        build = self.add(builder.make(spec, index, label=label), f"{label}/build", priority, candidate)
        order = OrderMaker(keep=1, seed=self.campaign.structures.seed)
        made = f"{label}/x{spec.x_made}"
        ordering = self.add(
            order.make(spec, build.output, spec.x_made, label=made), f"{made}/order", priority, candidate
        )
        relax = self.relaxer().make(build.output, ordering.output, None, 0, label=f"{made}/o0/s{self.number}")
        return build, self.add(relax, f"{made}/o0/s{self.number}", priority, candidate)

    def metal(self) -> Job:
        """Relaxation of the working-ion metal."""
        phase = next(p for p in load_phases() if p.kind == "element" and p.elements == {self.campaign.host.working_ion})
        return self.phase(phase)

    def phase(self, phase: Phase) -> Job:
        """Relaxation of a competing phase, shared by the campaign."""
        label = f"shared/{phase.id}"
        if label not in self._shared:
            structure = phase.structure()
            structure.remove_oxidation_states()
            job = self.relaxer(host=False).make(structure, label=label)
            self._shared[label] = self.add(job, label, _SHARED_PRIORITY)
        job_: Job = self._shared[label]
        return job_

    def vertex(self, composition: HostComposition, split: Split) -> dict[str, Any]:
        """Member of the host with fewest species: built and relaxed once per campaign."""
        spec = member_spec(composition, split, primary_sublattice(composition.fractions), self.space.valences)
        label = f"shared/{spec.formula}"
        key = f"{label} {spec.split}"
        if key not in self._shared:
            sites = max(_SMALLEST_VERTEX, self.campaign.structures.cations)
            size = _multiple(sites, composition.denominator)
            size = size if size <= _LARGEST_GROWTH * sites else sites
            builder = BuildMaker(n_sites=size, seed=0, shells=self.campaign.structures.shells)
            build, relax = self.member(spec, label, 0, _SHARED_PRIORITY, builder, None)
            self._shared[key] = {"spec": spec, "configuration": build.output, "calculation": relax.output}
        found: dict[str, Any] = self._shared[key]
        return found

    def candidate(self, candidate: Candidate, position: int) -> None:
        """All jobs of one candidate."""
        spec = candidate_spec(candidate, self.space.valences)
        priority, name = -position, spec.candidate_id
        structures = self.campaign.structures
        builder = BuildMaker(n_sites=structures.cations, seed=structures.seed, shells=structures.shells)
        parts = _Parts()
        for index in range(structures.per_candidate):
            build, made = self.member(spec, name, index, priority, builder, name)
            parts.builds.append(build)
            parts.made.append(made)
            self._electrode(spec, build, made, parts, f"{name}/c{index}", priority)
        mixing = self._mixing(candidate, spec, parts, priority) if "mixing" in self.stage.analyses else None
        summary = CandidateMaker(
            campaign=self.campaign.name,
            stage=self.number,
            analyses=list(self.stage.analyses),
            window=self.window(spec) if spec.working_ion else None,
        ).make(
            spec,
            [job.output for job in (*parts.made, *parts.states)],
            [job.output for job in parts.made],
            [job.output for job in parts.voltages],
            [job.output for job in parts.strains],
            mixing.output if mixing else None,
        )
        self.add(summary, f"{name}/s{self.number}/candidate", priority, name)

    def _electrode(self, spec: MemberSpec, build: Job, made: Job, parts: _Parts, prefix: str, priority: int) -> None:
        """x-states of one configuration with their analyses."""
        wanted = set(self.stage.analyses) & {"voltage", "volume_strain"}
        if not spec.working_ion or not wanted:
            return
        states, orderings = [], []
        for x in self.contents(spec):
            keep = 1 if x in (0, self.family.x_full) else self.stage.orderings.keep
            label = f"{prefix}/x{x}"
            order = OrderMaker(keep=keep, seed=self.campaign.structures.seed).make(
                spec, build.output, str(x), label=label
            )
            orderings.append(self.add(order, f"{label}/order", priority, spec.candidate_id))
            for slot in range(keep):
                name = f"{label}/o{slot}/s{self.number}"
                relax = self.relaxer().make(build.output, order.output, made.output, slot, label=name)
                states.append(self.add(relax, name, priority, spec.candidate_id))
        parts.states += states
        arguments = (spec, build.output.n_fu, made.output, [s.output for s in states], [o.output for o in orderings])
        window = self.window(spec)
        if "voltage" in wanted:
            job = VoltageMaker(window=window).make(*arguments, self.metal().output, label=prefix)
            parts.voltages.append(self.add(job, f"{prefix}/s{self.number}/voltage", priority, spec.candidate_id))
        if "volume_strain" in wanted:
            job = StrainMaker(window=window).make(*arguments, label=prefix)
            parts.strains.append(self.add(job, f"{prefix}/s{self.number}/strain", priority, spec.candidate_id))

    def _mixing(self, candidate: Candidate, spec: MemberSpec, parts: _Parts, priority: int) -> Job:
        """Mixing job with the references that this candidate needs."""
        members = [self.vertex(*vertex) for vertex in _vertices(candidate, spec)]
        phases = [
            phase
            for phase in phases_within(candidate.composition.elements)
            if phase.kind != "element" or phase.elements == {spec.working_ion}
        ]
        job = MixingMaker().make(
            spec,
            [b.output for b in parts.builds],
            [m.output for m in parts.made],
            members,
            {phase.id: self.phase(phase).output for phase in phases},
            label=spec.candidate_id,
        )
        return self.add(job, f"{spec.candidate_id}/s{self.number}/mixing", priority, spec.candidate_id)


@dataclass
class _Parts:
    """Jobs of one candidate by kind."""

    builds: list[Job] = field(default_factory=list)
    made: list[Job] = field(default_factory=list)
    states: list[Job] = field(default_factory=list)
    voltages: list[Job] = field(default_factory=list)
    strains: list[Job] = field(default_factory=list)


def _multiple(at_least: int, of: int) -> int:
    """Smallest multiple of `of` that is at least `at_least`."""
    return -(-at_least // of) * of


def _vertices(candidate: Candidate, spec: MemberSpec) -> list[tuple[HostComposition, Split]]:
    """Members of the host with fewest species at the candidate's oxidation states."""
    split, host = split_of(spec) or {}, load_family(spec.family)
    sites = {name: host.sublattices[name].multiplicity for name in split}
    charge = sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0))
    result = []
    for vertex in polytope_vertices({name: tuple(part) for name, part in split.items()}, sites, charge):
        amounts = vertex.as_split()
        fractions: dict[str, dict[str, Fraction]] = {}
        for name, part in amounts.items():
            fractions[name] = {}
            for ion, x in part.items():
                fractions[name][ion.element] = fractions[name].get(ion.element, Fraction(0)) + x / sites[name]
        member = candidate.composition
        result.append((HostComposition(member.family, member.working_ion, member.x_made, fractions), amounts))
    return result


def campaign_flow(campaign: Campaign) -> Flow:
    """Flow of a campaign, ready for any jobflow manager; job ids depend on its content alone.

    Raises
    ------
    BadInputError
        If the space is empty or nothing passes the filters.
    """
    candidates = screen(campaign).selected
    jobs: list[Flow | Job] = []
    for number, stage in enumerate(campaign.stages):
        wiring = StageWiring(campaign, stage, number)
        for position, candidate in enumerate(candidates):
            wiring.candidate(candidate, position)
        jobs += wiring.jobs
    return Flow(jobs, name=campaign.name)

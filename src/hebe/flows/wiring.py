"""What the stages of a campaign have in common: analyses, references, and the border to the next stage."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from jobflow import Job, OutputReference

from hebe.config.campaign import Campaign
from hebe.config.engine import COSTLY, STARTS_FROM_IONS
from hebe.config.mixing import VibrationSpec
from hebe.config.refusal import bad_key
from hebe.exceptions import BadInputError
from hebe.makers.build import BuildMaker
from hebe.makers.candidate import CandidateMaker
from hebe.makers.identity import stable
from hebe.makers.mixing import MixingMaker
from hebe.makers.relax import RelaxMaker
from hebe.makers.static import StaticMaker
from hebe.makers.strain import StrainMaker
from hebe.makers.vibrations import VibrationMaker
from hebe.makers.voltage import VoltageMaker
from hebe.science.analysis.competing import load_phases, phases_within
from hebe.science.analysis.given import GivenPhase, given_phases
from hebe.science.analysis.hull_entries import phase_facts
from hebe.science.analysis.vertices import polytope_vertices
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.member import composition_of, member_spec, split_of
from hebe.science.chemistry.space import CompositionSpace

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.config.stage import Stage, Task
    from hebe.schemas.spec import MemberSpec
    from hebe.science.analysis.phase import Phase
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split

_SMALLEST_VERTEX: Final = 8
_LARGEST_GROWTH: Final = 2
SHARED_PRIORITY: Final = 1_000_000
TRIAL_FMAX: Final = 0.05
"""Largest force (eV/A) at which it is clear which of several starts of a cell is lowest."""
_STAGE_PRIORITY: Final = 10_000


@dataclass(frozen=True)
class Member:
    """Configuration of a member of the host, and its as-made calculation; ``before`` is that of the stage before."""

    configuration: OutputReference | None
    n_fu: OutputReference | int
    made: Job
    before: Member | None = None


@dataclass(frozen=True)
class States:
    """Calculations of one configuration at one other content, and the orderings that they are."""

    x: Fraction
    ordering: Any
    jobs: list[Job]


@dataclass(kw_only=True)
class StageWiring(ABC):
    """Jobs of one stage of a campaign; everything that two candidates share is wired once."""

    campaign: Campaign
    number: int = 0
    jobs: list[Job] = field(default_factory=list)
    summaries: dict[str, Job] = field(default_factory=dict)
    _shared: dict[str, Any] = field(default_factory=dict)

    @property
    def stage(self) -> Stage:
        """The stage as the campaign has it."""
        return self.campaign.stages[self.number]

    @cached_property
    def family(self) -> Family:
        """Host family."""
        return self.campaign.host.data

    @cached_property
    def space(self) -> CompositionSpace:
        """Space of the campaign, for oxidation states."""
        return CompositionSpace.from_campaign(self.campaign)

    @cached_property
    def given(self) -> list[Phase | GivenPhase]:
        """Competing phases that the campaign brings."""
        return given_phases(self.campaign)

    @cached_property
    def competitors(self) -> list[tuple[HostComposition, Split]]:
        """Members of the host that the campaign names as competing phases."""
        return [named_member(self.campaign, self.space, i) for i in range(len(self.campaign.mixing.members))]

    @property
    @abstractmethod
    def n_configurations(self) -> int:
        """Configurations of each candidate."""

    @abstractmethod
    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """X (ions per formula unit) of the states beside the as-made one, falling."""

    @abstractmethod
    def member(
        self, spec: MemberSpec, prefix: str, index: int, priority: int, builder: BuildMaker, candidate: str | None
    ) -> Member:
        """Configuration of a member, and its as-made calculation."""

    @abstractmethod
    def states(self, spec: MemberSpec, member: Member, x: Fraction, prefix: str, priority: int) -> States:
        """Calculations of a configuration at another content."""

    @abstractmethod
    def phase(self, phase: Phase | GivenPhase) -> Job:
        """Calculation of a competing phase, shared by the campaign."""

    def metal(self) -> Job:
        """Calculation of the working-ion metal."""
        return self.phase(
            next(p for p in load_phases() if p.kind == "element" and p.elements == {self.campaign.host.working_ion})
        )

    def add(self, job: Job, label: str, priority: int, candidate: str | None = None) -> Job:
        """Give a job its identity and put it into the flow; later stages run first, so that candidates get finished."""
        rank = priority + _STAGE_PRIORITY * self.number
        stable(job, campaign=self.campaign.name, label=label, priority=rank, candidate=candidate, stage=self.number)
        self.jobs.append(job)
        return job

    @property
    def n_starts(self) -> int:
        """From how many starts a cell whose energy is compared is calculated."""
        if self.stage.task == "static":
            return 1
        return self.campaign.structures.n_starts(costly=self.stage.engine.name in COSTLY)

    def maker(
        self,
        task: Task,
        *,
        displacement: float = 0.0,
        spec: MemberSpec | None = None,
        origin: str | None = None,
        trial: bool = False,
    ) -> RelaxMaker | StaticMaker:
        """Maker of a calculation with the engine of the stage.

        Only cells of the host, which have a member's `spec`, can lose their topology and have its ions. A `trial` is
        relaxed until it is clear which of several starts is lowest.
        """
        engine = self.stage.engine.model_dump(mode="json", exclude_none=True)
        if trial:
            engine |= {"fmax": max(self.stage.engine.fmax, TRIAL_FMAX), "check_minimum": False}
        family = None if spec is None else self.family.name
        brought = None if spec is None else self.campaign.host.crystal
        member: dict[str, Any] | None = None
        if spec is not None and self.stage.engine.name in STARTS_FROM_IONS:
            member = spec.model_dump(mode="json", exclude={"entropy_R", "descriptors"})
        shared: dict[str, Any] = {
            "engine": engine,
            "displacement": displacement,
            "family": family,
            "host": brought,
            "member": member,
            "origin": origin,
            "ion": None if spec is None else spec.working_ion,
            "accept": () if spec is None else self.stage.accept,
        }
        if task == "static":
            return StaticMaker(**shared)
        return RelaxMaker(**shared, cell=task == "relax")

    def window(self, spec: MemberSpec) -> tuple[float, float]:
        """Lowest and highest x (ions per formula unit) that are ranked."""
        if self.stage.window is not None:
            full = self.family.full_content(Fraction(spec.x_made))
            return float(self.stage.window.low * full), float(self.stage.window.high * full)
        everything = [*self.contents(spec), Fraction(spec.x_made)]
        return float(min(everything)), float(max(everything))

    def vertex(self, composition: HostComposition, split: Split) -> dict[str, Any]:
        """Member of the host with fewest species: built and calculated once per campaign."""
        spec = member_spec(composition, split, primary_sublattice(composition.fractions), self.space.valences)
        label = f"shared/{spec.formula}"
        key = f"{label} {spec.split}"
        if key not in self._shared:
            sites = max(_SMALLEST_VERTEX, self.campaign.structures.cations)
            size = _multiple(sites, composition.denominator)
            size = size if size <= _LARGEST_GROWTH * sites else sites
            builder = BuildMaker(n_sites=size, seed=0, shells=self.campaign.structures.shells)
            member = self.member(spec, label, 0, SHARED_PRIORITY, builder, None)
            self._shared[key] = {
                "spec": spec,
                "configuration": member.configuration,
                "calculation": member.made.output,
            }
            if self.campaign.mixing.vibrations is not None:
                self._shared[key]["vibrations"] = self.vibrations(member.made, label, SHARED_PRIORITY).output
        found: dict[str, Any] = self._shared[key]
        return found

    def candidate(self, spec: MemberSpec, position: int) -> None:
        """All jobs of one candidate, the one at `position` 0 first."""
        priority, name = -position, spec.candidate_id
        structures = self.campaign.structures
        builder = BuildMaker(n_sites=structures.cations, seed=structures.seed, shells=structures.shells)
        parts = _Parts()
        for index in range(self.n_configurations):
            member = self.member(spec, name, index, priority, builder, name)
            parts.members.append(member)
            self._electrode(spec, member, parts, f"{name}/c{index}", priority)
        mixing = self._mixing(spec, parts, priority) if "mixing" in self.stage.analyses else None
        made = [member.made.output for member in parts.members]
        summary = CandidateMaker(
            campaign=self.campaign.name,
            stage=self.number,
            analyses=list(self.stage.analyses),
            window=self.window(spec) if spec.working_ion else None,
            accept=self.stage.accept,
        ).make(
            spec,
            [*made, *(job.output for job in parts.states)],
            made,
            [job.output for job in parts.voltages],
            [job.output for job in parts.strains],
            mixing.output if mixing else None,
        )
        self.summaries[name] = self.add(summary, f"{name}/s{self.number}/candidate", priority, name)

    def _electrode(self, spec: MemberSpec, member: Member, parts: _Parts, prefix: str, priority: int) -> None:
        """x-states of one configuration with their analyses."""
        wanted = set(self.stage.analyses) & {"voltage", "volume_strain"}
        if not spec.working_ion or not wanted:
            return
        states = [self.states(spec, member, x, f"{prefix}/x{x}", priority) for x in self.contents(spec)]
        jobs = [job for state in states for job in state.jobs]
        parts.states += jobs
        calculations = [job.output for job in jobs]
        arguments = (spec, member.n_fu, member.made.output, calculations, [state.ordering for state in states])
        window = self.window(spec)
        if "voltage" in wanted:
            job = VoltageMaker(window=window, accept=self.stage.accept).make(
                *arguments, self.metal().output, label=prefix
            )
            parts.voltages.append(self.add(job, f"{prefix}/s{self.number}/voltage", priority, spec.candidate_id))
        if "volume_strain" in wanted:
            job = StrainMaker(window=window, accept=self.stage.accept).make(*arguments, label=prefix)
            parts.strains.append(self.add(job, f"{prefix}/s{self.number}/strain", priority, spec.candidate_id))

    def _mixing(self, spec: MemberSpec, parts: _Parts, priority: int) -> Job:
        """Mixing job with the references that this candidate needs."""
        vertices = [self.vertex(*vertex) for vertex in host_vertices(spec)]
        elements = set(composition_of(spec).elements)
        phases: list[Phase | GivenPhase] = [
            phase
            for phase in phases_within(elements)
            if phase.kind != "element" or phase.elements == {spec.working_ion}
        ]
        given = [phase for phase in self.given if phase.elements <= elements]
        maker = MixingMaker(temperatures=list(self.campaign.mixing.temperatures), accept=self.stage.accept)
        calculated = {phase.id: self.phase(phase) for phase in (*phases, *given)}
        job = maker.make(
            spec,
            [member.configuration for member in parts.members],
            [member.made.output for member in parts.members],
            vertices,
            {name: job.output for name, job in calculated.items()},
            label=spec.candidate_id,
            given=[phase_facts(phase) for phase in given],
            members=[self.vertex(*member) for member in self.competitors if set(member[0].elements) <= elements],
            **self._hull_vibrations(spec, parts, calculated, priority),
        )
        return self.add(job, f"{spec.candidate_id}/s{self.number}/mixing", priority, spec.candidate_id)

    def _hull_vibrations(
        self, spec: MemberSpec, parts: _Parts, phases: dict[str, Job], priority: int
    ) -> dict[str, dict[str, Any]]:
        """What the mixing job gets about vibrations: nothing if the campaign does not ask for them."""
        asked = self.campaign.mixing.vibrations
        if asked is None:
            return {}
        own = [
            self.vibrations(member.made, f"{spec.candidate_id}/c{index}", priority, spec.candidate_id).output
            for index, member in enumerate(parts.members)
        ]
        shared = {name: self.vibrations(job, f"shared/{name}", SHARED_PRIORITY).output for name, job in phases.items()}
        return {"vibrations": {"own": own, "phases": shared, "highest": asked.highest}}

    def vibrations(self, calculation: Job, label: str, priority: int, candidate: str | None = None) -> Job:
        """Vibrations of a relaxed cell, wired once."""
        name = f"{label}/s{self.number}/vibrations"
        if name not in self._shared:
            asked = self.campaign.mixing.vibrations or VibrationSpec()
            engine = self.stage.engine.model_dump(mode="json", exclude_none=True)
            maker = VibrationMaker(engine=engine, supercell=asked.supercell, displacement=asked.displacement)
            self._shared[name] = self.add(maker.make(calculation.output, label=name), name, priority, candidate)
        job: Job = self._shared[name]
        return job


@dataclass
class _Parts:
    """Jobs of one candidate by kind."""

    members: list[Member] = field(default_factory=list)
    states: list[Job] = field(default_factory=list)
    voltages: list[Job] = field(default_factory=list)
    strains: list[Job] = field(default_factory=list)


def _multiple(at_least: int, of: int) -> int:
    """Smallest multiple of `of` that is at least `at_least`."""
    return -(-at_least // of) * of


def named_member(campaign: Campaign, space: CompositionSpace, number: int) -> tuple[HostComposition, Split]:
    """Member of the host that a campaign names as a competing phase.

    Raises
    ------
    BadInputError
        If its formula does not fit the host or cannot be neutral.
    """
    formula, key = campaign.mixing.members[number], ("mixing", "members", number)
    try:
        composition = parse_host_formula(formula, space)
    except BadInputError as err:
        raise bad_key(campaign, key, err.reason, err.suggestion) from err
    own = space.with_content(composition.x_own)
    split = own.split(composition)
    if split is None:
        raise bad_key(campaign, key, f"{formula} cannot be charge-neutral with the oxidation states listed")
    return composition, split


def host_vertices(spec: MemberSpec) -> list[tuple[HostComposition, Split]]:
    """Members of the host with fewest species at the candidate's oxidation states."""
    split, member = split_of(spec) or {}, composition_of(spec)
    sites = {name: member.host.sublattices[name].multiplicity for name in split}
    charge = sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0))
    result = []
    for vertex in polytope_vertices({name: tuple(part) for name, part in split.items()}, sites, charge):
        amounts = vertex.as_split()
        fractions: dict[str, dict[str, Fraction]] = {}
        for name, part in amounts.items():
            fractions[name] = {}
            for ion, x in part.items():
                fractions[name][ion.element] = fractions[name].get(ion.element, Fraction(0)) + x / sites[name]
        result.append((member.with_fractions(fractions), amounts))
    return result

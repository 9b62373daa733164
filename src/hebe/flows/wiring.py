"""What the stages of a campaign have in common: the jobs of a candidate and its analyses, each wired once."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field, replace
from fractions import Fraction
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final

from jobflow import Job, OutputReference

from hebe.analyses.registry import get_analysis
from hebe.analyses.wants import Edges, Tiles, Vertices, Want
from hebe.config.campaign import Campaign
from hebe.config.family import Family
from hebe.config.reading.refusal import bad_key
from hebe.engines.registry import energy_scale_of
from hebe.exceptions import BadInputError
from hebe.flows.jobs import job_of
from hebe.flows.members import named_members
from hebe.flows.wanted import SHARED_PRIORITY, Member, Parts, Stacked, States, Vertex, Wanted
from hebe.makers.analysis import AnalysisMaker
from hebe.makers.build import BuildMaker
from hebe.makers.candidate import CandidateMaker
from hebe.makers.identity import stable
from hebe.makers.relax import RelaxMaker
from hebe.makers.static import StaticMaker
from hebe.makers.vibrations import VibrationMaker
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.member import member_spec
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.hulls.given_entries import GivenEntries, given_entries
from hebe.science.hulls.given_phases import GivenPhase, given_phases
from hebe.science.hulls.working_metals import working_metals
from hebe.science.structures.tiles import TileSet, member_tiles

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymatgen.core import Structure

    from hebe.analyses.protocol import AnyAnalysis
    from hebe.analyses.wants import Displacements
    from hebe.config.engines import EngineBlock
    from hebe.config.family import Family
    from hebe.config.model import ConfigModel
    from hebe.config.stage import Stage, Task
    from hebe.flows.defective import Defective, DefectsOf
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ladder import Split
    from hebe.science.hulls.phase import Phase

_SMALLEST_VERTEX: Final = 8
_LARGEST_GROWTH: Final = 2
TRIAL_FMAX: Final = 0.05
"""Largest force (eV/A) at which it is clear which of several starts of a cell is lowest."""
CANDIDATE_LABEL: Final = "/candidate"
"""End of the label, and so of the name, of a job that puts the document of a candidate together."""
_STAGE_PRIORITY: Final = 10_000


@dataclass(kw_only=True)
class StageWiring(ABC):
    """Jobs of one stage of a campaign; everything that two candidates share is wired once.

    ``kinds`` are those of the wants that it has wired, ``opened`` ids of the phases of equilibria open to the working
    ion, ``parts`` what each candidate's document is made of, ``prefix`` the start of the labels of its jobs.
    """

    campaign: Campaign
    number: int = 0
    prefix: str = ""
    jobs: list[Job] = field(default_factory=list)
    summaries: dict[str, Job] = field(default_factory=dict)
    kinds: set[type[Want]] = field(default_factory=set)
    opened: set[str] = field(default_factory=set)
    parts: dict[str, Parts] = field(default_factory=dict)
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
    def entries(self) -> GivenEntries:
        """Energies that the campaign brings; those of another scale than the stage's, where that is known, are none."""
        found, scale = given_entries(self.campaign), energy_scale_of(self.stage.engine)
        if scale is None:
            return found
        return replace(found, entries=tuple(entry for entry in found.entries if entry.energy_scale == scale))

    @cached_property
    def competitors(self) -> list[tuple[HostComposition, Split]]:
        """Members of the host that the campaign names as competing phases."""
        return named_members(self.campaign, self.space, self.campaign.mixing.members, ("mixing", "members"))

    @property
    @abstractmethod
    def n_configurations(self) -> int:
        """Configurations of each candidate."""

    @abstractmethod
    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """X (ions per formula unit) of the states beside the as-made one, falling."""

    @abstractmethod
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
        """Configuration of a member, and its as-made calculation.

        One that belongs to no candidate is there for a `want`; those on edges start once.
        """

    @abstractmethod
    def states(self, spec: MemberSpec, member: Member, x: Fraction, prefix: str, priority: int) -> States:
        """Calculations of a configuration at another content."""

    def stacked(self, spec: MemberSpec, member: Member, index: int, stacking: str, priority: int) -> Stacked:
        """Calculations of a configuration in another stacking of its slabs.

        Raises
        ------
        ValueError
            Where cells are given: what wants other stackings is refused when the campaign is read.
        """
        del member, index, stacking, priority
        raise ValueError(f"the cells of {spec.candidate_id} are given and cannot be stacked otherwise")

    @abstractmethod
    def defects(self, spec: MemberSpec, wanted: DefectsOf, priority: int) -> Defective:
        """Calculations of cells of a configuration with a defect."""

    def wants(self, spec: MemberSpec) -> list[Want]:
        """What is computed for a candidate because analyses want it."""
        return [want for analysis, block in self.asked for want in analysis.wants(block, spec)]

    @abstractmethod
    def tile(self, spec: MemberSpec, structure: Structure, label: str, priority: int) -> Job:
        """Calculation of an ordered tile of a candidate."""

    @abstractmethod
    def phase(self, phase: Phase | GivenPhase) -> Job:
        """Calculation of a competing phase, shared by the campaign."""

    def oxide(self, phase: Phase) -> Job:
        """Calculation of an oxide that gives the energy of oxygen gas, shared with the competing phases."""
        return self.phase(phase)

    def air_solid(self, phase: Phase) -> Job:
        """Calculation of a solid that gives the energy of CO2 or water, shared with the competing phases."""
        return self.phase(phase)

    def open_phase(self, phase: Phase | GivenPhase) -> Job:
        """Calculation of a phase of equilibria open to the working ion, shared with the competing phases."""
        self.opened.add(phase.id)
        return self.phase(phase)

    def metal(self) -> Job:
        """Calculation of the working-ion metal."""
        return self.phase(working_metals()[str(self.campaign.host.working_ion)])

    def add(self, job: Job, label: str, priority: int, candidate: str | None = None) -> Job:
        """Give a job its identity and put it into the flow; later stages run first, so that candidates get finished."""
        rank = priority + _STAGE_PRIORITY * self.number
        name = f"{self.prefix}{label}"
        stable(job, campaign=self.campaign.name, label=name, priority=rank, candidate=candidate, stage=self.number)
        self.jobs.append(job)
        return job

    @property
    def n_starts(self) -> int:
        """From how many starts a cell whose energy is compared is calculated."""
        if self.stage.task == "static":
            return 1
        return self.campaign.structures.n_starts(costly=self.stage.engine.traits.costly)

    def maker(
        self,
        task: Task,
        *,
        displacement: float = 0.0,
        spec: MemberSpec | None = None,
        origin: str | None = None,
        trial: bool = False,
        block: EngineBlock | None = None,
        from_ions: bool | None = None,
    ) -> RelaxMaker | StaticMaker:
        """Maker of a calculation, with the engine of the stage or that of a `block`.

        Only cells of the host, which have a member's `spec`, can lose their topology and have its ions; they start from
        these where the engine does so by itself, unless `from_ions` says otherwise. A `trial` is relaxed until it is
        clear which of several starts is lowest.
        """
        chosen = self.stage.engine if block is None else block
        engine = chosen.of_calculations()
        if trial:
            engine |= {"fmax": max(self.stage.engine.fmax, TRIAL_FMAX), "check_minimum": False}
        family = None if spec is None else spec.family
        brought = self.campaign.host.crystal if family == self.family.name else None
        if spec is not None and spec.host is not None and family != self.family.name:
            brought = spec.host.model_dump(mode="json")  # a polymorph, which no data file has
        member: dict[str, Any] | None = None
        if spec is not None and (chosen.traits.starts_from_ions if from_ions is None else from_ions):
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

    @cached_property
    def asked(self) -> list[tuple[AnyAnalysis, ConfigModel]]:
        """Analyses of the stage with their options."""
        return [
            (analysis, block_of(self.campaign, self.stage, analysis))
            for analysis in map(get_analysis, self.stage.analyses)
        ]

    def edge(self, composition: HostComposition, split: Split) -> Vertex:
        """Member of the host between two with fewest species; one that competes by name is calculated as such."""
        named = any(composition == other for other, _ in self.competitors)
        return self.vertex(composition, split, Vertices if named else Edges)

    def tiles(self, spec: MemberSpec, asked: Tiles) -> TileSet:
        """Ordered tiles of a candidate.

        Raises
        ------
        BadInputError
            If there are more than were asked for, or none.
        """
        try:
            return member_tiles(spec, asked.n_sites, asked.at_most, asked.sample)
        except BadInputError as err:
            raise bad_key(self.campaign, ("stages", self.number, "analyses"), err.reason, err.suggestion) from err

    def check_tiles(self, spec: MemberSpec) -> None:
        """Refuse a candidate whose tiles cannot be made; see `tiles`."""
        for analysis, block in self.asked:
            for want in analysis.wants(block, spec):
                if isinstance(want, Tiles):
                    self.tiles(spec, want)

    def vertex(self, composition: HostComposition, split: Split, want: type[Want] = Vertices) -> Vertex:
        """Member of the host that candidates are compared with: built and calculated once per campaign."""
        spec = member_spec(composition, split, primary_sublattice(composition.fractions), self.space.valences)
        label = f"shared/{spec.formula}"
        key = f"{label} {spec.split}"
        if key not in self._shared:
            sites = max(_SMALLEST_VERTEX, self.campaign.structures.cations)
            size = _multiple(sites, composition.denominator)
            size = size if size <= _LARGEST_GROWTH * sites else sites
            builder = BuildMaker(n_sites=size, seed=0, shells=self.campaign.structures.shells)
            member = self.member(spec, label, 0, SHARED_PRIORITY, builder, None, want=want)
            self._shared[key] = Vertex(spec, label, member)
        found: Vertex = self._shared[key]
        return found

    def candidate(self, spec: MemberSpec, position: int) -> None:
        """All jobs of one candidate, the one at `position` 0 first."""
        priority, name = -position, spec.candidate_id
        structures = self.campaign.structures
        builder = BuildMaker(n_sites=structures.cations, seed=structures.seed, shells=structures.shells)
        members = [self.member(spec, name, i, priority, builder, name) for i in range(self.n_configurations)]
        self.kinds |= {type(want) for want in self.wants(spec)}
        wanted = Wanted(self, spec, members, priority)
        results = {analysis.name: self.results(wanted, analysis, block) for analysis, block in self.asked}
        self.summarise(Parts(wanted, results))

    def candidates(self, specs: Sequence[MemberSpec]) -> None:
        """All jobs of some candidates, best first."""
        for position, spec in enumerate(specs):
            self.candidate(spec, position)

    def summarise(self, parts: Parts) -> None:
        """Job that puts together what a candidate's document is made of."""
        wanted, name = parts.wanted, parts.wanted.spec.candidate_id
        made = [member.made.output for member in wanted.members]
        maker = CandidateMaker(
            campaign=self.campaign.name,
            stage=self.number,
            analyses=list(self.stage.analyses),
            accept=self.stage.accept,
        )
        calculations = [*made, *(job.output for job in wanted.more_jobs)]
        summary = job_of(maker, wanted.spec, calculations, made, parts.results)
        self.parts[name] = parts
        self.summaries[name] = self.add(summary, f"{name}/s{self.number}{CANDIDATE_LABEL}", wanted.priority, name)

    def results(
        self, wanted: Wanted, analysis: AnyAnalysis, block: ConfigModel, more: Mapping[str, Any] | None = None
    ) -> list[OutputReference]:
        """Jobs of one analysis of a candidate: one per configuration, or one; `more` are further fields of `Given`."""
        spec, priority = wanted.spec, wanted.priority
        wants = analysis.wants(block, spec)
        maker = AnalysisMaker(
            name=analysis.name,
            analysis=analysis.name,
            revision=analysis.version,
            block=analysis.plain(block),
            window=self.window(spec) if spec.working_ion else None,
            accept=self.stage.accept,
        )
        cells, shared = (
            [wanted.cell(i, wants) for i in range(len(wanted.members))],
            wanted.shared(wants) | dict(more or {}),
        )
        parts = [(spec.candidate_id, cells)]
        if analysis.per == "configuration":
            parts = [(f"{spec.candidate_id}/c{i}", [cell]) for i, cell in enumerate(cells)]
        jobs = []
        for label, part in parts:
            job = job_of(maker, spec, part, shared, label=label)
            jobs.append(self.add(job, f"{label}/s{self.number}/{analysis.name}", priority, spec.candidate_id))
        return [job.output for job in jobs]

    def vibrations(
        self, calculation: Job, asked: Displacements, label: str, priority: int, candidate: str | None = None
    ) -> Job:
        """Vibrations of a relaxed cell, wired once."""
        name = f"{label}/s{self.number}/vibrations"
        if name not in self._shared:
            engine = self.stage.engine.of_calculations()
            maker = VibrationMaker(engine=engine, supercell=asked.supercell, displacement=asked.displacement)
            self._shared[name] = self.add(job_of(maker, calculation.output, label=name), name, priority, candidate)
        job: Job = self._shared[name]
        return job


def block_of(campaign: Campaign, stage: Stage, analysis: AnyAnalysis) -> ConfigModel:
    """Options of an analysis in a stage."""
    if analysis.campaign_key is not None and analysis.name not in stage.options:
        block: ConfigModel = getattr(campaign, analysis.campaign_key)
        return block
    checked: ConfigModel = analysis.Block.model_validate(stage.options.get(analysis.name, {}))
    return checked


def _multiple(at_least: int, of: int) -> int:
    """Smallest multiple of `of` that is at least `at_least`."""
    return -(-at_least // of) * of

"""A stage that calibrates: small cells say how wrong the stage before is, and its candidates are judged anew."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from jobflow import Flow, Job, Maker, OutputReference

from hebe.analyses.wants import Calibrated
from hebe.config.campaign import Campaign
from hebe.config.reading.refusal import bad_key
from hebe.flows.first import BuiltStage
from hebe.flows.members import named_members, plain_campaign
from hebe.flows.wanted import SHARED_PRIORITY, Parts
from hebe.flows.wiring import StageWiring
from hebe.makers.build import BuildMaker
from hebe.makers.calibrate import ChooseMaker, ErrorsMaker
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.member import member_spec
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.errors.small_members import balanced, cell_sites, member_name
from hebe.science.errors.static_cost import spins_in_doubt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from fractions import Fraction

    from pymatgen.core import Structure

    from hebe.analyses.wants import Want
    from hebe.config.calibration import CalibrationSpec
    from hebe.flows.defective import Defective, DefectsOf
    from hebe.flows.wanted import Member, Stacked, States
    from hebe.schemas.calibration import ChoiceDoc
    from hebe.schemas.spec import MemberSpec
    from hebe.science.hulls.given_phases import GivenPhase
    from hebe.science.hulls.phase import Phase

CHOOSE_LABEL: Final = "calibrate/s{number}/choose"
ERRORS_LABEL: Final = "calibrate/s{number}/errors"


def calibration_of(campaign: Campaign, number: int) -> CalibrationSpec:
    """The block `calibrate` of a stage.

    Raises
    ------
    ValueError
        If the stage has none.
    """
    spec = campaign.stages[number].calibrate
    if spec is None:
        raise ValueError(f"stage {number + 1} of {campaign.name} does not calibrate")
    return spec


def named_cells(campaign: Campaign, number: int) -> list[MemberSpec]:
    """Cells that a stage which calibrates names.

    Raises
    ------
    BadInputError
        If a formula does not fit the host, cannot be neutral, or is a vertex.
    """
    space, key = CompositionSpace.from_campaign(campaign), ("stages", number, "calibrate", "cells")
    found = []
    for at, (composition, split) in enumerate(
        named_members(campaign, space, calibration_of(campaign, number).cells, key)
    ):
        spec = member_spec(composition, split, primary_sublattice(composition.fractions), space.valences)
        if balanced(spec) is None:
            reason = f"{spec.formula} has the fewest species that are neutral, and nothing to compare it with"
            raise bad_key(campaign, (*key, at), reason, "a cell that mixes more")
        found.append(spec)
    return found


def members_of_choice(choice: ChoiceDoc) -> dict[str, MemberSpec]:
    """Cells and vertices of a choice by name, each once."""
    every = (spec for cell in choice.cells for spec in (cell.spec, *(vertex.spec for vertex in cell.vertices)))
    return {member_name(spec): spec for spec in every}


@dataclass(kw_only=True)
class CalibrateStage(StageWiring):
    """A stage that has all cells of another one, and other errors.

    The jobs of the stage before are wired again to know their ids; they are not part of this stage's flow.

    Parameters
    ----------
    before
        The stage before.
    chosen
        Id of the job that chose the cells, where the stage was wired before; its candidates may have been more.
    judged
        Analyses that are made anew.
    """

    before: StageWiring
    chosen: str | None = None
    judged: tuple[str, ...] = ()

    @property
    def n_configurations(self) -> int:
        """As many as the stage before has."""
        return self.before.n_configurations

    def contents(self, spec: MemberSpec) -> list[Fraction]:
        """Contents of the stage before."""
        return self.before.contents(spec)

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
        """Cell of the stage before."""
        return self.before.member(spec, prefix, index, priority, builder, candidate, want=want)

    def states(self, spec: MemberSpec, member: Member, x: Fraction, prefix: str, priority: int) -> States:
        """Cells of the stage before at a content."""
        return self.before.states(spec, member, x, prefix, priority)

    def stacked(self, spec: MemberSpec, member: Member, index: int, stacking: str, priority: int) -> Stacked:
        """Cells of the stage before in another stacking."""
        return self.before.stacked(spec, member, index, stacking, priority)

    def defects(self, spec: MemberSpec, wanted: DefectsOf, priority: int) -> Defective:
        """Cells of the stage before with a defect."""
        return self.before.defects(spec, wanted, priority)

    def wants(self, spec: MemberSpec) -> list[Want]:
        """Those of the stage before."""
        return self.before.wants(spec)

    def tile(self, spec: MemberSpec, structure: Structure, label: str, priority: int) -> Job:
        """Tile of the stage before."""
        return self.before.tile(spec, structure, label, priority)

    def oxide(self, phase: Phase) -> Job:
        """Oxide of the stage before."""
        return self.before.oxide(phase)

    def air_solid(self, phase: Phase) -> Job:
        """Solid of CO2 or water of the stage before."""
        return self.before.air_solid(phase)

    def open_phase(self, phase: Phase | GivenPhase) -> Job:
        """Phase of equilibria open to the working ion of the stage before."""
        return self.before.open_phase(phase)

    def phase(self, phase: Phase | GivenPhase) -> Job:
        """Competing phase of the stage before."""
        return self.before.phase(phase)

    def metal(self) -> Job:
        """Working-ion metal of the stage before."""
        return self.before.metal()

    def candidates(self, specs: Sequence[MemberSpec]) -> None:
        """The choice of cells, and the analyses of some candidates that errors matter for."""
        self.before.candidates(specs)
        self.kinds, self.opened = self.before.kinds, self.before.opened
        if self.chosen is None:
            self.chosen = self._choose(specs).uuid
        super().candidates(specs)

    def candidate(self, spec: MemberSpec, position: int) -> None:
        """Analyses of one candidate that errors matter for, and its document with those of the stage before."""
        del position
        parts = self.before.parts[spec.candidate_id]
        results = dict(parts.results)
        calibration = OutputReference(str(self.chosen))
        for analysis, block in self.asked:
            if any(isinstance(want, Calibrated) for want in analysis.wants(block, spec)):
                self.judged = tuple(dict.fromkeys((*self.judged, analysis.name)))
                results[analysis.name] = self.results(parts.wanted, analysis, block, {"calibration": calibration})
        self.summarise(Parts(parts.wanted, results))

    def _choose(self, specs: Sequence[MemberSpec]) -> Job:
        """Job that chooses cells and has them computed."""
        wanted = calibration_of(self.campaign, self.number)
        maker = ChooseMaker(
            following=SmallCellsMaker(campaign=plain_campaign(self.campaign), stage=self.number),
            campaign=self.campaign.name,
            stage=self.number,
            calibrate={
                **wanted.model_dump(mode="json", exclude_none=True, exclude={"committee"}),
                "engine": wanted.engine.of_calculations(),
            },
            mixing_error=self.stage.engine.errors.get("mixing"),
        )
        known = [self.before.summaries[spec.candidate_id].output for spec in specs]
        label = CHOOSE_LABEL.format(number=self.number)
        return self.add(maker.make(list(specs), known, named_cells(self.campaign, self.number)), label, SHARED_PRIORITY)


@dataclass(kw_only=True)
class SmallCells(BuiltStage):
    """Small cells of a calibration: built, relaxed with the engine that is calibrated, computed with the reference."""

    @property
    def n_starts(self) -> int:
        """As many as the calibration asks for, if they differ."""
        return calibration_of(self.campaign, self.number).geometries if self.campaign.structures.shift else 1

    def small_member(self, spec: MemberSpec) -> dict[str, Any]:
        """Jobs of one cell or vertex, as `ErrorsMaker` wants them."""
        label, name = f"calibrate/{member_name(spec)}", f"calibrate/{member_name(spec)}/s{self.number}"
        builder = BuildMaker(n_sites=cell_sites(spec), seed=0, shells=self.campaign.structures.shells)
        member = self.member(spec, label, 0, SHARED_PRIORITY, builder, None)
        wanted = calibration_of(self.campaign, self.number)
        block = wanted.engine
        starts = {"ladder": True, "potential": False} if spins_in_doubt(spec, block) else {"ladder": True}
        references = []
        for start, from_ions in starts.items():
            maker = self.maker("static", spec=spec, block=block, from_ions=from_ions)
            made = f"{name}/{start}"
            job = maker.make(member.configuration, None, None, slot=0, label=made, previous=[member.made.output])
            references.append(self.add(job, made, SHARED_PRIORITY).output)
        committee = []
        for number, one in enumerate(wanted.committee):
            maker, made = self.maker("static", spec=spec, block=one), f"{name}/committee{number}"
            job = maker.make(member.configuration, None, None, slot=0, label=made, previous=[member.made.output])
            committee.append(self.add(job, made, SHARED_PRIORITY).output)
        return {
            "spec": spec,
            "configuration": member.configuration,
            "computed": member.made.output,
            "references": references,
            "committee": committee,
        }


@dataclass(kw_only=True)
class SmallCellsMaker(Maker):
    """Makes the flow that computes chosen cells; its output is the `CalibrationDoc`.

    Parameters
    ----------
    campaign
        The campaign as plain data, without what only chooses candidates.
    stage
        Number of the stage that calibrates.
    """

    name: str = "small cells"
    campaign: dict[str, Any] = field(default_factory=dict)
    stage: int = 1

    def make(self, choice: ChoiceDoc) -> Flow:
        """Flow of the cells of a choice, each with its vertices, which cells share."""
        campaign = Campaign.model_validate(self.campaign)
        wiring = SmallCells(campaign=campaign, number=self.stage)
        members = [wiring.small_member(spec) for spec in members_of_choice(choice).values()]
        maker = ErrorsMaker(
            campaign=campaign.name,
            stage=self.stage,
            accept=wiring.stage.accept,
            mixing_error=wiring.stage.engine.errors.get("mixing"),
        )
        label = ERRORS_LABEL.format(number=self.stage)
        errors = wiring.add(maker.make(choice, members), label, SHARED_PRIORITY)
        return Flow(list(wiring.jobs), output=errors.output, name=f"{campaign.name} stage {self.stage} calibration")

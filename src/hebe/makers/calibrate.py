"""ChooseMaker and ErrorsMaker: which small cells tell most of a ranking, and what their energies say of the errors."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, Response, job

from hebe.analyses import mixing
from hebe.config.calibration import CalibrationSpec
from hebe.schemas.calibration import CalibrationDoc, ChoiceDoc
from hebe.schemas.spec import MemberSpec
from hebe.science.errors.calibration_document import MeasuredMember, calibration_document, prior_errors
from hebe.science.errors.cell_choice import chosen_cells
from hebe.science.errors.small_members import balanced, member_name

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc


@dataclass(kw_only=True)
class ChooseMaker(Maker):
    """Choose small cells by what the stage before found, and replace itself by the flow that computes them.

    Parameters
    ----------
    following
        Maker whose ``make`` returns the flow of a choice, with a `CalibrationDoc` as output.
    campaign, stage
        Where it belongs.
    calibrate
        The block of the campaign as plain data.
    mixing_error
        Error of the engine that is calibrated on mixing enthalpies (eV/atom), where the campaign gives one.
    """

    name: str = "choose"
    following: Maker | None = None
    campaign: str = ""
    stage: int = 1
    calibrate: dict[str, Any] = field(default_factory=dict)
    mixing_error: float | None = None
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, specs: list[MemberSpec], candidates: list[CandidateDoc | None], named: list[MemberSpec] | None = None
    ) -> Response[Any]:
        """Choose by how the candidates' margins follow energies of pairs.

        Parameters
        ----------
        specs
            Candidates.
        candidates
            What the stage before says of them.
        named
            Cells that the campaign names.
        """
        found = [candidate for candidate in candidates if candidate is not None]
        results = [result for candidate in found if (result := mixing.ANALYSIS.best(candidate)) is not None]
        formations = [result.formation for result in results if result.formation is not None]
        targets = [formation.sensitivity for formation in formations if formation.sensitivity]
        scale = next((candidate.energy_scale for candidate in found if candidate.energy_scale), "")
        cells = [member for member in map(balanced, named or []) if member is not None]
        wanted = CalibrationSpec.model_validate(self.calibrate)
        prior = prior_errors(scale, specs[0], self.mixing_error)
        choice = chosen_cells(specs, targets, prior, wanted, cells)
        choice = choice.model_copy(update={"campaign": self.campaign, "stage": self.stage})
        if not choice.cells or self.following is None:
            nothing = CalibrationDoc(campaign=self.campaign, stage=self.stage, warnings=choice.warnings)
            return Response(output=nothing)
        following: Any = self.following
        return Response(output=choice, replace=following.make(choice))


@dataclass(kw_only=True)
class ErrorsMaker(Maker):
    """Errors of an engine from small cells that were computed with it and with a better one.

    Parameters
    ----------
    campaign, stage
        Where it belongs.
    accept
        Verdicts on the topology of a cell that count as the host.
    mixing_error
        As in `ChooseMaker`.
    """

    name: str = "errors"
    campaign: str = ""
    stage: int = 1
    accept: tuple[str, ...] = ()
    mixing_error: float | None = None
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(self, choice: ChoiceDoc, members: list[dict[str, Any]]) -> CalibrationDoc:
        """Calibrate.

        Parameters
        ----------
        choice
            The cells with their vertices.
        members
            ``{"spec", "configuration", "computed", "references", "committee"}`` of every cell and vertex.
        """
        found = {}
        for entry in members:
            spec = MemberSpec.model_validate(entry["spec"])
            calculations = (entry["computed"], entry["references"], entry["committee"])
            member = MeasuredMember(spec, entry["configuration"], *calculations, accept=tuple(self.accept))
            found[member_name(spec)] = member
        chosen = ChoiceDoc.model_validate(choice)
        document = calibration_document(chosen.cells, found, chosen.pairs, self.mixing_error)
        warnings = [*chosen.warnings, *document.warnings]
        return document.model_copy(update={"campaign": self.campaign, "stage": self.stage, "warnings": warnings})

"""ChooseControlsMaker and CompareControlsMaker: hosts with one element less beside the best candidates of a stage."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

from jobflow import JobConfig, Maker, OnMissing, Response, job

from hebe.analyses.errors import with_errors
from hebe.analyses.registry import get_analysis, objectives_of
from hebe.config.controls import ControlSpec
from hebe.config.keep import Keep
from hebe.config.ranking import Rank
from hebe.schemas.candidate import RankedCandidate
from hebe.schemas.controls import ControlDoc, ControlsDoc, CurveDifference
from hebe.science.chemistry.leave_one_out import controls_of
from hebe.science.chemistry.member import composition_of
from hebe.science.choosing.controls import curve_differences, differences, same_content
from hebe.science.choosing.promotion import promote
from hebe.science.structures.configuration import cell_size

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.leave_one_out import Control


@dataclass(kw_only=True)
class ChooseControlsMaker(Maker):
    """Take elements out of the best candidates of a stage, and replace itself by the flow that computes those hosts.

    Parameters
    ----------
    following
        Maker whose ``make`` returns the flow of the chosen controls for their members, with a `ControlsDoc` as output.
    campaign, stage
        Where it belongs.
    controls, rank
        The block of the stage, and the objectives of the campaign, as plain data.
    analyses
        Analyses of the stage.
    cell
        Sites of the mixed cations in a cell.
    """

    name: str = "choose controls"
    following: Maker | None = None
    campaign: str = ""
    stage: int = 0
    controls: dict[str, Any] = field(default_factory=dict)
    rank: dict[str, Any] = field(default_factory=dict)
    analyses: list[str] = field(default_factory=list)
    cell: int = 1
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(self, specs: list[MemberSpec], candidates: list[CandidateDoc | None]) -> Response[Any]:
        """Choose by what the candidates of the stage are worth.

        Parameters
        ----------
        specs
            Candidates of the stage.
        candidates
            What it says of them, in any order; those without a document have no controls.
        """
        wanted = ControlSpec.model_validate(self.controls)
        found = [candidate for candidate in candidates if candidate is not None]
        objectives = objectives_of(Rank.model_validate(self.rank), self.analyses)
        best = promote(found, Keep(n=wanted.n), objectives).promoted
        of = {spec.candidate_id: spec for spec in specs}
        document = ControlsDoc(campaign=self.campaign, stage=self.stage, method=wanted.method)
        members: dict[str, MemberSpec] = {}
        for spec in (of[name] for name in best):
            for control in controls_of(spec, self.cell, wanted.elements):
                document.controls.append(_document(spec, control, self.cell))
                if control.spec is not None:
                    members[control.spec.candidate_id] = control.spec
        if not best:
            document.warnings.append("no candidate has a rank: there are no controls")
        if not members or self.following is None:
            return Response(output=document)
        following: Any = self.following
        return Response(output=document, replace=following.make(document, list(members.values())))


def _document(spec: MemberSpec, control: Control, cell: int) -> ControlDoc:
    made = ControlDoc(of=spec.candidate_id, of_formula=spec.formula, element=control.element, reason=control.reason)
    if control.spec is None:
        return made
    moved = {name: {ion: str(x) for ion, x in sorted(part.items())} for name, part in control.moved.items()}
    return made.model_copy(
        update={
            "candidate_id": control.spec.candidate_id,
            "formula": control.spec.formula,
            "rule": control.rule,
            "moved": moved,
            "entropy_R": control.spec.entropy_R.get("mixed-site"),
            "n_fu": _units_of(control.spec, cell),
            "of_n_fu": _units_of(spec, cell),
        }
    )


def _units_of(spec: MemberSpec, cell: int) -> int:
    """Formula units of the cells of a member, for which so many sites were asked."""
    composition = composition_of(spec)
    return cell_size(composition, spec.primary, cell) // composition.host.atoms_per_unit(spec.primary)


@dataclass(kw_only=True)
class CompareControlsMaker(Maker):
    """Compare candidates with their controls.

    Parameters
    ----------
    campaign, stage
        Where it belongs.
    """

    name: str = "compare controls"
    campaign: str = ""
    stage: int = 0
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(
        self, chosen: ControlsDoc, candidates: list[CandidateDoc | None], controls: list[CandidateDoc | None]
    ) -> ControlsDoc:
        """Differences of every quantity that both have.

        Parameters
        ----------
        chosen
            The controls as they were chosen.
        candidates, controls
            What the stage says of the candidates and of the controls, in any order.
        """
        documents = [RankedCandidate(**dict(c)) for c in (*candidates, *controls) if c is not None]
        known = {one.candidate_id: one for one in with_errors(documents)}
        compared = [_compared(one, known) for one in chosen.controls]
        engine = next((one.engine for one in documents if one.engine), "")
        return chosen.model_copy(update={"controls": compared, "engine": engine})


def _compared(one: ControlDoc, known: Mapping[str, CandidateDoc]) -> ControlDoc:
    if one.candidate_id is None:
        return one
    candidate, control = known.get(one.of), known.get(one.candidate_id)
    if candidate is None or control is None:
        return one.model_copy(update={"reason": "it has no document"})
    reason = "" if control.error is None else control.error.message
    units = _units([name for name in candidate.results if name in control.results])
    found = differences(candidate, control, units)
    over = _curves(candidate, control, known, same_content(one.n_fu, one.of_n_fu))
    fields = {"status": control.status, "reason": reason, "warnings": _warnings(one)}
    return one.model_copy(update={**fields, "differences": found, "curves": over})


def _warnings(one: ControlDoc) -> list[str]:
    """Whether the cells differ in size: a defect is then not as far from its images."""
    if one.n_fu is None or one.n_fu == one.of_n_fu:
        return []
    sizes = f"its cells have {one.n_fu} formula units, those of the candidate {one.of_n_fu}"
    return [f"{sizes}: energies of single defects depend on the size"]


def _curves(
    candidate: CandidateDoc, control: CandidateDoc, known: Mapping[str, CandidateDoc], within: float
) -> list[CurveDifference]:
    """Differences of everything over the content that the analyses of both know."""
    found = []
    for analysis in (get_analysis(name) for name in candidate.results if name in control.results):
        results = {name: [r for r in analysis.of(one) if r is not None] for name, one in known.items()}
        for curve in analysis.curves:
            values = {name: [curve.read(result) for result in part] for name, part in results.items()}
            pair = values[candidate.candidate_id], values[control.candidate_id]
            found += curve_differences(curve.name, curve.unit or "1", *pair, list(values.values()), within)
    return found


def _units(analyses: Sequence[str]) -> dict[str, str]:
    """Unit of every quantity of some analyses."""
    return {quantity.name: quantity.unit or "1" for name in analyses for quantity in get_analysis(name).quantities}

"""One value per quantity and candidate: means over configurations with their spread."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Any, Literal

from hebe.analyses import composition
from hebe.analyses.marks import marks_of
from hebe.analyses.registry import get_analysis
from hebe.schemas.base import ErrorInfo
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.result import ResultDoc, Value
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.member import composition_of, family_of
from hebe.science.chemistry.space import working_charge
from hebe.science.errors.spread import mean_and_sd, root_mean_square

if TYPE_CHECKING:
    from hebe.analyses.protocol import AnyAnalysis
    from hebe.analyses.quantity import Quantity


@dataclass(frozen=True)
class CandidateParts:
    """What the jobs of one candidate left behind.

    Parameters
    ----------
    spec
        The candidate.
    calculations
        All of its calculations.
    made
        Those as made, per configuration.
    results
        Results by analysis: one per configuration, in the same order, or one.
    accept
        Verdicts on the topology of a cell that count as the host.
    """

    spec: MemberSpec
    calculations: Sequence[CalculationDoc | None]
    made: Sequence[CalculationDoc | None]
    results: Mapping[str, Sequence[ResultDoc | None]]
    accept: Sequence[str] = ()

    @property
    def lowest(self) -> int | None:
        """Position of the configuration of lowest energy as made that is still the host."""
        energies = {
            i: c.energy_per_atom
            for i, c in enumerate(self.made)
            if c is not None and c.usable and c.is_host(self.accept)
        }
        return min(energies, key=lambda i: (energies[i], i)) if energies else None


def summarise(parts: CandidateParts, campaign: str, stage: int, analyses: Collection[str]) -> CandidateDoc:
    """Document of one candidate after one stage.

    Status is ``failed`` when no configuration has an as-made energy, ``partial`` when an analysis that was asked for
    lacks its main quantity or a calculation failed, else ``complete``.
    """
    spec, lowest = parts.spec, parts.lowest
    calculated = [c for c in parts.calculations if c is not None and c.status != "absent"]
    reference = next((c for c in calculated if c.usable), calculated[0] if calculated else None)
    made = None if lowest is None else parts.made[lowest]
    document = CandidateDoc(
        candidate_id=spec.candidate_id,
        campaign=campaign,
        stage=stage,
        status="complete",
        formula=spec.formula,
        family=spec.family,
        working_ion=spec.working_ion,
        x_made=float(Fraction(spec.x_made)),
        composition=_species(spec),
        entropy_R=spec.entropy_R,
        descriptors=spec.descriptors,
        engine=reference.engine if reference else "",
        energy_scale=reference.energy_scale if reference else "",
        configuration=None if made is None else made.label,
        lowest=lowest,
        n_configurations=sum(1 for c in parts.made if c is not None and c.usable and c.is_host(parts.accept)),
        results={name: [_plain(result) for result in found] for name, found in parts.results.items()},
        calculations={c.label: c.key for c in calculated if c.key},
        calculation_status={c.label: c.status for c in calculated},
    )
    document.values = {q.name: Value(mean=q.read(spec), n=1) for q in composition.QUANTITIES}
    for name, found in parts.results.items():
        document.values |= values_of(get_analysis(name), found, document)
    document.states_left = _states_left(parts)
    document.warnings = _warnings(parts, document, analyses)
    document.marks = marks_of(document, parts.results, calculated)
    document.status = _status(document, analyses)
    if document.status == "failed":
        lost = f"the host was left ({', '.join(document.states_left)})" if document.states_left else None
        first = next((c.error.message for c in calculated if c.error is not None), lost or "nothing was calculated")
        document.error = ErrorInfo(error_class="CandidateError", message=f"no as-made energy: {first}")
    return document


def _plain(result: ResultDoc | None) -> dict[str, Any] | None:
    return None if result is None else result.model_dump(mode="json")


def values_of(analysis: AnyAnalysis, results: Sequence[ResultDoc | None], document: CandidateDoc) -> dict[str, Value]:
    """Values of the quantities of one analysis."""
    known = [result for result in results if result is not None]
    return {q.name: value_of(q, known, document.energy_scale, document.working_ion) for q in analysis.quantities}


def value_of(quantity: Quantity[Any], results: Sequence[ResultDoc], scale: str, ion: str | None) -> Value:
    """Mean of a quantity over results, with the spreads that the results know."""
    having = [result for result in results if quantity.read(result) is not None]
    if not having:
        reasons = (_reason(quantity, result) for result in results)
        return Value(why_null=next(filter(None, reasons), "the analysis has no result"))
    mean, sd = mean_and_sd(quantity.read(result) for result in having)
    first = having[0]
    return Value(
        mean=mean,
        sd_configurations=sd if quantity.sd is None else quantity.sd(first),
        sd_starts=None if quantity.sd_starts is None else root_mean_square(map(quantity.sd_starts, having)),
        n=len(having) if quantity.n is None else quantity.n(first),
        error=None if quantity.error is None else quantity.error(first, scale, ion),
        signed=None if quantity.signed is None else mean_and_sd(map(quantity.signed, having))[0],
        lower_bound=quantity.lower_bound is not None and any(map(quantity.lower_bound, having)),
    )


def _reason(quantity: Quantity[Any], result: ResultDoc) -> str | None:
    own = None if quantity.why_null is None else quantity.why_null(result)
    return own or (result.warnings[-1] if result.warnings else None)


def _species(spec: MemberSpec) -> dict[str, dict[str, float]]:
    host = family_of(spec)
    result = {s: {ion: float(Fraction(x)) for ion, x in ions.items()} for s, ions in spec.split.items()}
    if spec.working_ion and host.working_sublattice:
        ion = f"{spec.working_ion}{working_charge(spec.working_ion)}+"
        result = {host.working_sublattice: {ion: float(composition_of(spec).x_own)}, **result}
    return result


def _states_left(parts: CandidateParts) -> list[str]:
    """States of the candidate that left the host, each once: where they stand and how they left."""
    made = [c for c in parts.made if c is not None and c.usable and not c.is_host(parts.accept)]
    found, named = {f"as made: {c.topology}": None for c in made}, {c.key for c in made}
    for name, results in parts.results.items():
        analysis = get_analysis(name)
        for state in (state for result in results if result is not None for state in analysis.states(result)):
            if state.left and state.topology not in (None, "host") and state.calculation not in named:
                found[f"x = {state.x:.3g}: {state.topology}"] = None
    return list(found)


def _warnings(parts: CandidateParts, document: CandidateDoc, analyses: Collection[str]) -> list[str]:
    """All warnings of the results, each once, in order, with a word on single configurations."""
    found: dict[str, None] = {}
    for name in (*parts.results, *(a for a in analyses if a not in parts.results)):
        for result in parts.results.get(name, [None]):
            remarks = ["an analysis has no result"] if result is None else get_analysis(name).remarks(result)
            found |= dict.fromkeys(remarks)
    for c in parts.calculations:
        if c is not None and c.usable and c.outside_training:
            found[f"{c.label}: outside training: {'; '.join(c.outside_training)}"] = None
    lost = [c.label for c in parts.calculations if c is not None and c.usable and c.lost_moments]
    found |= dict.fromkeys(f"{label}: all moments were lost: its energy may be that of another state" for label in lost)
    if document.n_configurations == 1:
        found["one configuration: spreads are null"] = None
    return list(found)


def _status(document: CandidateDoc, analyses: Collection[str]) -> Literal["complete", "partial", "failed"]:
    if document.n_configurations == 0:
        return "failed"
    broken = any(status in ("failed", "cut") for status in document.calculation_status.values())
    main = [get_analysis(name).quantities[0].name for name in analyses]
    return "partial" if broken or any(document.mean(name) is None for name in main) else "complete"

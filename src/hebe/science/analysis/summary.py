"""One value per candidate: means over configurations with their spread, the rest from the lowest configuration."""

from __future__ import annotations

import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from hebe.schemas.base import ErrorInfo
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.electrode import StrainDoc, VoltageDoc
from hebe.schemas.mixing import MixingDoc
from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.member import composition_of, family_of
from hebe.science.chemistry.space import working_charge


@dataclass(frozen=True)
class CandidateParts:
    """What the jobs of one candidate left behind; lists run over configurations except ``calculations``."""

    spec: MemberSpec
    calculations: Sequence[CalculationDoc | None]
    made: Sequence[CalculationDoc | None]
    voltages: Sequence[VoltageDoc | None]
    strains: Sequence[StrainDoc | None]
    mixing: MixingDoc | None

    @property
    def lowest(self) -> int | None:
        """Position of the configuration of lowest energy as made."""
        energies = {i: c.energy_per_atom for i, c in enumerate(self.made) if c is not None and c.usable}
        return min(energies, key=lambda i: (energies[i], i)) if energies else None


def mean_and_sd(values: Iterable[float | None]) -> tuple[float | None, float | None]:
    """Mean and sample standard deviation of the values there are; the latter None for fewer than two."""
    known = [v for v in values if v is not None]
    if not known:
        return None, None
    return statistics.fmean(known), statistics.stdev(known) if len(known) > 1 else None


def summarise(
    parts: CandidateParts,
    campaign: str,
    stage: int,
    analyses: Sequence[str],
    window: tuple[float, float] | None,
) -> CandidateDoc:
    """Document of one candidate after one stage.

    Status is ``failed`` when no configuration has an as-made energy, ``partial`` when an analysis that was
    asked for has no value or a calculation failed, else ``complete``.
    """
    spec, lowest = parts.spec, parts.lowest
    calculated = [c for c in parts.calculations if c is not None and c.status != "absent"]
    reference = next((c for c in calculated if c.usable), calculated[0] if calculated else None)
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
        n_configurations=sum(1 for c in parts.made if c is not None and c.usable),
        calculations={c.label: c.key for c in calculated if c.key},
        calculation_status={c.label: c.status for c in calculated},
    )
    _fill_electrode(document, parts, lowest, window)
    if parts.mixing is not None:
        document.mixing = parts.mixing
    document.warnings = _warnings(parts, document, analyses)
    document.status = _status(document, parts, analyses)
    if document.status == "failed":
        first = next((c.error.message for c in calculated if c.error is not None), "nothing was calculated")
        document.error = ErrorInfo(error_class="CandidateError", message=f"no as-made energy: {first}")
    return document


def _species(spec: MemberSpec) -> dict[str, dict[str, float]]:
    host = family_of(spec)
    result = {s: {ion: float(Fraction(x)) for ion, x in ions.items()} for s, ions in spec.split.items()}
    if spec.working_ion and host.working_sublattice:
        ion = f"{spec.working_ion}{working_charge(spec.working_ion)}+"
        result = {host.working_sublattice: {ion: float(Fraction(spec.x_made))}, **result}
    return result


def _fill_electrode(
    document: CandidateDoc, parts: CandidateParts, lowest: int | None, window: tuple[float, float] | None
) -> None:
    theoretical = document.descriptors.get("capacity_theoretical_mAh_g")
    redox = document.descriptors.get("capacity_redox_mAh_g")
    document.capacity_theoretical_mAh_g = None if theoretical is None else float(theoretical)
    document.capacity_redox_mAh_g = None if redox is None else float(redox)
    if window is not None and parts.spec.working_ion:
        n = (window[1] - window[0]) * working_charge(parts.spec.working_ion)
        document.capacity_window_mAh_g = FARADAY_MAH * n / composition_of(parts.spec).molar_mass
    voltages = [None if v is None else v.average_voltage_V for v in parts.voltages]
    document.average_voltage_V, document.average_voltage_V_sd = mean_and_sd(voltages)
    strains = [None if s is None else s.max_volume_strain for s in parts.strains]
    document.max_volume_strain, document.max_volume_strain_sd = mean_and_sd(strains)
    deltas = [None if s is None else s.max_delta_volume for s in parts.strains]
    document.max_delta_volume, document.max_delta_volume_sd = mean_and_sd(deltas)
    if lowest is None:
        return
    made = parts.made[lowest]
    document.configuration = made.label if made is not None else None
    best = parts.voltages[lowest] if lowest < len(parts.voltages) else None
    if best is not None:
        document.voltage_profile, document.x_states = best.voltage_profile, best.x_states
    elif lowest < len(parts.strains) and (strain := parts.strains[lowest]) is not None:
        document.x_states = strain.x_states


def _warnings(parts: CandidateParts, document: CandidateDoc, analyses: Sequence[str]) -> list[str]:
    """All warnings of the parts, each once, in order, with a word on single configurations."""
    found: dict[str, None] = {}
    asked = (*parts.voltages, *parts.strains, *([parts.mixing] if "mixing" in analyses else []))
    for part in asked:
        for warning in part.warnings if part is not None else ["an analysis has no result"]:
            found[warning] = None
    if document.n_configurations == 1:
        found["one configuration: spreads are null"] = None
    for name, result in (("competing", document.mixing.competing), ("same_host", document.mixing.same_host)):
        if result.reason:
            found[f"{name}: T_mix is null: {result.reason}"] = None
    return list(found)


def _status(
    document: CandidateDoc, parts: CandidateParts, analyses: Sequence[str]
) -> Literal["complete", "partial", "failed"]:
    if document.n_configurations == 0:
        return "failed"
    broken = any(status in ("failed", "cut") for status in document.calculation_status.values())
    missing: list[Any] = []
    if "voltage" in analyses:
        missing.append(document.average_voltage_V)
    if "volume_strain" in analyses:
        missing.append(document.max_volume_strain)
    if "mixing" in analyses:
        missing.append(parts.mixing)
        missing.append(document.mixing.competing.dH_eV_per_site)
    return "partial" if broken or any(value is None for value in missing) else "complete"

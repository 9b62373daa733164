"""One value per candidate: means over configurations with their spread, the rest from the lowest configuration."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import Any, Literal

from hebe.schemas.base import ErrorInfo
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.electrode import StrainDoc, VoltageDoc
from hebe.schemas.mixing import MixingDoc
from hebe.schemas.spec import MemberSpec
from hebe.science.analysis.marks import marks_of
from hebe.science.analysis.model_error import strain_error, voltage_error
from hebe.science.analysis.spread import mean_and_sd, root_mean_square
from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.member import composition_of, family_of
from hebe.science.chemistry.space import working_charge


@dataclass(frozen=True)
class CandidateParts:
    """What the jobs of one candidate left behind; lists run over configurations except ``calculations``.

    ``accept`` are verdicts on the topology of a cell that count as the host.
    """

    spec: MemberSpec
    calculations: Sequence[CalculationDoc | None]
    made: Sequence[CalculationDoc | None]
    voltages: Sequence[VoltageDoc | None]
    strains: Sequence[StrainDoc | None]
    mixing: MixingDoc | None
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
        n_configurations=sum(1 for c in parts.made if c is not None and c.usable and c.is_host(parts.accept)),
        calculations={c.label: c.key for c in calculated if c.key},
        calculation_status={c.label: c.status for c in calculated},
    )
    _fill_electrode(document, parts, lowest, window)
    if parts.mixing is not None:
        document.mixing = parts.mixing
    document.states_left = _states_left(parts)
    document.warnings = _warnings(parts, document, analyses)
    document.marks = marks_of(document, calculated)
    document.status = _status(document, parts, analyses)
    if document.status == "failed":
        lost = f"the host was left ({', '.join(document.states_left)})" if document.states_left else None
        first = next((c.error.message for c in calculated if c.error is not None), lost or "nothing was calculated")
        document.error = ErrorInfo(error_class="CandidateError", message=f"no as-made energy: {first}")
    return document


def _species(spec: MemberSpec) -> dict[str, dict[str, float]]:
    host = family_of(spec)
    result = {s: {ion: float(Fraction(x)) for ion, x in ions.items()} for s, ions in spec.split.items()}
    if spec.working_ion and host.working_sublattice:
        ion = f"{spec.working_ion}{working_charge(spec.working_ion)}+"
        result = {host.working_sublattice: {ion: float(composition_of(spec).x_own)}, **result}
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
    voltages = [v for v in parts.voltages if v is not None and v.average_voltage_V is not None]
    document.average_voltage_V, document.average_voltage_V_sd = mean_and_sd(v.average_voltage_V for v in voltages)
    document.average_voltage_V_sd_starts = root_mean_square(v.average_voltage_V_sd_starts for v in voltages)
    strains = [s for s in parts.strains if s is not None and s.max_volume_strain is not None]
    document.max_volume_strain, document.max_volume_strain_sd = mean_and_sd(s.max_volume_strain for s in strains)
    document.max_volume_strain_sd_starts = root_mean_square(s.max_volume_strain_sd_starts for s in strains)
    document.volume_strain_at_max, _ = mean_and_sd(s.volume_strain_at_max for s in strains)
    document.max_delta_volume, document.max_delta_volume_sd = mean_and_sd(s.max_delta_volume for s in strains)
    document.n_values = {"average_voltage_V": len(voltages), "max_volume_strain": len(strains)}
    ion = parts.spec.working_ion
    document.average_voltage_V_error = voltage_error(document.energy_scale, ion) if voltages else None
    document.max_volume_strain_error = strain_error(document.energy_scale, ion) if strains else None
    if lowest is None:
        return
    made = parts.made[lowest]
    document.configuration = made.label if made is not None else None
    best = parts.voltages[lowest] if lowest < len(parts.voltages) else None
    if best is not None:
        document.voltage_profile, document.x_states = best.voltage_profile, best.x_states
    elif lowest < len(parts.strains) and (strain := parts.strains[lowest]) is not None:
        document.x_states = strain.x_states


def _states_left(parts: CandidateParts) -> list[str]:
    """States of the candidate that left the host, each once: where they stand and how they left."""
    made = [c for c in parts.made if c is not None and c.usable and not c.is_host(parts.accept)]
    found, named = {f"as made: {c.topology}": None for c in made}, {c.key for c in made}
    for part in (*parts.voltages, *parts.strains):
        for state in part.x_states if part is not None else []:
            if state.left and state.topology not in (None, "host") and state.calculation not in named:
                found[f"x = {state.x:.3g}: {state.topology}"] = None
    return list(found)


def _warnings(parts: CandidateParts, document: CandidateDoc, analyses: Sequence[str]) -> list[str]:
    """All warnings of the parts, each once, in order, with a word on single configurations."""
    found: dict[str, None] = {}
    asked = (*parts.voltages, *parts.strains, *([parts.mixing] if "mixing" in analyses else []))
    for part in asked:
        for warning in part.warnings if part is not None else ["an analysis has no result"]:
            found[warning] = None
    window, redox = document.capacity_window_mAh_g, document.capacity_redox_mAh_g
    if window is not None and redox is not None and window > redox * (1 + 1e-6):
        text = f"the window takes {window:.1f} mAh/g, more than the {redox:.1f} that the electrons of the cations give"
        found[text] = None
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

"""Document of the stackings of one configuration along x."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from hebe.config.polymorphs import polymorphs
from hebe.config.stackings import prism_share, stackings
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.phases_along_x import PhasesDoc, PhaseState, Transition
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.space import working_charge
from hebe.science.constants import BOLTZMANN
from hebe.science.electrodes.electrode import StateInput
from hebe.science.electrodes.ion_entropy import ion_entropy
from hebe.science.electrodes.phases import (
    PhasePoint,
    coexistences,
    hull_of_phases,
    lowest_points,
    onset,
    relative_energies,
)
from hebe.science.electrodes.voltage import EnergyPoint, voltage, voltage_profile
from hebe.science.structures.polymorphs import form_of

_UNLIKE: Final = 0.05
"""Difference of volumes from which two stackings are unlike; spin states of cobalt differ by 7 %, stackings by 2 %."""

_ORDERED: Final = "spinel"
"""Order of cations into which those of layers can move."""

_RELABELLED: Final = ("host", "glide")
"""Verdicts on the topology with which a cell is one of the stackings: a glide leads to another of them."""


@dataclass(frozen=True)
class PhasesInput:
    """Calculations of one configuration.

    Parameters
    ----------
    own
        Stacking of the host.
    stackings
        Calculations by the stacking in which they started, that of the host included.
    metal
        Metal of the working ion.
    window
        Lowest and highest x that are compared.
    temperature
        Of the free energy (K); None compares energies.
    """

    own: str
    stackings: Mapping[str, StateInput]
    metal: CalculationDoc | None
    window: tuple[float, float]
    temperature: float | None = None

    @property
    def distorted(self) -> set[str]:
        """Names of stackings with distorted layers that are compared."""
        return {name for name in self.stackings if name in polymorphs() and polymorphs()[name].of == "slabs"}


def phases_document(inputs: PhasesInput, label: str = "") -> PhasesDoc:
    """Stackings along x; what is missing is a warning."""
    warnings = [text for held in inputs.stackings.values() for text in held.problems()]
    states, own = _states(inputs, warnings), _base(inputs, warnings)
    document = PhasesDoc(label=label, own=own, temperature_K=inputs.temperature, warnings=warnings)
    points = [PhasePoint(s.stacking, s.x, _free(s, inputs.temperature)) for s in states]
    inside = [p for p in points if _inside(p.x, inputs)]
    instead = _instead(states, inputs, own)
    relative, hull = _relative(points, own, instead, inputs), hull_of_phases(inside)
    on_hull = {(p.phase, round(p.x, 6)) for p in hull}
    document.states = [
        state.model_copy(
            update={
                "relative_eV_per_fu": relative.get(state.stacking, {}).get(round(state.x, 6)),
                "on_hull": (state.stacking, round(state.x, 6)) in on_hull,
            }
        )
        for state in states
    ]
    document.warnings += _unlike(document.states, own)
    _compare(document, _relative(inside, own, instead, inputs), inputs)
    _voltages(document, inside, hull, inputs)
    return document


def _instead(states: Sequence[PhaseState], inputs: PhasesInput, own: str) -> list[PhaseState]:
    """What stands for the host's own form at contents where its cells became another one without gliding."""
    known = {round(s.x, 6) for s in states if s.stacking == own}
    became = [s for s in states if s.started_as == inputs.own and s.stacking not in stackings()]
    lowest: dict[float, PhaseState] = {}
    for state in sorted(became, key=lambda s: -s.energy_eV_per_fu):
        if round(state.x, 6) not in known:
            lowest[round(state.x, 6)] = state
    return list(lowest.values())


def _relative(
    points: Sequence[PhasePoint], own: str, instead: Sequence[PhaseState], inputs: PhasesInput
) -> dict[str, dict[float, float]]:
    """Energies above the host's own form by phase and x, without what stands for that form."""
    bases = [PhasePoint(own, s.x, _free(s, inputs.temperature)) for s in instead]
    found = relative_energies([*points, *bases], own)
    for state in instead:
        found.get(state.stacking, {}).pop(round(state.x, 6), None)
    return {name: by_x for name, by_x in found.items() if by_x}


def _unlike(states: Sequence[PhaseState], own: str) -> list[str]:
    """Stackings whose volume is so unlike that of the host's own that ions may have other spins, in words."""
    volumes = {round(s.x, 6): s.volume_A3_per_fu for s in states if s.stacking == own}
    return [
        f"x = {s.x:.3g}: {s.stacking} has {ratio:.2f} times the volume of {own}: ions may have other spin states in it"
        for s in states
        if s.stacking in stackings()
        and (volume := volumes.get(round(s.x, 6)))
        and abs((ratio := s.volume_A3_per_fu / volume) - 1) > _UNLIKE
    ]


def _states(inputs: PhasesInput, warnings: list[str]) -> list[PhaseState]:
    """Lowest cell of each stacking at each x, by what the relaxed cells are."""
    found: dict[tuple[float, str], PhaseState] = {}
    for started, held in inputs.stackings.items():
        for calculation in (held.made, *held.states):
            if calculation is None or not calculation.usable or not held.n_fu:
                continue
            form = _form(inputs, started, calculation)
            if form is None:
                kind = "stacking" if started in stackings() else "polymorph"
                warnings.append(f"{calculation.label}: the relaxed cell is no {kind} any more ({calculation.topology})")
                continue
            state = _state(held, started, calculation, form)
            key = (round(state.x, 6), state.stacking)
            if key not in found or state.energy_eV_per_fu < found[key].energy_eV_per_fu:
                found[key] = state
            if state.stacking != started:
                warnings.append(f"x = {state.x:.3g}: a cell that started as {started} relaxed to {state.stacking}")
    order = lowest_points([PhasePoint(s.stacking, s.x, s.energy_eV_per_fu) for s in found.values()])
    return [found[round(point.x, 6), point.phase] for point in order]


def _form(inputs: PhasesInput, started: str, calculation: CalculationDoc) -> str | None:
    """Stacking or polymorph that a relaxed cell is; None where it is none of those that are known.

    Slabs that glided are another stacking, tilts another crystal. Cells whose metals left their sites count where their
    cations are in an order again: no order may be anything. Distorted layers are told where they are compared.
    """
    held, verdict = inputs.stackings[started], calculation.topology
    slabs = started in stackings() or started in inputs.distorted
    if verdict == "migrated":
        found = form_of(held.spec, calculation, _ORDERED) if composition_of(held.spec).host.anions else None
        return found if found == _ORDERED or (not slabs and found in stackings()) else None
    if verdict not in (*_RELABELLED, None) or (slabs and verdict == "glide" and calculation.stacking is None):
        return None
    if slabs and not inputs.distorted:
        return calculation.stacking or started
    return form_of(held.spec, calculation, started)


def _base(inputs: PhasesInput, warnings: list[str]) -> str:
    """Form with which the others are compared: the host's own, or what its as-made cell became without gliding."""
    made = inputs.stackings[inputs.own].made
    usable = made is not None and made.usable and inputs.stackings[inputs.own].n_fu
    form = _form(inputs, inputs.own, made) if usable and made is not None else None
    if form is None or form in stackings() or form == inputs.own:
        return inputs.own
    warnings.append(f"the host relaxed from {inputs.own} to {form} as made, with which the others are compared")
    return form


def _state(held: StateInput, started: str, calculation: CalculationDoc, form: str) -> PhaseState:
    n_fu = held.n_fu or 1
    spread, _ = calculation.spread_over_starts(_RELABELLED)
    return PhaseState(
        x=held.x_of(calculation),
        stacking=form,
        started_as=started,
        energy_eV_per_fu=calculation.energy / n_fu,
        energy_sd_starts_eV_per_fu=None if spread is None else spread / n_fu,
        volume_A3_per_fu=calculation.cell.volume / n_fu,
        calculation=calculation.key,
    )


def _free(state: PhaseState, temperature: float | None) -> float:
    """Energy, or free energy with the entropy of ions and empty sites (eV per formula unit)."""
    if temperature is None:
        return state.energy_eV_per_fu
    share = prism_share(state.stacking)
    entropy = share * ion_entropy(state.x, prisms=True) + (1 - share) * ion_entropy(state.x, prisms=False)
    return state.energy_eV_per_fu - BOLTZMANN * temperature * entropy


def _inside(x: float, inputs: PhasesInput) -> bool:
    n_fu = max((held.n_fu or 1 for held in inputs.stackings.values()), default=1)
    slack = 1e-6 + 0.5 / n_fu
    return inputs.window[0] - slack <= x <= inputs.window[1] + slack


def _compare(document: PhasesDoc, relative: Mapping[str, Mapping[float, float]], inputs: PhasesInput) -> None:
    """Fill in how far the other stackings lie above the host's own, and where they become lower."""
    others = [name for name in inputs.stackings if name not in (inputs.own, document.own)]
    document.onsets = {
        name: onset(relative[name]) if name in relative else None for name in sorted({*others, *relative})
    }
    every = [(energy, x, name) for name, by_x in relative.items() for x, energy in by_x.items()]
    if not every:
        document.warnings.append("no content has both the host's own stacking and another one")
        return
    energy, x, name = min(every)
    document.preference_eV_per_fu, document.preference_x, document.preference_stacking = energy, x, name
    spreads = [
        s.energy_sd_starts_eV_per_fu
        for s in document.states
        if abs(s.x - x) < 1e-6 and s.stacking in (name, document.own) and s.energy_sd_starts_eV_per_fu is not None
    ]
    document.preference_sd_starts_eV_per_fu = math.hypot(*spreads) if spreads else None
    known = [value for value in document.onsets.values() if value is not None]
    document.first_transition_x = max(known, default=None)


def _voltages(document: PhasesDoc, inside: list[PhasePoint], hull: list[PhasePoint], inputs: PhasesInput) -> None:
    """Fill in the profile over all stackings, that of the host's own, and the two-phase regions."""
    if inputs.metal is None or not inputs.metal.usable:
        document.warnings.append("the working-ion metal has no energy: no voltage")
        return
    metal = inputs.metal.energy_per_atom
    charge = working_charge(next(iter(inputs.stackings.values())).spec.working_ion)
    own = [EnergyPoint(p.x, p.energy) for p in inside if p.phase == document.own]
    every = [EnergyPoint(p.x, p.energy) for p in hull]
    document.topotactic_profile = voltage_profile(own, metal, charge) if len(own) > 1 else []
    document.voltage_profile = voltage_profile(every, metal, charge) if len(every) > 1 else []
    document.transitions = [
        Transition(
            x_high=high.x,
            x_low=low.x,
            from_stacking=high.phase,
            to_stacking=low.phase,
            voltage_V=voltage(EnergyPoint(low.x, low.energy), EnergyPoint(high.x, high.energy), metal, charge),
        )
        for high, low in coexistences(hull)
    ]

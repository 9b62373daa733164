"""Electrode documents of one configuration: x-states, voltage, strain."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.electrode import StrainDoc, VoltageDoc, XState
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import OrderingDoc
from hebe.science.analysis.strain import axis_strain, max_delta_volume, max_volume_strain
from hebe.science.analysis.voltage import EnergyPoint, lower_hull, voltage, voltage_profile
from hebe.science.chemistry.member import family_of
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.working import working_sites

Window = tuple[float, float]
_SAME_X = 1e-6


@dataclass(frozen=True)
class StateInput:
    """Calculations of one configuration: as made and at other x, with the orderings they came from."""

    spec: MemberSpec
    n_fu: int | None
    made: CalculationDoc | None
    states: Sequence[CalculationDoc | None]
    orderings: Sequence[OrderingDoc | None]

    def x_of(self, calculation: CalculationDoc) -> float:
        """Working ions per formula unit of a calculation."""
        if calculation.structure is None or not self.n_fu:
            raise ValueError("a calculation without a structure has no x")
        sites = working_sites(calculation.structure, family_of(self.spec).working_sublattice)
        return len(sites) / self.n_fu

    def problems(self) -> list[str]:
        """What is missing, in words."""
        result = []
        for calculation in (self.made, *self.states):
            if calculation is None:
                result.append("an x-state has no result")
            elif calculation.status in ("failed", "cut"):
                why = calculation.error.message if calculation.error else "not converged within the step limit"
                result.append(f"{calculation.label}: {calculation.status}: {why}")
        return result


def x_states(inputs: StateInput, window: Window) -> list[XState]:
    """Lowest state at each x, highest x first; ``on_hull`` refers to the states within the window."""
    made = inputs.made
    if made is None or not made.usable or not inputs.n_fu:
        return []
    lowest: dict[float, CalculationDoc] = {}
    for calculation in (made, *inputs.states):
        if calculation is not None and calculation.usable:
            x = round(inputs.x_of(calculation), 9)
            if x not in lowest or calculation.energy < lowest[x].energy:
                lowest[x] = calculation
    inside = [EnergyPoint(x, c.energy / inputs.n_fu) for x, c in lowest.items() if _within(x, window, inputs.n_fu)]
    hull = {point.x for point in lower_hull(inside)} if inside else set[float]()
    holes = {round(o.x, 9): o.anion_oxidation for o in inputs.orderings if o is not None}
    return [
        XState(
            x=x,
            energy_eV_per_fu=lowest[x].energy / inputs.n_fu,
            volume_A3_per_fu=lowest[x].cell.volume / inputs.n_fu,
            on_hull=x in hull,
            topology=lowest[x].topology,
            anion_oxidation=holes.get(x, 0.0),
            volume_strain=lowest[x].cell.volume / made.cell.volume - 1,
            axis_strain=axis_strain(made.cell.lattice.matrix, lowest[x].cell.lattice.matrix),
            calculation=lowest[x].key,
        )
        for x in sorted(lowest, reverse=True)
    ]


def _within(x: float, window: Window, n_fu: int | None) -> bool:
    """Whether x lies in the window; ends that a cell cannot hold count as the nearest content that it can."""
    slack = _SAME_X + (0.5 / n_fu if n_fu else 0.0)
    return window[0] - slack <= x <= window[1] + slack


def _state_warnings(states: Sequence[XState]) -> list[str]:
    warnings = [
        f"x = {s.x:.3g}: the relaxed cell is no longer the host ({s.topology})"
        for s in states
        if s.topology not in (None, "host")
    ]
    warnings += [
        f"x = {s.x:.3g}: {s.anion_oxidation:.2f} electrons per formula unit leave the anions"
        for s in states
        if s.anion_oxidation > 1e-6
    ]
    return warnings


def voltage_document(inputs: StateInput, metal: CalculationDoc | None, window: Window, label: str = "") -> VoltageDoc:
    """Voltage of one configuration; null with a warning where an end of the window or the metal is missing."""
    warnings, states = inputs.problems(), x_states(inputs, window)
    document = VoltageDoc(label=label, x_states=states, warnings=[*warnings, *_state_warnings(states)])
    inside = [s for s in states if _within(s.x, window, inputs.n_fu)]
    if metal is None or not metal.usable:
        document.warnings.append("the working-ion metal has no energy: no voltage")
        return document
    document.energy_made_eV_per_fu = next((s.energy_eV_per_fu for s in states if s.volume_strain == 0), None)
    points = [EnergyPoint(s.x, s.energy_eV_per_fu) for s in inside]
    if len(points) < 2:
        document.warnings.append("fewer than two contents in the window: no voltage")
        return document
    charge = working_charge(inputs.spec.working_ion)
    document.voltage_profile = voltage_profile(points, metal.energy_per_atom, charge)
    low, high = points[-1], points[0]
    if abs(low.x - window[0]) > 0.05 or abs(high.x - window[1]) > 0.05:
        document.warnings.append("an end of the window has no state: no average voltage")
        return document
    document.average_voltage_V = voltage(low, high, metal.energy_per_atom, charge)
    return document


def strain_document(inputs: StateInput, window: Window, label: str = "") -> StrainDoc:
    """Strain of one configuration over the hull states of the window; null with a warning if there is but one."""
    states = x_states(inputs, window)
    document = StrainDoc(label=label, x_states=states, warnings=[*inputs.problems(), *_state_warnings(states)])
    volumes = [s.volume_A3_per_fu for s in states if _within(s.x, window, inputs.n_fu) and s.on_hull]
    made = next((s.volume_A3_per_fu for s in states if s.volume_strain == 0), None)
    if made is None or len(volumes) < 2:
        document.warnings.append("fewer than two contents in the window: no strain")
        return document
    document.max_volume_strain = max_volume_strain(volumes, made)
    document.max_delta_volume = max_delta_volume(volumes)
    return document

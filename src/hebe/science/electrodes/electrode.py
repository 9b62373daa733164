"""Electrode documents of one configuration: x-states, voltage, strain."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.electrode import StrainDoc, VoltageDoc, XState
from hebe.schemas.spec import MemberSpec
from hebe.schemas.structures import ConfigurationDoc, OrderingDoc
from hebe.science.chemistry.space import working_charge
from hebe.science.electrodes.strain import axis_strain, max_delta_volume, max_volume_strain
from hebe.science.electrodes.voltage import EnergyPoint, lower_hull, voltage, voltage_profile
from hebe.science.structures.configuration import approximated
from hebe.science.structures.working import mobile_sites

Window = tuple[float, float]
SAME_X = 1e-6
"""Contents (ions per formula unit) that are no further apart are one."""
_SAME_END = 0.05


@dataclass(frozen=True)
class StateInput:
    """Calculations of one configuration: as made and at other x, with the orderings they came from.

    ``accept`` are verdicts on the topology of a cell that count as the host, ``configuration`` is the cell as built.
    """

    spec: MemberSpec
    n_fu: int | None
    made: CalculationDoc | None
    states: Sequence[CalculationDoc | None]
    orderings: Sequence[OrderingDoc | None]
    accept: Sequence[str] = ()
    configuration: ConfigurationDoc | None = None

    def x_of(self, calculation: CalculationDoc) -> float:
        """Working ions per formula unit of a calculation."""
        if calculation.structure is None or not self.n_fu:
            raise ValueError("a calculation without a structure has no x")
        return len(mobile_sites(self.spec, calculation.structure)) / self.n_fu

    def problems(self) -> list[str]:
        """What is missing or only approximated, in words."""
        said = None if self.configuration is None else approximated(self.configuration)
        result = [] if said is None else [said]
        for calculation in (self.made, *self.states):
            if calculation is None:
                result.append("an x-state has no result")
            elif calculation.status in ("failed", "cut"):
                why = calculation.error.message if calculation.error else "not converged within the step limit"
                result.append(f"{calculation.label}: {calculation.status}: {why}")
        return result


def x_states(inputs: StateInput, window: Window) -> list[XState]:
    """Lowest state of the host at each x, highest x first; ``on_hull`` refers to those within the window.

    Where no cell is the host any more, the lowest of all is listed and marked ``left``. If the as-made cell left the
    host, every state did: there is nothing to compare with.
    """
    made = inputs.made
    if made is None or not made.usable or not inputs.n_fu:
        return []
    lowest = lowest_states(inputs)
    lost = not made.is_host(inputs.accept)
    left = {x for x, calculation in lowest.items() if lost or not calculation.is_host(inputs.accept)}
    inside = [
        EnergyPoint(x, c.energy / inputs.n_fu)
        for x, c in lowest.items()
        if x not in left and in_window(x, window, inputs.n_fu)
    ]
    hull = {point.x for point in lower_hull(inside)} if inside else set[float]()
    holes = {round(o.x, 9): o.anion_oxidation for o in inputs.orderings if o is not None}
    return [
        _state(inputs, x, lowest[x], on_hull=x in hull, left=x in left, anion_oxidation=holes.get(x, 0.0))
        for x in sorted(lowest, reverse=True)
    ]


def lowest_states(inputs: StateInput) -> dict[float, CalculationDoc]:
    """Lowest calculation at each x; one that is still the host comes before one that is not."""
    found: dict[float, CalculationDoc] = {}
    for calculation in (inputs.made, *inputs.states):
        if calculation is None or not calculation.usable:
            continue
        x = round(inputs.x_of(calculation), 9)
        before = found.get(x)
        if before is None or _order(calculation, inputs.accept) < _order(before, inputs.accept):
            found[x] = calculation
    return found


def _order(calculation: CalculationDoc, accept: Sequence[str]) -> tuple[bool, float]:
    return not calculation.is_host(accept), calculation.energy


def _state(
    inputs: StateInput, x: float, found: CalculationDoc, *, on_hull: bool, left: bool, anion_oxidation: float
) -> XState:
    made, n_fu = inputs.made, inputs.n_fu
    if made is None or not n_fu:
        raise ValueError("a state needs the as-made cell")
    energy_sd, volume_sd = found.spread_over_starts(inputs.accept)
    return XState(
        x=x,
        energy_eV_per_fu=found.energy / n_fu,
        volume_A3_per_fu=found.cell.volume / n_fu,
        on_hull=on_hull,
        topology=found.topology,
        left=left,
        energy_sd_starts_eV_per_fu=None if energy_sd is None else energy_sd / n_fu,
        volume_sd_starts_A3_per_fu=None if volume_sd is None else volume_sd / n_fu,
        anion_oxidation=anion_oxidation,
        volume_strain=found.cell.volume / made.cell.volume - 1,
        axis_strain=axis_strain(made.cell.lattice.matrix, found.cell.lattice.matrix),
        calculation=found.key,
    )


def in_window(x: float, window: Window, n_fu: int | None) -> bool:
    """Whether x lies in the window; ends that a cell cannot hold count as the nearest content that it can."""
    slack = SAME_X + (0.5 / n_fu if n_fu else 0.0)
    return window[0] - slack <= x <= window[1] + slack


def _state_warnings(states: Sequence[XState]) -> list[str]:
    warnings = [
        f"x = {s.x:.3g}: the relaxed cell is no longer the host ({s.topology}){' and is left out' if s.left else ''}"
        for s in states
        if s.topology not in (None, "host")
    ]
    warnings += [
        f"x = {s.x:.3g}: {s.anion_oxidation:.2f} electrons per formula unit leave the anions"
        for s in states
        if s.anion_oxidation > 1e-6
    ]
    return warnings


def _ends(states: Sequence[XState], window: Window, n_fu: int | None) -> tuple[list[XState], str]:
    """States of the host in the window, highest x first, and why they do not cover it; empty if they do."""
    inside = [s for s in states if not s.left and in_window(s.x, window, n_fu)]
    if len(inside) < 2:
        return inside, "fewer than two contents in the window"
    off = (abs(inside[-1].x - window[0]), abs(inside[0].x - window[1]))
    return inside, "an end of the window has no state of the host" if max(off) > _SAME_END else ""


def realised_window(states: Sequence[XState], window: Window, n_fu: int | None) -> Window:
    """Contents that stand for the ends of a window; the window itself where the states do not cover it."""
    inside, gap = _ends(states, window, n_fu)
    return window if gap else (inside[-1].x, inside[0].x)


def _rounded_ends(inside: Sequence[XState], window: Window) -> list[str]:
    """Ends of a window for which another content stands, in words."""
    pairs = ((inside[0].x, window[1]), (inside[-1].x, window[0]))
    return [
        f"x = {x:.4g} stands for the end {end:.4g} of the window, which the cell cannot hold"
        for x, end in pairs
        if abs(x - end) > SAME_X
    ]


def voltage_document(inputs: StateInput, metal: CalculationDoc | None, window: Window, label: str = "") -> VoltageDoc:
    """Voltage of one configuration; null with a warning where an end of the window or the metal is missing."""
    warnings, states = inputs.problems(), x_states(inputs, window)
    document = VoltageDoc(label=label, x_states=states, warnings=[*warnings, *_state_warnings(states)])
    if metal is None or not metal.usable:
        document.warnings.append("the working-ion metal has no energy: no voltage")
        return document
    if states and inputs.made is not None and inputs.n_fu:
        document.energy_made_eV_per_fu = inputs.made.energy / inputs.n_fu
    inside, gap = _ends(states, window, inputs.n_fu)
    points = [EnergyPoint(s.x, s.energy_eV_per_fu) for s in inside]
    charge = working_charge(inputs.spec.working_ion)
    if len(points) > 1:
        document.voltage_profile = voltage_profile(points, metal.energy_per_atom, charge)
    if gap:
        document.warnings.append(f"{gap}: no average voltage")
        return document
    document.warnings += _rounded_ends(inside, window)
    low, high = inside[-1], inside[0]
    document.average_voltage_V = voltage(points[-1], points[0], metal.energy_per_atom, charge)
    spread = _quadrature(low.energy_sd_starts_eV_per_fu, high.energy_sd_starts_eV_per_fu)
    document.average_voltage_V_sd_starts = None if spread is None else spread / (charge * (high.x - low.x))
    return document


def strain_document(inputs: StateInput, window: Window, label: str = "") -> StrainDoc:
    """Strain of one configuration over the hull states of the window; null with a warning where an end is missing."""
    states = x_states(inputs, window)
    document = StrainDoc(label=label, x_states=states, warnings=[*inputs.problems(), *_state_warnings(states)])
    inside, gap = _ends(states, window, inputs.n_fu)
    made, n_fu = inputs.made, inputs.n_fu
    if made is None or not n_fu or gap:
        document.warnings.append(f"{gap or 'the as-made cell has no volume'}: no strain")
        return document
    volume, (_, volume_sd) = made.cell.volume / n_fu, made.spread_over_starts(inputs.accept)
    document.warnings += _rounded_ends(inside, window)
    kept = [s for s in inside if s.on_hull]
    volumes = [s.volume_A3_per_fu for s in kept]
    document.max_volume_strain = max_volume_strain(volumes, volume)
    document.max_delta_volume = max_delta_volume(volumes)
    largest = max(kept, key=lambda s: abs(s.volume_strain or 0.0))
    document.volume_strain_at_max = largest.volume_strain
    spread = _quadrature(largest.volume_sd_starts_A3_per_fu, None if volume_sd is None else volume_sd / n_fu)
    document.max_volume_strain_sd_starts = None if spread is None else spread / volume
    return document


def _quadrature(*parts: float | None) -> float | None:
    """Root of the sum of squares of what is known, None if nothing is."""
    known = [part for part in parts if part is not None]
    return math.hypot(*known) if known else None

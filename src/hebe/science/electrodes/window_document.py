"""Document of the electrochemical window of one configuration."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.schemas.electrochemical_window import WindowDoc, WindowReaction
from hebe.science.electrodes.open_phases import no_host, phase_amounts
from hebe.science.hulls.hull import InfeasibleError
from hebe.science.hulls.open_hull import BESIDE, OpenComposition, OpenReaction

if TYPE_CHECKING:
    from hebe.science.electrodes.open_phases import ElectrolyteInput

_ZERO: Final = 1e-6
"""Voltages (V) that are no higher are that of the metal."""


def window_document(inputs: ElectrolyteInput) -> WindowDoc:
    """Limits, decomposition and reactions; null with a warning where something is missing."""
    document = WindowDoc(ion=inputs.ion, temperature_K=inputs.temperature, oxygen_bar=inputs.pressure)
    if inputs.host is None:
        document.warnings.append(no_host(inputs))
        return document
    if inputs.metal is None or not inputs.metal.usable:
        document.warnings.append(f"the metal of {inputs.ion} has no energy")
        return document
    own = inputs.own
    if inputs.metal.energy_scale != own.energy_scale:
        scales = f"{inputs.metal.energy_scale}, the candidate is on {own.energy_scale}"
        document.warnings.append(f"the metal of {inputs.ion} is on the energy scale {scales}")
        return document
    document.warnings = inputs.problems(own.amounts)
    document.coverage = inputs.coverage(own.amounts)
    document.oxygen_eV = inputs.oxygen.energy_eV if "O" in own.amounts else None
    entries, metal = inputs.entries(own.amounts), inputs.metal.energy_per_atom
    document.metal_eV_per_atom = metal
    try:
        _fill(document, OpenComposition(own.amounts, own.energy, entries, inputs.ion, metal, own.energy_scale))
    except InfeasibleError as err:
        document.warnings.append(f"no equilibrium: {err}")
    return document


def _fill(document: WindowDoc, host: OpenComposition) -> None:
    document.above_hull_eV_per_atom = host.above_hull()
    document.becomes = phase_amounts(host.decomposition())
    low, high = host.limits()
    document.reduction_V = low if low is None or low > _ZERO else 0.0
    document.oxidation_V = high
    if document.reduction_V is not None and high is not None:
        document.width_V = max(high - document.reduction_V, 0.0)
    if document.reduction_V:
        document.reduced = _reaction(host, host.reaction(max(document.reduction_V - BESIDE, 0.0)))
        document.at_metal = _reaction(host, host.reaction(0.0))
    if high is not None:
        document.oxidised = _reaction(host, host.reaction(high + BESIDE))


def _reaction(host: OpenComposition, found: OpenReaction) -> WindowReaction:
    return WindowReaction(
        voltage_V=found.voltage,
        products=phase_amounts(found.products),
        uptake=found.uptake,
        energy_eV_per_fu=found.energy,
        energy_eV_per_atom=found.energy / host.size,
    )

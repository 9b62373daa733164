"""Document of the reactions of one configuration with electrodes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.schemas.interface_reactions import ContactDoc, InterfaceDoc
from hebe.science.electrodes.open_phases import no_host, phase_amounts
from hebe.science.hulls.hull import InfeasibleError, PhaseEquilibrium
from hebe.science.hulls.interface import contact_reaction

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.electrodes.open_phases import ElectrolyteInput
    from hebe.science.hulls.electrodes import Electrode


def interface_document(inputs: ElectrolyteInput, electrodes: Sequence[Electrode]) -> InterfaceDoc:
    """The lowest reaction with each electrode; null with a warning where something is missing."""
    document = InterfaceDoc(temperature_K=inputs.temperature, oxygen_bar=inputs.pressure)
    if inputs.host is None:
        document.warnings.append(no_host(inputs))
        return document
    every = {element for one in electrodes for element in one.amounts} | set(inputs.own.amounts)
    document.warnings = inputs.problems(every)
    document.oxygen_eV = inputs.oxygen.energy_eV if "O" in every else None
    for electrode in electrodes:
        try:
            document.contacts.append(_contact(inputs, electrode))
        except InfeasibleError as err:
            document.warnings.append(f"{electrode.name}: no reaction: {err}")
    document.lowest_eV_per_atom = min((one.mutual_eV_per_atom for one in document.contacts), default=None)
    return document


def _contact(inputs: ElectrolyteInput, electrode: Electrode) -> ContactDoc:
    """Reaction with one electrode among the phases of the elements of both."""
    own = inputs.own
    elements = {*electrode.amounts, *own.amounts}
    others = PhaseEquilibrium(inputs.entries(elements))
    phases = PhaseEquilibrium([*others.entries.values(), own])
    found = contact_reaction(own.amounts, electrode.amounts, phases)
    share = 0.0 if found.share is None else found.share
    above = own.energy / own.size - phases.decompose(own.amounts).energy / own.size
    contact = ContactDoc(
        electrode=electrode.name,
        formula=electrode.formula,
        share=found.share,
        mutual_eV_per_atom=found.energy,
        total_eV_per_atom=found.energy - (1 - share) * above,
        coverage=inputs.coverage(elements),
    )
    if found.share is not None:
        units = (1 - share) / own.size  # formula units of the electrolyte per atom of the mix
        contact.partner_per_fu = share / sum(electrode.amounts.values()) / units
        contact.products = phase_amounts(found.products, units)
    return contact

"""Oxides that give the energy of oxygen, relaxed with CHGNet from their literature structures."""

from __future__ import annotations

from functools import cache
from typing import Any

from hebe.makers.relax import RelaxMaker
from hebe.science.hulls.oxygen import oxygen_oxides


@cache
def chgnet_oxides() -> dict[str, float]:
    """Formula -> energy, eV per formula."""
    maker, found = RelaxMaker(engine={"name": "chgnet"}), {}
    make: Any = maker.make
    for phase in oxygen_oxides():
        start = phase.structure()
        start.remove_oxidation_states()
        document = make.original(maker, start, label=phase.id)
        reduced, number = document.cell.composition.get_reduced_composition_and_factor()
        found[reduced.reduced_formula] = document.energy / number
    return found

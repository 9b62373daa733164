"""Electrons of one configuration over x: gaps, centres of bands, ions by their moments, and whether anions take part.

Where electrons leave from the anions' p states instead of the metals' d states, anions are oxidised (Zaanen, Sawatzky,
Allen, Phys. Rev. Lett. 55, 418 (1985); Seo, Lee, Urban, Malik, Kang, Ceder, Nat. Chem. 8, 692 (2016)).
"""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Element

from hebe.schemas.electrons import ElectronsDoc, ElectronState, IonElectrons
from hebe.science.electrodes.electrode import lowest_states

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.electronic import ElectronicDoc
    from hebe.science.electrodes.electrode import StateInput

ANION_REDOX: Final = 0.5
"""Share of the anions from which on they outweigh the metals."""
_LEAST_MOMENT: Final = 0.05
_OVER_ALL: Final = "its calculation has centres of bands over all states, empty ones included: no share of the anions"


def electron_document(inputs: StateInput) -> ElectronsDoc:
    """Electrons of the states of the host; null with a warning where the engine left none.

    Parameters
    ----------
    inputs
        Calculations of one configuration.
    """
    document = ElectronsDoc(warnings=inputs.problems())
    made = inputs.made
    found = None if made is None or not made.usable else made.electronic
    if made is None or found is None:
        document.warnings.append("the as-made cell has no electronic results")
        return document
    lowest = {
        x: one for x, one in lowest_states(inputs).items() if one.is_host(inputs.accept) and one.electronic is not None
    }
    document.states = [_state(x, lowest[x]) for x in sorted(lowest, reverse=True)]
    document.band_gap_eV = found.band_gap_eV
    document.anion_p_centre_eV = max(found.p_centres_eV.values(), default=None)
    document.jahn_teller_share = _share(found)
    shares = [state.anion_share for state in document.states if state.anion_share is not None]
    document.anion_share = max(shares, default=None)
    if found.p_centres_eV and found.window_eV is None:
        document.warnings.append(_OVER_ALL)
    return document


def _state(x: float, calculation: CalculationDoc) -> ElectronState:
    found = calculation.electronic
    if found is None:
        raise ValueError(f"calculation {calculation.key[:12]} has no electronic results")
    return ElectronState(
        x=x,
        band_gap_eV=found.band_gap_eV,
        anion_p_centre_eV=max(found.p_centres_eV.values(), default=None),
        d_centres_eV=found.d_centres_eV,
        anion_share=found.anion_share,
        anion_redox=None if found.anion_share is None else found.anion_share > ANION_REDOX,
        ions=_ions(calculation, found),
        calculation=calculation.key,
    )


def _ions(calculation: CalculationDoc, found: ElectronicDoc) -> list[IonElectrons]:
    """Metals of the d block and whatever else has a moment, by element and oxidation state."""
    moments = np.abs(np.array(calculation.magmoms or [], dtype=float))
    if not moments.any():
        return []
    groups: dict[tuple[str, int | None], list[float]] = defaultdict(list)
    valences = found.valences or [None] * len(moments)
    for site, valence, moment in zip(calculation.cell, valences, moments, strict=True):
        groups[getattr(site.specie, "element", site.specie).symbol, valence].append(float(moment))
    return [
        IonElectrons(element=element, valence=valence, n=len(own), moment=float(np.mean(own)))
        for (element, valence), own in sorted(groups.items(), key=lambda item: (item[0][0], item[0][1] or 0))
        if Element(element).block == "d" or np.mean(own) >= _LEAST_MOMENT
    ]


def _share(found: ElectronicDoc) -> float | None:
    """Jahn-Teller ions per ion of known oxidation state, None where moments decide nothing."""
    known = [i for i, valence in enumerate(found.valences or []) if valence is not None]
    if not known or found.jahn_teller is None:
        return None
    return sum(found.jahn_teller[i] for i in known) / len(known)

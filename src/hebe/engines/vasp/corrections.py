"""Corrections of energies by the Materials Project's scheme of 2020, when a campaign asks for them.

Wang et al., Sci. Rep. 11, 15496 (2021): per atom of a transition metal with U in an oxide or fluoride, and per anion.
"""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from hebe.config.engines.vasp import VaspChoice

_ANIONS: Final = {"O": -2.0, "F": -1.0, "S": -2.0, "Cl": -1.0, "Br": -1.0, "I": -1.0, "N": -3.0, "Se": -2.0}


def correction(document: Any, choice: VaspChoice) -> dict[str, float]:
    """Corrections (eV of the whole cell) by name; empty unless they are asked for.

    Oxidation states, which decide whether an element counts as an anion, are not guessed: in a compound the elements of
    the anions have theirs, and the others are positive.

    Raises
    ------
    EngineError
        If the scheme does not take the calculation, for example with another U.
    """
    if choice.settings.corrections == "none":
        return {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from pymatgen.analysis.compatibility import CompatibilityError, MaterialsProject2020Compatibility

        entry = document.structure_entry.copy()
        entry.data["oxidation_states"] = _states(entry.composition)
        entry.energy_adjustments = []
        hubbards = entry.parameters.get("hubbards") or {}
        entry.parameters |= {"run_type": "GGA+U" if any(hubbards.values()) else "GGA", "hubbards": hubbards}
        try:
            scheme = MaterialsProject2020Compatibility(check_potcar=False)
            found = scheme.get_adjustments(entry)
        except CompatibilityError as err:
            reason = f"the corrections of the Materials Project do not fit: {err}"
            raise EngineError("vasp", reason, deterministic=True) from err
    return {adjustment.name: float(adjustment.value) for adjustment in found}


def _states(composition: Any) -> dict[str, float]:
    """Oxidation states as far as the scheme reads them: negative for anions, positive for others, none in elements."""
    symbols = [element.symbol for element in composition.elements]
    anions = [symbol for symbol in symbols if symbol in _ANIONS]
    if len(symbols) == 1 or not anions:
        return {}
    return {symbol: _ANIONS.get(symbol, 1.0) for symbol in symbols}

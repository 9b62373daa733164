"""Electrodes by name or formula: compositions that a solid electrolyte is in contact with."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from typing import Final

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError
from hebe.science.chemistry.formula import parse_formula
from hebe.science.hulls.competing import phases_within
from hebe.science.hulls.working_metals import package_phases

_FILE: Final = "electrodes.yaml"


class ElectrodeFile(ConfigModel):
    """Formulas by name, by working ion."""

    electrodes: dict[str, dict[str, str]]


@dataclass(frozen=True)
class Electrode:
    """An electrode: its name, its formula, and the amounts of its elements."""

    name: str
    formula: str
    amounts: Mapping[str, float]


@cache
def known_electrodes() -> dict[str, dict[str, str]]:
    """Formulas by name, by working ion.

    Raises
    ------
    BadInputError
        If the file does not fit the model.
    """
    return packaged(ElectrodeFile, "hebe.science.hulls", _FILE).electrodes


def electrode(text: str) -> Electrode:
    """Electrode of a name or a formula.

    Raises
    ------
    BadInputError
        If the text is neither, or no phase of the package holds one of its elements.
    """
    names = {name: formula for found in known_electrodes().values() for name, formula in found.items()}
    formula = names.get(text, text)
    try:
        amounts = {element: float(n) for element, n in parse_formula(formula).items() if n}
    except BadInputError as err:
        raise BadInputError(f"{shown(text)} is no electrode", suggestion=suggest(text, names)) from err
    known = {element for phase in package_phases().values() for element in phase.elements}
    strange = sorted(set(amounts) - known)
    if strange or not phases_within(amounts):
        reason = f"no phase of the package holds {', '.join(strange) or shown(text)}, which {shown(text)} would become"
        raise BadInputError(reason, suggestion=suggest(text, names))
    return Electrode(text, formula, amounts)


def usual_electrode(ion: str) -> str | None:
    """Name of the first electrode of a working ion, None without one."""
    return next(iter(known_electrodes().get(ion, {})), None)

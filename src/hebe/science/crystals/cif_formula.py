"""What a CIF says about its content beside its sites: formula, formula units, hydrogen."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Final

from hebe.science.crystals.cif_sites import element_of
from hebe.science.crystals.written_number import parse_number

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.science.crystals.cif_blocks import CifBlock

_TERM: Final = re.compile(r"([A-Z][a-z]?)(\d*\.?\d*)(?:\(\d+\))?")
_NEAR: Final = 0.02
"""Relative difference up to which amounts agree: refined ones beside those that were weighed in."""
_LEAST: Final = 1e-4


@dataclass(frozen=True)
class Formula:
    """Elements with amounts and what rounding leaves open of each, and the formula units of a cell."""

    text: str = ""
    amounts: dict[str, float] = field(default_factory=dict)
    open: dict[str, float] = field(default_factory=dict)
    units: int | None = None

    def disagreement(self, content: Mapping[str, float], slack: Mapping[str, float]) -> str | None:
        """How the content of a cell (atoms by element) is not that of the formula, in words; None where it is.

        `slack` is what the digits of the sites leave open. Without formula units any number of them will do, and where
        a formula has the content of the whole cell, as pymatgen writes it with Z as the common divisor, it is one.
        """
        if not self.amounts:
            return None
        total = sum(content.values())
        ratio = total / sum(self.amounts.values())
        tried = [ratio] if self.units is None else [float(self.units)]
        if self.units is not None and all(amount % self.units == 0 for amount in self.amounts.values()):
            tried.append(1.0)
        found = [self._differing(content, slack, number) for number in tried]
        if not all(found):
            return None
        loose = self._differing(content, slack, ratio) if self.units is not None else found[0]
        if not loose:
            return f"{self.text} has {ratio:.4g} formula units in the cell by its sites, Z is {self.units}"
        absent = [element for element in loose if not content.get(element)]
        if absent == ["H"]:
            return f"{self.text} has hydrogen, which has no sites"
        listed = " ".join(f"{e}{n / (self.units or ratio):.4g}" for e, n in sorted(content.items()))
        of = f" in each of {self.units} formula units" if self.units else ""
        return f"the formula is {self.text}, the sites hold {listed}{of}"

    def _differing(self, content: Mapping[str, float], slack: Mapping[str, float], units: float) -> list[str]:
        result = []
        for element in sorted({*self.amounts, *content}):
            said, held = self.amounts.get(element, 0.0) * units, content.get(element, 0.0)
            near = self.open.get(element, 0.0) * units + slack.get(element, 0.0) + _NEAR * min(said, held) + _LEAST
            if abs(said - held) > near:
                result.append(element)
        return result


def formula_of(block: CifBlock) -> tuple[Formula, list[str]]:
    """Formula of a block, without amounts where it gives none; and remarks."""
    text = block.first("_chemical_formula_sum")
    units = block.first("_cell_formula_units_z")
    number = int(units) if units is not None and units.isdecimal() and len(units) < 5 and int(units) else None
    remarks = [] if units is None or number else [f"its Z is {units[:20]!r} and not looked at"]
    if text is None:
        return Formula(units=number), remarks
    amounts: dict[str, float] = {}
    rounding: dict[str, float] = {}
    for word in text.replace("'", " ").replace(",", " ").split():
        parts = list(_TERM.finditer(word))
        if "".join(part[0] for part in parts) != word or any(element_of(part[1]) is None for part in parts):
            return Formula(units=number), [*remarks, f"its formula {text[:60]!r} cannot be read and is not compared"]
        for part in parts:
            written = parse_number(part[2]) if part[2] not in ("", ".") else None
            element = "H" if part[1] == "D" else part[1]
            amounts[element] = amounts.get(element, 0.0) + (1.0 if written is None else float(written.value))
            digits = 0 if written is None else written.digits
            rounding[element] = rounding.get(element, 0.0) + (0.5 * 10**-digits if digits else 0.0)
    if not sum(amounts.values()):
        return Formula(units=number), remarks
    return Formula(text, amounts, rounding, number), remarks

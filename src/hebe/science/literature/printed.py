"""Materials as articles print them: a formula, and what stands on each sublattice.

``Na:Na0.83 Va0.17 | TM:Ni0.5 Mn[3+]0.5 | O:O2`` holds amounts per formula unit. ``Va`` is an empty site, a charge in
brackets makes an oxidation state a species of its own, a name in braces is a molecule.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError
from hebe.science.chemistry.formula import parse_formula
from hebe.science.chemistry.ions import Ion

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_AMOUNT: Final = r"(?P<amount>\d+/[1-9]\d*|\d*\.\d+|\d+)?"
_ENTRY: Final = re.compile(
    rf"(?:(?P<element>[A-Z][a-z]?)(?:\[(?P<charge>\d*[+-])\])?|\{{(?P<molecule>\w+)\}}){_AMOUNT}"
)
_PLAIN: Final = str.maketrans({"[": "(", "]": ")", "•": "·", "⋅": "·", **{chr(0x2080 + n): str(n) for n in range(10)}})
_EQUAL: Final = re.compile(r"\(([A-Z][a-z]?(?:\s*,\s*[A-Z][a-z]?)+)\)")
_TIMES: Final = re.compile(r"(?P<number>\d+/[1-9]\d*|\d*\.\d+|\d+)?(?P<rest>\D.*)")
_SPELLING: Final = "write it like 'Na:Na1 | TM:Ni0.5 Mn0.5 | O:O2', with Va for empty sites"
_REPEATING: Final = 4
_MOST: Final = 60


@dataclass(frozen=True)
class Entry:
    """Amount (per formula unit) of an element, an ion or a molecule on a sublattice; ``charge`` only where printed."""

    name: str
    amount: Fraction
    charge: int | None = None
    molecule: bool = False

    @property
    def species(self) -> str:
        """What it counts as: the element, or the ion where its charge is printed."""
        return self.name if self.charge is None else str(Ion(self.name, self.charge))

    @property
    def elements(self) -> dict[str, Fraction] | None:
        """Element -> atoms per formula unit; None for a molecule whose name is an abbreviation, not H2O or SO4."""
        if not self.molecule:
            return {} if self.name == VACANCY else {self.name: self.amount}
        if not any(letter.isdigit() for letter in self.name):
            return None
        return {element: number * self.amount for element, number in parse_printed_formula(self.name).items()}


@dataclass(frozen=True)
class PrintedSublattice:
    """One sublattice as printed, with amounts per formula unit."""

    name: str
    entries: tuple[Entry, ...]

    @property
    def total(self) -> Fraction:
        """Sites per formula unit: everything that stands there, empty ones included."""
        return sum((entry.amount for entry in self.entries), Fraction(0))

    @property
    def filled(self) -> Fraction:
        """Sites per formula unit that are not empty."""
        return sum((entry.amount for entry in self.entries if entry.name != VACANCY), Fraction(0))

    @property
    def elements(self) -> tuple[str, ...]:
        """Elements that stand there as atoms."""
        return tuple(dict.fromkeys(e.name for e in self.entries if not e.molecule and e.name != VACANCY))

    def fractions(self, *, merged: bool = False) -> dict[str, Fraction]:
        """Species -> fraction of all its sites, renormalised to 1; `merged` counts oxidation states as one species."""
        parts: dict[str, Fraction] = {}
        for entry in self.entries:
            key = entry.name if merged else entry.species
            parts[key] = parts.get(key, Fraction(0)) + entry.amount / self.total
        return parts


def parse_sublattices(text: str) -> tuple[PrintedSublattice, ...]:
    """Sublattices of a text.

    Raises
    ------
    BadInputError
        If it is no list of sublattices; shows the part that is wrong.
    """
    found: list[PrintedSublattice] = []
    for part in text.split("|"):
        name, colon, rest = part.partition(":")
        entries = tuple(_entry(word) for word in rest.split())
        if not colon or not re.fullmatch(r"\s*\w+\s*", name) or not entries:
            raise BadInputError(f"{shown(part.strip())} is no sublattice", key="sublattices", suggestion=_SPELLING)
        if any(one.name == name.strip() for one in found):
            raise BadInputError(f"the sublattice {name.strip()} stands there twice", key="sublattices")
        found.append(PrintedSublattice(name.strip(), entries))
    return tuple(found)


def _entry(word: str) -> Entry:
    match = _ENTRY.fullmatch(word)
    known = match is not None and (match["molecule"] or match["element"] == VACANCY or _is_element(match["element"]))
    if match is None or not known:
        raise BadInputError(
            f"{shown(word)} is no element with an amount", key="sublattices", suggestion="Ni0.5, Mn[3+]0.4 or Va0.2"
        )
    amount = printed_amount(match["amount"] or "1")
    if amount <= 0:
        raise BadInputError(f"{shown(word)}: expected an amount above 0", key="sublattices")
    charge = None if match["charge"] is None else Ion.parse(f"{match['element']}{match['charge']}").charge
    return Entry(match["molecule"] or match["element"], amount, charge, molecule=match["molecule"] is not None)


def _is_element(symbol: str) -> bool:
    from pymatgen.core import Element

    return bool(Element.is_valid_symbol(symbol))


def printed_amount(text: str) -> Fraction:
    """Amount as printed: ``0.612`` is exact; four digits or more that round a fraction up to 1/60 are that fraction."""
    value = Fraction(text)
    digits = len(text.partition(".")[2])
    near = value.limit_denominator(_MOST)
    return near if digits >= _REPEATING and abs(near - value) <= Fraction(6, 10 ** (digits + 1)) else value


def elements_of(
    sublattices: Iterable[PrintedSublattice], groups: Mapping[str, Mapping[str, int]] | None = None
) -> dict[str, Fraction] | None:
    """Element -> atoms per formula unit over all sublattices; None where a molecule has no formula.

    `groups` are molecules with known atoms, name -> element -> number.
    """
    total: dict[str, Fraction] = {}
    for entry in (entry for one in sublattices for entry in one.entries):
        known = (groups or {}).get(entry.name) if entry.molecule else None
        atoms = entry.elements if known is None else {e: n * entry.amount for e, n in known.items()}
        if atoms is None:
            return None
        for element, number in atoms.items():
            total[element] = total.get(element, Fraction(0)) + number
    return total


def _equal_parts(match: re.Match[str]) -> str:
    elements = match[1].split(",")
    return f"({''.join(f'{element.strip()}1/{len(elements)}' for element in elements)})"


def parse_printed_formula(text: str) -> dict[str, Fraction]:
    """Element -> amount of a formula, with amounts read as `printed_amount` does.

    Articles also write square brackets, subscripts, ``(Co,Ni)`` for equal parts and ``·2H2O``.

    Raises
    ------
    BadInputError
        If it is no formula, or names no element.
    """
    found: dict[str, Fraction] = {}
    for part in _EQUAL.sub(_equal_parts, text.translate(_PLAIN)).split("·"):
        match = _TIMES.fullmatch(part.strip())
        number, rest = (match["number"] or "1", match["rest"]) if match is not None else ("1", part)
        for element, amount in parse_formula(rest, printed_amount).items():
            found[element] = found.get(element, Fraction(0)) + amount * printed_amount(number)
    unknown = [element for element in found if not _is_element(element)]
    if unknown or not found:
        reason = f"{unknown[0]} is no element" if unknown else f"{text[:60]!r} is not a formula"
        raise BadInputError(reason, key="formula", suggestion="write it like NaNi1/2Mn1/2O2")
    return found

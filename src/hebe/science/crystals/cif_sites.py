"""Atom sites of a CIF: which element, which charge, where, and how much of it.

Columns and their defaults are those of the core dictionary: an occupancy that is not given is 1.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.config.reading.wording import nearest
from hebe.exceptions import BadInputError
from hebe.science.crystals.written_number import WrittenNumber, parse_number

if TYPE_CHECKING:
    from hebe.science.crystals.cif_blocks import CifBlock

_EMPTY: Final = frozenset({"va", "vac", "vc", "x", "null", "vacancy", "void", "□"})
"""How files name an empty site."""
_HEAVIEST: Final = 98
"""Atomic number beyond which a symbol stands for something else: NO, CN, NH are groups of atoms."""
_SYMBOL: Final = re.compile(r"([A-Za-z]{1,2})\d*(?:[+-]\d*)?")
_CHARGED: Final = re.compile(r"([A-Za-z]{1,2})(?:(\d*)([+-])|([+-])(\d+))")
_LETTERS: Final = re.compile(r"[A-Za-z□]+")
_HIGHEST: Final = 8


@dataclass(frozen=True)
class CifSite:
    """A row: what stands at a place (fractional coordinates as written), and how much of it.

    ``state`` is the charge that the row gives it, ``number`` how many places symmetry makes of it by the file.
    """

    label: str
    species: str
    state: int | None
    at: tuple[WrittenNumber, WrittenNumber, WrittenNumber]
    occupancy: WrittenNumber
    number: int | None


def cif_sites(block: CifBlock, formula: set[str]) -> tuple[list[CifSite], list[str]]:
    """Rows of a block, and remarks; the elements of its `formula` decide between two readings of a label.

    Raises
    ------
    BadInputError
        If a row names no element, has no place or an amount that is no number.
    """
    rows = _rows(block)
    states = _type_states(block)
    sites, remarks = [], []
    for number, row in enumerate(rows, start=1):
        label = row.get("label") or f"in row {number}"
        if row.get("calc_flag") == "dum":
            remarks.append(f"site {label} is a dummy and left out")
            continue
        held = row.get("attached_hydrogens", "0")
        if held not in ("0", ".", "?"):
            raise BadInputError(f"site {label} has {held} hydrogen atoms that have no place", suggestion="their sites")
        species, written = _species(row, label, formula)
        if species == "D":
            species = "H"
            remarks.append(f"site {label} is deuterium and read as H")
        state = _state(written, states, label)
        at = tuple(_number(row.get(f"fract_{axis}", "?"), label, f"coordinate {axis}") for axis in "xyz")
        sites.append(CifSite(label, species, state, (at[0], at[1], at[2]), _occupancy(row, label), _count(row)))
    return sites, remarks


def _rows(block: CifBlock) -> list[dict[str, str]]:
    prefix = "_atom_site_"
    columns = {tag.removeprefix(prefix): values for tag, values in block.columns.items() if tag.startswith(prefix)}
    single = {tag.removeprefix(prefix): [value] for tag, value in block.values.items() if tag.startswith(prefix)}
    columns = {**single, **columns}
    missing = [f"fract_{axis}" for axis in "xyz" if f"fract_{axis}" not in columns]
    if missing:
        raise BadInputError(
            f"its sites have no {missing[0]}", suggestion="fractional coordinates, _atom_site_fract_x, _y and _z"
        )
    length = len(columns["fract_x"])
    return [{name: values[i] for name, values in columns.items() if len(values) == length} for i in range(length)]


def _number(text: str, label: str, what: str) -> WrittenNumber:
    try:
        number = parse_number(text)
    except ValueError as err:
        raise BadInputError(f"{what} of site {label}: {err}") from err
    if number is None:
        raise BadInputError(f"site {label} has no {what}", suggestion="its place, or the row removed")
    return number


def _occupancy(row: dict[str, str], label: str) -> WrittenNumber:
    text = row.get("occupancy", ".")
    return WrittenNumber(Fraction(1)) if text in (".", "?") else _number(text, label, "occupancy")


def _count(row: dict[str, str]) -> int | None:
    text = row.get("site_symmetry_multiplicity", row.get("symmetry_multiplicity", "?"))
    return int(text) if text.isdecimal() and len(text) < 4 else None


def _species(row: dict[str, str], label: str, formula: set[str]) -> tuple[str, str]:
    """Element of a row, or the empty site; and the symbol as it is written."""
    written = row.get("type_symbol", "?")
    if written not in (".", "?"):
        if written.lower().strip("0123456789+-") in _EMPTY:
            return VACANCY, written
        match = _SYMBOL.fullmatch(written)
        found = None if match is None else element_of(match[1])
        if found is None:
            raise _no_element(written, label)
        return found, written
    letters = _LETTERS.match(row.get("label", ""))
    if letters is None:
        raise BadInputError(f"site {label} names no element", suggestion="_atom_site_type_symbol")
    if letters[0].lower() in _EMPTY:
        return VACANCY, "?"
    return _of_label(letters[0], label, formula), "?"


def _of_label(letters: str, label: str, formula: set[str]) -> str:
    """Element at the front of a label, as Na1, NA1, Ow2: by the formula where both one letter and two would do."""
    found = [e for e in (element_of(letters[:2]) if len(letters) > 1 else None, element_of(letters[:1])) if e]
    known = [element for element in found if element in formula]
    if len(known) == 1:
        return known[0]
    if not found:
        raise _no_element(letters, label)
    if len(found) > 1 and letters[1].isupper():
        raise BadInputError(
            f"site {label} may be {found[0]} or {found[1]}", suggestion="give its element in _atom_site_type_symbol"
        )
    return found[0]


def _no_element(written: str, label: str) -> BadInputError:
    from pymatgen.core import Element

    near = nearest(written, [e.symbol for e in Element if e.Z <= _HEAVIEST])
    hint = "sites of single atoms" if near is None else f"did you mean {near}?"
    return BadInputError(f"{written[:20]} is no element (site {label})", suggestion=hint)


def element_of(letters: str) -> str | None:
    """Element of a symbol in any case, None where there is none."""
    from pymatgen.core import Element

    symbol = letters.capitalize()
    known = Element.is_valid_symbol(symbol) and Element(symbol).Z <= _HEAVIEST
    return symbol if known else None


def _charge_of(written: str) -> int | None:
    """Charge in a symbol: 5 of P5+, 1 of Na+, -2 of O2- and O-2; None without one, and where it is 0."""
    match = _CHARGED.fullmatch(written)
    if match is None:
        return None
    sign = -1 if "-" in written else 1
    size = int(match[2] or match[5] or 1)
    return sign * size if size else None


def _type_states(block: CifBlock) -> dict[str, int]:
    """Whole oxidation states of the loop of atom types, by symbol."""
    symbols, numbers = block.column("_atom_type_symbol"), block.column("_atom_type_oxidation_number")
    result = {}
    for symbol, text in zip(symbols, numbers, strict=False):
        try:
            number = parse_number(text)
        except ValueError as err:
            raise BadInputError(f"oxidation number of {symbol[:20]}: {err}") from err
        if number is not None and number.value and number.value.denominator == 1:
            result[symbol] = int(number.value)
    return result


def _state(written: str, states: dict[str, int], label: str) -> int | None:
    charge, listed = _charge_of(written), states.get(written)
    if charge is not None and listed is not None and charge != listed:
        raise BadInputError(
            f"site {label} is {written}, and the list of atom types gives it the charge {listed:+d}",
            suggestion="one of them",
        )
    state = listed if charge is None else charge
    if state is not None and abs(state) > _HIGHEST:
        raise BadInputError(f"site {label} has the charge {state:+d}", suggestion=f"-{_HIGHEST} to +{_HIGHEST}")
    return state

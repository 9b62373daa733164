"""Formulas that people write, read as compositions of a host."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.config.family_units import units_of
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable

    from hebe.config.family import Family
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.space import CompositionSpace

_AMOUNT: Final = r"(\d+/\d+|\d*\.\d+|\d+)?"
_TOKEN: Final = re.compile(rf"(?:([A-Z][a-z]?)|(\()|(\))){_AMOUNT}")
_MAX_DENOMINATOR: Final = 240
_ROUNDED_DIGITS: Final = 3
"""From so many digits on an amount may be a rounded fraction: 0.333."""
_MAX_OF_THREE: Final = 24
"""Largest denominator of which three digits tell fractions apart; 0.142 is no 15/106."""
_FINE: Final = (*range(1, 49), 60, 72, 80, 96, 120, 144, 192, _MAX_DENOMINATOR)
"""Denominators of which an amount with more digits may be a fraction; 0.0292 is 7/240 and no 4/137."""
_ROUNDING: Final = Fraction(6, 10_000)


def parse_formula(text: str, amount_of: Callable[[str], Fraction] | None = None) -> dict[str, Fraction]:
    """Element -> amount; decimals that are rounded fractions become those fractions (0.1667 -> 1/6).

    Parameters
    ----------
    text
        The formula.
    amount_of
        Reads an amount otherwise.

    Raises
    ------
    BadInputError
        If the text is not a plain formula.
    """
    compact, position = text.replace(" ", ""), 0
    levels: list[dict[str, Fraction]] = [{}]
    read = amount_of or _rational
    wrong = BadInputError(f"{text[:60]!r} is not a formula", suggestion="write it like NaNi1/2Mn1/2O2 or Na3V2(PO4)3")
    while position < len(compact):
        match = _TOKEN.match(compact, position)
        if match is None or (match[2] and match[4]) or (match[3] and len(levels) == 1):
            raise wrong
        amount = read(match[4] or "1")
        if match[2]:
            levels.append({})
        else:
            for element, number in levels.pop().items() if match[3] else ((match[1], Fraction(1)),):
                levels[-1][element] = levels[-1].get(element, Fraction(0)) + amount * number
        position = match.end()
    if len(levels) > 1:
        raise wrong
    return levels[0]


def _rational(text: str) -> Fraction:
    """Amount of a text: as written where its fraction is a simple one, else the simplest that rounds to its digits."""
    value, digits = Fraction(text), len(text.partition(".")[2])
    if digits < _ROUNDED_DIGITS or value.denominator <= _MAX_DENOMINATOR:
        return value
    known = _FINE if digits > _ROUNDED_DIGITS else range(1, _MAX_OF_THREE + 1)
    for denominator in known:
        near = Fraction(round(value * denominator), denominator)
        if near and abs(near - value) <= Fraction(51, 100) / 10**digits:
            return near
    return value


def parse_host_formula(text: str, space: CompositionSpace) -> HostComposition:
    """Composition of a formula; on a host with one mixed sublattice the formula gives x_made.

    Where several sublattices mix, any multiple of the formula unit may be given, and every element belongs to the
    sublattice that lists it. What is missing on a sublattice that lists ``Va`` is empty sites.

    Raises
    ------
    BadInputError
        If elements are unknown to the campaign, or sublattices do not sum; says by how much.
    """
    amounts, host = _read(text, space), space.host
    if any(units_of(host, name, element) for name, spec in space.specs.items() for element in spec.species):
        reason = f"{text}: a formula does not say where the atoms of the rigid units stand that species bring"
        raise BadInputError(reason, suggestion="amounts on the sublattices")
    if len(space.specs) != 1:
        return _on_several(text, amounts, space, host)
    name, spec = next(iter(space.specs.items()))
    for element, number in _standing(space, host).items():
        found = amounts.pop(element, Fraction(0))
        if found != number:
            raise BadInputError(f"{text}: {element} is {float(found):.4g} per formula, the host has {number}")
    shared = name in host.working_shared
    x = amounts.pop(space.working_ion, Fraction(0)) if space.working_ion else space.x_made
    unknown = sorted(set(amounts) - set(spec.species))
    if unknown:
        raise BadInputError(
            f"{text}: {', '.join(unknown)} is not among the species of {name}",
            suggestion=f"listed: {', '.join(spec.species)}",
        )
    sites = host.sublattices[name].multiplicity
    own = space.x_made if shared else host.x_full
    total = sum(amounts.values(), Fraction(0))
    if space.working_ion in spec.species and x > own and total < sites:
        placed = x - own if shared and VACANCY in spec.species else sites - total
        amounts[str(space.working_ion)] = placed
        x -= placed
        total += placed
    if VACANCY in spec.species and total < sites:
        amounts[VACANCY] = sites - total
        total = Fraction(sites)
    if abs(total - sites) > _ROUNDING:
        raise BadInputError(f"{text}: sublattice {name} sums to {float(total):.4g}, expected {sites}")
    if not 0 <= x <= host.x_full:
        raise BadInputError(f"{text}: {space.working_ion} is {float(x):.4g} per formula, expected 0 to {host.x_full}")
    fractions = {element: amount / total for element, amount in amounts.items()}
    return space.with_content(x).made_with({name: fractions})


def _read(text: str, space: CompositionSpace) -> dict[str, Fraction]:
    """Amounts of a formula: rounded fractions, unless what mixes fills its sites only as it is written."""
    rounded, written = parse_formula(text), parse_formula(text, Fraction)
    mixed = {element for spec in space.specs.values() for element in spec.species}
    whole = [
        sum((x for e, x in found.items() if e in mixed), Fraction(0)).denominator == 1 for found in (rounded, written)
    ]
    return written if whole == [False, True] else rounded


def _standing(space: CompositionSpace, host: Family) -> dict[str, int]:
    """Element -> atoms per formula unit that every composition has."""
    result: dict[str, int] = {}
    for _, element, number, _ in host.standing(space.specs):
        result[element] = result.get(element, 0) + number
    return result


def _on_several(text: str, amounts: dict[str, Fraction], space: CompositionSpace, host: Family) -> HostComposition:
    """Composition on several mixed sublattices; the working ion is then on sites of its own, or a species."""
    ion, standing = space.working_ion, _standing(space, host)
    listed = {e for spec in space.specs.values() for e in spec.species}
    if ion in listed and host.working_own:
        raise BadInputError("explicit formulas need one mixed sublattice", suggestion="use a grid and filters")
    x = amounts.pop(str(ion), Fraction(0)) if ion not in listed else None
    units = {e: amounts.pop(e, Fraction(0)) / number for e, number in standing.items() if e not in listed}
    places = {element: [name for name, spec in space.specs.items() if element in spec.species] for element in amounts}
    for element, names in places.items():
        if len(names) != 1:
            what = "is not among the species" if not names else f"may stand on {' and '.join(names)}"
            raise BadInputError(f"{text}: {element} {what}", suggestion=f"listed: {', '.join(sorted(listed))}")
    fractions: dict[str, dict[str, Fraction]] = {}
    for name in space.specs:
        held = {element: n for element, n in amounts.items() if places[element] == [name]}
        total = sum(held.values(), Fraction(0))
        units[name] = total / host.sublattices[name].multiplicity
        if not total:
            raise BadInputError(f"{text}: nothing stands on {name}")
        fractions[name] = {element: n / total for element, n in held.items()}
    if max(units.values()) - min(units.values()) > _ROUNDING:
        sums = ", ".join(f"{name} {float(n):.4g}" for name, n in units.items())
        raise BadInputError(f"{text}: the sublattices hold different numbers of formula units ({sums})")
    own = space if x is None or ion is None else space.with_content(x / next(iter(units.values())))
    if own.x_made > host.x_full:
        raise BadInputError(f"{text}: {ion} is {float(own.x_made):.4g} per formula, expected 0 to {host.x_full}")
    return own.made_with(fractions)

"""Formulas that people write, read as compositions of a host."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition

if TYPE_CHECKING:
    from hebe.science.chemistry.space import CompositionSpace

_TOKEN = re.compile(r"([A-Z][a-z]?)(\d+/\d+|\d*\.\d+|\d+)?")
_MAX_DENOMINATOR: Final = 240
_ROUNDING: Final = Fraction(6, 10_000)


def parse_formula(text: str) -> dict[str, Fraction]:
    """Element -> amount; decimals that are rounded fractions become those fractions (0.1667 -> 1/6).

    Raises
    ------
    BadInputError
        If the text is not a plain formula.
    """
    compact, position, result = text.replace(" ", ""), 0, dict[str, Fraction]()
    while position < len(compact):
        match = _TOKEN.match(compact, position)
        if match is None:
            raise BadInputError(f"{text[:60]!r} is not a formula", suggestion="write it like NaNi1/2Mn1/2O2")
        amount = _rational(match[2] or "1")
        result[match[1]] = result.get(match[1], Fraction(0)) + amount
        position = match.end()
    return result


def _rational(text: str) -> Fraction:
    value = Fraction(text)
    if "." not in text or len(text.partition(".")[2]) < 3:
        return value
    for denominator in range(1, _MAX_DENOMINATOR + 1):
        near = Fraction(round(value * denominator), denominator)
        if abs(near - value) <= Fraction(51, 100) / 10 ** len(text.partition(".")[2]):
            return near
    return value


def parse_host_formula(text: str, space: CompositionSpace) -> HostComposition:
    """Composition of a formula; on a host with one mixed sublattice the formula gives x_made.

    Where several sublattices mix, any multiple of the formula unit may be given, and every element belongs to the
    sublattice that lists it.

    Raises
    ------
    BadInputError
        If elements are unknown to the campaign, or sublattices do not sum; says by how much.
    """
    amounts = parse_formula(text)
    probe = HostComposition(space.family, space.working_ion, space.x_made, {})
    host = probe.host
    if len(space.specs) != 1:
        return _on_several(text, amounts, space)
    name, spec = next(iter(space.specs.items()))
    for sub in host.sublattices.values():
        if sub.role in ("anion", "fixed"):
            for element in sub.species:
                found = amounts.pop(element, Fraction(0))
                if found != sub.multiplicity:
                    raise BadInputError(
                        f"{text}: {element} is {float(found):.4g} per formula, the host has {sub.multiplicity}"
                    )
    x = amounts.pop(space.working_ion, Fraction(0)) if space.working_ion else space.x_made
    unknown = sorted(set(amounts) - set(spec.species))
    if unknown:
        raise BadInputError(
            f"{text}: {', '.join(unknown)} is not among the species of {name}",
            suggestion=f"listed: {', '.join(spec.species)}",
        )
    sites = host.sublattices[name].multiplicity
    total = sum(amounts.values(), Fraction(0))
    if space.working_ion in spec.species and x > host.x_full and total < sites:
        amounts[space.working_ion] = sites - total
        x -= sites - total
        total = Fraction(sites)
    if abs(total - sites) > _ROUNDING:
        raise BadInputError(f"{text}: sublattice {name} sums to {float(total):.4g}, expected {sites}")
    if not 0 <= x <= host.x_full:
        raise BadInputError(f"{text}: {space.working_ion} is {float(x):.4g} per formula, expected 0 to {host.x_full}")
    fractions = {element: amount / total for element, amount in amounts.items()}
    return HostComposition(space.family, space.working_ion, x, {name: fractions})


def _on_several(text: str, amounts: dict[str, Fraction], space: CompositionSpace) -> HostComposition:
    """Composition on several mixed sublattices of a host without a working ion."""
    probe = HostComposition(space.family, space.working_ion, space.x_made, {})
    places = {element: [name for name, spec in space.specs.items() if element in spec.species] for element in amounts}
    for element, names in places.items():
        if len(names) != 1:
            known = ", ".join(sorted({e for spec in space.specs.values() for e in spec.species}))
            what = "is not among the species" if not names else f"may stand on {' and '.join(names)}"
            raise BadInputError(f"{text}: {element} {what}", suggestion=f"listed: {known}")
    if space.working_ion is not None:
        raise BadInputError("explicit formulas need one mixed sublattice", suggestion="use a grid and filters")
    fractions: dict[str, dict[str, Fraction]] = {}
    units: dict[str, Fraction] = {}
    for name in space.specs:
        held = {element: n for element, n in amounts.items() if places[element] == [name]}
        total = sum(held.values(), Fraction(0))
        units[name] = total / probe.host.sublattices[name].multiplicity
        if not total:
            raise BadInputError(f"{text}: nothing stands on {name}")
        fractions[name] = {element: n / total for element, n in held.items()}
    if max(units.values()) - min(units.values()) > _ROUNDING:
        sums = ", ".join(f"{name} {float(n):.4g}" for name, n in units.items())
        raise BadInputError(f"{text}: the sublattices hold different numbers of formula units ({sums})")
    return HostComposition(space.family, None, space.x_made, fractions)

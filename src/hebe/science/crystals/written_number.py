"""Numbers of a structure file with the digits that they were written with, and the fractions that they stand for.

One tolerance holds for occupancies and coordinates: what the digits leave open. 0.333 is 1/3, 0.3330 is not; parts of a
site that were rounded one by one need not sum to 1 by more than half a unit of the last digit each, and a refined
occupancy is known to twice its standard uncertainty.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Mapping

_NUMBER: Final = re.compile(r"([+-]?)(\d*)(?:\.(\d*))?(?:[eE]([+-]?\d{1,3}))?(?:\((\d*)\))?")
_RATIO: Final = re.compile(r"[+-]?\d{1,9}/\d{1,9}")
_LONGEST: Final = 40
_FULL: Final = Fraction(1, 400)
"""Parts of a site that sum to 1 within this are a full one: refined to three digits, 0.998 and 1.001."""
_SIGMAS: Final = 2
_FEW: Final = 2
_DENOMINATORS: Final = {2: (3, 6), 3: (3, 6, 7, 9, 11, 12)}
"""Digits -> denominators whose fractions such a number may have been rounded from; with more digits up to 24."""
_FINEST: Final = 24
_SPECIAL: Final = (3, 6, 12, 24)


@dataclass(frozen=True)
class WrittenNumber:
    """A number as written: its value, the digits after the point and its standard uncertainty."""

    value: Fraction
    digits: int = 0
    uncertainty: Fraction = Fraction(0)

    @property
    def half_unit(self) -> Fraction:
        """What rounding may have changed: half a unit of the last digit; nothing where there is one digit or none."""
        return Fraction(1, 2 * 10**self.digits) if self.digits >= _FEW else Fraction(0)

    def fraction(self, *, cut: bool = False) -> Fraction:
        """Simplest fraction of a short period that it is rounded from, else its value: 1/3 of 0.333.

        With `cut` thirds and sixths may be off by a unit of the last digit: 0.666, or the 0.34 beside two 0.33.
        """
        if self.digits < _FEW:
            return self.value
        near = 2 * self.half_unit if cut else self.half_unit
        known = (3, 6) if cut else _DENOMINATORS.get(self.digits, tuple(range(3, _FINEST + 1)))
        for denominator in known:
            found = Fraction(round(self.value * denominator), denominator)
            if abs(found - self.value) <= near and not _ends(found.denominator):
                return found
        return self.value

    def coordinate(self) -> Fraction:
        """Fraction that a coordinate of three digits and more is rounded from, as special positions have: 2/3 of 0.667.

        Fewer digits are no sign of one; symmetry moves what lies near a special position onto it.
        """
        if self.digits > _FEW:
            for denominator in _SPECIAL:
                found = Fraction(round(self.value * denominator), denominator)
                if abs(found - self.value) <= self.half_unit and not _ends(found.denominator):
                    return found
        return self.value


def _ends(denominator: int) -> bool:
    """Whether fractions of a denominator have an end as decimals, so that they are written as they are."""
    for prime in (2, 5):
        while denominator % prime == 0:
            denominator //= prime
    return denominator == 1


def parse_number(text: str) -> WrittenNumber | None:
    """Number of a text, None where ``.`` or ``?`` says that there is none.

    Raises
    ------
    ValueError
        If it is no finite number.
    """
    if text in (".", "?"):
        return None
    if _RATIO.fullmatch(text):
        above, below = text.split("/")
        if int(below):
            return WrittenNumber(Fraction(int(above), int(below)))
    match = _NUMBER.fullmatch(text) if len(text) <= _LONGEST else None
    if match is None or not (match[2] or match[3]):
        raise ValueError(f"{text[:_LONGEST]!r} is no number")
    sign, whole, decimals, power, error = match.groups()
    decimals = decimals or ""
    scale = Fraction(10) ** (int(power or 0) - len(decimals))
    value = Fraction(int(f"{whole}{decimals}")) * scale * (-1 if sign == "-" else 1)
    return WrittenNumber(value, max(0, len(decimals) - int(power or 0)), Fraction(int(error or 0)) * scale)


def number_of(value: float) -> WrittenNumber:
    """Number that a float stands for, eight digits of it."""
    text = f"{value:.8f}".rstrip("0")
    number = parse_number(text)
    if number is None:
        raise ValueError(f"{value} is no number")
    return number


def site_parts(amounts: Mapping[str, WrittenNumber], label: str) -> tuple[dict[str, Fraction], str | None]:
    """Fractions of the species of a site, empty ones included, which sum to 1; and what was changed, in words.

    Raises
    ------
    BadInputError
        If an amount is negative, or the site holds more than one atom.
    """
    held = {species: number for species, number in sorted(amounts.items()) if number.value}
    shares = ", ".join(f"{species} {float(number.value):g}" for species, number in held.items())
    if any(number.value < 0 for number in held.values()):
        raise BadInputError(f"site {label} holds a negative amount: {shares}", suggestion="occupancies from 0 to 1")
    total = sum((number.value for number in held.values()), Fraction(0))
    variance = sum(float(number.uncertainty) ** 2 for number in held.values())
    rounding = sum((number.half_unit for number in held.values()), Fraction(0))
    slack = max(rounding, _FULL, Fraction(_SIGMAS * math.sqrt(variance)).limit_denominator(10**9))
    if total - 1 > slack:
        raise BadInputError(
            f"site {label} holds {float(total):.4g} atoms: {shares}",
            suggestion=f"nearest: the same divided by {float(total):.4g}",
        )
    if 1 - total > slack:
        parts = {species: number.fraction() for species, number in held.items()}
        parts[VACANCY] = parts.get(VACANCY, Fraction(0)) + 1 - sum(parts.values())
        return dict(sorted(parts.items(), key=lambda item: (item[0] == VACANCY, item[0]))), None
    return _full(held, label, total)


def _full(held: Mapping[str, WrittenNumber], label: str, total: Fraction) -> tuple[dict[str, Fraction], str | None]:
    """Fractions of a full site: those of short periods if they sum to 1, else what is missing goes to the largest."""
    rounded = {species: number.fraction() for species, number in held.items()}
    readings = (
        rounded,
        {species: number.fraction(cut=True) for species, number in held.items()},
        {species: number.value for species, number in held.items()},
    )
    change = f"site {label} sums to {float(total):.6g} and is taken as full"
    for parts in readings:
        if sum(parts.values()) == 1:
            amounts = ", ".join(f"{species} {float(x):.4g}" for species, x in parts.items())
            return parts, None if total <= 1 else f"{change}: {amounts}"
    largest = max(rounded, key=lambda species: rounded[species])
    parts = {**rounded, largest: rounded[largest] + 1 - sum(rounded.values())}
    return parts, f"{change}: {largest} {float(held[largest].value):g} is {float(parts[largest]):.6g}"

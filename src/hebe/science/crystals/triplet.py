"""Affine maps of coordinates as they are written: ``-x, y+1/2, z`` or ``1/2*x-1/2*y, x+y, z``."""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, TypeAlias

from hebe.exceptions import BadInputError

Row: TypeAlias = tuple[Fraction, Fraction, Fraction]

_TERM: Final = re.compile(r"([+-]?)(?:(\d+(?:\.\d+)?)(?:/(\d+))?\*?)?([xyz]?)")
_LONGEST: Final = 100


def parse_triplet(text: str) -> tuple[tuple[Row, Row, Row], Row]:
    """Matrix and shift of a triplet.

    Raises
    ------
    BadInputError
        If it cannot be read.
    """
    rows = re.sub(r"[\s'\"]", "", text).lower().split(",")
    if len(rows) != 3 or len(text) > _LONGEST:
        raise _unread(text)
    first, second, third = (_row(row, text) for row in rows)
    return (first[0], second[0], third[0]), (first[1], second[1], third[1])


def _row(row: str, text: str) -> tuple[Row, Fraction]:
    amounts = dict.fromkeys(("x", "y", "z", ""), Fraction(0))
    at = 0
    while at < len(row):
        match = _TERM.match(row, at)
        if match is None or match.end() == at or not (match[2] or match[4]) or (match[3] and not int(match[3])):
            raise _unread(text)
        amounts[match[4]] += Fraction(match[2] or 1) / int(match[3] or 1) * (-1 if match[1] == "-" else 1)
        at = match.end()
    return (amounts["x"], amounts["y"], amounts["z"]), amounts[""]


def _unread(text: str) -> BadInputError:
    return BadInputError(f"the operation {text[:60]!r} cannot be read", suggestion="as x, y, z or -x, y+1/2, -z")

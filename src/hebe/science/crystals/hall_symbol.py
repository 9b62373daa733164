"""Operations of any Hall symbol: lattice letter, rotations with their axes and translations, change of basis.

The rules are those of Hall, Acta Cryst. A37, 517 (1981), as International Tables B (2010), appendix A1.4.2.3, has them.
"""

from __future__ import annotations

import re
from fractions import Fraction
from typing import Final, TypeAlias

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import BadInputError
from hebe.science.crystals.triplet import parse_triplet

MOST_OPERATIONS: Final = 192
"""Operations of the largest space groups in their conventional cells."""
_STEPS: Final = 24
"""Translations are whole multiples of 1/24 of the cell."""

_CENTRED: Final = {
    "P": (),
    "A": ((0, 12, 12),),
    "B": ((12, 0, 12),),
    "C": ((12, 12, 0),),
    "I": ((12, 12, 12),),
    "R": ((16, 8, 8), (8, 16, 16)),
    "S": ((8, 8, 16), (16, 16, 8)),
    "T": ((8, 16, 8), (16, 8, 16)),
    "F": ((0, 12, 12), (12, 0, 12), (12, 12, 0)),
}
"""Lattice letter -> its points within the cell beside the origin, in 24ths."""
_ABOUT_Z: Final = {
    "1": ((1, 0, 0), (0, 1, 0), (0, 0, 1)),
    "2": ((-1, 0, 0), (0, -1, 0), (0, 0, 1)),
    "3": ((0, -1, 0), (1, -1, 0), (0, 0, 1)),
    "4": ((0, -1, 0), (1, 0, 0), (0, 0, 1)),
    "6": ((1, -1, 0), (1, 0, 0), (0, 0, 1)),
}
_DIAGONAL: Final = {
    "2'": ((0, -1, 0), (-1, 0, 0), (0, 0, -1)),
    '2"': ((0, 1, 0), (1, 0, 0), (0, 0, -1)),
    "3*": ((0, 0, 1), (1, 0, 0), (0, 1, 0)),
}
"""About a-b and a+b, with c the axis that came before, and about a+b+c."""
_SHIFTS: Final = {
    "a": (12, 0, 0), "b": (0, 12, 0), "c": (0, 0, 12), "n": (12, 12, 12),
    "u": (6, 0, 0), "v": (0, 6, 0), "w": (0, 0, 6), "d": (6, 6, 6),
}  # fmt: skip
"""Translation letter -> its shift in 24ths."""

_WHOLE: Final = re.compile(r"(-?)([a-z])((?: [^ ()]+)*)(?: ?\(([^()]*)\))?")
_ROTATION: Final = re.compile(r"(-?)([12346])([xyz'\"*]?)([1-5]?)([abcnuvwd]*)")

Operation: TypeAlias = tuple[NDArray[np.int64], NDArray[np.int64]]


def plain_hall(text: str) -> str:
    """A symbol in lower case with single spaces, which files may write as underscores."""
    return re.sub(r"[\s_]+", " ", text).strip().replace("''", '"').lower()


def parse_hall(text: str) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """Rotations (n, 3, 3) and translations (n, 3), in parts of the cell, of the group that a symbol generates.

    Raises
    ------
    BadInputError
        If it breaks a rule of these symbols, or what it generates is no space group.
    """
    whole = _WHOLE.fullmatch(plain_hall(text))
    if whole is None:
        raise _refused(text, "it is not a lattice, rotations and a change of basis")
    inverted, letter, rotations, change = whole.groups()
    letter = letter.upper()
    if letter not in _CENTRED:
        raise _refused(text, f"{letter} is no lattice, which are {' '.join(_CENTRED)}")
    unit = np.eye(3, dtype=np.int64)
    generators = [(unit, np.array(point, dtype=np.int64)) for point in _CENTRED[letter]]
    generators += [(-unit, np.zeros(3, dtype=np.int64))] if inverted else []
    generators += _rotations(text, rotations.split())
    if change is not None:
        generators = _changed(text, generators, letter, *_basis(text, change))
    return _group(text, generators)


def _rotations(text: str, words: list[str]) -> list[Operation]:
    """An operation for each word; the axis of one depends on those before.

    An axis that is not written is c for the first, for a second of order 2 it is a after order 2 or 4 and a-b after
    order 3 or 6, and for a third of order 3 it is a+b+c. Primes are about face diagonals beside the axis before.
    """
    found: list[Operation] = []
    before, beside = "", "z"
    for place, word in enumerate(words):
        match = _ROTATION.fullmatch(word)
        if match is None:
            raise _refused(text, f"{word} is no rotation, as 2, -4n, 3*, 61 or 2ac are")
        sign, order, axis, screw, letters = match.groups()
        if place and word == "1":
            raise _refused(text, "1 says nothing after a rotation")
        axis = axis or _usual_axis(order, place, before)
        rotation = _rotation(order, axis, beside)
        if rotation is None:
            raise _refused(text, f"the axis of {word} is open" if not axis else f"{word} has no such axis")
        shift = sum((np.array(_SHIFTS[letter], dtype=np.int64) for letter in letters), np.zeros(3, dtype=np.int64))
        if screw:
            if axis not in ("x", "y", "z") or int(screw) >= int(order):
                raise _refused(text, f"{word} is no screw axis")
            shift["xyz".index(axis)] += _STEPS * int(screw) // int(order)
        found.append((-rotation if sign else rotation, shift))
        before, beside = order, axis if axis in ("x", "y", "z") else "z"
    return found


def _usual_axis(order: str, place: int, before: str) -> str:
    if order == "1" or place == 0:
        return "z"
    if order == "2" and place == 1:
        return {"2": "x", "4": "x", "3": "'", "6": "'"}.get(before, "")
    return "*" if order == "3" and place == 2 else ""


def _rotation(order: str, axis: str, beside: str) -> NDArray[np.int64] | None:
    """Matrix of a rotation, None if there is none about that axis."""
    if axis in ("x", "y", "z"):
        matrix, along = _ABOUT_Z[order], axis
    elif order + axis in _DIAGONAL:
        matrix, along = _DIAGONAL[order + axis], beside
    else:
        return None
    turned = [("xyz".index(along) + 1 + k) % 3 for k in range(3)]
    result = np.zeros((3, 3), dtype=np.int64)
    result[np.ix_(turned, turned)] = matrix
    return result


def _basis(text: str, change: str) -> tuple[NDArray[np.object_], NDArray[np.object_]]:
    """Matrix and shift of ``0 0 1``, an origin in 12ths, or of ``x-y,x+y,z``, as fractions."""
    if re.fullmatch(r"-?\d{1,2}( -?\d{1,2}){2}", change.strip()):
        unit = np.array([[Fraction(int(i == j)) for j in range(3)] for i in range(3)])
        return unit, np.array([Fraction(int(word), 12) for word in change.split()])
    try:
        matrix, shift = parse_triplet(change)
    except BadInputError:
        raise _refused(text, f"({change}) is no change of basis, as (0 0 1) or (x-y,x+y,z) are") from None
    return np.array(matrix), np.array(shift)


def _changed(
    text: str, generators: list[Operation], letter: str, matrix: NDArray[np.object_], shift: NDArray[np.object_]
) -> list[Operation]:
    """Operations V S V^-1 in the coordinates V x, with what was a lattice translation before.

    The edges of the new cell must be lattice vectors of the old.
    """
    inverse = _inverse(matrix)
    if inverse is None:
        raise _refused(text, "its change of basis has no inverse")
    points = {(0, 0, 0), *_CENTRED[letter]}
    if any(tuple(edge * _STEPS % _STEPS) not in points for edge in inverse.T):
        raise _refused(text, "its change of basis leaves the lattice")
    unit = np.eye(3, dtype=np.int64)
    result = []
    for rotation, translation in [*generators, *((unit, edge * _STEPS) for edge in unit)]:
        turned = matrix @ rotation @ inverse
        moved = (matrix @ translation + (shift - turned @ shift) * _STEPS) % _STEPS
        if any(Fraction(value).denominator != 1 for value in (*turned.flat, *moved)):
            raise _refused(text, "its change of basis leaves no whole operations")
        result.append((turned.astype(np.int64), moved.astype(np.int64)))
    return result


def _inverse(matrix: NDArray[np.object_]) -> NDArray[np.object_] | None:
    """Inverse by cofactors, exact; None for a matrix that has none."""
    following, last = [1, 2, 0], [2, 0, 1]
    adjoint = (matrix[following][:, following] * matrix[last][:, last]).T
    adjoint = adjoint - (matrix[following][:, last] * matrix[last][:, following]).T
    determinant = matrix[0] @ adjoint[:, 0]
    return adjoint / determinant if determinant else None


def _group(text: str, generators: list[Operation]) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """All products of operations, up to lattice translations."""
    found = {_key(np.eye(3, dtype=np.int64), np.zeros(3, dtype=np.int64))}
    fresh = list(found)
    while fresh:
        rotation, translation = _operation(fresh.pop())
        for other, moved in generators:
            key = _key(other @ rotation, other @ translation + moved)
            if key not in found:
                found.add(key)
                fresh.append(key)
        if len(found) > MOST_OPERATIONS:
            raise _refused(text, f"it generates more than {MOST_OPERATIONS} operations, no space group has so many")
    read = [_operation(key) for key in sorted(found, reverse=True)]
    rotations = np.array([rotation for rotation, _ in read])
    return rotations, np.array([translation for _, translation in read]) / _STEPS


def _key(rotation: NDArray[np.int64], translation: NDArray[np.int64]) -> tuple[int, ...]:
    return (*rotation.flatten().tolist(), *(translation % _STEPS).tolist())


def _operation(key: tuple[int, ...]) -> Operation:
    return np.array(key[:9], dtype=np.int64).reshape(3, 3), np.array(key[9:], dtype=np.int64)


def _refused(text: str, why: str) -> BadInputError:
    return BadInputError(f"the Hall symbol {text[:60]!r} has no meaning: {why[:120]}")

"""Materials of the literature that a candidate is: the same host and the same composition, as exactly as is printed."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

from hebe.exceptions import BadInputError
from hebe.science.literature.printed import elements_of, parse_printed_formula
from hebe.science.literature.system import load_systems

if TYPE_CHECKING:
    from collections.abc import Mapping
    from fractions import Fraction

    from hebe.science.literature.system import System

NEAR: Final = 0.0101
"""Atoms per printed formula unit by which both compositions may differ: two decimals are printed."""


def materials_like(formula: str, host: str) -> list[System]:
    """Materials of a host whose composition is that of a formula.

    Both are compared per formula unit as the literature prints it, so that a multiple of a formula is the same one.

    Parameters
    ----------
    formula
        Of a candidate.
    host
        Family of its structure.
    """
    try:
        wanted = _shares(parse_printed_formula(formula))
    except BadInputError:
        return []
    return [system for system, atoms in _known() if system.host == host and _same(wanted, atoms)]


def _same(shares: Mapping[str, float], atoms: Mapping[str, float]) -> bool:
    total = sum(atoms.values())
    return all(abs(shares.get(e, 0.0) * total - atoms.get(e, 0.0)) <= NEAR for e in {*shares, *atoms})


def _shares(atoms: Mapping[str, Fraction]) -> dict[str, float]:
    total = sum(atoms.values())
    return {element: float(amount / total) for element, amount in atoms.items()}


@cache
def _known() -> list[tuple[System, dict[str, float]]]:
    """Materials with the atoms of their formula unit; those with molecules of unknown formula are left out."""
    found = []
    for system in load_systems().values():
        atoms = elements_of(system.printed)
        if atoms:
            found.append((system, {element: float(amount) for element, amount in atoms.items()}))
    return found

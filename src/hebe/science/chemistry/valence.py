"""Valences from magnetic moments: which ion a site holds, and whether it is Jahn-Teller active.

The moment of a d ion with U lies near its spin-only value (Reed and Ceder, Chem. Rev. 104, 4513 (2004)); where two
ions of an element have the same moment, it says nothing.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import TYPE_CHECKING, Any, Final

import yaml

from hebe.science.chemistry.ions import Ion, Spin, is_jahn_teller

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

_LOW_SPIN = "ls"
CLOSED: Final = 0.35
"""Moment (Bohr magnetons) below which a site counts as closed-shell."""


@dataclass(frozen=True)
class Valence:
    """Charge of a site, None where its moment does not decide it; whether its ion is Jahn-Teller active."""

    charge: int | None
    jahn_teller: bool


@dataclass(frozen=True)
class _Range:
    ion: Ion
    spin: Spin
    lowest: float
    highest: float


def assign_valences(structure: Structure, moments: Sequence[float]) -> list[Valence]:
    """Valence of every site.

    Parameters
    ----------
    structure
        Cell; a site property ``ion`` (``Mn3+``, ``Co3+ls``) decides between ions of equal moment.
    moments
        Moments (Bohr magnetons), one per site; signs do not matter.
    """
    expected = structure.site_properties.get("ion", [None] * len(structure))
    return [
        _assign(getattr(site.specie, "element", site.specie).symbol, abs(float(moment)), label)
        for site, moment, label in zip(structure, moments, expected, strict=True)
    ]


def moments_off(structure: Structure, moments: Sequence[float]) -> list[str]:
    """Sites whose moment is not that of the ion that they started as, as ``Fe3+ 2.10``.

    Parameters
    ----------
    structure
        Cell with the site properties ``ion`` and ``magmom`` that it started from.
    moments
        Moments (Bohr magnetons) that it ended with.
    """
    found = []
    properties, valences = structure.site_properties, assign_valences(structure, moments)
    for label, begun, moment, valence in zip(properties["ion"], properties["magmom"], moments, valences, strict=True):
        closed = valence.charge is None and not begun and abs(moment) < CLOSED
        if not closed and valence.charge != Ion.parse(label.removesuffix(_LOW_SPIN)).charge:
            found.append(f"{label} {moment:.2f}")
    return found


def _assign(element: str, moment: float, label: str | None) -> Valence:
    fitting = [r for r in _ranges().get(element, ()) if r.lowest <= moment <= r.highest]
    if len(fitting) > 1:
        fitting = [r for r in fitting if _label(r) == label]
    if len(fitting) != 1:
        return Valence(None, jahn_teller=False)
    return Valence(fitting[0].ion.charge, is_jahn_teller(fitting[0].ion, fitting[0].spin))


def _label(found: _Range) -> str:
    return f"{found.ion}{_LOW_SPIN if found.spin == 'low' else ''}"


@cache
def _ranges() -> dict[str, tuple[_Range, ...]]:
    """Ranges of moments by element."""
    file = resources.files("hebe.science.chemistry") / "valence_moments.yaml"
    table: dict[str, Any] = yaml.safe_load(file.read_text())["ions"]
    found: dict[str, list[_Range]] = {}
    for name, (lowest, highest) in table.items():
        ion = Ion.parse(name.removesuffix(_LOW_SPIN))
        spin: Spin = "low" if name.endswith(_LOW_SPIN) else "high"
        found.setdefault(ion.element, []).append(_Range(ion, spin, lowest, highest))
    return {element: tuple(ranges) for element, ranges in found.items()}

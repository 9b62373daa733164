"""What a candidate is mixed of: fractions of elements on its sublattices."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.effects import Place

_ELEMENT: Final = re.compile(r"[A-Z][a-z]?")


def fractions_of(candidate: CandidateDoc) -> dict[Place, float]:
    """Fraction of each element on each sublattice; what does not mix is there too."""
    found: dict[Place, float] = {}
    for name, amounts in candidate.composition.items():
        total = sum(amounts.values())
        for ion, amount in amounts.items():
            match = _ELEMENT.match(ion)
            place = (name, ion if match is None else match[0])
            found[place] = found.get(place, 0.0) + amount / total if total else 0.0
    return found

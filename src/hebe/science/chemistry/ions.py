"""Ions: an element with an oxidation state, its radius, d electrons and Jahn-Teller activity."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from functools import cache
from typing import Final, Literal

from hebe.exceptions import BadInputError

Spin = Literal["high", "low"]

_ROMAN: Final = {2: "II", 3: "III", 4: "IV", 5: "V", 6: "VI", 7: "VII", 8: "VIII", 9: "IX", 10: "X", 12: "XII"}
_ION = re.compile(r"^(?P<element>[A-Z][a-z]?)(?:(?P<charge>\d*)(?P<sign>[+-]))?$")


@dataclass(frozen=True, order=True)
class Ion:
    """An element in an oxidation state; ``str`` gives ``Ni2+``, and ``Ni`` for the atom of a metal."""

    element: str
    charge: int

    def __str__(self) -> str:
        if self.charge == 0:
            return self.element
        return f"{self.element}{abs(self.charge)}{'+' if self.charge > 0 else '-'}"

    @classmethod
    def parse(cls, text: str) -> Ion:
        """Ion of ``Ni2+``, ``O2-`` or ``Na+``, or an atom such as ``Ni``.

        Raises
        ------
        BadInputError
            If the text is not an ion.
        """
        match = _ION.match(text)
        if match is None:
            raise BadInputError(f"{text!r} is not an ion", suggestion="write element, charge and sign: Ni2+")
        if match["sign"] is None:
            return cls(match["element"], 0)
        charge = int(match["charge"] or 1)
        return cls(match["element"], charge if match["sign"] == "+" else -charge)


@cache
def shannon_radius(ion: Ion, coordination: int, spin: Spin = "high") -> float | None:
    """Effective ionic radius in A, or None where the table has no value for that coordination.

    `spin` matters only for ions tabulated in both spin states. Source: Shannon, Acta Cryst. A 32, 751
    (1976), as tabulated in pymatgen.
    """
    from pymatgen.core import Element

    table = Element(ion.element).data.get("Shannon radii", {})
    entry = table.get(str(ion.charge), {}).get(_ROMAN.get(coordination, ""), {})
    wanted = "High Spin" if spin == "high" else "Low Spin"
    for name in (wanted, ""):
        if name in entry:
            return float(entry[name]["ionic_radius"])
    return float(next(iter(entry.values()))["ionic_radius"]) if entry else None


@cache
def electronegativity(element: str) -> float | None:
    """Pauling electronegativity, or None where there is no value."""
    from pymatgen.core import Element

    value = Element(element).data.get("X")
    return float(value) if isinstance(value, int | float) and not math.isnan(value) else None


@cache
def d_electrons(ion: Ion) -> int | None:
    """Number of d electrons of a transition-metal ion (group minus charge), None for other ions."""
    from pymatgen.core import Element

    group = Element(ion.element).group
    if not 3 <= group <= 12:
        return None
    count = group - ion.charge
    return count if 0 <= count <= 10 else None


def is_jahn_teller(ion: Ion, spin: Spin = "high") -> bool:
    """Whether an octahedral ion has a degenerate e_g shell: high-spin d4, low-spin d7, d9.

    Source: Jahn and Teller, Proc. R. Soc. A 161, 220 (1937), for octahedral fields.
    """
    count = d_electrons(ion)
    return count == 9 or (count == 4 and spin == "high") or (count == 7 and spin == "low")


def is_d0(ion: Ion) -> bool:
    """Whether a transition-metal ion has an empty d shell."""
    return d_electrons(ion) == 0

"""Numbers measured on materials of the table that the reviews do not print: edges of cells, voltages, volumes."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import cache

from hebe.science.literature.system import read_rows


@dataclass(frozen=True)
class Measured:
    """One measured number.

    ``quantity`` is an edge of the conventional cell of the family (a, b, c), ``volume`` as made, ``average voltage`` or
    ``volume change`` between two contents, ions of the working element per formula unit. ``note`` says whether the
    value was read in its source.
    """

    system_id: str
    quantity: str
    x_high: Fraction | None
    x_low: Fraction | None
    value: float
    unit: str
    source: str
    note: str

    @property
    def name(self) -> str:
        """Id of the number."""
        return f"measured-{self.system_id}-{self.quantity.replace(' ', '-')}"


@cache
def load_measured() -> tuple[Measured, ...]:
    """All numbers, in the order of the file."""
    return tuple(
        Measured(
            system_id=row["system_id"],
            quantity=row["quantity"],
            x_high=Fraction(row["x_high"]) if row["x_high"] else None,
            x_low=Fraction(row["x_low"]) if row["x_low"] else None,
            value=float(row["value"]),
            unit=row["unit"],
            source=row["source"],
            note=row["note"],
        )
        for row in read_rows("experiments.csv")
    )

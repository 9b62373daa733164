"""The table of all families in docs/families.md, from their data; run as a program it writes it there."""

from __future__ import annotations

from pathlib import Path
from typing import Final

from pymatgen.symmetry.groups import SpaceGroup

from hebe.config.family import Family, family_names, load_family

PAGE: Final = Path(__file__).parents[2] / "docs" / "families.md"
BEGIN, END = "<!-- families: from their data -->\n", "<!-- end -->\n"


def table() -> str:
    """One row per family."""
    head = "| family | space group | sites (Wyckoff, coordination) | example | checked |\n|---|---|---|---|---|\n"
    return head + "".join(_row(load_family(name)) for name in family_names())


def _row(family: Family) -> str:
    group = f"{SpaceGroup.from_int_number(family.space_group).symbol} ({family.space_group})"
    sites = "; ".join(f"{name} {_letters(sub.wyckoff)}, {sub.coordination}" for name, sub in family.sublattices.items())
    given = "; ".join(f"{name}: {' '.join(example.species)}" for name, example in family.example.items())
    return (
        f"| `{family.name}` | {group} | {sites} | {given or 'from the pool'} | {family.checked or 'see its file'} |\n"
    )


def _letters(wyckoff: str) -> str:
    """Letters of the orbits, equal ones counted: ``2 x 8i``."""
    parts = wyckoff.split()
    counted = {part: parts.count(part) for part in parts}
    return " ".join(part if number == 1 else f"{number} x {part}" for part, number in counted.items())


def written(text: str) -> str:
    """Text of the page with the table of today."""
    before, rest = text.split(BEGIN)
    return before + BEGIN + table() + END + rest.split(END)[1]


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

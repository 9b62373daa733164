"""The table of all families in docs/families.md, from their data and what benchmarks/families.py found.

Run as a program it writes the table and the pictures.
"""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import Any, Final

import yaml
from pymatgen.symmetry.groups import sg_symbol_from_int_number

from hebe.config.family import Family, family_names, load_family
from support.family_picture import picture

ROOT: Final = Path(__file__).parents[2]
PAGE: Final = ROOT / "docs" / "families.md"
PICTURES: Final = ROOT / "docs" / "images" / "families"
RESULTS: Final = ROOT / "benchmarks" / "families.yaml"
BEGIN, END = "<!-- families: from their data -->\n", "<!-- end -->\n"

_HEAD: Final = """\
| family | | space group | sites (Wyckoff, coordination) | example | SQS | relaxed with CHGNet | checked |
|---|---|---|---|---|---|---|---|
"""


@cache
def results() -> dict[str, Any]:
    """What the benchmark found, by family."""
    found: dict[str, Any] = yaml.safe_load(RESULTS.read_text(encoding="utf-8"))
    return found


def table() -> str:
    """One row per family."""
    found = results()
    return _HEAD + "".join(_row(load_family(name), found[name]) for name in family_names())


def _row(family: Family, found: dict[str, Any]) -> str:
    symbol = _short(sg_symbol_from_int_number(family.space_group))
    sites = "; ".join(f"{name} {_letters(sub.wyckoff)}, {sub.coordination}" for name, sub in family.sublattices.items())
    given = "; ".join(f"{name}: {' '.join(example.species)}" for name, example in family.example.items())
    draft = found["draft"]
    cells = (
        f"`{family.name}`",
        f"![](images/families/{family.name}.svg)",
        f"{symbol} ({family.space_group})",
        sites,
        given or "from the pool",
        f"{draft['total']:.2f} of {draft['random_total']:.2f}, {draft['sites']} sites",
        "; ".join(_member(entry, symbol) for entry in found["members"]) or "no crystal",
        family.checked,
    )
    return f"| {' | '.join(cells)} |\n"


def _member(entry: dict[str, Any], symbol: str) -> str:
    """Member with the deviation of its density; space group and verdict where they are not those of the host."""
    words = [f"{entry['formula']} {entry['density_percent']:+.1f} %"]
    if entry["space_group"] != symbol:
        words.append(entry["space_group"])
    if entry["verdict"] != "host":
        words.append(entry["verdict"])
    held = entry.get("at_measured_volume")
    return ", ".join(words) + (f" ({held['verdict']} at its measured volume)" if held else "")


def _short(symbol: str) -> str:
    """Symbol without the axes of a monoclinic group that do nothing: ``C2/m`` of ``C12/m1``."""
    return re.sub(r"^([PC])1(2.*)1$", r"\1\2", symbol)


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
    PICTURES.mkdir(parents=True, exist_ok=True)
    for name in family_names():
        (PICTURES / f"{name}.svg").write_text(picture(load_family(name)), encoding="utf-8")

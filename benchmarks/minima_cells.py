"""Fifty start cells of five kinds: layered as made, de-intercalated, rock salt, disordered rock salt, spinel."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pymatgen.core import Structure

from cells import DISPLACEMENT, host, spinel, without
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Mapping


SODIUM = (
    {"Ni": 3, "Fe": 3, "Mn": 2, "Ti": 2, "Mg": 2},
    {"Cu": 3, "Mn": 3, "Ti": 3, "Fe": 2, "Ni": 1},
    {"Ni": 3, "Mn": 3, "Cr": 3},
    {"Fe": 5, "Mn": 3, "Cu": 1, "Mg": 1, "Ni": 1, "Ti": 1},
    {"Ni": 4, "Co": 2, "Mn": 4, "Ti": 2},
    {"Mn": 6, "Cu": 3, "Ti": 3},
)
LITHIUM = (
    {"Ni": 6, "Co": 3, "Mn": 3},
    {"Ni": 10, "Co": 1, "Al": 1},
    {"Ni": 4, "Mn": 4, "Co": 2, "Cr": 2},
    {"Mn": 6, "Ni": 3, "Ti": 3},
)
ROCKSALT = (
    {"Mg": 4, "Co": 3, "Ni": 3, "Cu": 3, "Zn": 3},
    {"Co": 6, "Mg": 5, "Ni": 5},
    {"Cu": 4, "Ni": 8, "Zn": 4},
    {"Mg": 8, "Ni": 8},
    {"Mg": 8, "Co": 8},
    {"Mn": 4, "Fe": 4, "Co": 4, "Ni": 4},
    {"Mg": 6, "Cu": 4, "Zn": 6},
    {"Mn": 8, "Ni": 8},
    {"Ca": 4, "Mg": 6, "Mn": 6},
    {"Fe": 5, "Mg": 6, "Co": 5},
)
DISORDERED = (
    {"Li": 10, "Mn": 6, "Ti": 4},
    {"Li": 10, "Ni": 3, "Mn": 4, "Ti": 3},
    {"Li": 10, "Mn": 4, "Cr": 2, "V": 2, "Ti": 2},
    {"Li": 11, "Fe": 4, "Nb": 3, "Mn": 2},
    {"Li": 10, "Fe": 10},
    {"Li": 12, "Mn": 4, "Zr": 4},
    {"Li": 10, "Cr": 5, "Co": 5},
    {"Li": 11, "Ni": 3, "Co": 3, "Nb": 3},
    {"Li": 10, "V": 6, "Al": 4},
    {"Li": 12, "Mn": 6, "Nb": 2},
)
SPINEL: tuple[tuple[str, Mapping[str, tuple[str, ...]]], ...] = (
    ("LiMn2O4-spinel", {}),
    ("LiMn2O4-spinel", {"Mn": ("Mn", "Mn", "Mn", "Ni")}),
    ("LiMn2O4-spinel", {"Mn": ("Cr", "Mn")}),
    ("LiMn2O4-spinel", {"Mn": ("Co", "Mn")}),
    ("LiMn2O4-spinel", {"Mn": ("Ti", "Cr")}),
    ("CoCr2O4-spinel", {"Co": ("Co", "Mg", "Ni", "Zn"), "Cr": ("Cr", "Fe", "Mn", "Al")}),
    ("CoCr2O4-spinel", {"Co": ("Mg",), "Cr": ("Al", "Cr")}),
    ("CoCr2O4-spinel", {"Co": ("Zn", "Co"), "Cr": ("Fe",)}),
    ("CoCr2O4-spinel", {"Co": ("Ni", "Mn"), "Cr": ("Cr", "Fe")}),
    ("CoCr2O4-spinel", {"Co": ("Cu", "Zn"), "Cr": ("Co", "Al")}),
)
KEPT = 4
"""Working ions that stay in a de-intercalated cell of twelve formula units."""


@dataclass(frozen=True)
class Cell:
    """Ideal cell with its name, kind and number of formula units (of one host formula: AMO2, MO, or AB2O4)."""

    name: str
    kind: str
    structure: Structure
    formulas: int

    def start(self, number: int) -> Structure:
        """Displaced start number `number`, as a campaign makes one."""
        return displaced(self.structure, DISPLACEMENT, f"{self.name}/{number}")


def fifty() -> list[Cell]:
    """All cells; those with the kind ``de-intercalated`` come from the layered ones."""
    found: list[Cell] = []
    for ion, pools, radius in (("Na", SODIUM, 0.64), ("Li", LITHIUM, 0.56)):
        for n, counts in enumerate(pools):
            structure, name = host("layered-o3", ion, counts, radius), f"layered {ion} {n}"
            units = sum(counts.values())
            found += [Cell(name, "layered", structure, units)]
            found += [Cell(f"{name}, {KEPT} ions", "de-intercalated", without(structure, ion, KEPT), units)]
    for kind, rows in (("rock salt", ROCKSALT), ("disordered rock salt", DISORDERED)):
        found += [
            Cell(f"{kind} {n}", kind, host("rocksalt", None, c, 0.72), sum(c.values())) for n, c in enumerate(rows)
        ]
    found += [Cell(f"spinel {n}", "spinel", spinel(name, mixed), 8) for n, (name, mixed) in enumerate(SPINEL)]
    return found

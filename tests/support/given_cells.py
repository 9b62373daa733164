"""A campaign that brings the cells of LiCoO2 and CoO2, as files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pymatgen.core import Lattice, Structure

from support.campaigns import SPRINGS

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """\
name: given
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM: {{species: {{Co: [3], Ni: [3]}}}}
select: {{method: explicit, formulas: [LiCoO2]}}
structures:
  method: explicit
  files: [{files}]
  {metal}
stages:
  - engine: {engine}
    task: static
    analyses: [voltage, volume_strain]
"""

Z_OXYGEN = 0.2605


def licoo2(a: float = 2.816, c: float = 14.05, z: float = Z_OXYGEN) -> Structure:
    """Rhombohedral cell of LiCoO2 (R-3m, cobalt at the origin) from its hexagonal axes (A)."""
    h = Lattice.hexagonal(a, c).matrix
    vectors = [(2 * h[0] + h[1] + h[2]) / 3, (-h[0] + h[1] + h[2]) / 3, (-h[0] - 2 * h[1] + h[2]) / 3]
    return Structure(Lattice(vectors), ["Li", "Co", "O", "O"], [[0.5] * 3, [0.0] * 3, [z] * 3, [-z] * 3])


def coo2(a: float = 2.816, c: float = 13.2, z: float = Z_OXYGEN) -> Structure:
    """Cell of the empty host."""
    cell = licoo2(a, c, z)
    cell.remove_sites([0])
    return cell


def write(
    folder: Path,
    *cells: tuple[str, Structure],
    engine: str = SPRINGS,
    metal: tuple[str, Structure] | None = None,
) -> Path:
    """Write cells and the campaign that names them; formats follow from the names."""
    for name, cell in (*cells, *([metal] if metal else [])):
        cell.to(filename=str(folder / name))
    path = folder / "given.yaml"
    line = "" if metal is None else f"metal: {metal[0]}"
    path.write_text(CAMPAIGN.format(files=", ".join(name for name, _ in cells), engine=engine, metal=line))
    return path

"""CIF files with partial occupancies, written by hand, and campaigns that use them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


def cif(a: float, c: float, group: str, number: int, rows: str, *, gamma: float = 120, b: float | None = None) -> str:
    """Text of a CIF with a row per species and site; `b` is `a` unless given."""
    lengths = f"_cell_length_a {a}\n_cell_length_b {a if b is None else b}\n_cell_length_c {c}\n"
    angles = f"_cell_angle_alpha 90\n_cell_angle_beta 90\n_cell_angle_gamma {gamma}\n"
    symmetry = f"_symmetry_space_group_name_H-M '{group}'\n_symmetry_Int_Tables_number {number}\n"
    columns = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")
    loop = "loop_\n" + "".join(f"_atom_site_{name}\n" for name in columns)
    return f"data_x\n{lengths}{angles}{symmetry}{loop}{rows}"


O3 = cif(
    2.967,
    16.02,
    "R -3 m :H",
    166,
    "Na1 Na 0 0 0.5 1\nNi1 Ni 0 0 0 0.333\nFe1 Fe 0 0 0 0.333\nMn1 Mn 0 0 0 0.334\nO1 O 0 0 0.266 1\n",
)

P2 = cif(
    2.92,
    11.1,
    "P 63/m m c",
    194,
    "Na1 Na 0 0 0.25 0.26\nNa2 Na 0.33333 0.66667 0.75 0.40667\n"
    "Ni1 Ni 0 0 0 0.3333\nMn1 Mn 0 0 0 0.6667\nO1 O 0.33333 0.66667 0.09 1\n",
)

STAGE = "stages: [{engine: chgnet, x: [1, 1/3], analyses: [voltage]}]\n"


def write(folder: Path, host: str, text: str = O3, *, file: str = "my.cif", stages: str = STAGE) -> Path:
    """A campaign of four lines beside its CIF."""
    (folder / file).write_text(text)
    path = folder / "campaign.yaml"
    path.write_text(f"name: from-a-file\n{host}\nstructures: {{cations: 3, per_candidate: 1}}\n{stages}")
    return path

"""Hall symbols: those of spglib's database against its operations, others against the same group written otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
import spglib

from hebe.exceptions import BadInputError
from hebe.science.crystals.cif_crystal import parse_cif
from hebe.science.crystals.crystal import parse_crystal
from hebe.science.crystals.hall_symbol import parse_hall

if TYPE_CHECKING:
    from numpy.typing import ArrayLike

Operations = set[tuple[int, ...]]


def as_set(rotations: ArrayLike, translations: ArrayLike) -> Operations:
    """Operations up to lattice translations, in 48ths of the cell."""
    steps = np.round(np.asarray(translations) * 48).astype(int) % 48
    return {tuple(row) for row in np.hstack([np.reshape(rotations, (-1, 9)), steps]).tolist()}


def group(text: str) -> Operations:
    """Operations of a Hall symbol, each once."""
    rotations, translations = parse_hall(text)
    found = as_set(rotations, translations)
    assert len(found) == len(rotations)
    return found


def test_each_of_the_530_symbols_of_spglib_is_its_operations() -> None:
    for hall in range(1, 531):
        kind, wanted = spglib.get_spacegroup_type(hall), spglib.get_symmetry_from_database(hall)
        assert kind is not None
        assert wanted is not None
        written = as_set(wanted["rotations"], wanted["translations"])
        assert group(kind.hall_symbol) == written, kind.hall_symbol
        assert group(kind.hall_symbol.replace(" ", "_").replace('"', "''").upper()) == written, kind.hall_symbol


SAME = {
    '-R 3 2" (x+z,-x+y+z,-y+z)': "-P 3* 2",
    "-P 3* 2 (2/3*x-1/3*y-1/3*z,1/3*x+1/3*y-2/3*z,1/3*x+1/3*y+1/3*z)": '-R 3 2"',
    "F 4d 2 3 -1d (x-1/8,y-1/8,z-1/8)": "-F 4vw 2vw 3",
    "P 2 2 3 -1n (x+1/4,y+1/4,z+1/4)": "-P 2ab 2bc 3",
    "P 2 2 3 -1n (3 3 3)": "-P 2ab 2bc 3",
    "-P 2yc (z,x,y)": "-P 2a",
    "-P 2yac (-x,y,-z)": "-P 2yac",
    "-P 2yc (x-z,y,z)": "-P 2yac",
    "C 4 2 (x-y,x+y,z)": "P 4 2",
    "P 4 2 (1/2*x+1/2*y,-1/2*x+1/2*y,z)": "C 4 2",
    "R 3 (z,x,y)": "T 3x",
    "R 3 (y,z,x)": "S 3y",
    "P 4cw": "P 43",
    "P 2z 2x": "P 2 2",
    "-P 4 2 3*": "-P 4 2 3",
    "-P 2 2 (0 0 6)": "-P 2 2",
}
"""Changes of axes or origin -> the same group without."""


@pytest.mark.parametrize("symbol", SAME)
def test_a_change_of_basis_is_the_group_in_other_axes(symbol: str) -> None:
    assert group(symbol) == group(SAME[symbol])


GENERAL = """Ni1 Ni 0.1373 0.2191 0.0917 1
Mn1 Mn 0.3391 0.0531 0.2773 1
O1 O 0.0573 0.4117 0.1831 1
"""


def cif(symbol: str, cell: str, rows: str = GENERAL) -> str:
    """A CIF whose symmetry is a Hall symbol alone."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"_cell_{name} {value}" for name, value in zip(names, cell.split(), strict=True)]
    quoted = f"_space_group_name_Hall\n;\n{symbol}\n;" if "'" in symbol else f"_space_group_name_Hall '{symbol}'"
    loop = "_atom_site_label _atom_site_type_symbol _atom_site_fract_x _atom_site_fract_y _atom_site_fract_z"
    return "\n".join(["data_x", *lines, quoted, f"loop_ {loop} _atom_site_occupancy", rows])


OUTSIDE = {
    "-F 2yuw": ("10.3 11.5 12.6 90 99 90", 15, 16),
    "C 4 2": ("15.1 15.1 17.3 90 90 90", 89, 16),
    "-F 4 2": ("21.1 21.1 17.3 90 90 90", 139, 64),
    "P 41": ("15.1 15.1 17.3 90 90 90", 76, 4),
    "P 42 2": ("15.1 15.1 17.3 90 90 90", 93, 8),
    "-A 2 (x+1/4,y,z)": ("10.3 11.5 12.6 90 90 99", 12, 8),
    "-P 2yn (0 3 0)": ("10.3 11.5 12.6 90 99 90", 14, 4),
    "T 3x": ("26 18 18 120 90 90", 146, 9),
    "P 32": ("18 18 26 90 90 120", 145, 3),
    "P 3 2": ("18 18 26 90 90 120", 149, 6),
    "P 62": ("18 18 26 90 90 120", 171, 6),
    "P 6 2": ("18 18 26 90 90 120", 177, 12),
}
"""Symbol -> a cell, its space group, and operations; the last four are of the database, and alike but for a space."""


@pytest.mark.parametrize("symbol", OUTSIDE)
def test_a_crystal_is_read_by_such_a_symbol_alone(symbol: str) -> None:
    cell, number, operations = OUTSIDE[symbol]
    found = parse_cif(cif(symbol, cell))
    kinds = [next(iter(part)) for part in found.parts]
    assert {kinds.count(kind) for kind in kinds} == {operations}
    numbers = [["Mn", "Ni", "O"].index(kind) for kind in kinds]
    dataset = spglib.get_symmetry_dataset((found.lattice.tolist(), found.coords.tolist(), numbers), 1e-4)
    assert dataset is not None
    assert dataset.number == number


def test_a_rock_salt_in_its_tetragonal_cell() -> None:
    rows = "Ni1 Ni 0 0 0 0.5\nMn1 Mn 0 0 0 0.5\nO1 O 0 0 0.5 1\n"
    crystal = parse_crystal(cif("-F 4 2 (x-y,x+y,z)", "2.97 2.97 4.2 90 90 90", rows))
    assert (crystal.space_group, len(crystal.labels)) == (225, 2)


NONSENSE = {
    "Q 9 z": "Q is no lattice",
    "-Z 9": "Z is no lattice",
    "H 3": "H is no lattice",
    "P 5": "5 is no rotation",
    "P 2q": "2q is no rotation",
    "P 2 3": "the axis of 3 is open",
    "P 4 4": "the axis of 4 is open",
    "P 4'": "4' has no such axis",
    "P 44": "44 is no screw axis",
    "P 6 2 3": "more than 192 operations",
    "P 4 2 1": "1 says nothing",
    "P 2 (x,y)": "is no change of basis",
    "P 2 (x,x,z)": "its change of basis has no inverse",
    "P 4 (x-y,x+y,z)": "its change of basis leaves the lattice",
    "P 2 (x+1/7,y,z)": "its change of basis leaves no whole operations",
    "-F 4 2 3 (x-y,x+y,z)": "its change of basis leaves no whole operations",
    "F m -3 m": "m is no rotation",
    "2 2": "it is not a lattice, rotations and a change of basis",
    "P 2 (0 0 1) 2": "it is not a lattice, rotations and a change of basis",
}


@pytest.mark.parametrize("symbol", NONSENSE)
def test_nonsense_is_refused_by_name(symbol: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_cif(cif(symbol, "9 9 9 90 90 90"))
    said = str(caught.value)
    assert said.startswith(f"its symmetry cannot be read: the Hall symbol {symbol!r} has no meaning: ")
    assert NONSENSE[symbol] in said
    assert "\n" not in said

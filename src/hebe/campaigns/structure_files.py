"""Structures as files of the formats that other programs read."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

STRUCTURE_FORMATS: Final = {"cif": ".cif", "poscar": ".vasp", "extxyz": ".xyz"}
"""Formats with the suffix of their files."""

SUFFIXES: Final = {".cif": "cif", ".vasp": "poscar", ".poscar": "poscar", ".xyz": "extxyz", ".extxyz": "extxyz"}
"""Suffixes by which a format is known."""


def structure_text(structure: Structure, kind: str, about: Mapping[str, Any] | None = None) -> str:
    """Structure as a text.

    Lengths keep 8 decimals in CIF and extended XYZ, 16 digits in POSCAR.

    Parameters
    ----------
    kind
        One of `STRUCTURE_FORMATS`.
    about
        What the comment line of an extended XYZ says beside the cell: numbers and texts by name.
    """
    if kind == "extxyz":
        return _extended_xyz(structure, about or {})
    if kind == "poscar":
        return structure.to(fmt="poscar")
    return structure.to(fmt="cif")


def _extended_xyz(structure: Structure, about: Mapping[str, Any]) -> str:
    """Extended XYZ as ASE writes it; oxidation states and other properties of sites are left out."""
    from ase import Atoms
    from ase.io import write

    atoms = Atoms(
        symbols=[site.specie.symbol for site in structure],
        positions=structure.cart_coords,
        cell=structure.lattice.matrix,
        pbc=True,
    )
    atoms.info.update({name: value for name, value in about.items() if value is not None})
    text = io.StringIO()
    write(text, atoms, format="extxyz")
    return text.getvalue()

"""What the viewer of crystals draws: the cell of a structure with colours, radii and bonds of its elements."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from pymatgen.core import Structure

_ANIONS: Final = ("O", "F", "S", "Se", "Te", "N", "Cl", "Br", "I")
_ELSE: Final = ("P", "As", "Sb", "C")
"""Elements at the corners of polyhedra, and those that are where there is none of the first."""

_OF_ANIONS: Final = {"O": "#c8ccd2", "F": "#a9d5c4", "S": "#e8d94a", "Se": "#d8b64a", "P": "#c9a0d8", "Cl": "#9fd08a"}
_OF_IONS: Final = "#e8c6a0"
_OF_CATIONS: Final = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#F0E442", "#56B4E9", "#E69F00", "#3b3b3b", "#8a5a2b")
_MOST_SITES: Final = 600
_NEAR: Final = 1.28


def colours_of(elements: Iterable[str], working_ion: str | None) -> dict[str, str]:
    """Colour of each element: light ones for anions and the working ion, Okabe and Ito's for what mixes.

    Okabe and Ito, Color Universal Design (2008): told apart with every kind of colour vision.
    """
    listed = sorted(set(elements))
    anions = anions_of(listed)
    mixed = [symbol for symbol in listed if symbol not in anions and symbol != working_ion]
    found = {symbol: _OF_CATIONS[at % len(_OF_CATIONS)] for at, symbol in enumerate(mixed)}
    found |= {symbol: _OF_ANIONS.get(symbol, "#b0b0b0") for symbol in anions}
    return found | ({working_ion: _OF_IONS} if working_ion in listed and working_ion is not None else {})


def anions_of(elements: Iterable[str]) -> list[str]:
    """Elements that stand at the corners of polyhedra; carbon too where it is part of a cyanide."""
    listed = sorted(set(elements))
    found = [symbol for symbol in listed if symbol in _ANIONS]
    found += ["C"] if {"C", "N"} <= set(listed) and "O" not in listed else []
    return found or [symbol for symbol in listed if symbol in _ELSE]


def viewer_cell(structure: Structure, working_ion: str | None) -> dict[str, Any] | None:
    """Plain data of a structure for ``viewer.js``; None for one that is too large to be turned.

    Fractions are rounded to a thousandth, lengths to 0.001 A: it is a picture, `hebe export` has the digits. A bond is
    as long as 1.28 times the sum of covalent radii at most (Cordero et al., Dalton Trans. 2832 (2008)).
    """
    if len(structure) > _MOST_SITES:
        return None
    symbols = [_symbol(site) for site in structure]
    elements = sorted(set(symbols))
    anions = anions_of(elements)
    cations = [symbol for symbol in elements if symbol not in anions]
    sites = [[s, *(round(f, 4) for f in site.frac_coords.tolist())] for s, site in zip(symbols, structure, strict=True)]
    return {
        "lattice": [[round(v, 3) for v in row] for row in structure.lattice.matrix.tolist()],
        "sites": sites,
        "colours": colours_of(elements, working_ion),
        "radii": {symbol: _size(symbol, anions, working_ion) for symbol in elements},
        "centres": [symbol for symbol in cations if symbol != working_ion],
        "ligands": anions,
        "bonds": {symbol: _longest(symbol, anions) for symbol in cations if anions and symbol != working_ion},
    }


def _symbol(site: Any) -> str:
    return str(site.specie.symbol)


def _size(symbol: str, anions: Sequence[str], working_ion: str | None) -> float:
    return 0.28 if symbol in anions else 0.55 if symbol == working_ion else 0.42


def _longest(symbol: str, anions: Sequence[str]) -> float:
    from ase.data import atomic_numbers, covalent_radii

    own = covalent_radii[atomic_numbers[symbol]]
    return round(float(_NEAR * max(own + covalent_radii[atomic_numbers[anion]] for anion in anions)), 3)

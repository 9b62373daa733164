"""A crystal with partial occupancies: its sites sorted into named sublattices by symmetry.

Symmetry is found by spglib (Togo, Shinohara and Tanaka, Sci. Technol. Adv. Mater. Meth. 4, 2384822 (2024)).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.config import family_sites
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError
from hebe.science.crystals.cif_blocks import read_content
from hebe.science.crystals.cif_crystal import OVERLAP, parse_cif, shortest_distance
from hebe.science.crystals.written_number import number_of, site_parts

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from pymatgen.core import Structure

VACANCY: Final = family_sites.VACANCY
"""Species that stands for an empty site."""

ANIONS: Final = frozenset({"O", "F", "S", "Se", "Te", "Cl", "N", "Br", "I"})

_SYMMETRY: Final = 1e-2
_SIMPLE: Final = 24
_TERMINAL: Final = frozenset({"O", "F"})
_BONDED: Final = 0.25

Part = Mapping[str, Fraction]
"""Species -> fraction of the sites of one sublattice; they sum to 1."""


@dataclass(frozen=True)
class Crystal:
    """Primitive cell of a crystal with named sublattices.

    ``lattice`` holds vectors as rows (A), shape (3, 3), ``coords`` fractional coordinates, shape (n, 3). ``labels``
    names the sublattice of every site: M1, M2, ... and, where anions stand on them, X1, X2, ..., in the order of the
    file. ``fractions`` says what is on each, ``states`` which whole oxidation states the file gives each element,
    ``remarks`` what was read otherwise than it is written, ``cores`` which elements that are anions elsewhere are the
    cores of polyanions here: S of SO4, N of NO3.
    """

    lattice: NDArray[np.float64]
    coords: NDArray[np.float64]
    labels: tuple[str, ...]
    fractions: dict[str, Part]
    states: dict[str, tuple[int, ...]]
    space_group: int
    remarks: tuple[str, ...] = ()
    cores: frozenset[str] = frozenset()

    @property
    def mixed(self) -> tuple[str, ...]:
        """Sublattices with more than one species; an empty site is one."""
        return tuple(name for name, part in self.fractions.items() if len(part) > 1)

    def has_anions(self, part: Part) -> bool:
        """Whether anions are among the species of a sublattice."""
        return bool((set(part) & ANIONS) - self.cores)

    def described(self) -> str:
        """What stands on each sublattice, in words: ``M1: Na; M2: Fe 1/2, Mn 1/2; X1: O``."""
        return "; ".join(f"{name}: {described(part)}" for name, part in self.fractions.items())


def described(part: Part) -> str:
    """Species of a sublattice in words."""
    return ", ".join(species if x == 1 else f"{species} {_shown(x)}" for species, x in part.items())


def _shown(fraction: Fraction) -> str:
    """A simple fraction as it is, another as a decimal number: 1/3, 0.798."""
    return str(fraction) if fraction.denominator <= _SIMPLE else f"{float(fraction):.6g}"


def parse_crystal(text: str) -> Crystal:
    """Crystal of the text of a CIF.

    Raises
    ------
    BadInputError
        As `hebe.science.crystals.cif_crystal.parse_cif`.
    """
    cell = parse_cif(text)
    return _sorted_sites(cell.lattice, cell.coords, cell.parts, cell.states, tuple(cell.remarks))


def read_crystal(path: str | Path) -> Crystal:
    """Crystal of a CIF file.

    Raises
    ------
    BadInputError
        As `parse_crystal`, or if the file cannot be read; names the file.
    """
    try:
        return parse_crystal(read_content(path))
    except BadInputError as err:
        raise BadInputError(err.reason, file=path, suggestion=err.suggestion) from err


def find_sublattices(structure: Structure) -> Crystal:
    """Crystal of a structure with partial occupancies.

    Raises
    ------
    BadInputError
        If a site holds more than one atom, or sites overlap; names the nearest that would do.
    """
    read = [_fractions(structure, i) for i in range(len(structure))]
    parts = [part for part, _ in read]
    lattice, coords = np.array(structure.lattice.matrix), np.array(structure.frac_coords)
    _check_distances(structure, parts)
    remarks = tuple(dict.fromkeys(change for _, change in read if change is not None))
    return _sorted_sites(lattice, coords, parts, _states(structure), remarks)


def _sorted_sites(
    lattice: NDArray[np.float64],
    coords: NDArray[np.float64],
    parts: Sequence[Part],
    states: dict[str, tuple[int, ...]],
    remarks: tuple[str, ...],
) -> Crystal:
    """Primitive cell with a sublattice for each orbit of its symmetry."""
    import spglib

    cores = _cores(lattice, coords, parts, states)
    kinds = sorted({tuple(sorted(part.items())) for part in parts})
    numbers = [kinds.index(tuple(sorted(part.items()))) + 1 for part in parts]
    given = (lattice.tolist(), coords.tolist(), numbers)
    found, places, types = spglib.find_primitive(given, _SYMMETRY) or given
    cell = (np.asarray(found).tolist(), np.asarray(places).tolist(), [int(t) for t in types])
    dataset = spglib.get_symmetry_dataset(cell, _SYMMETRY)
    orbits = list(range(len(types))) if dataset is None else [int(orbit) for orbit in dataset.equivalent_atoms]
    names, fractions = dict[int, str](), dict[str, Part]()
    for orbit, kind in zip(orbits, types, strict=True):
        if orbit not in names:
            part = dict(kinds[int(kind) - 1])
            letter = "X" if (set(part) & ANIONS) - cores else "M"
            names[orbit] = f"{letter}{sum(name.startswith(letter) for name in names.values()) + 1}"
            fractions[names[orbit]] = part
    labels = tuple(names[orbit] for orbit in orbits)
    number = 1 if dataset is None else int(dataset.number)
    return Crystal(np.array(cell[0]), np.array(cell[1]), labels, fractions, states, number, remarks, cores)


def _cores(
    lattice: NDArray[np.float64],
    coords: NDArray[np.float64],
    parts: Sequence[Part],
    states: Mapping[str, tuple[int, ...]],
) -> frozenset[str]:
    """Elements that are anions elsewhere and here have a positive charge, or bonds to oxygen or fluorine.

    Without charges in the file a bond is shorter than the sum of the covalent radii (Cordero et al., Dalton Trans.
    2008, 2832) and 0.25 A: 1.47 A in SO4, 1.25 A in NO3.
    """
    from ase.data import atomic_numbers, covalent_radii

    found = {element for element, values in states.items() if element in ANIONS and min(values) > 0}
    hosts = [i for i, part in enumerate(parts) if set(part) & _TERMINAL]
    for i, part in enumerate(parts):
        for element in (set(part) & ANIONS) - _TERMINAL - set(states) - found:
            steps = coords[hosts] - coords[i]
            lengths = np.linalg.norm((steps - np.round(steps)) @ lattice, axis=1)
            reach = covalent_radii[atomic_numbers[element]] + covalent_radii[atomic_numbers["O"]] + _BONDED
            if len(lengths) and lengths.min() < reach:
                found.add(element)
    return frozenset(found)


def check_element(symbol: str) -> None:
    """Refuse what is no chemical element.

    Raises
    ------
    BadInputError
        Names the nearest element.
    """
    from pymatgen.core import Element

    if not Element.is_valid_symbol(symbol):
        raise BadInputError(f"{symbol} is no element", suggestion=suggest(symbol, [e.symbol for e in Element]))


def _states(structure: Structure) -> dict[str, tuple[int, ...]]:
    """Whole oxidation states of each element as the file writes them; zero and fractions say nothing."""
    found: dict[str, set[int]] = {}
    for site in structure:
        for species in site.species:
            state = getattr(species, "oxi_state", None)
            if state is not None and state == round(state) and state:
                found.setdefault(species.symbol, set()).add(round(state))
    return {element: tuple(sorted(states)) for element, states in sorted(found.items())}


def _fractions(structure: Structure, index: int) -> tuple[dict[str, Fraction], str | None]:
    """Species of a site by element, the rest of it empty; and what was changed."""
    part: dict[str, float] = {}
    for species, amount in structure[index].species.items():
        check_element(species.symbol)
        part[species.symbol] = part.get(species.symbol, 0.0) + float(amount)
    amounts = {element: number_of(amount) for element, amount in part.items()}
    return site_parts(amounts, structure[index].label)


def _check_distances(structure: Structure, parts: Sequence[Part]) -> None:
    distance, i, j = shortest_distance(np.array(structure.frac_coords), np.array(structure.lattice.matrix))
    if distance < OVERLAP:
        held = " and ".join(f"{structure[k].label} ({'/'.join(parts[k])})" for k in sorted((i, j)))
        raise BadInputError(
            f"sites {held} are {distance:.3g} A apart", suggestion="give them as one site with partial occupancies"
        )

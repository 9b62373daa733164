"""A crystal with partial occupancies: its sites sorted into named sublattices by symmetry.

Symmetry is found by spglib (Togo, Shinohara and Tanaka, Sci. Technol. Adv. Mater. Meth. 4, 2384822 (2024)).
"""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.config import family_sites
from hebe.config.reading.wording import suggest
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from pymatgen.core import Structure

VACANCY: Final = family_sites.VACANCY
"""Species that stands for an empty site."""

ANIONS: Final = frozenset({"O", "F", "S", "Se", "Cl", "N", "Br", "I"})

_SYMMETRY: Final = 1e-2
_FULL: Final = 1e-3
_OVERLAP: Final = 0.6
_DENOMINATOR: Final = 120

Part = Mapping[str, Fraction]
"""Species -> fraction of the sites of one sublattice; they sum to 1."""


@dataclass(frozen=True)
class Crystal:
    """Primitive cell of a crystal with named sublattices.

    ``lattice`` holds vectors as rows (A), shape (3, 3), ``coords`` fractional coordinates, shape (n, 3). ``labels``
    names the sublattice of every site: M1, M2, ... and, where anions stand on them, X1, X2, ..., in the order of the
    file. ``fractions`` says what is on each, ``states`` which whole oxidation states the file gives each element.
    """

    lattice: NDArray[np.float64]
    coords: NDArray[np.float64]
    labels: tuple[str, ...]
    fractions: dict[str, Part]
    states: dict[str, tuple[int, ...]]
    space_group: int

    @property
    def mixed(self) -> tuple[str, ...]:
        """Sublattices with more than one species; an empty site is one."""
        return tuple(name for name, part in self.fractions.items() if len(part) > 1)

    def described(self) -> str:
        """What stands on each sublattice, in words: ``M1: Na; M2: Fe 1/2, Mn 1/2; X1: O``."""
        return "; ".join(f"{name}: {described(part)}" for name, part in self.fractions.items())


def described(part: Part) -> str:
    """Species of a sublattice in words."""
    return ", ".join(species if x == 1 else f"{species} {x}" for species, x in part.items())


def parse_crystal(text: str) -> Crystal:
    """Crystal of the text of a CIF.

    Raises
    ------
    BadInputError
        If it cannot be read, a site holds more than one atom, or sites overlap.
    """
    from pymatgen.io.cif import CifParser

    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen remarks on rounding, and on what is refused below
        try:
            parser = CifParser.from_str(text, occupancy_tolerance=np.inf)
            structure = parser.parse_structures(primitive=False, check_occu=False)[0]
        except Exception as err:
            reason = " ".join(str(err).split())[:200]
            raise BadInputError(f"it cannot be read as a CIF: {reason}", suggestion="one with atom sites") from err
    return find_sublattices(structure)


def read_crystal(path: str | Path) -> Crystal:
    """Crystal of a CIF file.

    Raises
    ------
    BadInputError
        As `parse_crystal`, or if the file cannot be read; names the file.
    """
    try:
        return parse_crystal(Path(path).read_text(encoding="utf-8-sig"))
    except (OSError, UnicodeDecodeError) as err:
        raise BadInputError(f"it cannot be read as a CIF: {err}", file=path) from err
    except BadInputError as err:
        raise BadInputError(err.reason, file=path, suggestion=err.suggestion) from err


def find_sublattices(structure: Structure) -> Crystal:
    """Crystal of a structure with partial occupancies.

    Raises
    ------
    BadInputError
        If a site holds more than one atom, or sites overlap; names the nearest that would do.
    """
    import spglib

    parts = [_fractions(structure, i) for i in range(len(structure))]
    _check_distances(structure, parts)
    kinds = sorted({tuple(sorted(part.items())) for part in parts})
    numbers = [kinds.index(tuple(sorted(part.items()))) + 1 for part in parts]
    given = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers)
    lattice, coords, types = spglib.find_primitive(given, _SYMMETRY) or given
    cell = (np.asarray(lattice).tolist(), np.asarray(coords).tolist(), [int(t) for t in types])
    dataset = spglib.get_symmetry_dataset(cell, _SYMMETRY)
    orbits = list(range(len(types))) if dataset is None else [int(orbit) for orbit in dataset.equivalent_atoms]
    names, fractions = dict[int, str](), dict[str, Part]()
    for orbit, kind in zip(orbits, types, strict=True):
        if orbit not in names:
            part = dict(kinds[int(kind) - 1])
            letter = "X" if set(part) & ANIONS else "M"
            names[orbit] = f"{letter}{sum(name.startswith(letter) for name in names.values()) + 1}"
            fractions[names[orbit]] = part
    labels = tuple(names[orbit] for orbit in orbits)
    number = 1 if dataset is None else int(dataset.number)
    return Crystal(np.array(cell[0]), np.array(cell[1]), labels, fractions, _states(structure), number)


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


def _fractions(structure: Structure, index: int) -> dict[str, Fraction]:
    """Species of a site by element, the rest of it empty."""
    part: dict[str, float] = {}
    for species, amount in structure[index].species.items():
        check_element(species.symbol)
        part[species.symbol] = part.get(species.symbol, 0.0) + float(amount)
    total = sum(part.values())
    if total > 1 + _FULL:
        shares = ", ".join(f"{element} {amount:g}" for element, amount in part.items())
        raise BadInputError(
            f"site {structure[index].label} holds {total:.4g} atoms: {shares}",
            suggestion=f"nearest: the same divided by {total:.4g}",
        )
    exact = {element: Fraction(amount).limit_denominator(_DENOMINATOR) for element, amount in sorted(part.items())}
    rest = 1 - sum(exact.values(), Fraction(0))
    if total > 1 - _FULL:  # thirds and the like, written with few digits
        largest = max(exact, key=lambda element: exact[element])
        exact[largest] += rest
    elif rest > 0:
        exact[VACANCY] = rest
    return exact


def _check_distances(structure: Structure, parts: list[dict[str, Fraction]]) -> None:
    distances = structure.distance_matrix + 10 * np.eye(len(structure))
    i, j = (int(k) for k in np.unravel_index(distances.argmin(), distances.shape))
    if distances[i, j] < _OVERLAP:
        held = " and ".join(f"{structure[k].label} ({'/'.join(parts[k])})" for k in sorted((i, j)))
        raise BadInputError(
            f"sites {held} are {distances[i, j]:.3g} A apart",
            suggestion="give them as one site with partial occupancies",
        )

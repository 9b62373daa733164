"""The cell that a CIF describes: its rows placed by the symmetry that it gives, and what it says twice compared."""

from __future__ import annotations

import warnings
from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.science.crystals.cif_blocks import crystal_block
from hebe.science.crystals.cif_cell import cif_cell, keeps
from hebe.science.crystals.cif_formula import formula_of
from hebe.science.crystals.cif_sites import CifSite, cif_sites
from hebe.science.crystals.cif_symmetry import settings_of
from hebe.science.crystals.written_number import WrittenNumber, site_parts

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Composition

    from hebe.science.crystals.cif_formula import Formula
    from hebe.science.crystals.cif_symmetry import Setting

OVERLAP: Final = 0.6
"""Distance (A) below which two sites are one that was given twice."""
MOST_SITES: Final = 2000
"""Sites of a cell that symmetry is found for."""

_SAME: Final = 0.05
"""Distance (A) below which places are one."""
_ROUNDED: Final = 0.3
_APART: Final = 1e-2
_CHUNK: Final = 256


@dataclass
class CifCell:
    """Cell with its sites: ``coords`` (n, 3), what is on each as fractions that sum to 1, and its label in the file.

    ``states`` are the oxidation states that the file gives, ``remarks`` what was read otherwise than it is written.
    """

    lattice: NDArray[np.float64]
    coords: NDArray[np.float64]
    parts: list[dict[str, Fraction]]
    labels: list[str]
    states: dict[str, tuple[int, ...]]
    remarks: list[str] = field(default_factory=list)


def parse_cif(text: str) -> CifCell:
    """Cell of the text of a CIF.

    Raises
    ------
    BadInputError
        If it cannot be read, holds several crystals, a site holds more than one atom, sites overlap, or what it says
        twice (symmetry, formula, formula units, charges, multiplicities) does not agree.
    """
    block = crystal_block(text)
    lattice = cif_cell(block)
    settings, remarks = settings_of(block)
    formula, more = formula_of(block)
    sites, rows = cif_sites(block, set(formula.amounts))
    if not sites:
        raise BadInputError("it has no atom sites")
    if len(sites) > MOST_SITES:
        raise BadInputError(f"it lists {len(sites)} sites, at most {MOST_SITES} can be read")
    orbits, chosen = _read(lattice, sites, settings, formula)
    changes = [change for _, change in (orbit.parts() for orbit in orbits) if change is not None]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # noble gases have no electronegativity
        orbits.sort(key=_Orbit.composition)  # as pymatgen's reader has them: sublattices keep their names
    parts = [orbit.parts()[0] for orbit in orbits]
    return CifCell(
        lattice,
        np.concatenate([orbit.places for orbit in orbits]),
        [part for orbit, part in zip(orbits, parts, strict=True) for _ in orbit.places],
        [orbit.rows[0].label for orbit in orbits for _ in orbit.places],
        _states(sites),
        [*remarks, *more, *rows, *chosen, *dict.fromkeys(changes)],
    )


def _states(sites: Sequence[CifSite]) -> dict[str, tuple[int, ...]]:
    found = defaultdict(set)
    for site in sites:
        if site.state is not None and site.species != VACANCY:
            found[site.species].add(site.state)
    return {element: tuple(sorted(states)) for element, states in sorted(found.items())}


@dataclass
class _Orbit:
    """Places (n, 3) that symmetry makes of one, and the rows that stand there."""

    places: NDArray[np.float64]
    rows: list[CifSite]

    def amounts(self) -> dict[str, WrittenNumber]:
        """Species with their occupancies, those of one species together."""
        found: dict[str, WrittenNumber] = {}
        for row in self.rows:
            other = found.get(row.species)
            found[row.species] = row.occupancy if other is None else _sum(other, row.occupancy)
        return found

    def composition(self) -> Composition:
        """What stands there as pymatgen has it, which compares by electronegativity."""
        from pymatgen.core import Composition

        held = {species: float(number.value) for species, number in self.amounts().items() if species != VACANCY}
        return Composition(held)

    def parts(self) -> tuple[dict[str, Fraction], str | None]:
        """Fractions of its species, and what was changed."""
        return site_parts(self.amounts(), self.rows[0].label)


def _sum(first: WrittenNumber, second: WrittenNumber) -> WrittenNumber:
    variance = float(first.uncertainty) ** 2 + float(second.uncertainty) ** 2
    return WrittenNumber(
        first.value + second.value, max(first.digits, second.digits), Fraction(variance**0.5).limit_denominator(10**9)
    )


def _read(
    lattice: NDArray[np.float64], sites: Sequence[CifSite], settings: Sequence[Setting], formula: Formula
) -> tuple[list[_Orbit], list[str]]:
    """Orbits in the setting that fits, and a remark where it is not the one tried first."""
    reasons, axes, fitting = [], [], list[tuple["Setting", list[_Orbit]]]()
    for setting in settings:
        if not keeps(lattice, setting.rotations):
            axes.append(f"its cell has not the symmetry of space group {setting.number} ({setting.called})")
            continue
        orbits = _orbits(lattice, sites, setting)
        reason = _problem(lattice, orbits, formula, setting)
        if reason is None:
            fitting.append((setting, orbits))
        else:
            reasons.append(reason)
    reasons += axes
    if not fitting:
        raise BadInputError(reasons[0], suggestion=_hint(reasons[0], settings))
    first, orbits = fitting[0]
    others = [setting for setting, found in fitting[1:] if not _alike(lattice, orbits, found)]
    if others and first.choice in ("1", "2") and not formula.amounts:
        called = " and ".join(setting.called for setting in (first, *others))
        raise BadInputError(f"it can be read with {called} of space group {first.number}", suggestion="its operations")
    if first is settings[0] or len(settings) == 1:
        return orbits, []
    return orbits, [f"read with {first.called} of space group {first.number}: otherwise {reasons[0]}"]


def _hint(reason: str, settings: Sequence[Setting]) -> str | None:
    if reason.endswith(" apart"):
        more = ", or the operations of its symmetry" if len(settings) > 1 else ""
        return f"give them as one site with partial occupancies{more}"
    return None


def _orbits(lattice: NDArray[np.float64], sites: Sequence[CifSite], setting: Setting) -> list[_Orbit]:
    """Places of all rows, rows at one place together.

    Raises
    ------
    BadInputError
        If there are too many.
    """
    orbits: list[_Orbit] = []
    held, owner = np.zeros((0, 3)), np.zeros(0, dtype=np.int64)
    for site in sites:
        near = _tolerance(lattice, site)
        place = np.array([float(number.coordinate()) for number in site.at])
        images = setting.rotations @ place + setting.translations
        steps = images - place
        steps -= np.round(steps)
        fixed = np.linalg.norm(steps @ lattice, axis=1) < near
        place = place + steps[fixed].mean(axis=0)  # onto the point, axis or plane that it is meant to lie on
        there = np.flatnonzero(_lengths(held - place, lattice) < near)
        if len(there):
            orbits[int(owner[there[0]])].rows.append(site)
            continue
        places = _distinct((setting.rotations @ place + setting.translations) % 1.0, lattice)
        held = np.concatenate([held, places])
        owner = np.concatenate([owner, np.full(len(places), len(orbits))])
        orbits.append(_Orbit(places, [site]))
        if len(held) > MOST_SITES:
            raise BadInputError(f"its cell has more than {MOST_SITES} sites, at most so many can be read")
    return orbits


def _tolerance(lattice: NDArray[np.float64], site: CifSite) -> float:
    """Distance (A) within which a place and its image are one: what the digits of its coordinates leave open."""
    longest = float(np.linalg.norm(lattice, axis=1).max())
    unit = max(2 * float(number.half_unit) for number in site.at)
    return min(_ROUNDED, max(_SAME, 1.5 * unit * longest))


def _lengths(steps: NDArray[np.float64], lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(np.linalg.norm((steps - np.round(steps)) @ lattice, axis=-1))


def _distinct(places: NDArray[np.float64], lattice: NDArray[np.float64]) -> NDArray[np.float64]:
    near = _lengths(places[:, None] - places[None], lattice) < _SAME
    return np.asarray(places[[i for i in range(len(places)) if not near[i, :i].any()]])


def shortest_distance(coords: NDArray[np.float64], lattice: NDArray[np.float64]) -> tuple[float, int, int]:
    """Shortest distance (A) between two sites of a cell, and which; infinite for one site."""
    best = (np.inf, 0, 0)
    for start in range(0, len(coords), _CHUNK):
        lengths = _lengths(coords[start : start + _CHUNK, None] - coords[None], lattice)
        lengths[np.arange(len(lengths)), np.arange(start, start + len(lengths))] = np.inf
        i, j = (int(k) for k in np.unravel_index(int(lengths.argmin()), lengths.shape))
        if lengths[i, j] < best[0]:
            best = (float(lengths[i, j]), start + i, j)
    return best


def _problem(lattice: NDArray[np.float64], orbits: Sequence[_Orbit], formula: Formula, setting: Setting) -> str | None:
    """Why sites cannot be meant so, None where they can."""
    for orbit in orbits:
        for row in orbit.rows:
            if row.number is not None and row.number != len(orbit.places):
                return f"site {row.label} is {row.number}-fold by the file and {len(orbit.places)}-fold by its symmetry"
    content, slack = _content(orbits)
    differing = formula.disagreement(content, slack)
    if differing is not None:
        return f"{differing}{'; no symmetry is given' if setting.called == 'no symmetry' else ''}"
    coords = np.concatenate([orbit.places for orbit in orbits])
    distance, i, j = shortest_distance(coords, lattice)
    if distance >= OVERLAP:
        return None
    rows = [(orbit.rows[0].label, "/".join(orbit.amounts())) for orbit in orbits for _ in orbit.places]
    named = " and ".join(f"{rows[k][0]} ({rows[k][1]})" for k in sorted((i, j)))
    return f"sites {named} are {distance:.3g} A apart"


def _content(orbits: Sequence[_Orbit]) -> tuple[dict[str, float], dict[str, float]]:
    """Atoms of a cell by element, and what the digits leave open of them."""
    content, slack = defaultdict[str, float](float), defaultdict[str, float](float)
    for orbit in orbits:
        for species, amount in orbit.amounts().items():
            if species != VACANCY:
                content[species] += len(orbit.places) * float(amount.value)
                slack[species] += len(orbit.places) * (float(amount.half_unit) + 2 * float(amount.uncertainty))
    return content, slack


def _alike(lattice: NDArray[np.float64], first: Sequence[_Orbit], second: Sequence[_Orbit]) -> bool:
    """Whether two readings hold the same at the same shortest distance."""
    if any(abs(n - _content(second)[0][e]) > _APART for e, n in _content(first)[0].items()):
        return False
    distances = [
        shortest_distance(np.concatenate([orbit.places for orbit in orbits]), lattice)[0] for orbits in (first, second)
    ]
    return abs(distances[0] - distances[1]) < _APART

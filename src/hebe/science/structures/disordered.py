"""Any crystal with partial occupancies as a host: its sublattices found by symmetry, named, and mixed."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
import spglib
from pymatgen.core import Structure
from pymatgen.io.cif import CifParser

from hebe.exceptions import BadInputError
from hebe.science.structures.channels import mixed_sites
from hebe.science.structures.configuration import VACANCY
from hebe.science.structures.generate import SQSResult
from hebe.science.structures.host import HostCell
from hebe.science.structures.objective import Objective, build_problem
from hebe.science.structures.orderings import site_permutations
from hebe.science.structures.sqs import distinct_arrangements, quality, site_counts
from hebe.science.structures.supercell import find_supercell
from hebe.science.structures.topology import ANIONS

if TYPE_CHECKING:
    from pathlib import Path

_FULL: Final = 1e-3
_OVERLAP: Final = 0.6
_DENOMINATOR: Final = 120
_PLACEHOLDERS: Final = ("Li", "Be", "B", "C", "N", "O", "F", "Na", "Mg", "Al", "Si", "P", "S", "Cl", "K", "Ca")


@dataclass(frozen=True)
class DisorderedHost:
    """Primitive cell with named sublattices, and the fractions of the species on each; ``Va`` is an empty site.

    Sublattices are named M1, M2, ... and, where anions stand on them, X1, X2, ..., in the order of the file.
    """

    cell: HostCell
    fractions: dict[str, dict[str, Fraction]]

    @property
    def mixed(self) -> tuple[str, ...]:
        """Sublattices with more than one species."""
        return tuple(name for name, part in self.fractions.items() if len(part) > 1)


def read_host(path: str | Path) -> DisorderedHost:
    """Host of a CIF file.

    Raises
    ------
    BadInputError
        If the file cannot be read, a site holds more than one atom, sites overlap, or nothing is mixed.
    """
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen remarks on rounding, and on what is refused below
        try:
            structure = CifParser(path, occupancy_tolerance=np.inf).parse_structures(primitive=False, check_occu=False)[
                0
            ]
        except Exception as err:
            raise BadInputError(f"it cannot be read as a CIF: {err}", file=path) from err
    try:
        return disordered_host(structure)
    except BadInputError as err:
        raise BadInputError(err.reason, file=path, suggestion=err.suggestion) from err


def disordered_host(structure: Structure) -> DisorderedHost:
    """Host of a structure with partial occupancies.

    Raises
    ------
    BadInputError
        As `read_host`.
    """
    parts = [_fractions(structure, i) for i in range(len(structure))]
    _check_distances(structure, parts)
    kinds = sorted({tuple(sorted(part.items())) for part in parts})
    numbers = [kinds.index(tuple(sorted(part.items()))) + 1 for part in parts]
    given = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), numbers)
    lattice, coords, types = spglib.find_primitive(given, 1e-3) or given
    lattice, coords, types = np.asarray(lattice).tolist(), np.asarray(coords).tolist(), [int(t) for t in types]
    dataset = spglib.get_symmetry_dataset((lattice, coords, types), 1e-3)
    orbits = list(dataset.equivalent_atoms) if dataset is not None else list(range(len(types)))
    names, fractions = dict[int, str](), dict[str, dict[str, Fraction]]()
    for orbit, kind in zip(orbits, types, strict=True):
        if orbit not in names:
            part = dict(kinds[kind - 1])
            letter = "X" if set(part) & ANIONS else "M"
            names[orbit] = f"{letter}{sum(name.startswith(letter) for name in names.values()) + 1}"
            fractions[names[orbit]] = part
    if len(names) > len(_PLACEHOLDERS):
        raise BadInputError(f"the host has {len(names)} sublattices, at most {len(_PLACEHOLDERS)} can be told apart")
    host = DisorderedHost(_host_cell(lattice, coords, [names[orbit] for orbit in orbits]), fractions)
    if not host.mixed:
        raise BadInputError("no site is shared by several species", suggestion="give partial occupancies")
    return host


def _host_cell(lattice: list[list[float]], coords: list[list[float]], labels: list[str]) -> HostCell:
    order = list(dict.fromkeys(labels))
    species = [_PLACEHOLDERS[order.index(label)] for label in labels]
    cell = Structure(lattice, species, np.array(coords), site_properties={"sublattice": labels})
    return HostCell(cell, None, 1)


def _fractions(structure: Structure, index: int) -> dict[str, Fraction]:
    """Species of a site by element, the rest of it empty."""
    part: dict[str, float] = {}
    for species, amount in structure[index].species.items():
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


def sqs_of_host(
    host: DisorderedHost,
    n_sites: int,
    *,
    objective: Objective | None = None,
    seed: int = 0,
    n_steps: int | None = None,
    n_results: int = 1,
) -> list[SQSResult]:
    """Special quasi-random structures of a crystal with partial occupancies.

    Parameters
    ----------
    host
        From `read_host` or `disordered_host`.
    n_sites
        Sites of the most mixed sublattice per cell.
    objective, seed, n_steps, n_results
        As in `generate_sqs`.

    Raises
    ------
    BadInputError
        If no supercell has that number of sites, or one site is to hold several species; names the nearest choice.
    """
    mixed = host.mixed
    primary = max(mixed, key=lambda name: len(host.fractions[name]))
    cell = host.cell.structure.make_supercell(find_supercell(host.cell, primary, n_sites).matrix, in_place=False)
    labels = list(cell.site_properties["sublattice"])
    parts = [[i for i, label in enumerate(labels) if label == name] for name in mixed]
    for name, part in zip(mixed, parts, strict=True):
        if len(part) < 2:
            number = len(host.fractions[name])
            reason = f"sublattice {name} has one site in this cell, and {number} species are to share it"
            raise BadInputError(reason, suggestion=f"nearest: {number * n_sites} sites of {primary}")
    counts = [site_counts(host.fractions[name], len(part)) for name, part in zip(mixed, parts, strict=True)]
    sites = mixed_sites(parts)
    problem = build_problem(cell, sites, counts, objective or Objective())
    realised = {
        name: {element: Fraction(n, sum(held.values())) for element, n in held.items()}
        for name, held in zip(mixed, counts, strict=True)
    }
    deviation = max(
        abs(float(realised[name].get(element, 0) - x)) for name in mixed for element, x in host.fractions[name].items()
    )
    permutations = site_permutations(cell, [int(i) for i in sites.indices])
    found = []
    for arrangement in distinct_arrangements(
        problem, permutations, range(seed, seed + 5 + 2 * n_results), range(-30, 0), n_steps
    ):
        species = [next(iter(host.fractions[label])) for label in labels]
        for site, kind in zip(sites.indices, arrangement.kinds, strict=True):
            species[int(site)] = problem.kinds[kind][1]
        kept = [i for i, element in enumerate(species) if element != VACANCY]
        structure = Structure(
            cell.lattice,
            [species[i] for i in kept],
            cell.frac_coords[kept],
            site_properties={"sublattice": [labels[i] for i in kept]},
        )
        qualities = {name: quality(problem, arrangement.kinds, s) for s, name in enumerate(mixed)}
        found.append(SQSResult(structure, qualities, realised, deviation, arrangement))
        if len(found) == n_results:
            break
    return found

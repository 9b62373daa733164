"""Any crystal with partial occupancies as a host: its sublattices found by symmetry, named, and mixed."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from functools import partial
from itertools import islice
from typing import TYPE_CHECKING

from pymatgen.core import Structure

from hebe.exceptions import BadInputError
from hebe.science.crystals.crystal import VACANCY, Crystal, Part, find_sublattices, read_crystal
from hebe.science.structures.channels import mixed_sites
from hebe.science.structures.generate import SQSResult
from hebe.science.structures.host import PLACEHOLDERS, HostCell
from hebe.science.structures.host_permutations import host_permutations
from hebe.science.structures.objective import Objective, build_problem
from hebe.science.structures.sqs import distinct_arrangements, quality, site_counts
from hebe.science.structures.supercell import find_supercell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    from numpy.typing import NDArray

    from hebe.science.structures.objective import Problem


@dataclass(frozen=True)
class DisorderedHost:
    """Primitive cell with named sublattices, and the fractions of the species on each; ``Va`` is an empty site.

    Sublattices are named M1, M2, ... and, where anions stand on them, X1, X2, ..., in the order of the file.
    """

    cell: HostCell
    fractions: dict[str, Part]

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
    crystal = read_crystal(path)
    try:
        return _host(crystal)
    except BadInputError as err:
        raise BadInputError(err.reason, file=path, suggestion=err.suggestion) from err


def disordered_host(structure: Structure) -> DisorderedHost:
    """Host of a structure with partial occupancies.

    Raises
    ------
    BadInputError
        As `read_host`.
    """
    return _host(find_sublattices(structure))


def _host(crystal: Crystal) -> DisorderedHost:
    order = list(crystal.fractions)
    if len(order) > len(PLACEHOLDERS):
        raise BadInputError(f"the host has {len(order)} sublattices, at most {len(PLACEHOLDERS)} can be told apart")
    if not crystal.mixed:
        raise BadInputError("no site is shared by several species", suggestion="give partial occupancies")
    species = [PLACEHOLDERS[order.index(label)] for label in crystal.labels]
    cell = Structure(crystal.lattice, species, crystal.coords, site_properties={"sublattice": list(crystal.labels)})
    return DisorderedHost(HostCell(cell, None, 1), crystal.fractions)


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
    primary = max(host.mixed, key=lambda name: len(host.fractions[name]))
    matrix = find_supercell(host.cell, primary, n_sites).matrix
    cell = host.cell.structure.make_supercell(matrix, in_place=False)
    labels = list(cell.site_properties["sublattice"])
    parts = {name: [i for i, label in enumerate(labels) if label == name] for name in host.mixed}
    _check_parts(host, parts, primary, n_sites)
    counts = {name: site_counts(host.fractions[name], len(part)) for name, part in parts.items()}
    sites = mixed_sites(list(parts.values()))
    problem = build_problem(cell, sites, list(counts.values()), objective or Objective())
    realised = {
        name: {element: Fraction(n, sum(held.values())) for element, n in held.items()} for name, held in counts.items()
    }
    deviation = max(
        abs(float(realised[name].get(element, 0) - x)) for name in parts for element, x in host.fractions[name].items()
    )
    permutations = partial(host_permutations, host.cell.structure, matrix, cell.frac_coords[sites.indices])
    arrangements = distinct_arrangements(
        problem, permutations, range(seed, seed + 5 + 2 * n_results), range(-30, 0), n_steps
    )
    return [
        SQSResult(
            _occupied(cell, host, problem, found.kinds),
            {name: quality(problem, found.kinds, s) for s, name in enumerate(parts)},
            realised,
            deviation,
            found,
        )
        for found in islice(arrangements, n_results)
    ]


def _check_parts(host: DisorderedHost, parts: Mapping[str, Sequence[int]], primary: str, n_sites: int) -> None:
    """Refuse a mixed sublattice with a single site in the cell."""
    for name, part in parts.items():
        if len(part) < 2:
            number = len(host.fractions[name])
            reason = f"sublattice {name} has one site in this cell, and {number} species are to share it"
            raise BadInputError(reason, suggestion=f"nearest: {number * n_sites} sites of {primary}")


def _occupied(cell: Structure, host: DisorderedHost, problem: Problem, kinds: NDArray[np.int64]) -> Structure:
    """Cell with the species of an arrangement on its mixed sites, without the empty ones."""
    labels = cell.site_properties["sublattice"]
    species = [next(iter(host.fractions[label])) for label in labels]
    for site, kind in zip(problem.sites.indices, kinds, strict=True):
        species[int(site)] = problem.kinds[kind][1]
    kept = [i for i, element in enumerate(species) if element != VACANCY]
    return Structure(
        cell.lattice,
        [species[i] for i in kept],
        cell.frac_coords[kept],
        site_properties={"sublattice": [labels[i] for i in kept]},
    )

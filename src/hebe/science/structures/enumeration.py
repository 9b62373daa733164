"""All symmetry-distinct ordered cells of a composition, with their degeneracies, and small ensembles of them.

Supercells by Hermite normal forms and labelings up to the space group: Hart and Forcade, Phys. Rev. B 77, 224115
(2008). Ensembles of all of them with degeneracies: Yang et al., Chem. Mater. 28, 6484 (2016); a small weighted set that
has the pair correlations of the random alloy: Jiang and Uberuaga, Phys. Rev. Lett. 116, 105501 (2016).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import spglib
from pymatgen.core import Structure

from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.science.structures.annealing import count_pairs
from hebe.science.structures.channels import mixed_sites
from hebe.science.structures.lattice_reduction import IntMatrix, hermite_normal_form, reduced_cell
from hebe.science.structures.objective import Objective, build_problem
from hebe.science.structures.orderings import site_permutations
from hebe.science.structures.supercell import hermite_normal_forms

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hebe.science.structures.host import HostCell

_MOST_LABELINGS: Final = 2_000_000
_ENOUGH: Final = 1e-6


@dataclass(frozen=True)
class OrderedCell:
    """One ordered cell: how many arrangements symmetry makes equal to it, and its share of the ensemble."""

    structure: Structure
    degeneracy: int
    weight: float


def derivative_cells(cell: HostCell, n: int) -> list[tuple[IntMatrix, int]]:
    """Supercells of `n` primitive cells that the point group of the host does not make equal, with their numbers."""
    structure = cell.structure
    symmetry = spglib.get_symmetry(
        (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), [site.specie.Z for site in structure]),
        symprec=1e-3,
    )
    rotations = [np.eye(3, dtype=np.int64)] if symmetry is None else list(symmetry["rotations"])
    found: dict[tuple[int, ...], int] = {}
    for form in hermite_normal_forms(n, 3):
        images = (hermite_normal_form(form @ np.asarray(rotation).T) for rotation in rotations)
        label = min(tuple(int(x) for x in image.ravel()) for image in images)
        found[label] = found.get(label, 0) + 1
    return [(np.array(label, dtype=np.int64).reshape(3, 3), number) for label, number in sorted(found.items())]


def distinct_labelings(
    structure: Structure,
    sublattices: Sequence[Sequence[int]],
    counts: Sequence[Mapping[str, int]],
    *,
    primitive_only: bool = False,
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """All arrangements that the space group of the empty cell does not make equal.

    Parameters
    ----------
    structure
        The cell, one species per sublattice.
    sublattices, counts
        Site indices of each sublattice, and species -> number of its sites, species in alphabetical order.
    primitive_only
        Leave out arrangements with a smaller period than the cell.

    Returns
    -------
    labelings : shape (m, n)
        Species of each site, numbered through the sublattices.
    degeneracies : shape (m,)
        Arrangements of this cell that are equal to each.

    Raises
    ------
    BadInputError
        If there are more than two million arrangements.
    """
    total = math.prod(_multinomial(list(part.values())) for part in counts)
    if total > _MOST_LABELINGS:
        raise BadInputError(
            f"{total} arrangements are too many to list (at most {_MOST_LABELINGS})", suggestion="take a smaller cell"
        )
    sites = [i for part in sublattices for i in part]
    labelings = np.zeros((1, 0), dtype=np.int64)
    first = 0
    for part, indices in zip(counts, sublattices, strict=True):
        here = _arrangements([part[name] for name in sorted(part)], len(indices)) + first
        left = np.repeat(labelings, len(here), axis=0)
        labelings = np.hstack([left, np.tile(here, (len(labelings), 1))])
        first += len(part)
    codes = _smallest_code(labelings, site_permutations(structure, sites), first)
    _, index, degeneracies = np.unique(codes, return_index=True, return_counts=True)
    distinct = labelings[index]
    if primitive_only:
        moves = site_permutations(structure, sites, translations_only=True)
        moves = moves[(moves != np.arange(len(sites))).any(axis=1)]
        whole = ~np.array([[np.array_equal(row[move], row) for move in moves] for row in distinct]).reshape(
            len(distinct), -1
        ).any(axis=1)
        distinct, degeneracies = distinct[whole], degeneracies[whole]
    return distinct, np.asarray(degeneracies, dtype=np.int64)


def _multinomial(numbers: Sequence[int]) -> int:
    return math.factorial(sum(numbers)) // math.prod(math.factorial(n) for n in numbers)


def _arrangements(numbers: Sequence[int], n: int) -> NDArray[np.int64]:
    """All sequences with these numbers of 0, 1, 2, ..., shape (m, n)."""
    rows = np.zeros((1, 0), dtype=np.int64)
    for _ in range(n):
        left = np.array(numbers) - np.stack([(rows == k).sum(axis=1) for k in range(len(numbers))], axis=1)
        which, kind = np.nonzero(left)
        rows = np.hstack([rows[which], kind[:, None]])
    return rows


def _smallest_code(labelings: NDArray[np.int64], permutations: NDArray[np.int64], n_kinds: int) -> NDArray[Any]:
    """For each labeling the smallest number that one of its images has, read in base `n_kinds`."""
    n = labelings.shape[1]
    exact = n_kinds**n < 2**63
    powers = np.array([n_kinds**p for p in range(n)], dtype=np.int64 if exact else object)
    best: NDArray[Any] = labelings @ powers
    for permutation in permutations:
        best = np.minimum(best, labelings @ powers[permutation])
    return best


def ordered_ensemble(
    cell: HostCell,
    counts: Mapping[str, Mapping[str, int]],
    species: Mapping[str, str],
    n_cells: int,
    *,
    most: int | None = None,
    objective: Objective | None = None,
) -> list[OrderedCell]:
    """Ordered cells that together stand for a disordered composition.

    Parameters
    ----------
    cell
        Primitive cell of the host.
    counts
        Mixed sublattice -> species -> number of sites in a cell of `n_cells` primitive ones.
    species
        Species on every other sublattice.
    n_cells
        Primitive cells per ordered cell.
    most
        Without it: all distinct cells, weighted by their degeneracies. With it: at most so many cells, with weights
        that bring the mean pair correlations closest to those of the random alloy.
    objective
        Shells and weights of that comparison.

    Raises
    ------
    BadInputError
        If the counts do not fill the sublattices, or there are too many arrangements to list.
    """
    names, found, features = list(counts), list[OrderedCell](), []
    compared = objective or Objective(reference="infinite")
    for matrix, number in derivative_cells(cell, n_cells):
        structure = cell.structure.make_supercell(reduced_cell(matrix, cell.structure.lattice.matrix), in_place=False)
        labels = list(structure.site_properties["sublattice"])
        parts = [[i for i, label in enumerate(labels) if label == name] for name in names]
        for name, part in zip(names, parts, strict=True):
            if sum(counts[name].values()) != len(part):
                raise BadInputError(
                    f"{sum(counts[name].values())} species for {len(part)} sites of {name}",
                    suggestion=f"nearest: {len(part)} in a cell of {n_cells} primitive ones",
                )
        mixed = [dict(counts[name]) for name in names]
        kinds = [element for part in mixed for element in sorted(part)]
        labelings, degeneracies = distinct_labelings(structure, parts, mixed)
        problem = build_problem(structure, mixed_sites(parts), mixed, compared)
        for labeling, degeneracy in zip(labelings, degeneracies, strict=True):
            ordered = occupied(structure, labels, species, problem.sites.indices, [kinds[k] for k in labeling])
            found.append(OrderedCell(ordered, int(degeneracy) * number, 0.0))
            ratio = count_pairs(labeling, problem.pairs) * problem.pairs.scale
            counted = problem.pairs.scale > 0
            features.append((ratio - problem.pairs.goal)[counted])
    weights = _weights(np.array(features), np.array([one.degeneracy for one in found]), most)
    return [
        OrderedCell(one.structure, one.degeneracy, float(weight))
        for one, weight in zip(found, weights, strict=True)
        if weight > 0
    ]


def occupied(
    structure: Structure,
    labels: Sequence[str],
    species: Mapping[str, str],
    sites: Sequence[int] | NDArray[np.int64],
    kinds: Sequence[str],
) -> Structure:
    """Cell with `kinds` on its mixed `sites` and `species` on its other sublattices; vacancies are left out."""
    elements = [species.get(label, VACANCY) for label in labels]
    for site, kind in zip(sites, kinds, strict=True):
        elements[int(site)] = kind
    kept = [i for i, element in enumerate(elements) if element != VACANCY]
    return Structure(
        structure.lattice,
        [elements[i] for i in kept],
        structure.frac_coords[kept],
        site_properties={"sublattice": [labels[i] for i in kept]},
    )


def _weights(features: NDArray[np.float64], degeneracies: NDArray[np.int64], most: int | None) -> NDArray[np.float64]:
    """Weights that sum to 1: by degeneracy, or of the best few, added one at a time.

    Rows of `features` are deviations from the random alloy; the weighted sum is brought to zero by non-negative least
    squares, the sum of the weights to one by a row of its own.
    """
    from scipy.optimize import nnls

    if most is None or most >= len(features):
        return np.asarray(degeneracies / degeneracies.sum())
    strong = 100.0 * max(1.0, float(np.abs(features).max(initial=0.0)))
    rows = np.vstack([features.T, np.full(len(features), strong)])
    wanted = np.r_[np.zeros(features.shape[1]), strong]
    chosen: list[int] = []
    while len(chosen) < most:
        residuals = [
            math.inf if i in chosen else round(float(nnls(rows[:, [*chosen, i]], wanted)[1]), 9)
            for i in range(len(features))
        ]
        chosen.append(int(np.argmin(residuals)))
        if min(residuals) < _ENOUGH:
            break
    weights = np.zeros(len(features))
    weights[chosen] = nnls(rows[:, chosen], wanted)[0]
    return np.asarray(weights / weights.sum())

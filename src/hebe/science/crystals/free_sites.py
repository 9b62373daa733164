"""The largest number of sites that can be occupied together where some exclude each other.

This is the maximum independent set of a graph. Each connected part is solved exactly as an integer program with one
inequality per clique, by branch and bound (HiGHS; Huangfu and Hall, Math. Program. Comput. 10, 119 (2018)).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterable

_SECONDS: Final = 20.0


def largest_free(n_sites: int, near: Iterable[tuple[int, int]]) -> int:
    """Size of the largest set of sites of which no two are near each other.

    Parameters
    ----------
    n_sites
        Sites are numbered from 0.
    near
        Pairs of sites that are not occupied together; a site beside itself is left out.

    Raises
    ------
    BadInputError
        If it is not proven within 20 s.
    """
    beside: list[set[int]] = [set() for _ in range(n_sites)]
    for i, j in near:
        if i != j:
            beside[i].add(j)
            beside[j].add(i)
    left, size = set(range(n_sites)), 0
    while left:
        part = _connected(min(left), beside)
        left -= part
        size += 1 if len(part) < 3 else _largest(sorted(part), beside)
    return size


def _connected(first: int, beside: list[set[int]]) -> set[int]:
    """Sites that are reached from one."""
    found, waiting = {first}, [first]
    while waiting:
        new = beside[waiting.pop()] - found
        found |= new
        waiting += new
    return found


def _largest(sites: list[int], beside: list[set[int]]) -> int:
    from scipy.optimize import Bounds, LinearConstraint, milp
    from scipy.sparse import csr_array

    cliques = _cliques(sites, beside)
    where = {site: k for k, site in enumerate(sites)}
    rows = [i for i, clique in enumerate(cliques) for _ in clique]
    columns = [where[site] for clique in cliques for site in clique]
    matrix = csr_array((np.ones(len(rows)), (rows, columns)), shape=(len(cliques), len(sites)))
    found = milp(
        -np.ones(len(sites)),
        integrality=np.ones(len(sites), dtype=np.int64),
        bounds=Bounds(0, 1),
        constraints=LinearConstraint(matrix, -np.inf, 1),
        options={"time_limit": _SECONDS, "mip_rel_gap": 0.0},
    )
    if found.status != 0 or found.x is None:
        raise BadInputError(
            f"how many of {len(sites)} sites that exclude each other can be occupied was not found in {_SECONDS:g} s",
            suggestion="fewer split sites of the working ion",
        )
    return round(float(found.x.sum()))


def _cliques(sites: list[int], beside: list[set[int]]) -> list[list[int]]:
    """Groups of sites that all exclude each other, each pair in one of them."""
    covered: set[tuple[int, int]] = set()
    result = []
    for i in sites:
        for j in sorted(beside[i]):
            if j < i or (i, j) in covered:
                continue
            clique = [i, j]
            for k in sorted(beside[i] & beside[j]):
                if all(k in beside[member] for member in clique):
                    clique.append(k)
            covered |= {(min(a, b), max(a, b)) for a in clique for b in clique if a != b}
            result.append(clique)
    return result

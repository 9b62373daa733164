"""Midpoints between the vertices of a composition polytope: members from which energies of pairs can be fitted.

Vertices and midpoints of a simplex fix every quadratic function on it (simplex of type (2): Ciarlet, The Finite Element
Method for Elliptic Problems (1978), section 2.2). An energy that is linear in amounts and in products of pairs,
``E = sum_i l_i n_i + sum_i<j w_ij n_i n_j``, is such a function. Its ``w_ij`` need not be unique:
neutrality ties the amounts of ions of unlike charge together. What it predicts inside the polytope is.
"""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from hebe.science.hulls.vertices import Vertex

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from hebe.science.chemistry.ions import Ion

    Site = tuple[str, Ion]
    Amounts = dict[Site, Fraction]


def midpoint(first: Vertex, second: Vertex) -> Vertex:
    """Member halfway between two members; both have the same sublattices."""
    one, other = first.as_split(), second.as_split()
    halves = {
        name: {
            ion: (part.get(ion, Fraction(0)) + other[name].get(ion, Fraction(0))) / 2
            for ion in sorted({*part, *other[name]})
        }
        for name, part in one.items()
    }
    return Vertex(tuple((name, tuple(halves[name].items())) for name in sorted(halves)))


def telling_midpoints(vertices: Sequence[Vertex], allowed: Callable[[Vertex], bool]) -> list[Vertex]:
    """Fewest midpoints of pairs of vertices that, with the vertices, fix every term in pairs of ions.

    Midpoints are taken in the order of their number of ions, then of their labels, and kept where their products
    ``n_i n_j`` over all pairs of ions on the mixed sublattices are no mixture of what vertices and midpoints before
    them hold. On a polytope of dimension d that ends at rank (d + 1)(d + 2) / 2. Exact.

    Parameters
    ----------
    vertices
        Of one polytope.
    allowed
        Whether a midpoint may be taken.
    """
    sites = sorted({site for vertex in vertices for site in _amounts(vertex)})
    rows = _Rows()
    for vertex in vertices:
        rows.add(_features(vertex, sites))
    dimension = _rank([_linear(vertex, sites) for vertex in vertices]) - 1
    full = (dimension + 1) * (dimension + 2) // 2
    found: list[Vertex] = []
    for point in _midpoints(vertices):
        if rows.rank == full:
            break
        if allowed(point) and rows.add(_features(point, sites)):
            found.append(point)
    return found


def _midpoints(vertices: Sequence[Vertex]) -> Iterator[Vertex]:
    """Every midpoint once, those of fewest ions first."""
    points = {midpoint(*pair) for pair in combinations(vertices, 2)}
    yield from sorted(points, key=lambda point: (len(_amounts(point)), point.label))


def _amounts(point: Vertex) -> Amounts:
    return {(name, ion): x for name, ions in point.split for ion, x in ions if x}


def _linear(point: Vertex, sites: Sequence[Site]) -> list[Fraction]:
    amounts = _amounts(point)
    return [amounts.get(site, Fraction(0)) for site in sites]


def _features(point: Vertex, sites: Sequence[Site]) -> list[Fraction]:
    """Amounts, then products of pairs."""
    amounts = _linear(point, sites)
    return [*amounts, *(a * b for a, b in combinations(amounts, 2))]


def _rank(rows: Sequence[list[Fraction]]) -> int:
    found = _Rows()
    for row in rows:
        found.add(row)
    return found.rank


class _Rows:
    """Rows in echelon form, by the column of their first entry, which is 1."""

    def __init__(self) -> None:
        self._by_pivot: dict[int, list[Fraction]] = {}

    @property
    def rank(self) -> int:
        return len(self._by_pivot)

    def add(self, row: Sequence[Fraction]) -> bool:
        """Take a row; whether it is no combination of those before."""
        left = list(row)
        for column in range(len(left)):
            entry = left[column]
            if not entry:
                continue
            known = self._by_pivot.get(column)
            if known is None:
                self._by_pivot[column] = [x / entry for x in left]
                return True
            left = [x - entry * y if y else x for x, y in zip(left, known, strict=True)]
        return False

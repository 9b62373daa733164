"""Whether a candidate is one phase in equilibrium under the errors of the engine: margins and temperatures.

The margin is the free energy above the lowest mixture of everything else. Other compositions of the host lie as near as
one likes, so that it cannot fall below zero against them: it is theirs where they win, and that against the other
phases and the members that were computed where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.hulls.linear_program import HullProgram, UnbalancedError
from hebe.science.hulls.sampled_hull import SampledHull
from hebe.science.mixing.competition import Table
from hebe.science.mixing.exsolution import below_plane, distinct, first_columns, spinodals
from hebe.science.mixing.pair_terms import Vector

if TYPE_CHECKING:
    from hebe.science.mixing.competition import Competition

TOLERANCE: Final = 1e-9
"""Excess of a free energy that counts as none (eV per atom)."""
_GENERATED_FOR: Final = 4
"""Draws for which columns are generated; their columns serve all."""
_ROUNDS: Final = 5


@dataclass(frozen=True)
class Hull:
    """One hull over all draws; a thin layer between columns of any size and `SampledHull`, whose columns have sum 1."""

    table: Table
    own_energies: Vector
    own_entropy: float
    sites: float

    @cached_property
    def sampled(self) -> SampledHull:
        """The program over the draws.

        Raises
        ------
        UnbalancedError
            If nothing can make the candidate.
        """
        table = self.table
        if not table.names:
            raise UnbalancedError(table.target)
        energies = (table.energies + table.errors) / table.sizes
        matrix = (table.amounts / table.sizes[:, None]).T
        return SampledHull(matrix, energies, table.entropies / table.sizes, table.target / self.size, TOLERANCE)

    @property
    def size(self) -> float:
        """Sum of the amounts of the candidate."""
        return float(self.table.target.sum())

    def margins(self, temperature: float) -> Vector:
        """Free energy above the lowest mixture (eV per mixed site), shape ``(n_rows,)``."""
        draws = np.arange(len(self.own_energies))
        lowest = self.sampled.lowest(np.full(len(draws), temperature), draws)
        free = lowest.energy - temperature * lowest.entropy
        found: Vector = (self.own_energies - temperature * self.own_entropy - free * self.size) / self.sites
        return found

    def mixture(self, temperature: float) -> Vector:
        """Lowest mixture as computed: formulas of each column per mixed site, shape ``(n_columns,)``."""
        found: Vector = self.sampled.mixture(0, temperature) * self.size / self.table.sizes / self.sites
        return found

    def temperatures(self, start: Vector | None = None) -> Vector:
        """Temperature from which on the candidate is on the hull (K), shape ``(n_rows,)``.

        See `SampledHull.crossings`.
        """
        return self.sampled.crossings(self.own_energies / self.size, self.own_entropy / self.size, start)


@dataclass(frozen=True)
class Judgement:
    """What is known of a candidate at one temperature; the first row of samples is what was computed.

    Parameters
    ----------
    margins
        Free energy above the lowest mixture (eV per mixed site), shape ``(n_rows,)``.
    temperatures, temperatures_same_host
        From which on it is on the hull (K): of everything, and of its host alone, shape ``(n_rows,)``.
    mixture
        Lowest mixture as computed: column -> formulas per mixed site.
    sensitivity
        Derivative of the margin as computed by ``w`` of each pair.
    complete
        Whether energies of the host are known between all of its corners.
    """

    margins: Vector
    temperatures: Vector
    temperatures_same_host: Vector | None
    mixture: dict[str, float]
    sensitivity: dict[str, float]
    complete: bool


def judge(case: Competition, temperature: float) -> Judgement:
    """Judge a candidate at a temperature (K).

    Raises
    ------
    UnbalancedError
        If no mixture of what competes has its composition.
    """
    plain = _hull(case, case.elements_table())
    margins, crossings, used = plain.margins(temperature), plain.temperatures(), plain
    others = None
    if case.fitted is not None:
        others = competing_compositions(case, plain, temperature)
        hull = _hull(case, plain.table.joined(case.compositions(others, by_ions=False)))
        against = hull.margins(temperature)
        limits, least = _unstable_below(case), TOLERANCE * hull.size / hull.sites
        wins = (against > least) | (limits > temperature)
        margins = np.where(wins, np.maximum(against, least), np.minimum(margins, 0.0))
        crossings = np.maximum(hull.temperatures(crossings), limits)
        used = hull if wins[0] else plain
    same_host = _same_host(case, others)
    shares = used.mixture(temperature)
    own_terms = case.space.terms(case.space.vector(case.own.split)) / case.sites
    slopes = own_terms - shares @ used.table.terms
    return Judgement(
        margins,
        crossings,
        same_host,
        {used.table.names[i]: float(shares[i]) for i in np.flatnonzero(shares > 1e-9)},
        {name: float(slope) for name, slope in zip(case.space.names, slopes, strict=True) if abs(slope) > 1e-9},
        case.fitted is not None and case.fitted.complete,
    )


def competing_compositions(case: Competition, plain: Hull, temperature: float) -> Vector:
    """Other compositions of the host that may win at a temperature or where the candidate comes onto the hull.

    Returns
    -------
    numpy.ndarray
        Amounts of ions, shape ``(n, n_ions)``.

    Raises
    ------
    ValueError
        If other compositions do not compete.
    """
    if case.fitted is None:
        raise ValueError("other compositions of the host do not compete")
    columns = first_columns(case.fitted)
    rows = np.unique(np.linspace(0, case.rows - 1, 1 + _GENERATED_FOR).round().astype(int))
    for _ in range(_ROUNDS):
        table = plain.table.joined(case.compositions(columns, by_ions=False))
        few = Hull(_rows_of(table, rows), plain.own_energies[rows], plain.own_entropy, plain.sites)
        crossings = few.temperatures()
        found = [
            _lower(case, table, int(row), at)
            for row, crossing in zip(rows, crossings, strict=True)
            for at in {temperature, float(crossing)}
            if np.isfinite(at) and at > 0
        ]
        new = distinct(np.vstack([np.empty((0, columns.shape[1])), *found]), case.fitted.own.amounts)
        more = distinct(np.vstack([columns, new]), case.fitted.own.amounts)
        if len(more) == len(columns):
            break
        columns = more
    return columns


def _lower(case: Competition, table: Table, row: int, temperature: float) -> Vector:
    """Compositions below the plane of the lowest mixture in one row."""
    sizes, solution = table.sizes, case.fitted
    if solution is None:
        return np.empty((0, len(case.space.ions)))
    costs = (table.energies + table.errors[row] - temperature * table.entropies) / sizes
    program = HullProgram((table.amounts / sizes[:, None]).T, costs)
    potentials = program.solve(table.target / table.target.sum()).potentials
    prices, rest = case.ion_prices(potentials)
    found = below_plane(solution, temperature, prices, case.pair_errors[row])
    made = case.compositions(found, by_ions=False)
    free = made.energies + made.errors[row] - temperature * made.entropies
    below = free - found @ prices - rest < -TOLERANCE * float(table.target.sum())
    lower: Vector = found[below]
    return lower


def _rows_of(table: Table, rows: Vector) -> Table:
    return table.with_errors(table.errors[rows])


def _hull(case: Competition, table: Table) -> Hull:
    return Hull(table, case.own_energies(), case.own.entropy, case.sites)


def _same_host(case: Competition, others: Vector | None) -> Vector | None:
    """Temperatures against the host alone (K), None where its members cannot make the candidate."""
    plain = _hull(case, case.ions_table())
    try:
        crossings = plain.temperatures()
    except UnbalancedError:
        return None
    if others is None:
        return crossings
    hull = _hull(case, plain.table.joined(case.compositions(others, by_ions=True)))
    return np.maximum(hull.temperatures(crossings), _unstable_below(case))


def _unstable_below(case: Competition) -> Vector:
    """Spinodal of each row (K), minus infinity where there is none, shape ``(n_rows,)``."""
    if case.fitted is None:
        return np.full(case.rows, -np.inf)
    limits = spinodals(case.fitted, case.pair_errors)
    return np.where(limits > 0, limits, -np.inf)

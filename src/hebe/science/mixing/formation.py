"""Whether a candidate is one phase in equilibrium under the errors of the engine: margins and temperatures.

The margin is the free energy above the lowest mixture of everything else. Other compositions of the host lie as near as
one likes, so that it cannot fall below zero against them: it is theirs where they win, and that against the other
phases and the members that were computed where they do not.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.hulls.linear_program import HullProgram, UnbalancedError
from hebe.science.hulls.sampled_hull import SampledHull
from hebe.science.mixing.competition import Table
from hebe.science.mixing.exsolution import below_planes, distinct, first_columns, spinodals
from hebe.science.mixing.pair_terms import Vector

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.science.mixing.competition import Competition
    from hebe.science.mixing.fired import Air
    from hebe.science.mixing.pair_terms import Indices
    from hebe.science.mixing.solution import HostSolution

TOLERANCE: Final = 1e-8
"""Excess of a free energy that counts as none (eV per atom)."""
_GENERATED_FOR: Final = 4
"""Draws for which columns are generated; their columns serve all."""
_ROUNDS: Final = 5
_SHOWN: Final = 1e-9


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


def judge(case: Competition, temperature: float, air: Air | None = None) -> Judgement:
    """Judge a candidate at a temperature (K), its margin in exchange with oxygen where there is air.

    Raises
    ------
    UnbalancedError
        If no mixture of what competes has its composition.
    """
    plain = _hull(case, case.elements_table)
    others = None if case.fitted is None else competing_compositions(case, plain, temperature)
    crossings, limits = plain.temperatures(), _unstable_below(case)
    if others is not None:
        hull = _hull(case, plain.table.joined(case.compositions(others, by_ions=False)))
        crossings = np.maximum(hull.temperatures(crossings), limits)
    margins, used = _margins(case if air is None else air.warm(case), others, temperature, air)
    shares = used.mixture(temperature)
    own_terms = case.space.terms(case.space.vector(case.own.split)) / case.sites
    slopes = own_terms - shares @ used.table.terms
    return Judgement(
        margins,
        crossings,
        _same_host(case, others),
        {str(used.table.names[i]): float(shares[i]) for i in np.flatnonzero(shares > _SHOWN)},
        {name: float(slope) for name, slope in zip(case.space.names, slopes, strict=True) if abs(slope) > _SHOWN},
        case.fitted is not None and case.fitted.complete,
    )


def _margins(case: Competition, others: Vector | None, temperature: float, air: Air | None) -> tuple[Vector, Hull]:
    """Margins of each row (eV per mixed site), and the hull that decides that of the first."""
    plain = _fired(case, case.elements_table, air)
    margins = plain.margins(temperature)
    if others is None:
        return margins, plain
    hull = _fired(case, case.elements_table.joined(case.compositions(others, by_ions=False)), air)
    against, least = hull.margins(temperature), TOLERANCE * hull.size / hull.sites
    wins = (against > least) | (_unstable_below(case) > temperature)
    margins = np.where(wins, np.maximum(against, least), np.minimum(margins, 0.0))
    return margins, hull if wins[0] else plain


def _fired(case: Competition, table: Table, air: Air | None) -> Hull:
    """Hull at the firing temperature."""
    own = case.own_energies()
    if air is not None:
        table, own = air.opened(table, case.elements, own)
    return Hull(table, own, case.own.entropy, case.sites)


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
    rows = np.unique(np.linspace(0, case.rows - 1, 1 + _GENERATED_FOR).round().astype(np.intp))
    known = plain.table.with_errors(plain.table.errors[rows])
    for _ in range(_ROUNDS):
        table = known.joined(case.compositions(columns, by_ions=False, rows=rows))
        crossings = replace(plain, table=table, own_energies=plain.own_energies[rows]).temperatures()
        asked = [
            (number, at)
            for number, crossing in enumerate(crossings)
            for at in {temperature, float(crossing)}
            if np.isfinite(at) and at > 0
        ]
        found = _lower(case, case.fitted, table, rows, asked)
        more = distinct(found, case.fitted.own.amounts, columns)
        if len(more) == len(columns):
            break
        columns = more
    return columns


def _lower(
    case: Competition, solution: HostSolution, table: Table, rows: Indices, asked: Sequence[tuple[int, float]]
) -> Vector:
    """Compositions below the planes of the lowest mixtures in some rows at temperatures, shape ``(n, n_ions)``.

    ``rows`` are those of the candidate that stand in the table, ``asked`` the numbers of rows of the table, with K.
    """
    if not asked:
        return np.empty((0, len(case.space.ions)))
    sizes, target = table.sizes, table.target / table.target.sum()
    matrix = (table.amounts / sizes[:, None]).T
    costs = [(table.energies + table.errors[number] - at * table.entropies) / sizes for number, at in asked]
    planes = [case.ion_prices(HullProgram(matrix, cost).solve(target).potentials) for cost in costs]
    of_rows, temperatures = rows[[number for number, _ in asked]], np.array([at for _, at in asked])
    found = below_planes(solution, temperatures, np.array([prices for prices, _ in planes]), case.pair_errors[of_rows])
    lower = []
    for row, at, (prices, rest), amounts in zip(of_rows, temperatures, planes, found, strict=True):
        made = case.compositions(amounts, by_ions=False, rows=np.array([row]))
        free = made.energies + made.errors[0] - at * made.entropies
        lower.append(amounts[free - amounts @ prices - rest < -TOLERANCE * float(table.target.sum())])
    return np.vstack(lower)


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

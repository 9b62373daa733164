"""A candidate and all that it competes with, with the errors of every entry in every draw.

Errors which a candidate and its decomposition share cancel by themselves when the program of the hull is run for each
draw. The first row of every sample is what was computed, without an error.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from hebe.config.family_sites import VACANCY
from hebe.science.chemistry.ions import Ion
from hebe.science.errors.entry_errors import N_DRAWS, EntryErrors, standard_normal
from hebe.science.hulls.hull import PhaseEntry
from hebe.science.mixing.pair_terms import Indices, IonSpace, Vector
from hebe.science.mixing.solution import HostSolution, SolutionMember


@dataclass(frozen=True)
class HostEntry:
    """A member of the host: all values per formula unit.

    Parameters
    ----------
    name, formula
        What it is called.
    split
        Sublattice -> ion -> amount.
    amounts
        Element -> amount.
    energy, entropy
        eV; ideal, eV/K.
    corner
        Whether no member has fewer species.
    """

    name: str
    formula: str
    split: Mapping[str, Mapping[str, float]]
    amounts: Mapping[str, float]
    energy: float
    entropy: float
    corner: bool = False


@dataclass(frozen=True)
class Composed:
    """A composition of the host; as text its name: ``Co2+0.33 Mg2+0.67``, shares of the sites."""

    space: IonSpace
    amounts: Vector

    def __str__(self) -> str:
        """Shares of the ions that are there."""
        shares = zip(self.space.ions, self.amounts / self.space.sites, strict=True)
        return " ".join(f"{ion}{share:.3g}" for (_, ion), share in shares if share > 5e-4)


@dataclass(frozen=True)
class Table:
    """Columns of a hull and what is to be made of them.

    Parameters
    ----------
    names
        Of the columns; those of compositions are made when they are asked for.
    amounts
        Of the components, shape ``(n_columns, n_components)``.
    energies, entropies
        eV and eV/K, shape ``(n_columns,)``.
    errors
        eV, shape ``(n_rows, n_columns)``.
    terms
        Pairs of ions, shape ``(n_columns, n_pairs)``.
    target
        Amounts of the candidate, shape ``(n_components,)``.
    """

    names: list[str | Composed]
    amounts: Vector
    energies: Vector
    entropies: Vector
    errors: Vector
    terms: Vector
    target: Vector

    @property
    def sizes(self) -> Vector:
        """Sum of the amounts of each column."""
        found: Vector = self.amounts.sum(axis=1)
        return found

    def with_errors(self, errors: Vector) -> Table:
        """With other errors, shape ``(n_rows, n_columns)``."""
        return replace(self, errors=errors)

    def joined(self, other: Table) -> Table:
        """With the columns of another table for the same target."""
        return Table(
            [*self.names, *other.names],
            np.vstack([self.amounts, other.amounts]),
            np.concatenate([self.energies, other.energies]),
            np.concatenate([self.entropies, other.entropies]),
            np.hstack([self.errors, other.errors]),
            np.vstack([self.terms, other.terms]),
            self.target,
        )


@dataclass(frozen=True)
class Competition:
    """A candidate and everything that it competes with.

    Parameters
    ----------
    own
        The candidate.
    hosts
        Other members of its host with a computed energy.
    phases
        Competing phases, and gases at the firing temperature.
    sites
        Mixed sites of the primary sublattice per formula unit.
    multiplicity
        Sublattice -> sites per formula unit, of the mixed ones.
    errors
        Of the engine; None where they are not known.
    solution
        Whether other compositions of the host compete.
    units
        Sublattice and element -> atoms of one site, of species that bring rigid units or lack them.
    """

    own: HostEntry
    hosts: Sequence[HostEntry]
    phases: Sequence[PhaseEntry]
    sites: float
    multiplicity: Mapping[str, float]
    errors: EntryErrors | None = None
    solution: bool = True
    n_draws: int = N_DRAWS
    units: Mapping[tuple[str, str], Mapping[str, int]] = field(default_factory=dict)

    @property
    def rows(self) -> int:
        """Draws, and the row of what was computed."""
        return 1 + (self.n_draws if self.errors is not None else 0)

    @cached_property
    def space(self) -> IonSpace:
        """Ions of the candidate and of the members that compete."""
        return IonSpace([self.own.split, *(host.split for host in self.hosts)], self.multiplicity)

    @cached_property
    def fitted(self) -> HostSolution | None:
        """Energies of the host between its corners, None where other compositions do not compete."""
        ions = {(sub, ion) for sub, part in self.own.split.items() for ion, n in part.items() if n}
        members = [
            SolutionMember(h.name, self.space.vector(h.split), h.energy, h.corner)
            for h in self.hosts
            if {(sub, ion) for sub, part in h.split.items() for ion, n in part.items() if n} <= ions
        ]
        if not self.solution or sum(member.corner for member in members) < 2:
            return None
        own = SolutionMember(self.own.name, self.space.vector(self.own.split), self.own.energy, corner=False)
        return HostSolution(self.space, own, members, float(sum(self.multiplicity.values())))

    @cached_property
    def pair_errors(self) -> Vector:
        """``w`` of all pairs in each row (eV per mixed site), shape ``(rows, n_pairs)``."""
        found = np.zeros((self.rows, len(self.space.pairs)))
        if self.errors is not None:
            found[1:] = self.errors.pair_draws(self.space.names, self.n_draws)
        return found

    @cached_property
    def _remainders(self) -> Vector:
        """What pairs do not explain of the members behind the solution, shape ``(rows, n_members)``."""
        members = [] if self.fitted is None else self.fitted.members
        return np.column_stack([self.remainder(member.name) for member in members])

    @cached_property
    def _surface(self) -> Vector:
        """Standard normal numbers behind the energies of the host between its members, ``(rows, n_ions + n_pairs)``."""
        names = [*(f"{sub} {ion}" for sub, ion in self.space.ions), *self.space.names]
        found = np.zeros((self.rows, len(names)))
        if self.errors is not None:
            found[1:] = np.column_stack([standard_normal(f"surface {name}", self.n_draws) for name in names])
        return found

    def remainder(self, name: str) -> Vector:
        """What pairs do not explain of one member (eV per formula unit), shape ``(rows,)``."""
        found = np.zeros(self.rows)
        if self.errors is not None:
            found[1:] = self.errors.remainder_draws(name, self.n_draws) * self.sites
        return found

    def phase_error(self, phase: PhaseEntry) -> Vector:
        """Error of a competing phase (eV per formula), shape ``(rows,)``."""
        found = np.zeros(self.rows)
        if self.errors is not None:
            found[1:] = self.errors.phase_draws(phase.name, self.n_draws) * phase.size
        return found

    def own_energies(self) -> Vector:
        """Energy of the candidate in each row (eV per formula unit)."""
        terms = self.space.terms(self.space.vector(self.own.split))
        found: Vector = self.own.energy + self.pair_errors @ terms + self.remainder(self.own.name)
        return found

    @cached_property
    def elements_table(self) -> Table:
        """Phases and members of the host, balanced by elements."""
        components = self.elements
        phases = [phase for phase in self.phases if set(phase.amounts) <= set(components)]
        hosts = [host for host in self.hosts if set(host.amounts) <= set(components)]
        contents = [entry.amounts for entry in phases] + [host.amounts for host in hosts]
        amounts = [[content.get(c, 0.0) for c in components] for content in contents]
        mine = self._host_table(hosts)
        nothing = np.zeros((len(phases), len(self.space.pairs)))
        return Table(
            [*(phase.name for phase in phases), *mine.names],
            np.array(amounts, dtype=float).reshape(-1, len(components)),
            np.concatenate([[phase.energy for phase in phases], mine.energies]),
            np.concatenate([[phase.entropy for phase in phases], mine.entropies]),
            np.column_stack([*(self.phase_error(phase) for phase in phases), mine.errors]),
            np.vstack([nothing, mine.terms]),
            np.array([self.own.amounts[c] for c in components]),
        )

    def ions_table(self) -> Table:
        """Members of the host alone, balanced by ions with their oxidation states."""
        mine = {ion for ion, n in zip(self.space.ions, self.space.vector(self.own.split), strict=True) if n}
        hosts = [h for h in self.hosts if {(s, i) for s, part in h.split.items() for i, n in part.items() if n} <= mine]
        return self._host_table(hosts)

    def compositions(self, amounts: Vector, *, by_ions: bool, rows: Indices | None = None) -> Table:
        """Columns of other compositions of the host, from amounts of ions of shape ``(n, n_ions)``.

        ``rows`` are those whose errors are wanted, all by default.

        Raises
        ------
        ValueError
            If other compositions do not compete.
        """
        if self.fitted is None:
            raise ValueError("other compositions of the host do not compete")
        terms = self.space.terms(amounts)
        wanted = np.arange(self.rows) if rows is None else rows
        return Table(
            [Composed(self.space, row) for row in amounts],
            amounts if by_ions else self._base + amounts @ self._ion_elements,
            self.fitted.energy(amounts),
            self.space.entropy(amounts),
            self.pair_errors[wanted] @ terms.T
            + self._remainders[wanted] @ self.fitted.influence(amounts).T
            + self.fitted.deviations(amounts, self._surface[wanted]),
            terms,
            self.space.vector(self.own.split) if by_ions else np.array([self.own.amounts[c] for c in self.elements]),
        )

    def ion_prices(self, potentials: Vector) -> tuple[Vector, float]:
        """Price of each ion and of the rest of a formula unit (eV) at chemical potentials of the elements."""
        return self._ion_elements @ potentials, float(self._base @ potentials)

    def _host_table(self, hosts: Sequence[HostEntry]) -> Table:
        amounts = np.array([self.space.vector(host.split) for host in hosts]).reshape(-1, len(self.space.ions))
        terms = self.space.terms(amounts)
        errors = self.pair_errors @ terms.T
        for column, host in enumerate(hosts):
            errors[:, column] += self.remainder(host.name)
        return Table(
            [host.name for host in hosts],
            amounts,
            np.array([host.energy for host in hosts]),
            np.array([host.entropy for host in hosts]),
            errors,
            terms,
            self.space.vector(self.own.split),
        )

    @cached_property
    def elements(self) -> list[str]:
        """Elements of the candidate: components of `elements_table`."""
        return sorted(element for element, n in self.own.amounts.items() if n)

    @cached_property
    def _ion_elements(self) -> Vector:
        """Atoms of each element in each ion, shape ``(n_ions, n_elements)``; an empty site has none."""
        found = np.zeros((len(self.space.ions), len(self.elements)))
        for i, (sub, ion) in enumerate(self.space.ions):
            element = Ion.parse(ion).element
            own = {} if element == VACANCY else {element: 1}
            for atom, number in self.units.get((sub, element), own).items():
                if atom in self.elements:
                    found[i, self.elements.index(atom)] = number
        return found

    @cached_property
    def _base(self) -> Vector:
        """Atoms of a formula unit that do not stand on mixed sublattices, shape ``(n_elements,)``."""
        whole = np.array([self.own.amounts[c] for c in self.elements])
        found: Vector = whole - self.space.vector(self.own.split) @ self._ion_elements
        return found

"""Phase equilibria by linear programming: lowest energy of a mixture of phases at a composition.

``min sum_i n_i G_i  subject to  sum_i n_i a_ci = b_c, n_i >= 0``; components may be elements or ions. One program per
composition is exact and does not build the hull: Akbarzadeh, Ozolins, Wolverton, Adv. Mater. 19, 3233 (2007).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from hebe.exceptions import EnergyScaleError, HebeError
from hebe.science.hulls.linear_program import HullProgram, UnbalancedError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

_PRESENT = 1e-10


@dataclass(frozen=True)
class PhaseEntry:
    """A phase on a hull.

    ``amounts`` per formula of the phase; ``energy`` (eV) and ``entropy`` (eV/K) of the same formula;
    ``ions`` counts ions of that formula where oxidation states are known.
    """

    name: str
    amounts: Mapping[str, float]
    energy: float
    energy_scale: str
    entropy: float = 0.0
    formula: str = ""
    source: str | None = None
    ions: Mapping[str, float] = field(default_factory=dict)

    @property
    def size(self) -> float:
        """Sum of all amounts."""
        return float(sum(self.amounts.values()))


def _same_composition(first: PhaseEntry, second: PhaseEntry) -> bool:
    """Whether two phases hold the same fractions of the components."""
    components = {*first.amounts, *second.amounts}
    shares = ((e.amounts.get(c, 0.0) / e.size for e in (first, second)) for c in components)
    return all(abs(one - other) < _PRESENT for one, other in shares)


def _free_name(name: str, taken: Mapping[str, PhaseEntry]) -> str:
    """A name, or the name with the first number from 2 on that is not taken."""
    return name if name not in taken else next(n for i in count(2) if (n := f"{name} ({i})") not in taken)


class InfeasibleError(HebeError):
    """No mixture of the phases has the composition; ``missing`` names the components that cannot be supplied.

    Parameters
    ----------
    missing
        Components that no phase holds.
    excess
        Components of which every mixture leaves something over, where all of them are held by some phase.
    """

    def __init__(self, missing: Sequence[str], excess: Sequence[str] = ()) -> None:
        self.missing = tuple(missing or excess)
        what = f"no phase holds {', '.join(missing)}" if missing else "the phases cannot balance the composition"
        super().__init__(f"{what}: {', '.join(excess)} left over" if excess and not missing else what)


@dataclass(frozen=True)
class Decomposition:
    """Amounts (formulas of each phase) and free energy (eV) of the lowest mixture.

    ``potentials`` (eV) of the components that the composition holds; where fewer phases than components are in
    equilibrium they are one choice of many, and ``unique`` is False (see `PhaseEquilibrium.potential_range`).
    """

    amounts: dict[str, float]
    energy: float
    potentials: dict[str, float]
    unique: bool = True


class PhaseEquilibrium:
    """Lowest mixtures of a set of phases on one energy scale.

    Parameters
    ----------
    entries
        The phases. Several of one name are polymorphs of one composition; from the second on they are called
        ``name (2)``, ``name (3)`` in ``entries`` and in mixtures.

    Raises
    ------
    EnergyScaleError
        If the entries are of more than one energy scale.
    HebeError
        If phases of one name differ in composition.
    """

    def __init__(self, entries: Sequence[PhaseEntry]) -> None:
        self.entries: dict[str, PhaseEntry] = {}
        for entry in entries:
            if entry.energy_scale != entries[0].energy_scale:
                raise EnergyScaleError(entries[0].energy_scale, entry.energy_scale, entry.name)
            if not _same_composition(self.entries.get(entry.name, entry), entry):
                raise HebeError(f"two phases are called {entry.name} and differ in composition")
            self.entries[_free_name(entry.name, self.entries)] = entry
        self._names = list(self.entries)
        self._phases = list(entries)
        self._sizes = np.array([entry.size for entry in self._phases])
        self._energies = np.array([entry.energy / entry.size for entry in self._phases])
        self._entropies = np.array([entry.entropy / entry.size for entry in self._phases])
        self.components = sorted({c for entry in entries for c, n in entry.amounts.items() if n})
        shares = [e.amounts.get(c, 0.0) / e.size for c in self.components for e in self._phases]
        matrix = np.array(shares, dtype=float).reshape(len(self.components), len(self._phases))
        self._program = HullProgram(matrix, self._energies)
        self._temperature = 0.0

    def decompose(self, composition: Mapping[str, float], temperature: float = 0.0) -> Decomposition:
        """Lowest mixture at a composition and temperature (K), proven by primal and dual feasibility.

        Raises
        ------
        InfeasibleError
            If no mixture has that composition.
        """
        b, size = self._target(composition)
        program = self._at(temperature)
        try:
            found = program.solve(b)
        except UnbalancedError as err:
            raise self._infeasible(err) from err
        present = np.flatnonzero(found.amounts > _PRESENT)
        held = np.flatnonzero(b)
        return Decomposition(
            {self._names[j]: float(found.amounts[j] * size / self._sizes[j]) for j in present},
            found.value * size,
            {self.components[k]: float(found.potentials[k]) for k in held},
            unique=len(present) == len(held),
        )

    def e_above_hull(self, composition: Mapping[str, float], energy: float, energy_scale: str | None = None) -> float:
        """Energy above the lowest mixture, eV per atom; `energy` (eV) is of the amounts in `composition`.

        Raises
        ------
        EnergyScaleError
            If `energy_scale` is given and is not that of the phases.
        InfeasibleError
            If no mixture has that composition.
        """
        if energy_scale is not None and self._phases and energy_scale != self._phases[0].energy_scale:
            raise EnergyScaleError(self._phases[0].energy_scale, energy_scale, "the energy in question")
        size = float(sum(composition.values()))
        return (energy - self.decompose(composition).energy) / size

    def hull_energies(self, compositions: ArrayLike, temperature: float = 0.0) -> NDArray[np.float64]:
        """Free energies (eV per atom) of the lowest mixtures at many compositions; NaN where there is none.

        Each is a few pivots from the one before and proven by itself; sorted compositions need fewer.

        Parameters
        ----------
        compositions
            Amounts, shape ``(n, n_components)``, columns in the order of `components`.
        temperature
            K.
        """
        amounts = np.asarray(compositions, dtype=float)
        return self._at(temperature).values(amounts / amounts.sum(axis=1, keepdims=True))

    def potential_range(self, composition: Mapping[str, float], component: str) -> tuple[float, float]:
        """Lowest and highest chemical potential (eV) of a component at which the lowest mixture is in equilibrium.

        Infinite where nothing bounds it. The dual program: extremes of ``y_c`` over all potentials ``y`` that price
        no phase above its energy and the composition at that of its mixture.
        """
        from scipy.optimize import linprog

        b, _ = self._target(composition)
        program = self._at(0.0)
        try:
            value = program.solve(b).value
        except UnbalancedError as err:
            raise self._infeasible(err) from err
        bounds = []
        for sign in (1.0, -1.0):
            cost = np.zeros(len(self.components))
            cost[self.components.index(component)] = sign
            found = linprog(
                cost, A_ub=program.matrix.T, b_ub=self._energies, A_eq=b[None], b_eq=[value], bounds=(None, None)
            )
            bounds.append(-sign * float("inf") if found.fun is None else sign * float(found.fun))
        return bounds[0], bounds[1]

    def _target(self, composition: Mapping[str, float]) -> tuple[NDArray[np.float64], float]:
        """Fractions of the components and the sum of the amounts."""
        wanted = {c: float(n) for c, n in composition.items() if n}
        missing = sorted(set(wanted) - set(self.components))
        if missing or not self._phases:
            raise InfeasibleError(missing)
        size = sum(wanted.values())
        return np.array([wanted.get(c, 0.0) / size for c in self.components]), size

    def _at(self, temperature: float) -> HullProgram:
        if temperature != self._temperature:
            self._program.set_costs(self._energies - temperature * self._entropies)
            self._temperature = temperature
        return self._program

    def _infeasible(self, err: UnbalancedError) -> InfeasibleError:
        largest = np.abs(err.excess).max()
        return InfeasibleError([], [c for c, n in zip(self.components, err.excess, strict=True) if n > 1e-6 * largest])

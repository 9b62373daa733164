"""Monte Carlo at constant composition: sites of one sublattice exchange what they hold, pairs of neighbours decide.

Kawasaki, Phys. Rev. 145, 224 (1966), with the acceptance of Metropolis et al., J. Chem. Phys. 21, 1087 (1953). A pair
of sites is proposed with equal probability in either direction, so that detailed balance holds for
``min(1, exp(-dE / kT))``.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import exp
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray

from hebe.science.structures.annealing import Groups
from hebe.science.structures.compiled import allocating, compiled, next_random, random_below, random_state
from hebe.science.transport.pair_shells import Neighbours

if TYPE_CHECKING:
    from hebe.science.structures.compiled import RandomState

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]

_UNIT: Final = 2.0**-53
_LOW_BITS: Final = np.uint64(11)


@dataclass(frozen=True)
class PairLattice:
    """A periodic cell whose energy is a sum over pairs of neighbours.

    ``energies`` (eV) has shape (shells, kinds, kinds) and is symmetric; ``groups`` says which sites may exchange.
    """

    neighbours: Neighbours
    energies: Numbers
    groups: Groups

    def energy(self, kind: Integers) -> float:
        """Energy (eV) of a cell whose sites hold `kind`, shape (n_sites,)."""
        counts = self.neighbours.counts(kind, self.energies.shape[1])
        return float((counts * self.energies).sum()) / 2

    def sampled(self, kind: Integers, kt: Numbers, seed: int) -> tuple[Integers, Numbers]:
        """The cell after some sweeps, and its energies.

        Parameters
        ----------
        kind
            What each site holds at first, shape (n_sites,).
        kt
            Temperature times the Boltzmann constant (eV) in each sweep, infinite for random order; shape (m,).
        seed
            Of the moves.

        Returns
        -------
        tuple of arrays
            Kinds at the end, shape (n_sites,), and the energy (eV) after each sweep, shape (m,).
        """
        state, found = kind.copy(), self.neighbours
        energies = _sweeps(
            state, found.start, found.other, found.shell, self.energies, self.groups, 1.0 / kt, random_state(seed)
        )
        return state, self.energy(kind) + energies


def exchange_groups(label: NDArray[np.str_], kind: Integers) -> Groups:
    """Sites that may exchange what they hold: those of each sublattice that holds more than one kind.

    Parameters
    ----------
    label, kind
        Sublattice and kind of each site, shape (n_sites,).
    """
    parts = [np.flatnonzero(label == name) for name in np.unique(label)]
    parts = [part for part in parts if len(np.unique(kind[part])) > 1]
    start = np.concatenate([[0], np.cumsum([len(part) for part in parts])]).astype(np.int64)
    members = np.concatenate(parts).astype(np.int64) if parts else np.zeros(0, dtype=np.int64)
    return Groups(start, members, np.repeat(np.arange(len(parts)), np.diff(start)).astype(np.int64))


@allocating
def _sweeps(
    kind: Integers,
    start: Integers,
    other: Integers,
    shell: Integers,
    energies: Numbers,
    groups: Groups,
    cold: Numbers,
    state: RandomState,
) -> Numbers:
    """Sweeps of as many proposals as there are sites that exchange; energy (eV) after each against the first cell."""
    n, total = len(groups.members), 0.0
    found: Numbers = np.zeros(len(cold))
    for sweep in range(len(cold)):
        for _ in range(n):
            m = random_below(state, n)
            first = groups.start[groups.of[m]]
            size = groups.start[groups.of[m] + 1] - first
            i, j = groups.members[m], groups.members[first + random_below(state, size)]
            a, b = kind[i], kind[j]
            if a == b:
                continue
            before = _around(i, kind, start, other, shell, energies) + _around(j, kind, start, other, shell, energies)
            kind[i], kind[j] = b, a
            after = _around(i, kind, start, other, shell, energies) + _around(j, kind, start, other, shell, energies)
            change = after - before
            if change > 0.0 and (next_random(state) >> _LOW_BITS) * _UNIT >= exp(-change * cold[sweep]):
                kind[i], kind[j] = a, b
            else:
                total += change
        found[sweep] = total
    return found


@compiled
def _around(i: int, kind: Integers, start: Integers, other: Integers, shell: Integers, energies: Numbers) -> float:
    """Energy (eV) of the pairs of a site; those with its own images, which both ends tell, count half."""
    total = 0.0
    for t in range(start[i], start[i + 1]):
        value = energies[shell[t], kind[i], kind[other[t]]]
        total += 0.5 * value if other[t] == i else value
    return total

"""Reactions between two compositions in contact: the mixing ratio of lowest energy, by one linear program.

``min sum_i n_i e_i - x E_c - (1 - x) E_s  subject to  sum_i n_i a_ci = x c + (1 - x) s, n_i >= 0, 0 <= x <= 1`` with
compositions of sum 1 and ``E`` the energies of the lowest mixtures of both compositions alone, so that what each of
them does by itself is not counted: Richards, Miara, Wang, Kim and Ceder, Chem. Mater. 28, 266 (2016); Zhu, He and Mo,
J. Mater. Chem. A 4, 3253 (2016).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.exceptions import HebeError
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium

if TYPE_CHECKING:
    from numpy.typing import NDArray

NO_REACTION: Final = 1e-6
"""Energies (eV per atom) that are no lower are those of no reaction."""
_PRESENT: Final = 1e-9


@dataclass(frozen=True)
class ContactReaction:
    """The lowest reaction of a solid in contact with a partner.

    Parameters
    ----------
    share
        Share of all atoms of the mix that are the partner's; None where there is no reaction.
    energy
        eV per atom of the mix, never positive.
    products
        Phases, and formulas of each, per atom of the mix.
    """

    share: float | None
    energy: float
    products: Sequence[tuple[PhaseEntry, float]]


def contact_reaction(
    solid: Mapping[str, float], partner: Mapping[str, float], phases: PhaseEquilibrium
) -> ContactReaction:
    """Reaction of lowest energy per atom between two compositions.

    Parameters
    ----------
    solid, partner
        Amounts of the elements.
    phases
        All that they can become, themselves included where they are phases.

    Raises
    ------
    InfeasibleError
        If the phases cannot make one of both.
    HebeError
        If the program has no optimum.
    """
    from scipy.optimize import linprog

    ends = [phases.decompose(one).energy / sum(one.values()) for one in (solid, partner)]
    names, entries = list(phases.entries), list(phases.entries.values())
    fractions = np.array([_fractions(entry.amounts, phases.components) for entry in entries]).T
    first, second = (_fractions(one, phases.components) for one in (solid, partner))
    costs = np.append([entry.energy / entry.size for entry in entries], ends[0] - ends[1])
    bounds = [(0.0, None)] * len(entries) + [(0.0, 1.0)]
    found = linprog(costs, A_eq=np.column_stack([fractions, first - second]), b_eq=first, bounds=bounds)
    if found.x is None or found.fun is None:
        raise HebeError(f"the linear program of the contact gave no optimum: {found.message}")
    energy = float(found.fun) - ends[0]
    if energy > -NO_REACTION:
        return ContactReaction(None, 0.0, [])
    amounts = [
        (phases.entries[name], float(n) / phases.entries[name].size)
        for name, n in zip(names, found.x, strict=False)
        if n > _PRESENT
    ]
    return ContactReaction(float(found.x[-1]), energy, amounts)


def _fractions(amounts: Mapping[str, float], components: Sequence[str]) -> NDArray[np.float64]:
    size = sum(amounts.values())
    return np.array([amounts.get(name, 0.0) / size for name in components], dtype=float)

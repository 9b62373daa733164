"""Candidates of a made-up host whose energies are sums over single ions and pairs."""

from __future__ import annotations

import math
from itertools import combinations
from typing import TYPE_CHECKING

from hebe.science.chemistry.ions import Ion
from hebe.science.constants import BOLTZMANN
from hebe.science.mixing.competition import Competition, HostEntry
from hebe.science.mixing.pair_terms import pair_name

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from hebe.science.errors.entry_errors import EntryErrors
    from hebe.science.hulls.hull import PhaseEntry


def regular(
    w: Mapping[str, float], linear: Mapping[str, float] | None = None
) -> Callable[[Mapping[str, float]], float]:
    """Energy (eV per formula unit of one site) of a regular solution."""

    def energy(ions: Mapping[str, float]) -> float:
        single = sum((linear or {}).get(ion, 0.0) * x for ion, x in ions.items())
        return single + sum(w[pair_name(i, j)] * ions[i] * ions[j] for i, j in combinations(sorted(ions), 2))

    return energy


def uniform(ions: Sequence[str], w: float) -> dict[str, float]:
    """The same ``w`` for all pairs."""
    return {pair_name(i, j): w for i, j in combinations(ions, 2)}


def host_entry(ions: Mapping[str, float], energy: float, *, corner: bool = False) -> HostEntry:
    """A member of NaMO2 with one mixed site."""
    amounts: dict[str, float] = {"Na": 1.0, "O": 2.0}
    for ion, x in ions.items():
        amounts[Ion.parse(ion).element] = amounts.get(Ion.parse(ion).element, 0.0) + x
    entropy = -BOLTZMANN * sum(n * math.log(n) for element, n in amounts.items() if element not in ("Na", "O"))
    name = " ".join(f"{ion}{x:.6g}" for ion, x in sorted(ions.items()))
    return HostEntry(name, name, {"TM": dict(ions)}, amounts, energy, entropy, corner)


def between(corners: Sequence[Mapping[str, float]]) -> list[dict[str, float]]:
    """Every two corners in steps of an eighth; two corners alone, of a 32nd."""
    steps = 8 if len(corners) > 2 else 32
    return [
        {ion: n / steps * one.get(ion, 0.0) + (1 - n / steps) * other.get(ion, 0.0) for ion in {**one, **other}}
        for one, other in combinations(corners, 2)
        for n in range(1, steps)
    ]


def competition(
    own: Mapping[str, float],
    corners: Sequence[Mapping[str, float]],
    energy: Callable[[Mapping[str, float]], float],
    *,
    phases: Sequence[PhaseEntry] = (),
    errors: EntryErrors | None = None,
    solution: bool = True,
    n_draws: int = 50,
) -> Competition:
    """A candidate against the corners of its host; with the solution also members between, which give its energies."""
    hosts = [host_entry(ions, energy(ions), corner=True) for ions in corners]
    if solution:
        hosts += [host_entry(ions, energy(ions)) for ions in between(corners)]
    mine = host_entry(own, energy(own))
    return Competition(mine, hosts, phases, 1.0, {"TM": 1.0}, errors, solution, n_draws)

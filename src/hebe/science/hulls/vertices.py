"""Vertices of the neutral composition polytope of a host: members with the fewest species at given oxidation states.

They are the references of the ``same_host`` mixing: no electron moves between them and a candidate.
"""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction
from itertools import combinations
from typing import TYPE_CHECKING

from hebe.science.chemistry.ions import Ion

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.science.chemistry.ladder import Split


@dataclass(frozen=True)
class Vertex:
    """A member of the host; ``split`` holds ion amounts per formula unit by sublattice."""

    split: tuple[tuple[str, tuple[tuple[Ion, Fraction], ...]], ...]

    def as_split(self) -> Split:
        """Sublattice -> ion -> amount."""
        return {sub: dict(ions) for sub, ions in self.split}

    @property
    def label(self) -> str:
        """Ions with their amounts: ``Ni2+1/2 Ti4+1/2``."""
        return " ".join(f"{ion}{'' if x == 1 else x}" for _, ions in self.split for ion, x in ions)


def polytope_vertices(ions: Mapping[str, tuple[Ion, ...]], sites: Mapping[str, int], charge: Fraction) -> list[Vertex]:
    """All vertices of ``{n >= 0, sum_i n_si = sites_s, sum n_si z_i = charge}``, exactly.

    Parameters
    ----------
    ions
        Sublattice -> ions that may stand on it.
    sites
        Sublattice -> sites per formula unit.
    charge
        Total charge of these sublattices per formula unit.

    Returns
    -------
    list of Vertex
        Sorted by label. A vertex has one ion per sublattice, and at most one sublattice with two.
    """
    subs = sorted(ions)
    found: set[Vertex] = set()
    for split_sub in subs:
        others = [sub for sub in subs if sub != split_sub]
        for choice in _products([ions[sub] for sub in others]):
            rest = charge - sum((ion.charge * sites[sub] for sub, ion in zip(others, choice, strict=True)), Fraction(0))
            for part in _two_or_one(ions[split_sub], sites[split_sub], rest):
                members: dict[str, tuple[tuple[Ion, Fraction], ...]]
                members = {sub: ((ion, Fraction(sites[sub])),) for sub, ion in zip(others, choice, strict=True)}
                members[split_sub] = part
                found.add(Vertex(tuple(sorted(members.items()))))
    return sorted(found, key=lambda vertex: vertex.label)


def _products(pools: list[tuple[Ion, ...]]) -> list[tuple[Ion, ...]]:
    result: list[tuple[Ion, ...]] = [()]
    for pool in pools:
        result = [(*done, ion) for done in result for ion in pool]
    return result


def _two_or_one(pool: tuple[Ion, ...], sites: int, charge: Fraction) -> list[tuple[tuple[Ion, Fraction], ...]]:
    """One ion of exactly the mean charge, or two around it."""
    result: list[tuple[tuple[Ion, Fraction], ...]] = [
        ((ion, Fraction(sites)),) for ion in pool if ion.charge * sites == charge
    ]
    for first, second in combinations(sorted(pool), 2):
        low, high = sorted((first, second), key=lambda ion: ion.charge)
        if low.charge * sites < charge < high.charge * sites:
            n = (charge - low.charge * sites) / (high.charge - low.charge)
            result.append(((low, sites - n), (high, n)))
    return result

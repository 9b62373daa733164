"""Small members of a host with the vertices that they balance against: what a calibration can choose from."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property
from itertools import combinations_with_replacement, product
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.schemas.spec import MemberSpec
from hebe.science.chemistry.candidate import primary_sublattice
from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.member import composition_of, member_spec, split_of
from hebe.science.errors.mixing_cells import check_balance, pair_terms, second_difference
from hebe.science.hulls.host_members import host_vertices, member_at
from hebe.science.hulls.linear_program import HullProgram
from hebe.science.structures.configuration import crowded_sublattice, exact_size
from hebe.science.structures.host import host_cell

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from hebe.config.reading.units import IntRange
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.ions import Ion
    from hebe.science.chemistry.ladder import Split

MOST: Final = 400
"""Cells that are chosen from at most: those with the fewest sites, then ions, first."""
MOST_IONS: Final = 4
"""Ions that a cell mixes on one sublattice at most."""
_DENOMINATOR: Final = 1000
_EACH: Final = 1e-6


@dataclass(frozen=True)
class SmallMember:
    """A member of a host, and how many formula units of each vertex it balances against."""

    spec: MemberSpec
    vertices: tuple[tuple[Fraction, MemberSpec], ...]

    @cached_property
    def name(self) -> str:
        """What it is called."""
        return member_name(self.spec)

    @property
    def weights(self) -> dict[str, float]:
        """Member -> 1 for the cell, minus its amount for a vertex."""
        return {self.name: 1.0, **{member_name(vertex): -float(n) for n, vertex in self.vertices}}

    @property
    def terms(self) -> dict[str, float]:
        """Pair of ions -> second difference of ``m_s x_i x_j`` per mixed site: of the cell less its vertices."""
        found = second_difference(_terms(self.spec), [(float(n), _terms(vertex)) for n, vertex in self.vertices])
        return {pair: value for pair, value in found.items() if abs(value) > _EACH}

    @property
    def mixed_sites(self) -> int:
        """Sites of its primary sublattice per formula unit: what energies are referred to."""
        return composition_of(self.spec).host.sublattices[self.spec.primary].multiplicity


def member_name(spec: MemberSpec) -> str:
    """Formula with the ions on the mixed sublattices, as members of a host are called in a mixing document."""
    ions = sorted({ion for part in spec.split.values() for ion in part})
    return f"{spec.formula} [{' '.join(ions)}]"


def balanced(spec: MemberSpec) -> SmallMember | None:
    """A member with its vertices; None if it is one itself.

    Where several mixtures of vertices have its ions, one of the fewest vertices is taken, whatever their energies.
    """
    valences = {s: {e: tuple(z) for e, z in part.items()} for s, part in spec.valences.items()}
    found = host_vertices(spec)
    if len(found) < 2:
        return None
    own, splits = _ions(split_of(spec) or {}), [_ions(split) for _, split in found]
    ions = sorted(own)
    columns = np.array([[float(split.get(ion, 0)) for ion in ions] for split in splits])
    sizes = columns.sum(axis=1)
    target = np.array([float(own[ion]) for ion in ions])
    costs = np.array([1 + _EACH * i for i in range(len(found))])
    program = HullProgram((columns / sizes[:, None]).T, costs)
    shares = program.solve(target / target.sum()).amounts * target.sum() / sizes
    amounts = [Fraction(float(share)).limit_denominator(_DENOMINATOR) for share in shares]
    chosen = [(n, made, split) for n, (made, split) in zip(amounts, found, strict=True) if n]
    if len(chosen) < 2:
        return None
    check_balance(spec.formula, _texts(split_of(spec) or {}), [(n, _texts(split)) for n, _, split in chosen])
    vertices = [
        (n, member_spec(made, split, primary_sublattice(made.fractions, spec.primary), valences))
        for n, made, split in chosen
    ]
    return SmallMember(spec, tuple(vertices))


def small_members(specs: Sequence[MemberSpec], sizes: IntRange) -> list[SmallMember]:
    """Members of the host of some candidates that mix their ions in cells of so many formula units.

    Neutral members whose ions are those that the redox ladder gives them and that are no vertices, in cells that hold
    them exactly; the smallest first.

    Parameters
    ----------
    specs
        Candidates.
    sizes
        Formula units of a cell.
    """
    valences = _valences(specs)
    found: dict[str, SmallMember] = {}
    templates = {(spec.primary, composition_of(spec).x_own, _charge(spec)): spec for spec in specs}
    for (primary, x_own, charge), template in templates.items():
        like = [s for s in specs if (s.primary, composition_of(s).x_own, _charge(s)) == (primary, x_own, charge)]
        pool = _pool(like)
        for n_fu in range(sizes.low, sizes.high + 1):
            for split in _splits(template, pool, n_fu, charge):
                composition, _ = member_at(composition_of(template), split)
                if not _fits(composition, primary, n_fu) or not _canonical(composition, split, valences, charge):
                    continue
                made = member_spec(composition, split, primary_sublattice(composition.fractions, primary), valences)
                if member_name(made) not in found and made.primary == primary:
                    member = balanced(made)
                    if member is not None:
                        found[member.name] = member
                if len(found) >= MOST:
                    return list(found.values())
    return list(found.values())


def cell_sites(spec: MemberSpec) -> int:
    """Sites of the primary sublattice in the smallest cell that holds a member exactly."""
    composition = composition_of(spec)
    cell = host_cell(composition.host, composition.working_ion)
    return _size(composition, spec.primary, exact_size(composition, spec.primary, cell))


def _size(composition: HostComposition, primary: str, step: int) -> int:
    """Smallest multiple of a number of sites in which no layer has one site for several species."""
    cell = host_cell(composition.host, composition.working_ion)
    size = step
    while crowded_sublattice(composition, primary, size, cell) is not None:
        size += step
    return size


def _fits(composition: HostComposition, primary: str, n_fu: int) -> bool:
    """Whether a cell of so many formula units holds a composition exactly, and no smaller one does."""
    cell = host_cell(composition.host, composition.working_ion)
    sites = n_fu * composition.host.sublattices[primary].multiplicity
    return _size(composition, primary, exact_size(composition, primary, cell)) <= sites


def _splits(template: MemberSpec, pool: Mapping[str, Sequence[Ion]], n_fu: int, charge: Fraction) -> Iterator[Split]:
    """Neutral ways to fill the mixed sublattices of a cell, amounts per formula unit; fewest ions first."""
    host = composition_of(template).host
    ways = []
    for name in sorted(pool):
        sites = n_fu * host.sublattices[name].multiplicity
        counts = [Counter(choice) for choice in combinations_with_replacement(pool[name], sites)]
        few = [count for count in counts if len(count) <= MOST_IONS]
        ways.append(sorted(few, key=lambda count: (len(count), sorted(map(str, count)))))
    for parts in product(*ways):
        total = sum(ion.charge * n for part in parts for ion, n in part.items())
        if Fraction(total, n_fu) == charge:
            yield {
                name: {ion: Fraction(n, n_fu) for ion, n in sorted(part.items())}
                for name, part in zip(sorted(pool), parts, strict=True)
            }


def _canonical(
    composition: HostComposition, split: Split, valences: Mapping[str, Mapping[str, tuple[int, ...]]], charge: Fraction
) -> bool:
    """Whether the ions are those that the redox ladder gives a composition."""
    host = composition.host
    amounts = {
        s: {e: n * host.sublattices[s].multiplicity for e, n in part.items()}
        for s, part in composition.fractions.items()
    }
    found = RedoxLadder.of(host).canonical_split(amounts, valences, charge)
    return found is not None and _ions(found) == _ions(split)


def _ions(split: Split) -> dict[tuple[str, Ion], Fraction]:
    return {(name, ion): n for name, part in split.items() for ion, n in part.items() if n}


def _texts(split: Split) -> dict[str, dict[str, Fraction]]:
    return {name: {str(ion): n for ion, n in part.items()} for name, part in split.items()}


def _terms(spec: MemberSpec) -> dict[str, float]:
    """Pair of ions -> ``m_s x_i x_j`` per mixed site of the primary sublattice."""
    host = composition_of(spec).host
    names = sorted(spec.split, key=lambda name: (name != spec.primary, name))
    sites = {name: host.sublattices[name].multiplicity for name in names}
    split = _texts(split_of(spec) or {})
    return pair_terms({name: split[name] for name in names}, sites)


def _charge(spec: MemberSpec) -> Fraction:
    """Charge of the mixed sublattices per formula unit."""
    return sum((ion.charge * n for part in (split_of(spec) or {}).values() for ion, n in part.items()), Fraction(0))


def _pool(specs: Sequence[MemberSpec]) -> dict[str, list[Ion]]:
    """Ions that the candidates have on each sublattice."""
    found: dict[str, set[Ion]] = {}
    for spec in specs:
        for name, part in (split_of(spec) or {}).items():
            found.setdefault(name, set()).update(ion for ion, n in part.items() if n)
    return {name: sorted(ions) for name, ions in found.items()}


def _valences(specs: Sequence[MemberSpec]) -> dict[str, dict[str, tuple[int, ...]]]:
    """Oxidation states of all elements of some candidates, by sublattice."""
    found: dict[str, dict[str, set[int]]] = {}
    for spec in specs:
        for name, part in spec.valences.items():
            for element, states in part.items():
                found.setdefault(name, {}).setdefault(element, set()).update(states)
    return {name: {e: tuple(sorted(states)) for e, states in part.items()} for name, part in found.items()}

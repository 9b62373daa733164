"""The redox ladder of a host: where electrons sit, where they leave from, which ions cannot coexist."""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING

from hebe.config.family import Couple, Family
from hebe.science.chemistry.ions import Ion

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

Split = dict[str, dict[Ion, Fraction]]
"""Sublattice -> ion -> amount per formula unit."""


@dataclass(frozen=True)
class Oxidation:
    """Ions after removal of electrons.

    ``charges`` maps sublattice -> element -> mean oxidation state; ``anion_holes`` is the charge per formula
    unit that the cations could not give.
    """

    charges: dict[str, dict[str, float]]
    anion_holes: float


@dataclass(frozen=True)
class RedoxLadder:
    """Couples from the lowest potential to the highest; the first ``anion_limit`` of them precede the anions."""

    couples: tuple[Couple, ...]
    anion_limit: int

    @classmethod
    def of(cls, family: Family) -> RedoxLadder:
        """Ladder of a host family."""
        return cls(family.ladder, family.couples_before_anions)

    def incompatible_pairs(self, ions: Iterable[Ion]) -> list[tuple[Ion, Ion]]:
        """Pairs (oxidant, reductant) that would exchange an electron.

        An ion that is the oxidised side of a couple cannot stand beside one that is the reduced side of a
        lower couple (Mn3+ beside V3+ gives Mn2+ and V5+: Energy Environ. Sci. 18, 19 (2025)).
        """
        present = set(ions)
        oxidants = [(i, Ion(c.element, c.oxidised)) for i, c in enumerate(self.couples)]
        reductants = [(i, Ion(c.element, c.reduced)) for i, c in enumerate(self.couples)]
        return [
            (oxidant, reductant)
            for i, oxidant in oxidants
            for j, reductant in reductants
            if j < i and oxidant.element != reductant.element and {oxidant, reductant} <= present
        ]

    def electrons_available(self, split: Split) -> Fraction:
        """Electrons per formula unit that couples below the anion limit can give."""
        return sum((amount for _, _, amount in self._steps(split, removal=True)), Fraction(0))

    def given_first(self, split: Split, electrons: Fraction) -> list[tuple[Couple, Fraction]]:
        """Couples that give the first `electrons` per formula unit, as far as there are any, with what each gives."""
        found, left = list[tuple[Couple, Fraction]](), electrons
        for _, couple, available in self._steps(split, removal=True):
            if left > 0:
                found.append((couple, min(available, left)))
                left -= found[-1][1]
        return found

    def _steps(self, split: Split, *, removal: bool) -> Iterator[tuple[str, Couple, Fraction]]:
        """Sublattice, couple and electrons per formula unit, in the order in which couples react.

        Removal starts at the lowest couple and ends at the anion limit; addition starts at the highest couple.
        """
        state = {sub: dict(ions) for sub, ions in split.items()}
        couples = self.couples[: self.anion_limit] if removal else self.couples[::-1]
        for couple in couples:
            start, end = (couple.reduced, couple.oxidised) if removal else (couple.oxidised, couple.reduced)
            for sub, ions in state.items():
                amount = ions.pop(Ion(couple.element, start), Fraction(0))
                if amount:
                    after = Ion(couple.element, end)
                    ions[after] = ions.get(after, Fraction(0)) + amount
                    yield sub, couple, amount * (couple.oxidised - couple.reduced)

    def oxidise(self, split: Split, electrons: Fraction) -> Oxidation:
        """Mean charges after `electrons` per formula unit have left the lowest couples.

        A negative number adds electrons to the highest couples. What the couples below the anion limit
        cannot give is left to the anions.
        """
        totals: dict[str, dict[str, float]] = {}
        amounts: dict[str, dict[str, Fraction]] = {}
        for sub, ions in split.items():
            for ion, amount in ions.items():
                totals.setdefault(sub, {})[ion.element] = totals.get(sub, {}).get(ion.element, 0.0) + float(
                    amount * ion.charge
                )
                amounts.setdefault(sub, {})[ion.element] = amounts.get(sub, {}).get(ion.element, Fraction(0)) + amount
        left, sign = abs(electrons), 1 if electrons >= 0 else -1
        for sub, couple, available in self._steps(split, removal=electrons >= 0):
            taken = min(available, left)
            totals[sub][couple.element] += sign * float(taken)
            left -= taken
        charges = {
            sub: {element: total / float(amounts[sub][element]) for element, total in elements.items()}
            for sub, elements in totals.items()
        }
        return Oxidation(charges, sign * float(left))

    def printed_split(
        self,
        amounts: Mapping[str, Mapping[str, Fraction]],
        valences: Mapping[str, Mapping[str, tuple[int, ...]]],
        charge: Fraction,
    ) -> Split | None:
        """Canonical split of a formula rather than of a cell: any share of an element may be reduced.

        Parameters are those of `canonical_split`; None where the charge is beyond what the oxidation states reach.
        """
        split: Split = {
            sub: {Ion(e, max(valences[sub][e])): x for e, x in part.items() if x} for sub, part in amounts.items()
        }
        excess = sum((ion.charge * x for part in split.values() for ion, x in part.items()), Fraction(0)) - charge
        for sub, upper, lower in self.moves(amounts, valences) if excess > 0 else ():
            step, held = upper.charge - lower.charge, split[sub].get(upper, Fraction(0))
            moved = min(held, excess / step)
            split[sub][upper] = held - moved
            split[sub][lower] = split[sub].get(lower, Fraction(0)) + moved
            excess -= moved * step
        if excess:
            return None
        return {sub: {ion: x for ion, x in sorted(part.items()) if x} for sub, part in split.items()}

    def canonical_split(
        self,
        amounts: Mapping[str, Mapping[str, Fraction]],
        valences: Mapping[str, Mapping[str, tuple[int, ...]]],
        charge: Fraction,
    ) -> Split | None:
        """Distribute charge over the allowed oxidation states, electrons on the highest couples first.

        Parameters
        ----------
        amounts
            Sublattice -> element -> amount per formula unit.
        valences
            Sublattice -> element -> allowed oxidation states.
        charge
            Wanted total charge of these cations per formula unit.

        Returns
        -------
        Split or None
            None if no distribution in whole atoms of the common denominator has that charge.

        """
        scale = math.lcm(*(a.denominator for sub in amounts.values() for a in sub.values()), charge.denominator)
        state = {
            (sub, Ion(element, max(valences[sub][element]))): int(amount * scale)
            for sub, elements in amounts.items()
            for element, amount in elements.items()
            if amount
        }
        excess = sum(ion.charge * n for (_, ion), n in state.items()) - int(charge * scale)
        moves = [move for move in self.moves(amounts, valences) if amounts[move[0]].get(move[1].element)]
        counts = _place(moves, 0, state, excess)
        if counts is None:
            return None
        split: Split = {}
        for (sub, ion), n in sorted(counts.items()):
            if n:
                split.setdefault(sub, {})[ion] = Fraction(n, scale)
        return split

    def moves(
        self, sublattices: Iterable[str], valences: Mapping[str, Mapping[str, tuple[int, ...]]]
    ) -> list[tuple[str, Ion, Ion]]:
        """Sublattice, oxidised and reduced ion of each reduction in the order in which electrons are placed."""
        names = list(sublattices)
        found = [
            (sub, upper, lower)
            for upper, lower in self._descents()
            for sub in names
            if {upper.charge, lower.charge} <= set(self._spanned(valences[sub].get(upper.element, ())))
        ]
        return self._allowed_moves(found, valences)

    @staticmethod
    def _spanned(valences: tuple[int, ...]) -> range:
        return range(min(valences), max(valences) + 1) if valences else range(0)

    def _descents(self) -> list[tuple[Ion, Ion]]:
        """Reductions in the order in which electrons are placed: highest couple first."""
        return [(Ion(c.element, c.oxidised), Ion(c.element, c.reduced)) for c in reversed(self.couples)]

    def _allowed_moves(
        self, moves: list[tuple[str, Ion, Ion]], valences: Mapping[str, Mapping[str, tuple[int, ...]]]
    ) -> list[tuple[str, Ion, Ion]]:
        """Keep moves between allowed states; join couples across a state that is not allowed."""
        result: list[tuple[str, Ion, Ion]] = []
        for sub, upper, lower in moves:
            allowed = valences[sub][upper.element]
            start = upper
            while start.charge not in allowed:
                start = Ion(start.element, start.charge + 1)
            if lower.charge in allowed:
                result.append((sub, start, lower))
        return result


def _place(
    moves: list[tuple[str, Ion, Ion]], start: int, state: dict[tuple[str, Ion], int], excess: int
) -> dict[tuple[str, Ion], int] | None:
    """Reduce ions along `moves` from `start` on, as many as possible first, until `excess` is zero."""
    if excess == 0:
        return state
    if excess < 0 or excess > _reducible(moves[start:], state):
        return None
    sub, upper, lower = moves[start]
    step = upper.charge - lower.charge
    most = min(state.get((sub, upper), 0), excess // step)
    for n in range(most, -1, -1):
        after = dict(state)
        if n:
            after[sub, upper] -= n
            after[sub, lower] = after.get((sub, lower), 0) + n
        found = _place(moves, start + 1, after, excess - n * step)
        if found is not None:
            return found
    return None


def _reducible(moves: list[tuple[str, Ion, Ion]], state: dict[tuple[str, Ion], int]) -> int:
    """Most charge that `moves` can take away."""
    counts, total = dict(state), 0
    for sub, upper, lower in moves:
        n = counts.get((sub, upper), 0)
        counts[sub, upper] = 0
        counts[sub, lower] = counts.get((sub, lower), 0) + n
        total += n * (upper.charge - lower.charge)
    return total

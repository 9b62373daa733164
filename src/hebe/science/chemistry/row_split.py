"""The canonical split of many compositions at once: `hebe.science.chemistry.ladder` on arrays."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.ladder import RedoxLadder

if TYPE_CHECKING:
    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.chemistry.walking import Floats, Rows

Place = tuple[str, Ion]
"""An ion on a sublattice."""
State = dict[Place, "Floats"]
"""Amounts of each ion by row."""


@dataclass
class RowSplits:
    """Amounts of every ion per formula unit, arrays over rows; ``possible`` is False where there is no split."""

    state: State
    possible: NDArray[np.bool_]


def always_splits(space: CompositionSpace) -> bool:
    """Whether every neutral row of a space has a split: reductions take one electron, each after the one above it."""
    moves = RedoxLadder.of(space.host).moves(space.specs, space.valences)
    for name, listed in space.valences.items():
        for element, states in listed.items():
            own = [
                (upper.charge, lower.charge) for sub, upper, lower in moves if (sub, upper.element) == (name, element)
            ]
            if own != list(itertools.pairwise(sorted(states, reverse=True))) or any(z - y > 1 for z, y in own):
                return False
    return True


def split_rows(space: CompositionSpace, rows: Rows) -> RowSplits:
    """Canonical split of rows, electrons on the highest couples first."""
    scale = math.lcm(space.cation_charge.denominator, *(spec.grid for spec in space.specs.values()))
    state, excess = _highest(space, rows, scale)
    moves = RedoxLadder.of(space.host).moves(space.specs, space.valences)
    unit = 1.0 if all(upper.charge - lower.charge == 1 for _, upper, lower in moves) else _units(space, rows, scale)
    for sub, upper, lower in moves:
        if (sub, upper) not in state:
            continue
        step = (upper.charge - lower.charge) * unit
        wanted = excess if isinstance(step, float) and step == 1.0 else np.floor(excess / step) * unit
        taken = np.maximum(np.minimum(state[sub, upper], wanted), 0.0)
        state[sub, upper] = state[sub, upper] - taken
        state[sub, lower] = state[sub, lower] + taken if (sub, lower) in state else taken
        excess = excess - taken * (upper.charge - lower.charge)
    found = RowSplits({place: amounts / scale for place, amounts in state.items()}, excess == 0)
    for at in np.flatnonzero(~found.possible):
        _one_by_one(space, rows, int(at), found)
    return found


def _highest(space: CompositionSpace, rows: Rows, scale: int) -> tuple[State, Floats]:
    """Every element in its highest state, in units of 1/scale, and the charge that this is too much."""
    host, state = space.host, State()
    excess = np.full(len(rows), -float(space.cation_charge * scale))
    for i, (column, block) in enumerate(zip(space.columns, space.layout.block_of, strict=True)):
        highest = space.valences[column.sublattice][column.element][-1]
        amounts = rows[:, i].astype(np.float64) * (scale // block.grid * host.sublattices[block.name].multiplicity)
        state[column.sublattice, Ion(column.element, highest)] = amounts
        if highest:
            excess += highest * amounts
    return state, excess


def _units(space: CompositionSpace, rows: Rows, scale: int) -> Floats:
    """Smallest amount by row in which ions are counted: the common denominator of its amounts and charge."""
    unit = np.full(len(rows), math.gcd(scale, int(space.cation_charge * scale)))
    for i, block in enumerate(space.layout.block_of):
        weight = scale // block.grid * space.host.sublattices[block.name].multiplicity
        unit = np.gcd(unit, rows[:, i].astype(np.int64) * weight)
    return unit.astype(float)


def _one_by_one(space: CompositionSpace, rows: Rows, at: int, into: RowSplits) -> None:
    """Split of a row for which it does not suffice to reduce as much as possible first."""
    split = space.split(space.composition(rows[at].tolist()))
    for amounts in into.state.values():
        amounts[at] = 0.0
    into.possible[at] = split is not None
    for sub, ions in (split or {}).items():
        for ion, amount in ions.items():
            into.state.setdefault((sub, ion), np.zeros(len(rows)))[at] = float(amount)


def present_ions(state: State) -> dict[Ion, NDArray[np.bool_]]:
    """By ion: rows in which it is present on any sublattice."""
    found: dict[Ion, NDArray[np.bool_]] = {}
    for (_, ion), amounts in state.items():
        there = amounts > 0
        found[ion] = found[ion] | there if ion in found else there
    return found


def incompatible_rows(ladder: RedoxLadder, state: State, n: int) -> NDArray[np.bool_]:
    """Rows with two ions that would exchange an electron, see `RedoxLadder.incompatible_pairs`."""
    present, result = present_ions(state), np.zeros(n, dtype=bool)
    for oxidant, reductant in ladder.incompatible_pairs(present):
        result |= present[oxidant] & present[reductant]
    return result


def electrons_of(ladder: RedoxLadder, state: State, n: int) -> Floats:
    """Electrons per formula unit that couples below the anion limit can give, see `RedoxLadder.electrons_available`."""
    left, total = dict(state), np.zeros(n)
    for couple in ladder.couples[: ladder.anion_limit]:
        before, after = Ion(couple.element, couple.reduced), Ion(couple.element, couple.oxidised)
        for sub, ion in list(left):
            if ion == before:
                amounts = left.pop((sub, before))
                left[sub, after] = left[sub, after] + amounts if (sub, after) in left else amounts
                total = total + amounts * (couple.oxidised - couple.reduced)
    return total

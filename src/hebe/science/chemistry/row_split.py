"""The canonical split of many compositions at once: `hebe.science.chemistry.ladder` on arrays."""

from __future__ import annotations

import itertools
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from hebe.science.chemistry.ladder import RedoxLadder
from hebe.science.chemistry.walking import Floats

if TYPE_CHECKING:
    from hebe.science.chemistry.row_plan import RowPlan
    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.chemistry.walking import Rows


@dataclass
class RowSplits:
    """Amounts of ions in units of 1/scale per formula unit, shape (places, rows); whether a row has a split at all."""

    amounts: Floats
    possible: NDArray[np.bool_]


def always_splits(space: CompositionSpace) -> bool:
    """Whether every neutral row of a space has a split: reductions take one electron, each after the one above it."""
    moves = RedoxLadder.of(space.host).moves(space.specs, space.valences)
    for name, listed in space.valences.items():
        for element, states in listed.items():
            part = [move for move in moves if (move[0], move[1].element) == (name, element)]
            own = [(upper.charge, lower.charge) for _, upper, lower in part]
            if own != list(itertools.pairwise(sorted(states, reverse=True))) or any(z - y > 1 for z, y in own):
                return False
    return True


def split_rows(space: CompositionSpace, plan: RowPlan, rows: Rows) -> RowSplits:
    """Canonical split of rows, electrons on the highest couples first."""
    amounts = np.zeros((plan.listed, len(rows)))
    excess = np.full(len(rows), -float(space.cation_charge * plan.scale))
    for i, place in enumerate(plan.first):
        np.multiply(rows[:, i], plan.weights[i], out=amounts[place])
        charge = plan.places[place][1].charge
        if charge:
            excess += charge * amounts[place]
    unit = None if all(electrons == 1 for *_, electrons in plan.moves) else _units(space, rows, plan)
    for before, after, electrons in plan.moves:
        wanted = excess if unit is None else np.floor(excess / (electrons * unit)) * unit
        taken = np.minimum(amounts[before], wanted)
        np.maximum(taken, 0.0, out=taken)
        amounts[before] -= taken
        amounts[after] += taken
        excess -= taken if electrons == 1 else taken * electrons
    found = RowSplits(amounts, excess == 0)
    for at in np.flatnonzero(~found.possible):
        _one_by_one(space, plan, rows, int(at), found)
    return found


def _units(space: CompositionSpace, rows: Rows, plan: RowPlan) -> Floats:
    """Smallest amount by row in which ions are counted: the common denominator of its amounts and charge."""
    unit = np.full(len(rows), math.gcd(plan.scale, int(space.cation_charge * plan.scale)))
    for i, weight in enumerate(plan.weights):
        unit = np.gcd(unit, rows[:, i].astype(np.int64) * int(weight))
    return unit.astype(float)


def _one_by_one(space: CompositionSpace, plan: RowPlan, rows: Rows, at: int, into: RowSplits) -> None:
    """Split of a row for which it does not suffice to reduce as much as possible first."""
    split = space.split(space.composition(rows[at].tolist()))
    into.possible[at] = split is not None
    into.amounts[:, at] = 0.0
    for sub, ions in (split or {}).items():
        for ion, amount in ions.items():
            into.amounts[plan.places.index((sub, ion)), at] = float(amount * plan.scale)


def incompatible_rows(plan: RowPlan, splits: RowSplits) -> NDArray[np.bool_]:
    """Rows with two ions that would exchange an electron, see `RedoxLadder.incompatible_pairs`."""
    present, result = splits.amounts > 0, np.zeros(splits.amounts.shape[1], dtype=bool)
    for oxidant, reductant in plan.pairs:
        result |= present[oxidant] & present[reductant]
    return result


def electrons_of(plan: RowPlan, splits: RowSplits) -> Floats:
    """Electrons per formula unit that couples below the anion limit can give, see `RedoxLadder.electrons_available`."""
    left: dict[int, Floats] = dict(enumerate(splits.amounts))
    total = np.zeros(splits.amounts.shape[1])
    for before, after, electrons in plan.couples:
        amounts = left.pop(before, None)
        if amounts is not None:
            left[after] = left[after] + amounts if after in left else amounts
            total += amounts if electrons == 1 else amounts * electrons
    return total / plan.scale

"""Moves lead from members of a space to members, and membership of many rows is that of numbering them one by one."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest

from hebe.config.campaign import SublatticeSpec
from hebe.science.chemistry.masks import Masks
from hebe.science.chemistry.membership import members
from hebe.science.chemistry.moves import Moves
from hebe.science.chemistry.space import CompositionSpace
from support.random_spaces import brute_rows, charges_of, random_layout


def oxyfluoride() -> CompositionSpace:
    """Charges with gaps on two sublattices: vanadium 3+ and 5+, molybdenum 3+, 4+ and 6+."""
    metals = {"Li": 1, "Mn": [2, 3], "Ti": [3, 4], "V": [3, 5], "Mo": [3, 4, 6], "Zr": 4, "Al": 3}
    specs = {
        "M": SublatticeSpec.model_validate({"species": metals, "grid": 24, "n_species": "3..6"}),
        "X": SublatticeSpec.model_validate({"species": {"O": -2, "F": -1}, "grid": 12}),
    }
    return CompositionSpace("drx", None, Fraction(0), specs)


def vacant() -> CompositionSpace:
    """Empty sites on the sublattice of the working ion, and bounds on amounts."""
    specs = {
        "A": SublatticeSpec.model_validate({"species": {"Na": 1, "Ca": 2, "Va": 0}, "grid": 6}),
        "TM": SublatticeSpec.model_validate(
            {"species": {"Ni": 2, "Mn": [3, 4], "Fe": 3, "Ti": 4, "Mg": 2}, "grid": 6, "fraction": "1/6..1/2"}
        ),
    }
    return CompositionSpace("layered-o3", "Na", Fraction(0), specs)


def disturbed(rows: list[tuple[int, ...]], rng: np.random.Generator) -> np.ndarray[tuple[int, int], np.dtype[np.int16]]:
    """Rows, and rows in which some atoms went from one column to another, wherever that leads."""
    found = np.array(rows, dtype=np.int16)
    moved = np.repeat(found, 4, axis=0)
    lines = np.arange(len(moved))
    number = rng.integers(1, 3, len(moved)).astype(np.int16)
    moved[lines, rng.integers(0, found.shape[1], len(moved))] -= number
    moved[lines, rng.integers(0, found.shape[1], len(moved))] += number
    return np.concatenate([found, moved])


def test_membership_is_that_of_numbers() -> None:
    rng, inside, outside = np.random.default_rng(0), 0, 0
    for seed in range(60):
        layout = random_layout(seed)
        if rows := brute_rows(layout)[:60]:
            some = disturbed(rows, rng)
            found = members(layout, some)
            listed = Masks(layout)
            assert found.tolist() == [min(row) >= 0 and listed.rank(row) is not None for row in some.tolist()], seed
            inside, outside = inside + int(found.sum()), outside + int((~found).sum())
    assert inside > 500
    assert outside > 500


def test_no_row_belongs_to_a_space_that_cannot_be_neutral() -> None:
    spec = SublatticeSpec.model_validate({"species": {"Ni": 2, "Mg": 2}, "grid": 6})
    space = CompositionSpace("layered-o3", "Na", Fraction(1), {"TM": spec})
    assert space.count() == 0
    assert not space.contains(np.array([[3, 3], [6, 0]], dtype=np.int16)).any()


def test_children_in_random_spaces_are_members() -> None:
    rng, found = np.random.default_rng(1), 0
    for seed in range(60):
        layout = random_layout(seed)
        rows = np.array(brute_rows(layout), dtype=np.int16)
        if len(rows) < 3:
            continue
        parents, others = (rows[rng.integers(0, len(rows), 200)] for _ in range(2))
        every = set(map(tuple, rows.tolist()))
        children = np.concatenate(
            [Moves(layout).mutated(parents, rng), Moves(layout).crossed(parents, others, rng)]
        ).tolist()
        assert set(map(tuple, children)) <= every, seed
        found += len(children)
    assert found > 2000


@pytest.mark.parametrize("space", [oxyfluoride(), vacant()], ids=["gaps, anions", "vacancies, bounds"])
def test_children_are_numbered_neutral_and_new(space: CompositionSpace) -> None:
    rng = np.random.default_rng(2)
    parent, other = space.sample(2, 5)
    copies = np.repeat(parent[None], 400, axis=0)
    children = Moves(space.layout).mutated(copies, rng)
    assert len(children) > 40
    assert len(np.unique(children, axis=0)) > 10
    for row in children[:60].tolist():
        space.rank(row)
        assert space.layout.target in charges_of(space.layout, row)
        assert row != parent.tolist()
    between = Moves(space.layout).crossed(copies, np.repeat(other[None], 400, axis=0), rng)
    assert len(between)
    assert (between >= np.minimum(parent, other)).all()
    assert (between <= np.maximum(parent, other)).all()
    assert space.contains(between).all()


def test_mutations_lead_from_any_member_to_all() -> None:
    """All sublattices change, alone and together."""
    space = vacant()
    moves, rng = Moves(space.layout), np.random.default_rng(3)
    reached = space.sample(1, 1)
    for _ in range(12):
        reached = np.unique(np.concatenate([reached, moves.mutated(np.repeat(reached, 10, axis=0), rng)]), axis=0)
    assert len(reached) == space.count() > 100

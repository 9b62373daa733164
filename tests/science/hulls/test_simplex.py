"""The walk from basis to basis against HiGHS, and what happens where it goes astray."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hebe.science.hulls.linear_program import HullProgram, UnbalancedError

Vector = NDArray[np.float64]


def made_program(n: int, phases: int, seed: int) -> HullProgram:
    """Components at no cost and compounds of two to four of them, with ties and twins."""
    rng = np.random.default_rng(seed)
    columns = [np.eye(n)]
    costs = [np.zeros(n)]
    for _ in range(phases):
        held = rng.choice(n, min(n, int(rng.integers(2, 5))), replace=False)
        column = np.zeros(n)
        column[held] = rng.integers(1, 4, len(held))
        columns.append((column / column.sum())[:, None])
        costs.append(np.round(rng.normal(-0.5, 0.3, 1), 1))
    columns.append(columns[-1])
    costs.append(costs[-1])
    return HullProgram(np.hstack(columns), np.concatenate(costs))


def grid(n: int, rows: int, seed: int) -> Vector:
    """Compositions in 24ths; many lie on edges of the hull, and many lack components."""
    found = np.random.default_rng(seed).multinomial(24, np.full(n, 1 / n), rows)
    return np.asarray(found / 24.0, dtype=float)


@pytest.mark.parametrize(("n", "phases"), [(2, 5), (5, 40), (10, 300), (14, 200)])
def test_every_step_of_the_walk_is_the_optimum_of_highs(n: int, phases: int) -> None:
    program, alone = made_program(n, phases, n), made_program(n, phases, n)
    rows = grid(n, 60, 1)
    # the first composition lacks components: their rows stand in the basis, and have to leave it
    rows[0] = np.eye(n)[0]
    expected = []
    for b in rows:
        facet = alone.facet(b)
        assert facet is not None
        expected.append(float(facet.potentials @ b))
    assert program.values(rows) == pytest.approx(expected, abs=1e-9)
    for b, value in zip(rows, expected, strict=True):
        found = program.solve(b)
        assert found.value == pytest.approx(value, abs=1e-9)
        assert program.matrix @ found.amounts == pytest.approx(b, abs=1e-9)
        assert found.amounts.min() >= 0
        assert (program.costs - found.potentials @ program.matrix).min() >= -1e-8


def test_a_long_walk_does_not_drift() -> None:
    program = made_program(6, 80, 3)
    rows = grid(6, 20_000, 2)
    program.solve(rows[0])
    walk = program._warm()
    assert walk is not None
    values = np.empty(len(rows))
    assert walk.values(rows, values) == len(rows)
    for i in range(19_980, 20_000):
        fresh = made_program(6, 80, 3).facet(rows[i])
        assert fresh is not None
        assert values[i] == pytest.approx(fresh.potentials @ rows[i], abs=1e-9)


def test_a_walk_with_a_wrong_inverse_is_not_believed_and_begins_anew() -> None:
    program = made_program(5, 40, 4)
    rows = grid(5, 20, 3)
    expected = made_program(5, 40, 4).values(rows)
    program.solve(rows[0])
    walk = program._warm()
    assert walk is not None
    walk._state[2][:] += 1e-6
    assert not walk.reach(rows[1])
    walk._state[2][:] = np.nan
    assert not walk.reach(rows[1])
    assert program.values(rows) == pytest.approx(expected, abs=1e-9)
    assert program._warm() is not walk


def test_other_costs_end_the_walk() -> None:
    program = made_program(5, 40, 5)
    rows = grid(5, 20, 4)
    program.values(rows)
    program.set_costs(-program.costs)
    other = made_program(5, 40, 5)
    other.set_costs(-other.costs)
    expected = []
    for b in rows:
        facet = other.facet(b)
        assert facet is not None
        expected.append(float(facet.potentials @ b))
    assert program.values(rows) == pytest.approx(expected, abs=1e-9)


def test_a_composition_out_of_reach_does_not_end_the_walk() -> None:
    # ions of neutral phases: only one combination of the components can be balanced
    matrix = np.array([[0.5, 0.0, 0.2], [0.0, 1 / 3, 0.2], [0.5, 2 / 3, 0.6]])
    program = HullProgram(matrix, np.array([-1.0, -1.0, -1.02]))
    rows = np.array([[0.5, 0.0, 0.5], [1 / 3, 1 / 3, 1 / 3], [0.25, 1 / 6, 7 / 12], [0.2, 0.2, 0.6]])
    values = program.values(rows)
    assert np.isnan(values[1])
    assert values[[0, 3]] == pytest.approx([-1.0, -1.02])
    # (0.25, 1/6) of the cations are 1/6 of the ternary's five parts and 1/12 of the first phase's two
    assert values[2] == pytest.approx(-1.02 * 5 / 6 - 1.0 / 6)
    with pytest.raises(UnbalancedError):
        program.solve(rows[1])

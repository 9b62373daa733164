"""Midpoints between members with fewest species: what they fix, and that none of them is spare."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from hebe.science.chemistry.ions import Ion
from hebe.science.hulls.midpoints import midpoint, telling_midpoints
from hebe.science.hulls.vertices import Vertex, polytope_vertices

LAYERED = ("Ni2+", "Cu2+", "Mg2+", "Fe3+", "Mn3+", "Mn4+", "Ti4+")


def polytope(ions: dict[str, tuple[str, ...]], sites: dict[str, int], charge: int) -> list[Vertex]:
    parsed = {name: tuple(map(Ion.parse, part)) for name, part in ions.items()}
    return polytope_vertices(parsed, sites, Fraction(charge))


def amounts(point: Vertex) -> dict[tuple[str, str], float]:
    return {(name, str(ion)): float(x) for name, part in point.split for ion, x in part}


def design(points: list[Vertex], names: list[tuple[str, str]]) -> np.ndarray:
    x = np.array([[amounts(point).get(name, 0.0) for name in names] for point in points])
    pairs = [x[:, i] * x[:, j] for i, j in combinations(range(len(names)), 2)]
    return np.column_stack([x, *pairs])


CASES: dict[str, tuple[dict[str, tuple[str, ...]], dict[str, int], int]] = {
    "layered": ({"TM": LAYERED}, {"TM": 1}, 3),
    "two sublattices": ({"M": ("Li1+", "Mn2+", "Ti4+"), "O": ("O2-", "F1-")}, {"M": 1, "O": 1}, 0),
    "two sites": ({"M": ("Mg2+", "Al3+", "Ti4+", "Zr4+")}, {"M": 2}, 6),
}


@pytest.mark.parametrize("case", CASES)
def test_vertices_and_midpoints_fix_every_energy_of_pairs_and_none_is_spare(case: str) -> None:
    vertices = polytope(*CASES[case])
    chosen = telling_midpoints(vertices, lambda _: True)
    names = sorted({name for vertex in vertices for name in amounts(vertex)})
    known = design([*vertices, *chosen], names)
    rng = np.random.default_rng(3)
    truth = rng.normal(size=known.shape[1])
    fitted = np.linalg.lstsq(known, known @ truth, rcond=None)[0]
    corners = np.array([[amounts(vertex).get(name, 0.0) for name in names] for vertex in vertices])
    inside = rng.dirichlet(np.ones(len(vertices)), size=50) @ corners
    pairs = [inside[:, i] * inside[:, j] for i, j in combinations(range(len(names)), 2)]
    asked = np.column_stack([inside, *pairs])
    assert asked @ fitted == pytest.approx(asked @ truth, abs=1e-9)
    rank = np.linalg.matrix_rank(known)
    for k in range(len(chosen)):
        without = np.delete(known, len(vertices) + k, axis=0)
        assert np.linalg.matrix_rank(without) == rank - 1


def test_seven_ions_of_mixed_valence_need_thirteen_members_between() -> None:
    vertices = polytope(*CASES["layered"])
    assert len(vertices) == 8  # Fe, Mn, and each of three divalent with each of two tetravalent ions
    chosen = telling_midpoints(vertices, lambda _: True)
    dimension = len(LAYERED) - 2  # their sum, their charge
    assert len(chosen) == (dimension + 1) * (dimension + 2) // 2 - len(vertices) == 13
    assert max(len(amounts(point)) for point in chosen) == 3


def test_ions_of_one_charge_are_paired_half_and_half() -> None:
    ions = ("Co2+", "Cu2+", "Mg2+", "Ni2+", "Zn2+")
    chosen = telling_midpoints(polytope({"M": ions}, {"M": 1}, 2), lambda _: True)
    found = {frozenset(amounts(point).items()) for point in chosen}
    assert found == {frozenset({("M", a): 0.5, ("M", b): 0.5}.items()) for a, b in combinations(ions, 2)}
    one = polytope({"M": ("Mg2+", "Ni2+")}, {"M": 1}, 2)
    assert telling_midpoints(one, lambda point: point != midpoint(*one)) == []

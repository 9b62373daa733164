"""The pairwise model against the regular solution in closed form, and where it must not answer."""

from __future__ import annotations

from fractions import Fraction
from itertools import combinations

import numpy as np
import pytest

from hebe.exceptions import BadInputError
from hebe.science.chemistry.ions import Ion
from hebe.science.hulls.midpoints import telling_midpoints
from hebe.science.hulls.vertices import Vertex, polytope_vertices
from hebe.science.mixing.formability import regular_solution_enthalpy
from hebe.science.mixing.pair_model import pairwise_energy

Amounts = dict[tuple[str, str], float]


def amounts(point: Vertex) -> Amounts:
    return {(name, str(ion)): float(x) for name, part in point.split for ion, x in part if x}


def test_ions_of_one_charge_make_a_regular_solution() -> None:
    rng, names = np.random.default_rng(1), ("Co2+", "Cu2+", "Mg2+", "Ni2+")
    pure = dict(zip(names, rng.normal(-10, 2, size=4), strict=True))
    pairs = {frozenset(pair): float(rng.normal(0, 0.1)) for pair in combinations(names, 2)}
    points: list[dict[str, float]] = [{name: 1.0} for name in names]
    energies = [pure[name] for name in names]
    for pair, enthalpy in pairs.items():
        points.append(dict.fromkeys(pair, 0.5))
        energies.append(sum(pure[name] for name in pair) / 2 + enthalpy)
    at = {"Co2+": 0.4, "Cu2+": 0.3, "Mg2+": 0.1, "Ni2+": 0.2}
    mixed = regular_solution_enthalpy(at, {pair: 4 * enthalpy for pair, enthalpy in pairs.items()})
    expected = sum(x * pure[name] for name, x in at.items()) + mixed
    assert pairwise_energy(points, energies, at) == pytest.approx(expected, abs=1e-10)


def test_ions_of_unlike_charge_are_predicted_though_no_single_pair_is_known() -> None:
    ions = tuple(map(Ion.parse, ("Cu2+", "Fe3+", "Mg2+", "Mn3+", "Mn4+", "Ni2+", "Ti4+")))
    vertices = polytope_vertices({"TM": ions}, {"TM": 1}, Fraction(3))
    chosen = [*vertices, *telling_midpoints(vertices, lambda _: True)]
    rng = np.random.default_rng(2)
    own = {str(ion): float(rng.normal(-20, 5)) for ion in ions}
    pairs = {pair: float(rng.normal()) for pair in combinations(sorted(map(str, ions)), 2)}

    def truth(point: Amounts) -> float:
        x = {ion: n for (_, ion), n in point.items()}
        linear = sum(own[ion] * n for ion, n in x.items())
        return linear + sum(w * x.get(a, 0.0) * x.get(b, 0.0) for (a, b), w in pairs.items())

    points = [amounts(point) for point in chosen]
    at: Amounts = {}
    for vertex, share in zip(vertices, rng.dirichlet(np.ones(len(vertices))), strict=True):
        for site, n in amounts(vertex).items():
            at[site] = at.get(site, 0.0) + share * n
    energies = [truth(point) for point in points]
    assert pairwise_energy(points, energies, at) == pytest.approx(truth(at), abs=1e-9)
    with pytest.raises(BadInputError, match="leave a pair of ions open"):
        pairwise_energy(points[:-1], energies[:-1], at)


def test_an_ion_that_no_member_holds_is_no_answer() -> None:
    with pytest.raises(BadInputError, match="leave a pair of ions open"):
        pairwise_energy([{"A": 1.0}, {"B": 1.0}], [0.0, 0.0], {"A": 0.5, "C": 0.5})
    with pytest.raises(BadInputError, match="leave a pair of ions open"):
        pairwise_energy([{"A": 1.0}, {"B": 1.0}], [0.0, 0.0], {"A": 0.5, "B": 0.5})

"""Guessed lattices: exact decimal arithmetic, so that no last bit of a mean radius moves a parameter."""

from __future__ import annotations

from decimal import ROUND_HALF_EVEN, Decimal, localcontext
from fractions import Fraction
from itertools import permutations
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hebe.config.family import family_names, load_family
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion, shannon_radius
from hebe.science.structures.configuration import mean_radius
from hebe.science.structures.host import estimate_lattice, host_cell, layer_normal

if TYPE_CHECKING:
    from hebe.config.family_sites import LatticeEstimate

ESTIMATES = [
    estimate for name in ("layered-o3", "layered-p2", "rocksalt") for estimate in load_family(name).lattice.values()
]
RADII = ("0.39", "0.535", "0.545", "0.605", "0.61", "0.645", "0.65", "0.69", "0.72", "0.73", "0.745", "0.83")
"""Shannon radii (A) of six-coordinated cations."""


def exactly(estimate: LatticeEstimate, name: str, radius: Fraction) -> Fraction:
    """Parameter before rounding, as a fraction of the decimals that the file holds."""
    slope = {str(key): value for key, value in estimate.slopes.items()}.get(name, 0.0)
    start = {str(key): value for key, value in estimate.parameters.items()}[name]
    return Fraction(repr(start)) + Fraction(repr(slope)) * (radius - Fraction(repr(estimate.reference_radius)))


def nearest(value: Fraction) -> float:
    """Rounded to 1e-4 by decimal arithmetic."""
    with localcontext() as context:
        context.prec = 60
        exact = Decimal(value.numerator) / Decimal(value.denominator)
        return float(exact.quantize(Decimal("0.0001"), ROUND_HALF_EVEN))


@settings(max_examples=100, deadline=None, derandomize=True)
@given(
    amounts=st.lists(st.integers(0, 6), min_size=len(RADII), max_size=len(RADII)).filter(any),
    bits=st.integers(-3, 3),
    estimate=st.sampled_from(ESTIMATES),
)
def test_parameters_are_those_of_exact_arithmetic(amounts: list[int], bits: int, estimate: LatticeEstimate) -> None:
    """A mean of radii with whole amounts, as the nearest number and some last bits off it."""
    mean = sum((n * Fraction(r) for n, r in zip(amounts, RADII, strict=True)), Fraction(0)) / sum(amounts)
    near = float(mean) + bits * float(np.spacing(float(mean)))
    lengths = estimate_lattice(estimate, near, 225).lengths
    exact = exactly(estimate, "a", mean)
    if bits and abs(exact * 10000 % 1 - Fraction(1, 2)) < Fraction(1, 10**9):
        return  # on a tie the radius must be the nearest number, which `mean_radius` promises
    assert lengths[0] == pytest.approx(nearest(exact), abs=1e-12)


def test_without_a_radius_the_parameters_are_those_of_the_file() -> None:
    estimate = load_family("layered-o3").lattice["Na"]
    values = {str(name): value for name, value in estimate.parameters.items()}
    lattice = estimate_lattice(estimate, None, 166)
    assert lattice.a == pytest.approx(values["a"], abs=1e-12)
    assert lattice.c == pytest.approx(values["c"], abs=1e-12)
    assert lattice.gamma == pytest.approx(120)
    assert estimate_lattice(estimate, estimate.reference_radius, 166) == lattice


def test_a_mean_radius_does_not_hang_on_the_order_of_the_ions() -> None:
    """Ten summands of a tenth, a third and a seventh: in floating point the sum depends on the order."""
    ions = [Ion("Fe", 3), Ion("Ni", 2), Ion("Ti", 4), Ion("Mg", 2)]
    parts = dict(zip(ions, [Fraction(1, 3), Fraction(1, 7), Fraction(1, 10), Fraction(89, 210)], strict=True))
    fractions = {ion.element: amount for ion, amount in parts.items()}
    composition = HostComposition("layered-o3", "Na", Fraction(1), {"TM": fractions})
    found = {mean_radius(composition, {"TM": {ion: parts[ion] for ion in order}}, "TM") for order in permutations(ions)}
    radii = {ion: shannon_radius(ion, 6) for ion in ions}
    exact = sum((amount * Fraction(str(radii[ion])) for ion, amount in parts.items()), Fraction(0))
    assert found == {float(exact)}


@pytest.mark.parametrize("name", family_names())
def test_the_normal_of_the_layers_is_that_of_the_cell(name: str) -> None:
    """To the bit, with every working ion."""
    family = load_family(name)
    for ion in [None, *family.working_ions]:
        if ion is None and "none" not in family.lattice and family.working_ions:
            continue
        normal, expected = layer_normal(family, ion), host_cell(family, ion).layer_normal
        assert (normal is None) is (expected is None) is (family.layer_axis is None)
        assert normal is None or (expected is not None and np.array_equal(normal, expected))

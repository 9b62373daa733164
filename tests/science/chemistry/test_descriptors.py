"""Descriptors of a sublattice against values by hand."""

from __future__ import annotations

import math

import pytest

from hebe.config.family import load_family
from hebe.science.chemistry.descriptors import describe, relative_mismatch, spread
from hebe.science.chemistry.ions import Ion

FIVE = dict.fromkeys((Ion("Co", 2), Ion("Cu", 2), Ion("Mg", 2), Ion("Ni", 2), Ion("Zn", 2)), 0.2)


def test_electronegativity_mismatch_is_on_the_scale_of_pauling() -> None:
    # (Co,Cu,Mg,Ni,Zn)O of Rost et al., Nat. Commun. 6, 8485 (2015); Pauling: 1.88, 1.90, 1.31, 1.91, 1.65, mean 1.73:
    # squares of what is left 0.0225, 0.0289, 0.1764, 0.0324, 0.0064, their mean 0.05332
    found = describe(FIVE, load_family("rocksalt").sublattices["M"])
    assert found["electronegativity_mismatch_Pauling"] == pytest.approx(math.sqrt(0.05332))
    assert found["electronegativity_mismatch_Pauling"] == pytest.approx(0.2309, abs=5e-5)
    assert "electronegativity_mismatch" not in found, "the relative value of older documents is another quantity"


def test_size_mismatch_is_relative() -> None:
    # Shannon, six-fold, high spin: 0.745, 0.73, 0.72, 0.69, 0.74 A; mean 0.725 A, squares 400, 25, 25, 1225, 225 e-6 A2
    found = describe(FIVE, load_family("rocksalt").sublattices["M"])
    assert found["mean_radius_A"] == pytest.approx(0.725)
    assert found["size_mismatch"] == pytest.approx(math.sqrt(380e-6) / 0.725)
    assert found["jahn_teller_fraction"] == pytest.approx(0.2), "Cu2+"


def test_one_value_has_no_spread_and_the_unit_scales() -> None:
    values = dict(zip(FIVE, (1.0, 2.0, 3.0, 4.0, 5.0), strict=True))
    assert spread({Ion("Fe", 3): 1.0}, {Ion("Fe", 3): 1.83}) == 0.0
    assert spread(FIVE, values) == pytest.approx(math.sqrt(2.0))
    assert spread(FIVE, {ion: 10 * value for ion, value in values.items()}) == pytest.approx(10 * math.sqrt(2.0))
    assert relative_mismatch(FIVE, values) == pytest.approx(math.sqrt(2.0) / 3)

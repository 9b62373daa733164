"""Parameters of solid solutions against those of the papers that introduced them."""

from __future__ import annotations

from itertools import combinations

import pytest

from hebe.science.chemistry.descriptors import describe_metal
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.metals import (
    metal_data,
    metallic_radius,
    mixing_enthalpy,
    omega,
    valence_electron_concentration,
    valence_electrons,
)

CANTOR = dict.fromkeys(("Cr", "Mn", "Fe", "Co", "Ni"), 0.2)


def equal(*elements: str) -> dict[str, float]:
    return dict.fromkeys(elements, 1 / len(elements))


def test_the_cantor_alloy_has_its_published_parameters() -> None:
    """VEC 8 (Guo et al. 2011), enthalpy -4.16 kJ/mol (Zhang et al., Prog. Mater. Sci. 61, 1 (2014))."""
    assert valence_electron_concentration(CANTOR) == pytest.approx(8.0)
    assert mixing_enthalpy(CANTOR) == pytest.approx(-4.16)


@pytest.mark.parametrize(
    ("elements", "published"),
    [(("Zr", "Hf", "Ti", "Cu", "Ni"), 0.95), (("Cu", "Ni"), 2.22), (("Co", "Cr", "Fe", "Ni", "Cu", "Al"), 5.06)],
)
def test_omega_is_that_of_yang_and_zhang(elements: tuple[str, ...], published: float) -> None:
    """Mater. Chem. Phys. 132, 233 (2012); melting temperatures differ by some tenths of a per cent."""
    assert omega(equal(*elements)) == pytest.approx(published, rel=0.01)


def test_the_size_mismatch_of_two_metals_follows_from_their_radii() -> None:
    """``delta = |r1 - r2| / (r1 + r2)`` for equal shares."""
    first, second = metallic_radius("Al"), metallic_radius("Ni")
    assert first is not None
    assert second is not None
    found = describe_metal({Ion("Al", 0): 0.5, Ion("Ni", 0): 0.5})
    assert found["size_mismatch"] == pytest.approx((first - second) / (first + second))


def test_limits_of_the_parameters() -> None:
    assert mixing_enthalpy({"Ni": 1.0}) == 0.0
    assert omega({"Ni": 1.0}) is None  # nothing mixes
    assert mixing_enthalpy({"Ni": 0.5, "Xe": 0.5}) is None
    assert metallic_radius("Xe") is None
    assert [valence_electrons(element) for element in ("Al", "Ni", "Cu", "Zn")] == [3, 10, 11, 12]
    one = describe_metal({Ion("Cu", 0): 1.0})
    assert (one["size_mismatch"], one["electronegativity_mismatch_Pauling"]) == (0.0, 0.0)


def test_every_pair_of_metals_has_an_enthalpy_and_a_radius_within_its_crystals() -> None:
    data = metal_data()
    known = sorted({*data.radius_A} - {"Te"})  # which the model of Miedema leaves out
    for first, second in combinations(known, 2):
        assert second in data.mixing_enthalpy_kJ_per_mol[first], (first, second)
    # half the nearest distance in fcc Cu, Ag, Ni and Al: a / sqrt(8) with a of the elements (Kittel)
    for element, a in (("Cu", 3.61), ("Ag", 4.09), ("Ni", 3.52), ("Al", 4.05)):
        assert metallic_radius(element) == pytest.approx(a / 8**0.5, rel=0.02)


def test_the_atom_of_a_metal_reads_back() -> None:
    assert str(Ion("Ni", 0)) == "Ni"
    assert Ion.parse("Ni") == Ion("Ni", 0)
    assert Ion.parse("Ni2+") == Ion("Ni", 2)

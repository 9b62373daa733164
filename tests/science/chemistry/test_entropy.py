"""Entropies against the values that the literature prints."""

from __future__ import annotations

import math

import pytest

from hebe.science.chemistry.entropy import entropies, entropy_class, principal_element_rule, site_entropy

# Energy Environ. Sci. 18, 19 (2025): transition-metal sublattice of the MTS series, lithium counted on it.
MTS = {
    "MTS45": ([0.1, 0.25, 0.2, 0.45], 1.26),
    "MTS35": ([0.1, 0.25, 0.2, 0.05, 0.05, 0.35], 1.57),
    "MTS25": ([0.1, 0.25, 0.2, 0.1, 0.1, 0.25], 1.71),
    "MTS15": ([0.1, 0.25, 0.2, 0.15, 0.15, 0.15], 1.75),
}


@pytest.mark.parametrize("name", MTS)
def test_mts_series_as_printed(name: str) -> None:
    fractions, printed = MTS[name]
    assert site_entropy(fractions) == pytest.approx(printed, abs=0.005)


def test_equimolar_species_give_the_logarithm_of_their_number() -> None:
    for n in range(1, 9):
        assert site_entropy([1 / n] * n) == pytest.approx(math.log(n), abs=1e-12)


def test_conventions_of_an_oxyfluoride_with_and_without_oxidation_states() -> None:
    # Joule (2023), 10.1016/j.joule.2023.10.016: Li1.3Mn2+0.1Co0.1Mn3+0.1Cr0.1Ti0.1Nb0.2O1.7F0.3
    anions = [0.85, 0.15]
    told_apart = [0.65, 0.05, 0.05, 0.05, 0.05, 0.05, 0.1]
    merged = [0.65, 0.1, 0.05, 0.05, 0.05, 0.1]
    sites = {"M": 2, "O": 2}
    fine = entropies({"M": told_apart, "O": anions}, sites, "M", 4.0, 2.0)
    coarse = entropies({"M": merged, "O": anions}, sites, "M", 4.0, 2.0)
    assert fine["sublattice-sum"] == pytest.approx(1.68, abs=0.005)
    assert coarse["sublattice-sum"] == pytest.approx(1.61, abs=0.005)
    assert fine["mixed-site"] == pytest.approx(1.26, abs=0.005)
    assert coarse["mixed-site"] == pytest.approx(1.19, abs=0.005)
    assert fine["formula-unit"] == pytest.approx(2 * fine["sublattice-sum"])
    assert fine["per-atom"] == pytest.approx(fine["formula-unit"] / 4)
    assert fine["per-cation"] == pytest.approx(fine["formula-unit"] / 2)


def test_classes_and_the_compositional_rule_can_disagree() -> None:
    # LiNi0.8Mn0.13Ti0.02Mg0.02Nb0.01Mo0.02O2 is called high-entropy in print and has 0.72 R.
    fractions = [0.8, 0.13, 0.02, 0.02, 0.01, 0.02]
    assert site_entropy(fractions) == pytest.approx(0.72, abs=0.005)
    assert entropy_class(site_entropy(fractions)) == "low"
    assert entropy_class(math.log(4)) == "medium"
    assert entropy_class(math.log(5)) == "high"
    assert principal_element_rule([0.2] * 5)
    assert not principal_element_rule([0.25] * 4)


@pytest.mark.parametrize("fractions", [[0.5, 0.4], [1.2, -0.2]])
def test_fractions_must_be_fractions(fractions: list[float]) -> None:
    with pytest.raises(ValueError, match="sum to 1"):
        site_entropy(fractions)

"""Disordered rock salts: cations and anions mix, counted against brute force."""

from __future__ import annotations

import itertools
import math
from fractions import Fraction

import pytest

from hebe.config.campaign import SublatticeSpec
from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.hulls.vertices import polytope_vertices

CATIONS = {"Li": (1,), "Mn": (2, 3), "Ti": (4,)}
ANIONS = {"O": (-2,), "F": (-1,)}


def space(grid: int = 12) -> CompositionSpace:
    specs = {
        "M": SublatticeSpec(species=CATIONS, grid=grid),
        "X": SublatticeSpec(species=ANIONS, grid=grid),
    }
    return CompositionSpace("drx", None, Fraction(0), specs)


def test_count_equals_brute_force() -> None:
    grid, neutral = 12, 0
    for li, mn, ti in itertools.product(range(grid + 1), repeat=3):
        if li + mn + ti != grid:
            continue
        for oxygen in range(grid + 1):
            charges = {li + 2 * low + 3 * (mn - low) + 4 * ti for low in range(mn + 1)}
            neutral += 2 * oxygen + (grid - oxygen) in charges
    assert space(grid).count() == neutral
    rows = list(space(grid))
    assert len(rows) == neutral
    assert all(space(grid).rank(row) == i for i, row in enumerate(rows))


def test_published_formula_is_read_in_any_multiple() -> None:
    found = parse_host_formula("Li1.3Mn0.4Ti0.3O1.7F0.3", space())
    assert found.fractions["X"] == {"O": Fraction(17, 20), "F": Fraction(3, 20)}
    assert found == parse_host_formula("Li13Mn4Ti3O17F3", space())
    candidate = make_candidate(space(), found)
    assert candidate is not None
    assert candidate.charge == 0
    assert candidate.split["M"] == {
        Ion("Li", 1): Fraction(13, 20),
        Ion("Mn", 3): Fraction(1, 5),
        Ion("Ti", 4): Fraction(3, 20),
    }
    # SCIENCE: cation sites alone, and both sublattices, each per its own site
    cation = -sum(float(x) * math.log(x) for x in found.fractions["M"].values())
    anion = -sum(float(x) * math.log(x) for x in found.fractions["X"].values())
    assert candidate.entropy_R["mixed-site"] == pytest.approx(cation)
    assert candidate.entropy_R["sublattice-sum"] == pytest.approx(cation + anion)
    assert candidate.entropy_R["per-cation"] == pytest.approx(cation + anion)


def test_formulas_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadInputError, match="different numbers of formula units"):
        parse_host_formula("Li1.3Mn0.4Ti0.3O1.7F0.4", space())
    with pytest.raises(BadInputError, match="Zr is not among the species"):
        parse_host_formula("Li1.3Zr0.7O1.7F0.3", space())
    with pytest.raises(BadInputError, match="nothing stands on X"):
        parse_host_formula("LiMnTi", space())


def test_vertices_of_an_oxyfluoride_are_neutral_members_of_the_host() -> None:
    ions = {
        "M": (Ion("Li", 1), Ion("Mn", 2), Ion("Mn", 3), Ion("Ti", 4)),
        "X": (Ion("F", -1), Ion("O", -2)),
    }
    found = polytope_vertices(ions, {"M": 1, "X": 1}, Fraction(0))
    assert {vertex.label for vertex in found} == {
        "Li1+ F1-",
        "Mn2+ O2-",
        "Li1+1/2 Mn3+1/2 O2-",
        "Li1+2/3 Ti4+1/3 O2-",
    }


def test_families_name_the_sublattices_that_mix() -> None:
    assert load_family("drx").mixed == ("M", "X")
    assert load_family("rocksalt").mixed == ("M",)
    assert load_family("layered-o3").mixed == ("TM",)

"""Margins and mixing temperatures: closed forms of the regular solution, and what must cancel."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.science.constants import BOLTZMANN
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium
from hebe.science.mixing.formation import judge
from hebe.science.mixing.mixing import DisorderedPhase, mixing
from support.host_cases import competition, regular, uniform

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.science.mixing.competition import Competition

FIVE = ("Co3+", "Cr3+", "Fe3+", "Mn3+", "V3+")
ERRORS = EntryErrors(bias=-0.1, sd=0.2, remainder=0.01, phase_sd=0.005, freedom=8.0)
W = 0.3


def pure(*ions: str) -> list[dict[str, float]]:
    return [{ion: 1.0} for ion in ions]


@pytest.mark.parametrize("x", [0.05, 0.1, 0.2, 0.35, 0.49])
def test_two_ions_come_onto_the_hull_at_the_binodal(x: float) -> None:
    """``T = w (1 - 2x) / (k ln((1 - x) / x))``: the common tangent of a regular solution."""
    ions = ("Fe3+", "Mn3+")
    found = judge(competition({"Fe3+": x, "Mn3+": 1 - x}, pure(*ions), regular(uniform(ions, W))), 1000.0)
    binodal = W * (1 - 2 * x) / (BOLTZMANN * math.log((1 - x) / x))
    assert found.temperatures[0] == pytest.approx(binodal, rel=2e-3 if x > 0.05 else 3e-3)
    assert found.temperatures_same_host is not None
    assert found.temperatures_same_host[0] == pytest.approx(binodal, rel=2e-3 if x > 0.05 else 3e-3)


def test_half_and_half_comes_onto_the_hull_at_its_spinodal() -> None:
    ions = ("Fe3+", "Mn3+")
    found = judge(competition(dict.fromkeys(ions, 0.5), pure(*ions), regular(uniform(ions, W))), 1000.0)
    assert found.temperatures[0] == pytest.approx(W / (2 * BOLTZMANN), rel=5e-4)


def test_five_ions_against_pure_members() -> None:
    case = competition(dict.fromkeys(FIVE, 0.2), pure(*FIVE), regular(uniform(FIVE, W)), solution=False)
    assert judge(case, 1000.0).temperatures[0] == pytest.approx(W * 0.4 / (BOLTZMANN * math.log(5)), rel=1e-9)


def test_five_ions_demix_like_a_potts_model_in_mean_field() -> None:
    """``k T = w (q - 2) / (2 (q - 1) ln(q - 1))`` for q ions: Wu, Rev. Mod. Phys. 54, 235 (1982), section I.C.

    ``w sum x_i x_j = w (1 - sum x_i^2) / 2``, so that ``w / k T`` is K there.
    """
    found = judge(competition(dict.fromkeys(FIVE, 0.2), pure(*FIVE), regular(uniform(FIVE, W))), 1000.0)
    assert found.temperatures[0] == pytest.approx(W * 3 / (8 * math.log(4)) / BOLTZMANN, rel=2e-3)


def test_a_margin_against_pure_members_is_the_free_energy_of_mixing() -> None:
    case = competition(dict.fromkeys(FIVE, 0.2), pure(*FIVE), regular(uniform(FIVE, W)), solution=False)
    found = judge(case, 1200.0)
    assert found.margins[0] == pytest.approx(0.4 * W - BOLTZMANN * 1200 * math.log(5), abs=1e-9)
    assert found.sensitivity == pytest.approx(dict.fromkeys(uniform(FIVE, W), 0.04))


def test_a_margin_is_the_distance_from_the_common_tangent() -> None:
    """Below the binodal: free energy of the solution less that of its two phases."""
    ions, temperature = ("Fe3+", "Mn3+"), 1200.0
    found = judge(competition({"Fe3+": 0.4, "Mn3+": 0.6}, pure(*ions), regular(uniform(ions, W))), temperature)
    x = np.linspace(1e-4, 1 - 1e-4, 200001)
    free = W * x * (1 - x) + BOLTZMANN * temperature * (x * np.log(x) + (1 - x) * np.log(1 - x))
    own = W * 0.24 + BOLTZMANN * temperature * (0.4 * math.log(0.4) + 0.6 * math.log(0.6))
    assert found.margins[0] == pytest.approx(own - free.min(), abs=2e-5)  # symmetric: the tangent is level


def test_the_computed_row_is_mixing_where_the_solution_does_not_compete() -> None:
    generator = np.random.default_rng(4)
    for seed in range(5):
        w = {pair: float(generator.normal(0.2, 0.2)) for pair in uniform(FIVE, 0)}
        case = with_phases(mixed(seed), w, 0.01 * seed, solution=False)
        found = judge(replace(case, errors=ERRORS), 1000.0)
        entries = [*case.phases, *(PhaseEntry(h.name, h.amounts, h.energy, "s", h.entropy) for h in case.hosts)]
        own = DisorderedPhase(case.own.amounts, case.own.energy, case.own.entropy, case.sites)
        expected = mixing(own, PhaseEquilibrium(entries))
        assert expected.dH_eV_per_site is not None
        assert max(found.temperatures[0], 0.0) == pytest.approx(expected.T_mix_K, abs=1e-3)
        assert judge(case, 1e-9).margins[0] == pytest.approx(expected.dH_eV_per_site, abs=1e-9)


def test_errors_that_are_linear_in_the_ions_cancel_in_the_host() -> None:
    w = uniform(FIVE, 0.25)
    linear = dict(zip(FIVE, (0.5, -0.3, 0.1, 0.8, -1.0), strict=True))
    for solution in (False, True):
        errors = None if solution else ERRORS
        found = [
            judge(competition(mixed(1), pure(*FIVE), regular(w, one), errors=errors, solution=solution), 900.0)
            for one in ({}, linear)
        ]
        assert found[0].temperatures_same_host is not None
        assert found[1].temperatures_same_host == pytest.approx(found[0].temperatures_same_host, rel=1e-3)
        assert found[1].margins == pytest.approx(found[0].margins, abs=2e-5)


def test_the_error_of_a_shared_phase_cancels_in_a_difference() -> None:
    """Two candidates that decompose into the same phases in the same amounts."""
    errors = EntryErrors(bias=0.0, sd=1e-12, remainder=0.0, phase_sd=0.05)
    phase = PhaseEntry("Cr2O3", {"Cr": 2, "O": 3}, -2.0, "s")
    soda = PhaseEntry("Na2O", {"Na": 2, "O": 1}, 0.1, "s")
    corners = pure("Fe3+", "Mn3+", "V3+")
    margins = []
    for other in ("Mn3+", "V3+"):
        own = {"Fe3+": 0.5, other: 0.25, "Cr3+": 0.25}
        case = competition(own, corners, lambda _: 0.0, phases=[phase, soda], errors=errors, solution=False)
        margins.append(judge(case, 1000.0).margins[1:])
    assert np.std(margins[0]) > 0.01
    assert margins[0] - margins[1] == pytest.approx(np.zeros(50), abs=1e-9)


def test_the_sensitivity_is_the_slope_of_the_margin() -> None:
    w = {pair: 0.1 + 0.02 * i for i, pair in enumerate(uniform(FIVE, 0))}
    case = competition(mixed(2), pure(*FIVE), regular(w), solution=False)
    found = judge(case, 1000.0)
    for pair, slope in found.sensitivity.items():
        moved = competition(mixed(2), pure(*FIVE), regular({**w, pair: w[pair] + 1e-4}), solution=False)
        assert (judge(moved, 1000.0).margins[0] - found.margins[0]) / 1e-4 == pytest.approx(slope, abs=1e-6)


def test_draws_are_judged_as_candidates_with_those_energies_would_be() -> None:
    """Every row: the candidate computed with that error in all its energies, its columns generated for itself."""
    errors, n = EntryErrors(bias=-0.05, sd=0.1, remainder=0.0), 6
    w = uniform(FIVE, 0.25)
    sampled = judge(competition(mixed(3), pure(*FIVE), regular(w), errors=errors, n_draws=n), 1000.0)
    drawn = errors.pair_draws(sorted(w), n)
    for row in range(n):
        true = {pair: w[pair] + drawn[row, i] for i, pair in enumerate(sorted(w))}
        alone = judge(competition(mixed(3), pure(*FIVE), regular(true)), 1000.0)
        assert sampled.margins[1 + row] == pytest.approx(alone.margins[0], abs=3e-3)


def mixed(seed: int) -> dict[str, float]:
    """Shares of five ions."""
    shares = np.random.default_rng(seed).dirichlet(np.full(5, 4.0))
    return dict(zip(FIVE, shares.tolist(), strict=True))


def with_phases(own: Mapping[str, float], w: Mapping[str, float], energy: float, *, solution: bool) -> Competition:
    """Against pure members and two oxides of which one takes up what the other leaves."""
    phases = [PhaseEntry("Cr2O3", {"Cr": 2, "O": 3}, -energy, "s"), PhaseEntry("Na2O", {"Na": 2, "O": 1}, 0.01, "s")]
    return competition(own, pure(*FIVE), regular(w), phases=phases, solution=solution)

"""Samples of quantities: shared errors of the engine from documents, the error of each mean drawn beside them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import norm

from hebe.analyses.errors import with_errors
from hebe.analyses.samples import samples_of, with_intervals
from hebe.schemas.mixing import MixingResult
from hebe.schemas.result import Value
from hebe.science.choosing.sample import DRAWS, share_before
from support.candidate_documents import candidate
from support.forming import formation, forming, known_to_hebe

ENTROPY = 1e-4


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_hebe(monkeypatch)


def test_draws_of_documents_come_back_with_the_error_of_the_mean() -> None:
    """The variance is that of the draws and that of the mean: s^2 + sd^2 / 2 for two configurations."""
    drawn = np.random.default_rng(1).normal(0.01, 0.03, DRAWS)
    found = with_errors([forming("a", formation(drawn), sd=0.02)])
    (row,) = samples_of(found, "drawn_margin")
    expected = math.hypot(float(np.std(drawn)), 0.02 / math.sqrt(2))
    assert float(np.std(row)) == pytest.approx(expected, rel=3 / math.sqrt(DRAWS))
    assert np.corrcoef(row - drawn, drawn)[0, 1] == pytest.approx(0, abs=3 / math.sqrt(DRAWS))
    assert np.std(row - drawn) == pytest.approx(0.02 / math.sqrt(2), rel=3 / math.sqrt(DRAWS))


def test_an_error_that_two_candidates_share_cancels_and_that_of_their_means_does_not() -> None:
    """P(a before b) = Phi(delta / (se sqrt 2)), whatever the size of the error of the engine."""
    shared = np.random.default_rng(1).normal(0, 5.0, DRAWS)
    means, sd = (0.0, 0.01), 0.02
    found = with_errors([forming(f"c{m}", formation(m + shared), sd=sd) for m in means])
    table = samples_of(found, "drawn_margin")
    expected = float(norm.cdf(0.01 / sd))  # se = sd / sqrt 2
    error = 3 * math.sqrt(expected * (1 - expected) / DRAWS)
    assert share_before(table[0], table[1]) == pytest.approx(expected, abs=error)


def test_two_quantities_of_one_spread_have_one_error() -> None:
    """T = dH / dS: what the configurations leave open moves both alike."""
    drawn = np.full(DRAWS, 0.03)
    found = with_errors([forming("a", formation(drawn, drawn / ENTROPY), sd=0.02)])
    (margin,), (temperature,) = (samples_of(found, f"drawn_{name}") for name in ("margin", "temperature"))
    np.testing.assert_allclose(temperature, margin / ENTROPY, atol=1e-3)


def test_a_quantity_without_draws_has_its_standard_error_alone() -> None:
    """The documented error of the engine, 0.45 V, would leave no order of voltages 0.1 V apart; it is left out."""
    values = {"average_voltage": Value(mean=3.0, n=2, se=0.01, error=0.45)}
    plain = candidate("a", values, results={"voltage": [{"warnings": []}]})
    (row,) = samples_of([plain], "average_voltage")
    assert row.mean() == pytest.approx(3.0, abs=3 * 0.01 / math.sqrt(DRAWS))
    assert row.std() == pytest.approx(0.01, rel=3 / math.sqrt(DRAWS))


def test_what_has_neither_is_exact() -> None:
    table = samples_of([candidate("a", {"entropy": 1.6}), candidate("b", {})], "entropy")
    assert (table[0] == 1.6).all()
    assert np.isnan(table[1]).all()


def test_intervals_are_those_of_the_sample() -> None:
    drawn = np.random.default_rng(4).normal(0.01, 0.03, DRAWS)
    temperatures = np.where(drawn > 0.02, math.inf, drawn / ENTROPY)
    (found,) = with_intervals([forming("a", formation(drawn, temperatures))])
    margin, temperature = found.values["drawn_margin"], found.values["drawn_temperature"]
    assert margin.median == pytest.approx(0.01, abs=3 * 1.25 * 0.03 / math.sqrt(DRAWS))
    assert margin.low is not None
    assert margin.high is not None
    assert (margin.high - margin.low) / 2 == pytest.approx(0.03 * float(norm.ppf(0.84)), rel=0.05)
    assert temperature.low is not None
    assert temperature.low < 0, "kept as it is: only what is printed stops at 0"
    assert temperature.high == math.inf
    assert found.values["drawn_probability"].median is None


def test_a_candidate_without_draws_has_no_interval() -> None:
    (found,) = with_intervals([forming("a", formation(None))])
    assert all(value.median is value.low is value.high is None for value in found.values.values())
    (unknown,) = with_intervals([forming("a", None, competing=MixingResult(reason="no phase holds Cu"))])
    assert unknown.values["drawn_temperature"].median is None

"""Draws that belong to names: the same everywhere, and distributed as they say."""

from __future__ import annotations

import os
import subprocess
import sys

import numpy as np
import pytest

from hebe.science.errors.entry_errors import EntryErrors

ERRORS = EntryErrors(
    bias=-0.1,
    sd=0.2,
    remainder=0.01,
    phase_bias=0.002,
    phase_sd=0.005,
    pairs=("Fe3+ Mn3+", "Ni2+ Ti4+"),
    mean=np.array([0.3, -0.4]),
    covariance=np.array([[0.04, 0.018], [0.018, 0.01]]),
)
_SCRIPT = """
from hebe.science.errors.entry_errors import EntryErrors
errors = EntryErrors(bias=0.1, sd=0.2, remainder=0.01, phase_sd=0.005, freedom=7.0)
print(repr([errors.pair_draws(["Fe3+ Mn3+"], 3).ravel().tolist(), errors.phase_draws("NiO", 2).tolist()]))
"""


def test_draws_of_a_name_are_the_same_in_every_process() -> None:
    errors = EntryErrors(bias=0.1, sd=0.2, remainder=0.01, phase_sd=0.005, freedom=7.0)
    here = [errors.pair_draws(["Fe3+ Mn3+"], 3).ravel().tolist(), errors.phase_draws("NiO", 2).tolist()]
    for seed in ("1", "2"):
        found = subprocess.run(
            [sys.executable, "-c", _SCRIPT], check=True, capture_output=True, text=True, env=_environment(seed)
        )
        assert found.stdout.strip() == repr(here)


def _environment(seed: str) -> dict[str, str]:
    return {**os.environ, "PYTHONHASHSEED": seed}


def test_draws_do_not_depend_on_what_else_is_asked() -> None:
    names = ["Fe3+ Mn3+", "Al3+ Co3+", "Ni2+ Ti4+"]
    assert ERRORS.pair_draws(names)[:, [2, 0]] == pytest.approx(ERRORS.pair_draws(["Ni2+ Ti4+", "Fe3+ Mn3+"]))


def test_known_pairs_have_their_joint_distribution() -> None:
    drawn = ERRORS.pair_draws(["Fe3+ Mn3+", "Ni2+ Ti4+", "Al3+ Co3+"], 20000)
    assert drawn.mean(axis=0) == pytest.approx([0.3, -0.4, -0.1], abs=0.006)
    assert np.cov(drawn[:, :2].T) == pytest.approx(ERRORS.covariance, abs=0.0015)
    assert drawn[:, 2].std() == pytest.approx(0.2, rel=0.03)


def test_pairs_share_what_is_not_known_of_the_bias() -> None:
    errors = EntryErrors(bias=0.1, sd=0.2, bias_sd=0.3, remainder=0.0)
    drawn = errors.pair_draws(["a b", "a c"], 20000)
    assert np.cov(drawn.T) == pytest.approx(np.array([[0.13, 0.09], [0.09, 0.13]]), abs=0.006)


def test_few_degrees_of_freedom_have_long_tails() -> None:
    tails = EntryErrors(bias=0.0, sd=0.2, remainder=0.0, freedom=5.0).pair_draws(["a b"], 20000)[:, 0]
    assert tails.var() == pytest.approx(0.04 * 5 / 3, rel=0.1)
    assert np.mean(np.abs(tails) < 0.2) == pytest.approx(0.637, abs=0.015)  # Student's t of 5 within its scale


def test_an_error_on_mixing_enthalpies_is_that_of_an_equimolar_pair() -> None:
    found = EntryErrors.given(0.019, 4)
    assert found.pair_draws(["a b"], 20000).std() / 4 / 4 == pytest.approx(0.019, rel=0.03)
    assert found.phase_draws("NiO", 20000).std() == pytest.approx(0.019, rel=0.03)

"""Documented errors of engines on mixing enthalpies: data, and the table in the documentation that they come from."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from hebe.engines.registry import get_engine
from hebe.science.analysis.model_error import documented_error, model_errors

DOCS = Path(__file__).parents[3] / "docs" / "science.md"
_ROW = re.compile(r"^\| (Li\S+) \| (\d+) \| (-?[\d.]+) \| (-?[\d.]+) \| ([+-][\d.]+) \|", re.MULTILINE)


def test_the_error_of_chgnet_is_the_root_mean_square_of_the_table() -> None:
    rows = [(float(a), float(b), float(d)) for _, _, a, b, d in _ROW.findall(DOCS.read_text(encoding="utf-8"))]
    found = model_errors()[get_engine("chgnet").energy_scale]
    assert len(rows) == found.n == 10
    assert all(a - b == pytest.approx(d, abs=0.11) for a, b, d in rows)
    rms = (sum(d**2 for *_, d in rows) / len(rows)) ** 0.5
    assert 1000 * found.mixing_error == pytest.approx(rms, abs=0.2)


def test_an_engine_that_was_not_measured_has_none() -> None:
    assert documented_error("springs") is None
    assert documented_error(None) is None

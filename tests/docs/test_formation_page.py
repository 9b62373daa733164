"""What the page says of forecasts of single phases is what the script finds today."""

from __future__ import annotations

import runpy
from pathlib import Path
from typing import Any, Final

import pytest

ROOT: Final = Path(__file__).parents[2]

Scored = tuple[Any, Any, list[Any]]


@pytest.fixture(scope="module")
def script() -> dict[str, Any]:
    return runpy.run_path(str(ROOT / "benchmarks" / "formation_scores.py"))


@pytest.fixture(scope="module")
def scored(script: dict[str, Any]) -> Scored:
    """All cases, those with an enthalpy, and what forecasts of these are worth."""
    cases = script["Cases"].of(script["load_outcomes"](), script["ERROR"], script["computed"]())
    return cases, cases.with_enthalpy, script["worth_of"](cases.with_enthalpy)


def test_tables_and_figure_are_those_of_the_outcomes(script: dict[str, Any], scored: Scored) -> None:
    _, some, worth = scored
    page, anew = script["PAGE"].read_text(encoding="utf-8"), "python benchmarks/formation_scores.py --write"
    assert page == script["written"](page, script["tables"](*scored)), anew
    assert script["FIGURE"].read_text(encoding="utf-8") == script["figure"](script["bins_of"](worth, some)), anew


def test_no_forecast_is_clearly_better_than_the_share_in_a_family_that_it_has_not_seen(
    scored: Scored,
) -> None:
    """What the page concludes: were it otherwise, campaigns should use the forecast."""
    found = {one.forecast: one for one in scored[2] if one.by == "family"}
    for forecast in ("composition", "rule", "rule, fitted", "both"):
        assert found[forecast].gain.low < 0
        assert found[forecast].gain.value < 0.01
    assert found["rule"].area.value > 0.6
    assert found["composition"].area.value <= 0.5

"""Whether a candidate forms, in sentences: on the page, and before the document that is shown."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy.stats import norm

from hebe.analyses.formation import MEANING, NOT_COVERED
from hebe.campaigns import api
from hebe.campaigns.contract import without_versions
from hebe.cli.candidates import show_document
from hebe.report.formation import formation_lines
from hebe.report.sections.mixing import card, mixing_temperatures
from hebe.schemas.mixing import Formation, MixingDoc
from hebe.science.choosing.sample import DRAWS
from support.candidate_documents import candidate
from support.forming import formation

if TYPE_CHECKING:
    import pytest

DRAWN = -0.012 + 0.018 * norm.ppf((np.arange(DRAWS) + 0.5) / DRAWS)


def lines(document: Formation | None) -> list[str]:
    return formation_lines(None if document is None else without_versions(document.model_dump(mode="json")))


def test_it_says_probability_margin_mixture_and_source_of_the_errors() -> None:
    first, margin, mixture, errors = lines(formation(DRAWN, pressure_O2_bar=0.21))
    assert first.startswith("At 900 degC, oxygen at 0.21 bar: forms with a probability of 75 %")
    assert MEANING in first
    assert NOT_COVERED in first
    assert margin.startswith("Margin -12 (-30 to +6) meV per mixed site")
    assert mixture == "The lowest mixture there is 0.5 NaFeO2; other compositions of the host compete."
    assert errors == "Errors: documented ones of the engine."


def test_without_a_known_error_there_is_a_margin_and_no_probability() -> None:
    first, margin, _ = lines(formation(None))
    assert first == (
        "At 900 degC, no oxygen exchanged: no probability that it forms: "
        "no error of the engine on mixing enthalpies is known."
    )
    assert margin.startswith("Margin +4.0 meV per mixed site")


def test_without_a_value_there_is_the_reason() -> None:
    empty = formation(None, margin_eV_per_site=None, decomposition=[], reason="no phase holds Cu")
    assert lines(empty) == ["At 900 degC, no oxygen exchanged: not known whether it forms (no phase holds Cu)."]
    unfired = formation(None, temperature_K=None, margin_eV_per_site=None, reason="no firing temperature is known")
    assert lines(unfired) == ["When fired: not known whether it forms (no firing temperature is known)."]
    assert lines(None) == []


def document() -> dict[str, Any]:
    result = MixingDoc(formation=formation(DRAWN))
    return candidate("a", {}, results={"mixing": [result.model_dump(mode="json")]}).model_dump(mode="json")


def test_the_card_of_the_page_says_the_same() -> None:
    found = str(card(candidate("a", {}, results=document()["results"])))
    assert all(line in found for line in lines(formation(DRAWN)))


def test_show_says_it_first_and_prints_no_sample(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr(api, "show", lambda _: without_versions(document()))
    show_document(argparse.Namespace(identifier="a", json=False))
    out = capsys.readouterr().out
    assert out.splitlines()[: len(lines(formation(DRAWN)))] == lines(formation(DRAWN))
    assert "margin_draws" in out
    assert max(map(len, out.splitlines())) < 400


def test_the_figure_draws_what_is_infinite_to_the_edge() -> None:
    values = {"low": 300.0, "median": 700.0, "high": float("inf"), "mean": 650.0, "n": 1}
    one = candidate("a", {"mixing_temperature": None}, rank=1)
    value = one.values["mixing_temperature"].model_copy(update=values)
    svg = mixing_temperatures([one.model_copy(update={"values": {"mixing_temperature": value}})])
    assert "700 (300 to never) K" in svg
    assert "inf" not in svg
    assert "nan" not in svg

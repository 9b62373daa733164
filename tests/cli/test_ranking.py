"""The table of the ranking answers what forms, how sure that is and what ties; without known errors it says so."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.analyses.columns import columns_of
from hebe.analyses.formation import NOT_COVERED
from hebe.campaigns.results import ranked
from hebe.cli.ranking import write_ranking
from hebe.config.campaign import Campaign
from hebe.science.choosing.sample import DRAWS
from support.forming import formation, forming, known_to_hebe

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate

Captured = pytest.CaptureFixture[str]


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_hebe(monkeypatch)


def candidates() -> list[RankedCandidate]:
    """Two that form and cannot be told apart, one that does not, one that no temperature stabilises in most draws."""
    generator = np.random.default_rng(1)
    shared = generator.normal(0, 0.01, DRAWS)
    found = []
    for name, margin in (("best", -0.02), ("close", -0.019), ("worse", 0.02), ("hopeless", 0.05)):
        drawn = margin + shared + generator.normal(0, 0.003, DRAWS)
        temperature = np.full(DRAWS, np.inf) if name == "hopeless" else (drawn + 0.03) / 1e-4
        found.append(forming(name, formation(drawn, temperature)))
    return found


def printed(
    capsys: Captured, monkeypatch: pytest.MonkeyPatch, found: list[RankedCandidate], width: int = 120, **rank: list[str]
) -> str:
    host = {"family": "rocksalt", "sublattices": {"M": {"species": {"Mg": [2], "Co": [2]}}}}
    stages = [{"engine": "chgnet", "analyses": ["forming"]}]
    campaign = Campaign.model_validate({"name": "x", "host": host, "stages": stages, "rank": rank})
    monkeypatch.setenv("COLUMNS", str(width))
    in_order = ranked(found, campaign)
    write_ranking(in_order, columns_of(in_order, tuple(n for names in rank.values() for n in names)))
    return capsys.readouterr().out


def row(text: str, name: str) -> list[str]:
    """Cells of the first line of a candidate."""
    (line,) = (line for line in text.splitlines() if name in line.split() and len(line.split()) > 2)
    return line.split()


def test_it_says_what_forms_how_sure_and_what_ties(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(capsys, monkeypatch, candidates(), minimize=["drawn_margin"])
    assert row(text, "best")[:3] == ["=1", "1-2", "best"]
    assert row(text, "close")[:3] == ["=1", "1-2", "close"]
    assert row(text, "worse")[:3] == ["3", "3", "worse"]
    assert row(text, "best")[-1] == "97"
    assert row(text, "worse")[-1] == "3"
    assert row(text, "hopeless")[-1] == "<1"
    assert "at 900 degC" in text
    assert NOT_COVERED in text
    assert "=: the order is not known" in text
    assert "less than 84 %" in text
    assert "±" not in text


def test_temperatures_stop_at_zero_and_end_at_never(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    text = printed(capsys, monkeypatch, candidates(), minimize=["drawn_margin"])
    assert "100 (0 to 200)" in text
    assert row(text, "hopeless")[3] == "never"
    assert "nan" not in text
    assert "inf" not in text


def test_without_a_known_error_there_is_a_dash_and_a_note(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [forming(name, formation(None), sd=0.002) for name in ("a", "b")]
    text = printed(capsys, monkeypatch, plain)
    assert row(text, "a")[-1] == "–"
    assert " 300 " in text, "the temperature stands alone"
    assert "300 ±" not in text
    assert "No error of the engine is known for drawn temperature" in text
    assert "range" not in text


def test_certain_ranks_have_no_second_column(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = [forming(name, formation(None)) for name in ("a", "b")]
    text = printed(capsys, monkeypatch, plain, minimize=["drawn_margin"])
    assert row(text, "a")[:2] == ["1", "a"]
    assert row(text, "b")[:2] == ["2", "b"]
    assert "=" not in text


@pytest.mark.parametrize("width", [70, 92, 120, 160, 200])
def test_it_fits_the_terminal(width: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    long = [
        c.model_copy(update={"formula": "NaFe0.4167Mn0.25Cu0.0833Mg0.0833Ni0.0833Ti0.0833O2"}) for c in candidates()
    ]
    text = printed(capsys, monkeypatch, long, width, minimize=["drawn_margin"])
    table = text.split("range:")[0].splitlines()
    assert max(map(len, table)) <= width
    assert all(name in text for name in ("best", "close", "worse", "hopeless"))

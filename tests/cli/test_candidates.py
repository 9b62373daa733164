"""Ranked candidates and single documents as text: columns, dashes, bounds, widths."""

from __future__ import annotations

import csv
import io
import json
import re
from typing import Any

import pytest

from hebe.analyses.columns import columns_of
from hebe.campaigns.results import Results
from hebe.cli.details import detail_lines, write_details
from hebe.cli.output import plain, write_json
from hebe.cli.ranking import broken_formula, write_ranking
from hebe.report.files import csv_text
from support.report_results import candidates, ranked

Captured = pytest.CaptureFixture[str]


def ranking(capsys: Captured, monkeypatch: pytest.MonkeyPatch, width: int) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    found = ranked()
    write_ranking(found, columns_of(found))
    return capsys.readouterr().out


@pytest.mark.parametrize("width", [80, 100, 120, 200])
def test_the_ranking_fits_and_is_whole(width: int, capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ranking(capsys, monkeypatch, width)
    assert max(map(len, text.splitlines())) <= width
    joined = re.sub(r"\s", "", text)
    for candidate in candidates():
        assert candidate["candidate_id"] in joined
        assert width < 120 or candidate["formula"][:38] in joined
    for shown in ("3.412 ± 0.021" if width > 80 else "3.412", "3.10", ">=700", "never", "partial", "lower bound"):
        assert shown in text
    assert "…" not in text


@pytest.mark.parametrize("room", [1, 12, 21, 80])
def test_formulas_are_broken_between_elements(room: int) -> None:
    formula = "NaNi0.25(Mn0.5O2)3"
    lines = broken_formula(formula, room)
    assert "".join(lines) == formula
    assert all(len(line) <= max(room, len("(Mn0.5")) for line in lines)
    assert all(line[0] == "(" or line[0].isupper() for line in lines)


def test_a_null_is_a_dash_and_a_zero_is_a_zero(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    lines = ranking(capsys, monkeypatch, 200).splitlines()
    partial = next(line for line in lines if "26831f0f1d" in line).split()
    assert partial[0] == "–"
    assert partial[3:6] == ["–", "–", "never"]
    zero = next(line for line in lines if "7109d59929" in line)
    assert ">=0 ±" in zero


def test_one_configuration_has_no_spread(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    line = next(line for line in ranking(capsys, monkeypatch, 200).splitlines() if "7109d59929" in line)
    assert re.search(r" 3\.10 +-6\.00 ", line)


def test_details_show_every_key() -> None:
    document = candidates()[5]
    text = "\n".join(detail_lines(plain(document)))
    for key in document:
        assert re.search(rf"^{key}\b", text, re.MULTILINE)
    assert re.search(r"average_voltage_V +–$", text, re.MULTILINE)
    assert all(key in text for key in document["calculations"].values())


def test_details_of_a_calculation(capsys: Captured) -> None:
    lattice = {"a": 3.0, "b": 3.0, "c": 16.0, "alpha": 90.0, "beta": 90.0, "gamma": 120.0, "volume": 124.7}
    sites = [{"species": [{"element": name, "occu": 1}], "label": name} for name in ("Na", "O", "O")]
    document: dict[str, Any] = {
        "key": "ab" * 32,
        "structure": {"@class": "Structure", "lattice": lattice, "sites": sites},
        "magmoms": [0.1 * i for i in range(60)],
        "stress_GPa": [[0.0, 1.0, 2.0]] * 3,
        "error": {"error_class": "EngineError", "message": "line one\nline two", "deterministic": False},
        "run_dir": None,
        "rows": [{"a": [1, 2], "b": 2}] * 25,
        "flag": True,
    }
    write_details(document)
    text = capsys.readouterr().out
    for shown in (
        "Na1 O2; 3.0000, 3.0000, 16.0000 A",
        "60 values from 0 to 5.9",
        "0, 1, 2",
        "message line one line two, deterministic no",
        "and 5 more (--json has them)",
    ):
        assert shown in text
    assert re.search(r"run_dir +–$", text, re.MULTILINE)
    assert "@class" not in text


def test_json_has_null_for_what_is_not_finite(capsys: Captured) -> None:
    write_json({"a": float("nan"), "b": [float("inf"), 1.5], 3: (1, {"x"})})
    assert json.loads(capsys.readouterr().out) == {"a": None, "b": [None, 1.5], "3": [1, ["x"]]}


def test_an_object_without_plain_form_is_refused() -> None:
    with pytest.raises(TypeError, match="object has no JSON form"):
        plain(object())


def test_python_and_the_command_print_the_same(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    text = ranking(capsys, monkeypatch, 400)
    rows = Results("c", ranked()).printed()
    assert len(rows) == 6
    for row in rows:
        line = next(line for line in text.splitlines() if row["candidate"] in line)
        for title in (title for title in row if title not in ("marks", "range")):
            assert row[title] in line, title
    assert rows[0]["voltage (V)"] == "3.412 ± 0.021"


def test_a_long_table_is_one_plain_line_for_each_row(capsys: Captured, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "60")
    many = [
        one.model_copy(update={"candidate_id": f"id-{at}-{i}"}) for i in range(50) for at, one in enumerate(ranked())
    ]
    write_ranking(many, columns_of(many))
    lines = capsys.readouterr().out.splitlines()
    for one in many:
        (line,) = (line for line in lines if one.candidate_id in line.split()[1:])
        assert one.formula in line


@pytest.mark.parametrize("text", ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1"])
def test_a_spreadsheet_executes_nothing(text: str) -> None:
    table = csv_text([{"formula": text, "=head": 1, "value": -2.5, "list": "[1]"}])
    (row,) = csv.DictReader(io.StringIO(table))
    assert row == {"formula": "'" + text.replace("\r", "\\r"), "'=head": "1", "value": "-2.5", "list": "[1]"}

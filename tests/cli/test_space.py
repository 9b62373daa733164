"""Counting and listing a space: the numbers of the design, one object per line, files by suffix."""

from __future__ import annotations

import importlib.util
import json
from pathlib import Path

import pandas as pd
import pytest

from support.command import hebe

QUICK = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"
KEYS = {"candidate_id", "formula", "composition", "charge", "entropy_R", "descriptors", "functions", "null_reasons"}

Captured = pytest.CaptureFixture[str]


@pytest.mark.parametrize("path", sorted(QUICK.parent.glob("*.yaml")), ids=lambda path: path.stem)
def test_every_example_has_candidates(path: Path, capsys: Captured) -> None:
    outcome = hebe(capsys, "space", path, "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["candidates"] > 0
    assert outcome.json["jobs_estimate"] > 0


def test_the_space_of_the_example(capsys: Captured) -> None:
    outcome = hebe(capsys, "space", QUICK, "--json")
    assert outcome.code == 0
    document = outcome.json
    assert list(document) == [
        "campaign",
        "size",
        "by_filter",
        "candidates",
        "jobs_estimate",
        "cpu_hours_estimate",
        "seconds",
    ]
    assert document["size"] == 606
    assert list(document["by_filter"].items()) == [
        ("entropy", 291),
        ("size_mismatch", 158),
        ("redox_compatible", 158),
    ]
    assert document["candidates"] == 6
    assert document["jobs_estimate"] > 0
    assert document["cpu_hours_estimate"] > 0


def test_the_space_as_a_table(capsys: Captured) -> None:
    out = hebe(capsys, "space", QUICK).out
    for number in ("606", "291", "158", "6"):
        assert f" {number}\n" in out


def finer(tmp_path: Path, select: str) -> Path:
    """The example on a grid of 1/240, which nobody walks."""
    path = tmp_path / "c.yaml"
    text = QUICK.read_text(encoding="utf-8").replace("grid: 12 ", "grid: 240 ")
    path.write_text(text.replace("{method: diverse, n: 6, seed: 7}", select), encoding="utf-8")
    return path


def test_a_space_that_is_too_large_to_walk_is_estimated(capsys: Captured, tmp_path: Path) -> None:
    path = finer(tmp_path, "{method: random, n: 4, seed: 1}")
    document = hebe(capsys, "space", path, "--budget", "0.05", "--json").json
    assert document["size"] == 60_963_656
    assert document["candidates"] == 4
    assert "refused" not in document
    for value in document["by_filter"].values():
        assert set(value) == {"estimate", "low", "high"}
        assert 0 < value["low"] < value["estimate"] < value["high"] < document["size"]
    out = hebe(capsys, "space", path, "--budget", "0.05").out
    assert out.startswith("60,963,656 charge-neutral compositions within the bounds\n")
    assert "about 26," in out
    assert "from a uniform sample: --budget 0.05 s is too short" in out


def test_a_selection_that_would_walk_it_is_refused(capsys: Captured, tmp_path: Path) -> None:
    path = finer(tmp_path, "{method: diverse, n: 6, seed: 7}")
    out = hebe(capsys, "space", path, "--budget", "0.05").out
    assert "A run is refused: select: diverse looks at every composition, and there are 60,963,656" in out
    for words in (["run", path], ["run", path, "--dry-run"], ["enumerate", path, "--selected"]):
        outcome = hebe(capsys, *words)
        assert outcome.code == 2
        assert "select.method" in outcome.err
        assert "method: random, n: 6" in outcome.err


@pytest.mark.parametrize("given", ["0", "-1", "soon", "nan"])
def test_a_budget_is_a_time(given: str, capsys: Captured) -> None:
    outcome = hebe(capsys, "space", QUICK, "--budget", given)
    assert outcome.code == 2
    assert "seconds above 0" in outcome.err


def test_enumerate_prints_one_object_per_line(capsys: Captured) -> None:
    outcome = hebe(capsys, "enumerate", QUICK, "--json")
    documents = [json.loads(line) for line in outcome.out.splitlines()]
    assert len(documents) == 158
    assert all(set(document) == KEYS for document in documents)
    assert len({document["candidate_id"] for document in documents}) == 158
    for document in documents:
        assert document["charge"] == 0
        assert sum(document["composition"]["TM"].values()) == pytest.approx(1, abs=1e-12)
        assert document["entropy_R"]["mixed-site"] >= 1.5 - 1e-9


def test_the_selected_are_among_those_that_pass(capsys: Captured) -> None:
    passed = hebe(capsys, "enumerate", QUICK, "--json").out.splitlines()
    selected = hebe(capsys, "enumerate", QUICK, "--selected", "--json").out.splitlines()
    assert len(selected) == 6
    assert set(selected) < set(passed)


def test_enumerate_as_a_table(capsys: Captured) -> None:
    out = hebe(capsys, "enumerate", QUICK, "--selected").out
    assert out.count("layered-o3-") == 6
    assert "6 compositions" in out


@pytest.mark.parametrize("suffix", [".csv", ".parquet", ".jsonl"])
def test_files_hold_what_is_printed(suffix: str, capsys: Captured, tmp_path: Path) -> None:
    printed = [json.loads(line) for line in hebe(capsys, "enumerate", QUICK, "--selected", "--json").out.splitlines()]
    path = tmp_path / f"candidates{suffix}"
    outcome = hebe(capsys, "enumerate", QUICK, "--selected", "-o", path)
    assert outcome.code == 0
    assert str(path) in outcome.out
    if suffix == ".jsonl":
        assert [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()] == printed
        return
    frame = pd.read_csv(path) if suffix == ".csv" else pd.read_parquet(path)
    assert list(frame["candidate_id"]) == [document["candidate_id"] for document in printed]
    for row, document in zip(frame.to_dict("records"), printed, strict=True):
        assert row["descriptors.size_mismatch"] == pytest.approx(document["descriptors"]["size_mismatch"], rel=1e-12)
        amounts = {key: row[key] for key in row if str(key).startswith("composition.TM.")}
        assert sum(amounts.values()) == pytest.approx(1, abs=1e-12)
        for ion, amount in document["composition"]["TM"].items():
            assert row[f"composition.TM.{ion}"] == pytest.approx(amount, rel=1e-12)


def test_a_missing_package_is_named(capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pyarrow" else find(name))
    outcome = hebe(capsys, "enumerate", QUICK, "-o", tmp_path / "a.parquet")
    assert outcome.code == 1
    assert outcome.err == "error: writing .parquet needs pyarrow: pip install 'hebe-flows[report]'\n"
    assert list(tmp_path.iterdir()) == []

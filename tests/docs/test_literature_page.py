"""The campaigns of the literature's materials and the page about them are as they are generated."""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT: Final = Path(__file__).parents[2]


@pytest.fixture(scope="module")
def page() -> Iterator[dict[str, Any]]:
    """Names of the script that draws the page."""
    sys.path.insert(0, str(ROOT / "benchmarks"))
    try:
        yield runpy.run_path(str(ROOT / "benchmarks" / "literature_page.py"))
    finally:
        sys.path.remove(str(ROOT / "benchmarks"))


def test_examples_are_as_generated() -> None:
    script = runpy.run_path(str(ROOT / "benchmarks" / "literature_examples.py"))
    there = {path.name: path.read_text(encoding="utf-8") for path in script["FOLDER"].glob("*.yaml")}
    assert there == script["campaigns"](), "python benchmarks/literature_examples.py writes them anew"


def test_the_page_and_its_figures_are_those_of_the_rows(page: dict[str, Any]) -> None:
    text = page["PAGE"].read_text(encoding="utf-8")
    assert text == page["written"](text), "python benchmarks/literature_page.py writes them anew"
    for name, drawing in page["figures"](page["load_rows"]()).items():
        assert (page["IMAGES"] / name).read_text(encoding="utf-8") == drawing
        assert f"images/{name}" in text


def test_most_materials_have_a_result_and_the_others_say_why(page: dict[str, Any]) -> None:
    rows = json.loads(page["ROWS"].read_text(encoding="utf-8"))
    failed = {name: row["problem"] for name, row in rows.items() if row["status"] == "failed"}
    assert all(failed.values())
    assert len(rows) - len(failed) >= LEAST
    assert all(row["cell"] and row["volume_A3_per_fu"] > 0 for name, row in rows.items() if name not in failed)


LEAST: Final = 133
"""Materials that have had a result; may only rise."""

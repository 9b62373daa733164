"""No two files of the package import each other, directly or around a circle: the import contract sees layers only."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from support.import_graph import circles, import_graph

SOURCE: Final = Path(__file__).parents[1] / "src"

KNOWN: Final[list[list[str]]] = []
"""Circles that stand for now; the list may only shrink."""


def test_no_files_import_each_other_in_a_circle() -> None:
    graph = import_graph(SOURCE)
    assert len(graph) == len(list(SOURCE.rglob("*.py")))
    found = circles(graph)
    assert [group for group in found if group not in KNOWN] == [], "files that import each other"
    assert [group for group in KNOWN if group not in found] == [], "broken by now: take them off the list"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("from p.a import x", [["p.a", "p.b"]]),
        ("import p.a", [["p.a", "p.b"]]),
        ("from .a import x", [["p.a", "p.b"]]),
        ("from p import a", [["p.a", "p.b"]]),
        ("def late():\n    from p.a import x", [["p.a", "p.b"]]),
        ("if TYPE_CHECKING:\n    from p.a import x\nelse:\n    y = 1", []),
        ("if TYPE_CHECKING:\n    y = 1\nelse:\n    from p.a import x", [["p.a", "p.b"]]),
        ("from os import path", []),
    ],
)
def test_what_counts_as_a_circle(tmp_path: Path, line: str, expected: list[list[str]]) -> None:
    package = tmp_path / "p"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "b.py").write_text(f"from typing import TYPE_CHECKING\n{line}\n")
    (package / "a.py").write_text("from p import b\nx = 1\n")
    assert circles(import_graph(tmp_path)) == expected


def test_long_circles_are_named_in_full() -> None:
    graph = {"a": {"b"}, "b": {"c"}, "c": {"d", "e"}, "d": {"a"}, "e": {"f"}, "f": {"e"}, "g": {"a"}}
    assert circles(graph) == [["a", "b", "c", "d"], ["e", "f"]]

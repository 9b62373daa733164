"""Files of at most 400 lines, functions of at most 40 lines of code: what is longer is listed with its reason."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pytest

from support.sizes import code_lines

ROOT: Final = Path(__file__).parents[1]
FOLDERS: Final = ("src", "tests", "benchmarks")
FILE_LINES: Final = 400
FUNCTION_LINES: Final = 40

LONG_FUNCTIONS: Final = {
    "src/hebe/engines/chgnet/kernels.py:_gated_backward": "a compiled loop: calls would cost what it saves",
    "src/hebe/science/mixing/references.py:mixing_document": "one document, field by field",
    "src/hebe/science/structures/annealing.py:anneal": "a compiled loop: calls would cost what it saves",
    "tests/support/report_results.py:_candidate": "one literal document",
    "tests/support/vasp_stand_in_files.py:outcar_step": "one file format, written out",
    "tests/support/vasp_stand_in_files.py:xml_start": "one file format, written out",
}
"""Functions over the limit and why; the list may only shrink."""


def _files() -> list[Path]:
    return sorted(file for folder in FOLDERS for file in (ROOT / folder).rglob("*.py"))


def test_no_file_is_longer_than_the_limit() -> None:
    lengths = {str(file.relative_to(ROOT)): len(file.read_text(encoding="utf-8").splitlines()) for file in _files()}
    assert {name: n for name, n in lengths.items() if n > FILE_LINES} == {}


def test_no_function_is_longer_than_the_limit() -> None:
    long = {
        f"{file.relative_to(ROOT)}:{name}": n
        for file in _files()
        for name, n in code_lines(file).items()
        if n > FUNCTION_LINES
    }
    assert {name: n for name, n in long.items() if name not in LONG_FUNCTIONS} == {}, "divide these"
    assert [name for name in LONG_FUNCTIONS if name not in long] == [], "short by now: take them off the list"


@pytest.mark.parametrize(
    ("body", "lines"),
    [
        ("    return 1", 2),
        ('    """One line."""\n    return 1', 2),
        ('    """Several\n\n    lines.\n    """\n\n    # a comment\n    return 1  # another', 2),
        ('    text = """three\n\n    lines"""\n    return text', 5),
        ("    return [\n        1,\n    ]", 4),
    ],
)
def test_only_code_is_counted(tmp_path: Path, body: str, lines: int) -> None:
    file = tmp_path / "some.py"
    file.write_text(f"class C:\n    x = 1\n\n\ndef f():\n{body}\n")
    assert code_lines(file) == {"f": lines}


def test_methods_and_inner_functions_are_counted_by_name(tmp_path: Path) -> None:
    file = tmp_path / "some.py"
    file.write_text("class C:\n    def m(self):\n        def inner():\n            return 1\n        return inner\n")
    assert code_lines(file) == {"C.m": 4, "C.m.inner": 2}

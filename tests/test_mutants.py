"""The list of mutants fits the source as it is, and the check tells a test that notices from one that does not."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Final

import pytest

from support.mutants import ROOT, Mutant, mutated, read_mutants

if TYPE_CHECKING:
    from pathlib import Path

SCRIPT: Final = ROOT / "tests" / "support" / "mutants.py"
MUTANTS: Final = read_mutants()


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.name)
def test_the_line_stands_once_in_its_file_and_its_tests_exist(mutant: Mutant) -> None:
    before, after = (ROOT / mutant.file).read_text(encoding="utf-8"), mutated(mutant)
    changed = [pair for pair in zip(before.splitlines(), after.splitlines(), strict=True) if pair[0] != pair[1]]
    assert [(old.strip(), new.strip()) for old, new in changed] == [(mutant.line, mutant.becomes)]
    compile(after, mutant.file, "exec")
    for test in mutant.tests:
        file, _, name = test.partition("::")
        assert (ROOT / file).exists(), file
        assert not name or f"def {name.partition('[')[0]}(" in (ROOT / file).read_text(encoding="utf-8"), test


def test_a_line_that_moved_is_named_with_the_place_where_it_stands() -> None:
    one = next(mutant for mutant in MUTANTS if mutant.name == "sign-of-the-voltage")
    moved = Mutant("moved", "src/hebe/science/keys.py", one.line, one.becomes, one.tests)
    with pytest.raises(ValueError, match=r"moved: src/hebe/science/keys.py has this line 0 times.*stands in .*voltage"):
        mutated(moved)
    gone = Mutant("gone", one.file, "there is no such line", "x", one.tests)
    with pytest.raises(ValueError, match=r"0 times, not once: there is no such line$"):
        mutated(gone)


VALUE: Final = "def double(x):\n    return 2 * x\n"
TESTS: Final = """
from thing.value import double


def test_notices():
    assert double(3) == 6


def test_does_not_notice():
    assert double(0) == 0


def test_is_wrong():
    assert double(1) == 3
"""
ENTRY: Final = """
- name: one
  file: src/thing/value.py
  line: return 2 * x
  becomes: {becomes}
  tests: ['tests/test_value.py::{test}']
"""


def check(folder: Path, *, becomes: str = "return 3 * x", test: str = "test_notices") -> tuple[int, str]:
    """Exit status and output of the check on a package of one function."""
    for name, text in {
        "src/thing/__init__.py": "",
        "src/thing/value.py": VALUE,
        "tests/test_value.py": TESTS,
        "tests/mutants.yaml": ENTRY.format(becomes=becomes, test=test),
    }.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(text, encoding="utf-8")
    command = [sys.executable, str(SCRIPT), "--root", str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert (folder / "src" / "thing" / "value.py").read_text(encoding="utf-8") == VALUE
    return done.returncode, done.stdout + done.stderr


def test_a_mutant_is_killed_by_a_test_that_notices_and_survives_one_that_does_not(tmp_path: Path) -> None:
    status, said = check(tmp_path)
    assert (status, "1 of 1 mutants killed" in said) == (0, True), said
    assert "test_value.py::test_notices" in said
    status, said = check(tmp_path, test="test_does_not_notice")
    assert (status, "one: survived\nreturn 3 * x" in said) == (1, True), said


def test_what_says_nothing_kills_nothing(tmp_path: Path) -> None:
    """Tests that fail anyway, that are not there, and a mutant that cannot be imported."""
    status, said = check(tmp_path, test="test_is_wrong")
    assert (status, "do not pass without a mutant" in said) == (1, True), said
    status, said = check(tmp_path, test="test_is_missing")
    assert (status, "do not pass without a mutant" in said) == (1, True), said
    status, said = check(tmp_path, becomes="return ) x")
    assert (status, "its tests did not run" in said) == (1, True), said


def test_lists_that_say_nothing_are_refused(tmp_path: Path) -> None:
    assert check(tmp_path, becomes="return 2 * x")[0] == 1
    (tmp_path / "tests" / "mutants.yaml").write_text(ENTRY.format(becomes="x", test="t") * 2, encoding="utf-8")
    with pytest.raises(ValueError, match="stand twice: one, one"):
        read_mutants(tmp_path)
    (tmp_path / "tests" / "mutants.yaml").write_text("- {name: one, tests: [a]}\n", encoding="utf-8")
    with pytest.raises(TypeError, match="missing"):
        read_mutants(tmp_path)

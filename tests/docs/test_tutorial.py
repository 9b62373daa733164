"""The tutorial, typed in as it stands: every shell and Python block in order, outputs compared with those shown."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]
TUTORIAL = ROOT / "docs" / "tutorial.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"(?<![\w.-])-?\d+(?:\.\d+)?(?![\w.]*\w)")
_TIME = re.compile(r"\d+\.\d+ (?:s|min)\b")
_RULES = "─ "


@dataclass(frozen=True)
class Step:
    """A block to run and the lines of its output that the tutorial shows."""

    language: str
    code: str
    shown: str


def steps(text: str) -> Iterator[Step]:
    """Blocks to run, each with the text block that follows it."""
    blocks = _BLOCK.findall(text)
    for number, (language, code) in enumerate(blocks):
        if language == "text":
            continue
        after = blocks[number + 1] if number + 1 < len(blocks) else ("", "")
        yield Step(language, code, after[1] if after[0] == "text" else "")


def lines(text: str) -> list[str]:
    """Lines without rules and spacing, times left open."""
    found = [" ".join(_TIME.sub("TIME", line).split()) for line in text.splitlines() if line.strip(_RULES)]
    return [line for line in found if line]


def agrees(shown: str, printed: str) -> bool:
    """Whether two lines have the same words, and numbers within 10 % or 0.02."""
    if _NUMBER.sub("N", shown) != _NUMBER.sub("N", printed):
        return False
    pairs = zip(_NUMBER.findall(shown), _NUMBER.findall(printed), strict=True)
    return all(abs(float(a) - float(b)) <= max(0.1 * abs(float(a)), 0.02) for a, b in pairs)


def missing(shown: str, printed: str) -> list[str]:
    """Shown lines that were not printed in that order."""
    rest, lost = iter(lines(printed)), []
    for line in lines(shown):
        if not any(agrees(line, other) for other in rest):
            lost.append(line)
            rest = iter(lines(printed))
    return lost


class Shell:
    """Runs blocks one after the other; a change of folder lasts, as in a terminal."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self._note = folder / "where"
        commands = str(Path(sys.executable).parent)
        path = f"{commands}{os.pathsep}{os.environ['PATH']}"
        self._environment = {**os.environ, "PATH": path, "COLUMNS": "120", "HEBE_WORKERS": "1"}
        self._environment["HOME"] = str(folder / "home")  # what is trusted is written there

    def run(self, step: Step) -> str:
        """Standard output of a block."""
        if step.language == "python":
            command = [sys.executable, "-c", step.code]
        else:
            command = ["bash", "-e", "-c", f"{step.code}\npwd > '{self._note}'"]
        done = subprocess.run(
            command, cwd=self.folder, env=self._environment, capture_output=True, text=True, check=False
        )
        assert done.returncode == 0, f"{step.code}\n{done.stdout}\n{done.stderr}"
        if step.language == "sh":
            self.folder = Path(self._note.read_text(encoding="utf-8").strip())
        return done.stdout


@pytest.mark.slow
@pytest.mark.skipif(os.name != "posix", reason="the tutorial is typed into a POSIX shell")
def test_every_block_runs_and_prints_what_is_shown(tmp_path: Path) -> None:
    shell = Shell(tmp_path)
    for step in steps(TUTORIAL.read_text(encoding="utf-8")):
        printed = shell.run(step)
        lost = missing(step.shown, printed)
        assert not lost, f"not printed by\n{step.code}\n" + "\n".join(lost) + f"\nprinted:\n{printed}"
    assert (tmp_path / "sodium" / "report.html").stat().st_size > 10_000


def test_a_line_with_another_number_or_word_does_not_agree() -> None:
    assert agrees("1 NaFeO2 2.94 >=0 ± 670", "1 NaFeO2 2.95 >=0 ± 671")
    assert not agrees("1 NaFeO2 2.94", "1 NaFeO2 3.40")
    assert not agrees("1 NaFeO2 2.94", "1 NaCoO2 2.94")
    assert missing("a 1\nb 2\n", "b 2\na 1\n") == ["b 2"]


@pytest.mark.parametrize("page", sorted((ROOT / "docs").glob("*.md")), ids=lambda page: page.name)
def test_links_between_pages_lead_somewhere(page: Path) -> None:
    for target in re.findall(r"\]\(([^)#:]+)\)", page.read_text(encoding="utf-8")):
        assert (page.parent / target).exists(), target

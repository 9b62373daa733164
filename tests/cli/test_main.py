"""The command line as a whole: help, exit codes, one line for every mistake, nothing heavy imported."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

import hebe as package
from hebe.cli import families, main
from hebe.exceptions import BadInputError, MissingDependencyError, StoreError
from support.broken_campaigns import BROKEN, Broken
from support.command import hebe

ROOT = Path(__file__).parents[2]
QUICK = ROOT / "examples" / "na-o3-quick.yaml"
HEAVY = ("torch", "pymatgen", "numpy", "scipy", "pydantic", "jobflow", "rich", "pandas", "ase")

Captured = pytest.CaptureFixture[str]


def process(code: str, *words: object, **settings: Any) -> subprocess.CompletedProcess[str]:
    path = os.pathsep.join([str(ROOT / "src"), os.environ.get("PYTHONPATH", "")])
    variables = {**os.environ, "PYTHONPATH": path, **settings.pop("variables", {})}
    command = [sys.executable, "-c", f"import sys; from hebe.cli.main import main; {code}", *map(str, words)]
    streams = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, **settings}
    return subprocess.run(command, text=True, check=False, env=variables, **streams)


@pytest.mark.parametrize("words", [["--help"], ["--version"], ["run", "--help"], []], ids=" ".join)
def test_help_imports_nothing_heavy(words: list[str]) -> None:
    done = process(f"main(); print([m for m in {HEAVY} if m in sys.modules], file=sys.stderr)", *words)
    assert done.stderr.splitlines()[-1] == "[]"


def test_lists_start_without_what_only_science_needs() -> None:
    heavy = ("torch", "scipy.stats", "scipy.optimize", "pandas", "ase")
    done = process(f"main(); print([m for m in {heavy} if m in sys.modules], file=sys.stderr)", "results", str(QUICK))
    assert done.stderr.splitlines()[-1] == "[]"


def test_help_names_every_command(capsys: Captured) -> None:
    outcome = hebe(capsys, "--help")
    assert outcome.code == 0
    for name in main.build_parser().commands:
        assert f"\n    {name} " in outcome.out


def test_version(capsys: Captured) -> None:
    assert hebe(capsys, "--version").out == f"hebe {package.__version__}\n"


def test_no_command_prints_the_help_as_bad_usage(capsys: Captured) -> None:
    outcome = hebe(capsys)
    assert (outcome.code, outcome.out) == (2, "")
    assert "commands:" in outcome.err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], "no command is called 'rnu' (did you mean run?)"),
        (["space"], "the following arguments are required: CAMPAIGN"),
        (["space", QUICK, "--jsno"], "unknown option '--jsno' (did you mean --json?)"),
        (["run", "--wrokers", "2", QUICK], "unknown option '--wrokers' (did you mean --workers?)"),
        (["run", QUICK, "--workers", "0"], "expected a whole number of at least 1, got '0'"),
        (["run", QUICK, "--workers", "two"], "expected a whole number of at least 1, got 'two'"),
        (["run", QUICK, "--workers"], "argument --workers: expected one argument"),
        (["space", QUICK, "again"], "unknown argument 'again'"),
        (["space", "no-such-file.yaml"], "no-such-file.yaml: there is no such file"),
        (["space", "."], "expected a file, got a folder"),
        (["families", "show", "layered-O3"], "did you mean layered-o3?"),
        (["families", "shwo"], "invalid choice"),
        (["enumerate", QUICK, "-o", "table.xlsx"], "the suffix '.xlsx' is unknown (known: .csv, .parquet, .jsonl)"),
        (["enumerate", QUICK, "-o", "no/such/folder.csv"], "its folder does not exist"),
        (["results", QUICK, "--where", "average_voltage_V >"], "cannot be read"),
        (["report", QUICK, "-o", "no/such/folder.html"], "its folder does not exist"),
    ],
    ids=lambda value: None if isinstance(value, str) else " ".join(map(str, value[:2])),
)
def test_bad_usage_is_one_line(
    words: list[object], said: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.chdir(tmp_path)
    outcome = hebe(capsys, *words)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: ")
    assert outcome.err.count("\n") == 1
    assert said in outcome.err
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("command", ["space", "enumerate", "run", "status", "results", "report"])
@pytest.mark.parametrize("broken", BROKEN[::9], ids=lambda broken: broken.label)
def test_a_broken_campaign_is_one_line_everywhere(
    command: str, broken: Broken, capsys: Captured, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    path = tmp_path / "campaign.yaml"
    path.write_bytes(broken.data)
    outcome = hebe(capsys, command, path)
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith(f"error: {path}")
    assert outcome.err.count("\n") == 1


@pytest.mark.parametrize(
    ("raised", "code", "said"),
    [
        (BadInputError("no", file="a.yaml", line=3), 2, "error: a.yaml:3: no\n"),
        (StoreError("the store\nis locked"), 1, "error: the store is locked\n"),
        (MissingDependencyError("pandas", "a table", "report"), 1, "pip install 'hebe-flows[report]'"),
        (KeyboardInterrupt(), 130, "error: interrupted\n"),
        (BrokenPipeError(), 0, ""),
    ],
    ids=lambda value: type(value).__name__,
)
def test_errors_become_exit_codes(
    raised: BaseException, code: int, said: str, capsys: Captured, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(_: object) -> int:
        raise raised

    monkeypatch.setattr(families, "list_families", fail)
    outcome = hebe(capsys, "families")
    assert (outcome.code, outcome.out) == (code, "")
    assert said in outcome.err


def test_a_closed_pipe_is_quiet() -> None:
    read, write = os.pipe()
    os.close(read)
    done = process("sys.exit(main())", "enumerate", QUICK, "--json", stdout=write)
    os.close(write)
    assert (done.returncode, done.stderr) == (0, "")


def test_a_terminal_without_unicode_gets_ascii() -> None:
    done = process("sys.exit(main())", "families", variables={"PYTHONIOENCODING": "ascii"})
    assert (done.returncode, done.stderr) == (0, "")
    assert "rocksalt" in done.stdout
    assert done.stdout.isascii()


def test_every_command_and_option_is_documented() -> None:
    text = (ROOT / "docs" / "cli.md").read_text(encoding="utf-8")
    parser = main.build_parser()
    assert parser.commands
    for name, command in parser.commands.items():
        titles = [line for line in text.splitlines() if line.startswith(f"## `hebe {name}")]
        assert titles, name
        section = text.split(f"## `hebe {name}", 1)[1].split("\n## `hebe ", 1)[0]
        for option in command.options:
            assert option == "--help" or option in section, (name, option)
        for inner in command.commands:
            assert f"## `hebe {name} {inner}" in text

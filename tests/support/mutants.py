"""Does a test notice when a line is wrong? Changes one line at a time in a copy of the source and runs named tests.

    python tests/support/mutants.py [--all] [--workers N] [NAME ...]

The list is ``tests/mutants.yaml``. A mutant is killed when its tests pass on the untouched copy and fail on the changed
one; one that survives, one whose line is no longer found exactly once, and tests that do not run are mistakes. Those
marked ``slow`` run with ``--all`` or by name.
"""

from __future__ import annotations

import argparse
import importlib
import os
import shutil
import sys
import tempfile
import time
import traceback
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
LIST: Final = Path("tests") / "mutants.yaml"

OPTIONS: Final = (
    "-x",
    "-q",
    "-p",
    "no:cacheprovider",
    "--no-header",
    "-W",
    "ignore::pytest.PytestAssertRewriteWarning",
)
"""The last, because plugins of pytest are imported before the processes divide."""

PRELOADED: Final = (
    "ase",
    "hypothesis",
    "jobflow",
    "maggma.stores",
    "numba",
    "pymatgen.core",
    "pymatgen.symmetry.analyzer",
)
"""What takes long to import; nothing of the package, which each mutant has a copy of."""

FEW: Final = 3
"""Mutants for which nothing is imported beforehand."""

PASSED: Final = 0
FAILED: Final = 1
"""Exit statuses of pytest; all others mean that tests could not run."""


@dataclass(frozen=True)
class Mutant:
    """One line of one file, what it becomes, and the tests that must notice."""

    name: str
    file: str
    line: str
    becomes: str
    tests: tuple[str, ...]
    slow: bool = False


@dataclass(frozen=True)
class Outcome:
    """What became of a mutant: ``killed``, ``survived`` or what went wrong."""

    mutant: Mutant
    verdict: str
    seconds: float
    said: str = ""


def read_mutants(root: Path = ROOT) -> list[Mutant]:
    """Mutants of the list.

    Raises
    ------
    TypeError, ValueError
        If an entry has a key too many or too few, a line that changes nothing, or a name that stands twice.
    """
    entries: list[dict[str, Any]] = yaml.safe_load((root / LIST).read_text(encoding="utf-8"))
    found = [Mutant(**{**entry, "tests": tuple(entry["tests"])}) for entry in entries]
    names = [mutant.name for mutant in found]
    wrong = [m.name for m in found if m.line == m.becomes or not m.tests or names.count(m.name) > 1]
    if wrong:
        raise ValueError(f"mutants that change nothing, have no tests or stand twice: {', '.join(wrong)}")
    return found


def mutated(mutant: Mutant, root: Path = ROOT) -> str:
    """Text of the file with the line changed.

    Raises
    ------
    ValueError
        If the line is not found exactly once; says where it stands now.
    """
    file = root / mutant.file
    text = file.read_text(encoding="utf-8") if file.is_file() else ""
    lines = text.splitlines()
    at = [number for number, line in enumerate(lines) if line.strip() == mutant.line.strip()]
    if len(at) != 1:
        elsewhere = [str(f.relative_to(root)) for f in sorted((root / "src").rglob("*.py")) if _holds(f, mutant.line)]
        where = f"; it stands in {', '.join(elsewhere)}" if elsewhere else ""
        raise ValueError(f"{mutant.name}: {mutant.file} has this line {len(at)} times, not once: {mutant.line}{where}")
    indent = lines[at[0]][: len(lines[at[0]]) - len(lines[at[0]].lstrip())]
    lines[at[0]] = indent + mutant.becomes.strip()
    return "\n".join(lines) + "\n"


def _holds(file: Path, line: str) -> bool:
    return any(other.strip() == line.strip() for other in file.read_text(encoding="utf-8").splitlines())


def start_tests(tests: Iterable[str], source: Path, root: Path, log: Path) -> int:
    """Process id of a copy of this process that runs pytest with the package in `source`; it writes to `log`."""
    process = os.fork()
    if process:
        return process
    status = 70
    try:
        with log.open("wb") as file:
            os.dup2(file.fileno(), 1)
            os.dup2(file.fileno(), 2)
        os.chdir(root)
        os.environ["PYTHONPATH"] = os.pathsep.join([str(source), str(root / "tests")])
        sys.path.insert(0, str(source))
        sys.dont_write_bytecode = True
        status = int(pytest.main([*OPTIONS, *tests]))
    except BaseException:
        traceback.print_exc()
        raise
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(status)


def run_tests(tests: Iterable[str], source: Path, root: Path = ROOT) -> tuple[int, str]:
    """Exit status of pytest and what it said."""
    with tempfile.TemporaryDirectory(prefix="mutant-") as folder:
        log = Path(folder) / "log"
        _, status = os.waitpid(start_tests(tests, source, root, log), 0)
        return os.waitstatus_to_exitcode(status), log.read_text(encoding="utf-8", errors="replace")


class Trial:
    """One mutant whose tests run in a process of their own."""

    def __init__(self, mutant: Mutant, root: Path, folder: Path) -> None:
        self.mutant, self._log, self._start = mutant, folder / "log", time.monotonic()
        self._copy = folder / "src"
        shutil.copytree(root / "src", self._copy)
        (self._copy / Path(mutant.file).relative_to("src")).write_text(mutated(mutant, root), encoding="utf-8")
        self.process = start_tests(mutant.tests, self._copy, root, self._log)

    def ended(self, status: int) -> Outcome:
        """What came of it; takes the exit status as `os.wait` gives it."""
        code = os.waitstatus_to_exitcode(status)
        verdict = {FAILED: "killed", PASSED: "survived"}.get(code, f"its tests did not run (pytest gave {code})")
        said = self._log.read_text(encoding="utf-8", errors="replace")
        shutil.rmtree(self._copy)
        return Outcome(self.mutant, verdict, time.monotonic() - self._start, said)


def try_all(mutants: Sequence[Mutant], workers: int, root: Path = ROOT) -> list[Outcome]:
    """Outcomes in the order of the list.

    Raises
    ------
    ValueError
        If the tests fail without any change, so that their failing would say nothing; or if a line is not found.
    """
    for mutant in mutants:
        mutated(mutant, root)
    for module in PRELOADED if len(mutants) > FEW else ():
        importlib.import_module(module)
    status, said = run_tests(dict.fromkeys(test for mutant in mutants for test in mutant.tests), root / "src", root)
    if status != PASSED:
        raise ValueError(f"the tests do not pass without a mutant:\n{said}")
    waiting, running, found = list(enumerate(mutants)), dict[int, Trial](), dict[str, Outcome]()
    with tempfile.TemporaryDirectory(prefix="mutants-") as folder:
        while waiting or running:
            while waiting and len(running) < workers:
                number, mutant = waiting.pop(0)
                place = Path(folder) / str(number)
                place.mkdir()
                trial = Trial(mutant, root, place)
                running[trial.process] = trial
            process, status = os.wait()
            outcome = running.pop(process).ended(status)
            found[outcome.mutant.name] = outcome
    return [found[mutant.name] for mutant in mutants]


def chosen(known: Sequence[Mutant], names: Sequence[str], *, slow: bool) -> list[Mutant]:
    """Mutants by name; without names all, the slow ones where they are wanted.

    Raises
    ------
    ValueError
        If no mutant has one of the names.
    """
    unknown = set(names) - {mutant.name for mutant in known}
    if unknown:
        raise ValueError(f"no mutant is called {', '.join(sorted(unknown))}")
    return [mutant for mutant in known if (mutant.name in names if names else slow or not mutant.slow)]


def main(arguments: Sequence[str] | None = None) -> int:
    """0 if every mutant was killed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("names", nargs="*", help="mutants to try (all that are not slow)")
    parser.add_argument("--all", action="store_true", help="also the slow ones")
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--root", type=Path, default=ROOT, help="folder with src and tests")
    given = parser.parse_args(arguments)
    try:
        wanted = chosen(read_mutants(given.root), given.names, slow=given.all)
        found = try_all(wanted, given.workers, given.root)
    except (TypeError, ValueError) as err:
        sys.stdout.write(f"{err}\n")
        return 1
    for outcome in found:
        first = next((line for line in outcome.said.splitlines() if line.startswith("FAILED ")), "")
        noticed = first.removeprefix("FAILED ").partition(" - ")[0].rpartition("/")[2]
        sys.stdout.write(f"{outcome.seconds:6.1f} s  {outcome.verdict:8}  {outcome.mutant.name:48}  {noticed}\n")
    alive = [outcome for outcome in found if outcome.verdict != "killed"]
    for outcome in alive:
        sys.stdout.write(f"\n{outcome.mutant.name}: {outcome.verdict}\n{outcome.mutant.becomes}\n{outcome.said}\n")
    sys.stdout.write(f"{len(found) - len(alive)} of {len(found)} mutants killed\n")
    return 1 if alive else 0


if __name__ == "__main__":
    sys.exit(main())

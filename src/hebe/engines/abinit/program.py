"""One run of ABINIT in one folder, by atomate2's maker: writes the input, starts the program, reads the output.

atomate2: Ganose et al., Digital Discovery 4, 1944 (2025). ABINIT: Gonze et al., Comput. Phys. Commun. 248, 107042
(2020).
"""

from __future__ import annotations

import contextlib
import math
import re
import resource
import shlex
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from hebe.engines.program import EXIT_CODE, ONE_THREAD, stop_program, watched
from hebe.engines.quiet import quiet
from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.engines.abinit.parameters import Model

LOG: Final = "run.log"
_START: Final = "start.sh"
_SHELL: Final = "/bin/sh"
_SIGNALLED: Final = 128
_LOOK_S: Final = 5.0
_GRACE_S: Final = 60.0
_ERRORS: Final = "run.err"
_DATA_SETS: Final = "data_sets"
_WAVE_FUNCTIONS: Final = ("outdata/out_WFK", "outdata/out_WFK.nc")
_OUT_OF_TIME: Final = "Approaching time limit"
_WORDS: Final = 300
_ERROR: Final = re.compile(r"--- !(?:ERROR|BUG)\n.*?message: \|\n(.*?)\n\s*(?:src_file|\.\.\.)", re.DOTALL)

Kind = Literal["converged", "cut", "scf", "died", "stuck", "other"]
"""How a run ended: ``scf`` without a self-consistent density, ``other`` with an error of ABINIT."""


@dataclass(frozen=True)
class Outcome:
    """How a run ended, ABINIT's words where it failed, atomate2's document where there is one, CPU time."""

    kind: Kind
    message: str
    document: Any
    cpu_s: float


def run_program(
    model: Model,
    structure: Structure,
    folder: Path,
    command: tuple[str, ...],
    *,
    before: Path | None = None,
    variables: Mapping[str, Any] | None = None,
    left_s: float | None = None,
    stuck_s: float = math.inf,
) -> Outcome:
    """Run ABINIT once.

    Parameters
    ----------
    model, structure
        What is asked.
    folder
        An empty folder for this run.
    command
        Words that start ABINIT.
    before
        Folder of a run from whose wave functions this one starts.
    variables
        What else to set.
    left_s
        Wall time (s) after which ABINIT ends by itself and writes its wave functions.
    stuck_s
        Wall time (s) without output after which it is ended.
    """
    options = [] if left_s is None else ["--timelimit", _time(left_s)]
    words = shlex.join(watched([*ONE_THREAD, *command]))
    (folder / _START).write_text(f'exec {words} "$1" {shlex.join(options)}\n')
    began = _children_s()
    with quiet(), contextlib.chdir(folder):
        maker = _maker(model, folder.parent / _DATA_SETS, dict(variables or {}))
        previous = None if before is None else [str(before)]
        watchdog = _Watchdog(folder, stuck_s, left_s)
        try:
            document = type(maker).make.original(maker, model.crystal(structure), previous).output
        except Exception as err:  # noqa: BLE001 - atomate2 and abipy raise whatever they meet in broken files
            kind, message = _failure(folder, err)
            document = None
        else:
            kind, message = _end(folder, document)
        finally:
            watchdog.stop()
    kind, message = watchdog.found or (kind, message)
    return Outcome(kind, message, document, _children_s() - began)


class _Watchdog:
    """Ends a program that writes nothing to its log, or that works on after its time.

    Parameters
    ----------
    folder
        Where it runs.
    stuck_s
        Wall time (s) without output.
    left_s
        Wall time (s) that it has, after which it should end by itself; it is given `_GRACE_S` more.
    """

    def __init__(self, folder: Path, stuck_s: float, left_s: float | None) -> None:
        self._folder, self._stuck_s = folder, stuck_s
        self._most_s = math.inf if left_s is None else max(left_s, 0.0) + _GRACE_S
        self.found: tuple[Kind, str] | None = None
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._end.set()
        self._thread.join()

    def _watch(self) -> None:
        began = heard = time.monotonic()
        written = self._size()
        while not self._end.wait(min(_LOOK_S, self._stuck_s / 5)):
            now = time.monotonic()
            if self._size() != written:
                written, heard = self._size(), now
            if now - heard > self._stuck_s:
                self._bite("stuck", f"no output for {self._stuck_s:g} s")
            elif now - began > self._most_s:
                self._bite("cut", "the time was over, and an iteration took longer than what was left")

    def _bite(self, kind: Kind, message: str) -> None:
        if stop_program(self._folder):
            self.found = kind, message
        self._end.set()

    def _size(self) -> int:
        with contextlib.suppress(OSError):
            return (self._folder / LOG).stat().st_size
        return 0


def wave_functions(folder: Path) -> Path | None:
    """File with the wave functions of a run that came to its end; one that was killed may have left half of them."""
    if _text(folder / EXIT_CODE).strip() != "0":
        return None
    return next((folder / name for name in _WAVE_FUNCTIONS if (folder / name).exists()), None)


def _maker(model: Model, data_sets: Path, variables: dict[str, Any]) -> Any:
    try:
        from atomate2.abinit.jobs.core import StaticMaker
        from atomate2.abinit.sets.core import StaticSetGenerator
    except ImportError as err:
        raise EngineError("abinit", f"atomate2 and abipy are needed: {err}") from err
    asked = model.variables
    generator = StaticSetGenerator(
        pseudos=[str(one.unpack(data_sets)) for one in model.data_sets],
        factory_kwargs={
            "ecut": asked["ecut"],
            "pawecutdg": asked["pawecutdg"],
            "nband": asked["nband"],
            "spin_mode": "polarized" if model.is_polarized else "unpolarized",
        },
        user_abinit_settings={**asked, **variables},
        prev_outputs_deps=("scf:WFK",),
    )
    return StaticMaker(input_set_generator=generator, run_abinit_kwargs={"mpirun_cmd": _SHELL, "abinit_cmd": _START})


def _end(folder: Path, document: Any) -> tuple[Kind, str]:
    state = str(getattr(document.state, "value", document.state))
    if state == "successful":
        return "converged", ""
    log = _text(folder / LOG)
    if _OUT_OF_TIME in log:
        return "cut", "the time was over; the wave functions were written"
    if state == "unconverged":
        return "scf", "the density did not become self-consistent"
    return _failure(folder, None)


def _failure(folder: Path, error: Exception | None) -> tuple[Kind, str]:
    """What became of a run without a result."""
    if isinstance(error, EngineError):
        return "other", error.reason
    reason = "" if error is None else " ".join(f"{type(error).__name__}: {error}".split())[:_WORDS]
    if not (folder / LOG).exists():
        return "other", f"the input could not be made: {reason}"
    code = int(_text(folder / EXIT_CODE).strip() or _SIGNALLED)
    if code >= _SIGNALLED:
        return "died", f"ABINIT was ended by signal {code - _SIGNALLED}" if code > _SIGNALLED else "ABINIT was ended"
    silent = "" if _text(folder / LOG) else ", and the command wrote nothing: is it ABINIT?"
    return "other", _said(folder) or f"exit code {code}{silent or f': {reason}'}"


def _said(folder: Path) -> str:
    """The last error that ABINIT reports, else the first words of its standard error."""
    found = _ERROR.findall(_text(folder / LOG))
    if found:
        return " ".join(found[-1].split())[:_WORDS]
    lines = (line.strip() for line in _text(folder / _ERRORS).splitlines())
    return next((line[:_WORDS] for line in lines if any(map(str.isalpha, line))), "")


def _text(path: Path) -> str:
    with contextlib.suppress(OSError):
        return path.read_text(errors="replace")
    return ""


def _time(seconds: float) -> str:
    """A time as ABINIT reads it: hours:minutes:seconds."""
    whole = max(1, int(seconds))
    return f"{whole // 3600}:{whole // 60 % 60:02d}:{whole % 60:02d}"


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime

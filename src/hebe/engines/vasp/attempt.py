"""One run of VASP: a maker of atomate2 writes the input, runs it under custodian and reads the output."""

from __future__ import annotations

import contextlib
import json
import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

from custodian.custodian import (
    CustodianError,
    MaxCorrectionsError,
    MaxCorrectionsPerHandlerError,
    MaxCorrectionsPerJobError,
    NonRecoverableError,
)

from hebe.config.engines.vasp import vasp_tables
from hebe.config.settings import get_settings
from hebe.engines.program import EXIT_CODE, GRACE_S
from hebe.engines.quiet import quiet
from hebe.engines.vasp.charges import has_bader, partition
from hebe.engines.vasp.handlers import handlers
from hebe.engines.vasp.history import Attempt
from hebe.engines.vasp.inputs import STATIC, generator, input_set, ordered
from hebe.engines.vasp.potcars import data_set
from hebe.engines.vasp.results import document_of, energies_of, is_relaxed, read_text
from hebe.schemas.calculation import Correction

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.vasp import VaspChoice
    from hebe.engines.vasp.command import Command
    from hebe.engines.vasp.inputs import Job, Ordered

_EXHAUSTED: Final = (MaxCorrectionsError, MaxCorrectionsPerHandlerError, MaxCorrectionsPerJobError, NonRecoverableError)
_SIGNALLED: Final = 128
_MONITOR: Final = 30
_WORDS: Final = 300


@dataclass
class End:
    """How a run ended: its attempt, energies (eV) of its ionic steps, the cause if it was not the wanted end.

    ``deterministic`` says that custodian had nothing left to try; ``document`` is atomate2's, where there is an energy.
    """

    attempt: Attempt
    energies: list[float] = field(default_factory=list)
    cause: str = ""
    deterministic: bool = False
    cpu_s: float = 0.0
    document: Any = None


def make_attempt(maker: Any, choice: VaspChoice, job: Job, structure: Structure, attempt: Attempt) -> End:
    """Run VASP once in the folder of `attempt`, and remember there how it ended.

    Parameters
    ----------
    maker
        Maker of atomate2, see `prepare`.
    choice, job
        What is asked.
    structure
        Where this attempt begins, in POSCAR's order.
    """
    try:
        document = document_of(maker, structure, attempt.path)
        if choice.settings.bader and has_bader():
            attempt.corrections += partition(attempt.path)
    except Exception as err:  # noqa: BLE001 - custodian, pymatgen and emmet raise whatever they meet in broken files
        return _failure(attempt, job, err)
    finally:
        _remove_large(attempt.path, choice)
    steps = document.calcs_reversed[0].output.ionic_steps or []
    stats = document.run_stats["overall"]
    attempt.n_steps, attempt.energy_eV = len(steps), float(document.output.energy)
    attempt.corrections += _corrections(_log(attempt.path))
    changed = [c for c in attempt.corrections if _alters(c)]
    done = is_relaxed(attempt.path) if job.task != STATIC else _is_self_consistent(document)
    attempt.outcome = "cut" if not done else "changed" if changed else "converged"
    if job.task == STATIC and not done:
        attempt.energy_eV = None  # the energy of a density that is not self-consistent is none
    attempt.write()
    cause = "; ".join(f"{c.problem}: {c.action}" for c in changed)
    energies = energies_of(document.calcs_reversed[0])
    found = None if attempt.energy_eV is None else document
    return End(attempt, energies, cause, cpu_s=stats.total_time * max(stats.cores, 1), document=found)


def prepare(choice: VaspChoice, job: Job, cell: Ordered, command: Command, left_s: float | None) -> Any:
    """Maker of atomate2 with the input set of a cell and the handlers of a kind of job.

    Parameters
    ----------
    choice, job
        What is asked.
    cell
        Where the calculation began: decides tags, k points and initial moments of all attempts.
    command, left_s
        What starts VASP, and the wall time (s) that it has.

    Raises
    ------
    EngineError
        If the input cannot be made, or a POTCAR is missing or wrong.
    """
    from atomate2.vasp.jobs import mp

    first = input_set(choice, job, cell)
    for symbol in first.potcar_symbols:
        data_set(symbol, str(first.user_potcar_functional))
    made = generator(choice, job, cell)
    with quiet():
        if first.kpoints is not None:
            made.user_kpoints_settings = first.kpoints  # type: ignore[assignment]  # documented: a dict or Kpoints
    settings = get_settings()
    return getattr(mp, choice.preset.static if job.task == STATIC else choice.preset.relax)(
        input_set_generator=made,
        write_input_set_kwargs={"apply_incar_updates": False},
        run_vasp_kwargs={
            "vasp_cmd": command.recorded(command.standard),
            "vasp_gamma_cmd": command.recorded(command.gamma or command.standard),
            "handlers": handlers(job.task, settings.vasp_stuck_s, left_s),
            "max_errors": vasp_tables().limits[job.task].max_errors,
            "scratch_dir": None,
            "vasp_job_kwargs": {"auto_gamma": command.gamma is not None, "terminate_timeout": 3 * GRACE_S},
            "custodian_kwargs": {"polling_time_step": settings.vasp_poll_s, "monitor_freq": _MONITOR},
        },
        task_document_kwargs={"run_bader": False, "store_volumetric_data": None},
        stop_children_kwargs={"handle_unsuccessful": False},
    )


def moved(cell: Ordered, structure: Structure) -> Structure:
    """The cell where it all began, with lattice and coordinates of `structure`."""
    now = ordered(structure)
    moved = cell.structure.copy()
    moved.lattice = now.structure.lattice
    for n, site in enumerate(now.structure):
        moved[n] = cell.structure[n].specie, site.frac_coords
    return moved


def _failure(attempt: Attempt, job: Job, error: Exception) -> End:
    """End of a run without a result: its corrections, and the cause in words."""
    log = _log(attempt.path)
    attempt.corrections += _corrections(log)
    code = _exit_code(attempt.path)
    attempt.n_steps = steps_of(attempt.path) if job.task != STATIC else 0
    if code is not None and code >= _SIGNALLED:
        attempt.outcome, cause = "died", f"VASP was ended by signal {code - _SIGNALLED}"
    else:
        attempt.outcome, cause = "failed", _cause(attempt.path, log, error)
    attempt.write()
    exhausted = attempt.outcome == "failed" and isinstance(error, _EXHAUSTED)
    return End(attempt, cause=cause, deterministic=exhausted)


def _cause(path: Path, log: list[dict[str, Any]], error: Exception) -> str:
    """What went wrong: errors that could not be corrected, else the last words of the program."""
    errors = [name for entry in log for found in entry.get("corrections", []) for name in found["errors"]]
    name = "" if isinstance(error, CustodianError) else f"{type(error).__name__}: "
    reason = name + " ".join(str(error).split())[:_WORDS]
    words = [_last_words(path / name) for name in ("std_err.txt", "vasp.out")]
    said = next((word for word in words if word), "")
    parts = [f"errors of VASP: {', '.join(dict.fromkeys(errors))}" if errors else "", reason]
    return "; ".join([part for part in parts if part] + ([f"its last words: {said}"] if said else []))


def _last_words(path: Path) -> str:
    try:
        lines = [line.strip() for line in read_text(path).splitlines() if any(map(str.isalpha, line))]
    except OSError:
        return ""
    said = " ".join(lines)
    return said if len(said) <= 2 * _WORDS else f"{said[:_WORDS]} ... {said[-_WORDS:]}"


def _log(path: Path) -> list[dict[str, Any]]:
    """Custodian's record."""
    with contextlib.suppress(OSError, ValueError):
        found: list[dict[str, Any]] = json.loads(read_text(path / "custodian.json"))
        return found
    return []


def _corrections(log: list[dict[str, Any]]) -> list[Correction]:
    """What custodian did, once each where a monitor repeats itself."""
    found: list[Correction] = []
    for entry in log:
        for item in entry.get("corrections", []):
            actions = item.get("actions") or []
            tags = {key: value for action in actions for key, value in _settings(action).items()}
            done = ", ".join(_words(action) for action in actions) or "ended"
            made = Correction(problem=", ".join(map(str, item["errors"])), action=done, settings=tags)
            if not found or found[-1] != made:
                found.append(made)
    return found


def _settings(action: dict[str, Any]) -> dict[str, Any]:
    """Tags that an action sets; None for one that it takes away. A mesh of k points counts as a tag."""
    done = action.get("action", {})
    if action.get("dict") == "INCAR":
        return {**done.get("_set", {}), **dict.fromkeys(done.get("_unset", {}))}
    return {"KPOINTS": str(done.get("_set"))} if action.get("dict") == "KPOINTS" else {}


def _words(action: dict[str, Any]) -> str:
    done = action.get("action", {})
    if "file" in action:
        copied = done.get("_file_copy", {}).get("dest")
        return f"{action['file']} becomes {copied}" if copied else f"{action['file']}: {', '.join(done)}"
    return ", ".join(f"{tag} = {value}" for tag, value in _settings(action).items()) or str(
        action.get("dict", "changed")
    )


def _alters(correction: Correction) -> bool:
    """Whether a correction changes what a converged number means."""
    tables = vasp_tables()
    return any(tag not in tables.free_tags and tag not in tables.harmless_changes for tag in correction.settings)


def _exit_code(path: Path) -> int | None:
    with contextlib.suppress(OSError, ValueError):
        return int((path / EXIT_CODE).read_text())
    return None


def steps_of(path: Path) -> int:
    """Ionic steps that the program reported."""
    with contextlib.suppress(OSError):
        return len(re.findall(r"^\s*\d+ F=", read_text(path / "OSZICAR"), flags=re.MULTILINE))
    return 0


def _is_self_consistent(document: Any) -> bool:
    calculation = document.calcs_reversed[0]
    steps = calculation.output.ionic_steps
    most = int(calculation.input.parameters.get("NELM", 60))
    return bool(steps) and len(steps[-1].electronic_steps) < most


def _remove_large(path: Path, choice: VaspChoice) -> None:
    for name in vasp_tables().large_files:
        if name not in choice.settings.keep_files:
            for file in (path / name, path / f"{name}.gz"):
                file.unlink(missing_ok=True)

"""GPAW under custodian: a job that works off one request in a folder, and handlers with the rules of the engine.

The folder holds ``request.json`` (see `write_request`), ``answer.json`` and ``corrections.json``. Needs custodian.
"""

from __future__ import annotations

import json
import subprocess
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Final

import numpy as np
from custodian.custodian import ErrorHandler, Job

from hebe.engines.gpaw.installation import environment, find_installation
from hebe.engines.gpaw.parameters import model
from hebe.engines.gpaw.remedies import remedy
from hebe.engines.gpaw.session import ERRORS, LOG

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.config.engines.gpaw import GPAWPreset

REQUEST: Final = "request.json"
ANSWER: Final = "answer.json"
CORRECTIONS: Final = "corrections.json"
_SANE: Final = (0.5, 2.0)


def write_request(
    structure: Structure, choice: GPAWPreset, directory: str | Path, *, walltime_s: float | None = None
) -> None:
    """Write what `GPAWJob` works off.

    Parameters
    ----------
    structure, choice
        What is calculated and how.
    directory
        Folder of the job.
    walltime_s
        Wall time (s) after which a checkpoint is written and the job ends as ``cut``.
    """
    asked = model(structure, choice)
    request = {
        "id": 1,
        "atoms": asked.atoms(structure),
        "parameters": asked.parameters,
        "log": LOG,
        "checkpoint": "scf.gpw",
        "left_s": walltime_s,
    }
    _write(Path(directory) / REQUEST, request)


class GPAWJob(Job):
    """Runs the worker on the request of its folder."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def setup(self, directory: str = "./") -> None:
        """Nothing to do: the request is there."""

    def run(self, directory: str = "./") -> subprocess.Popen[bytes]:
        """Start the worker."""
        found = find_installation()
        (Path(directory) / ANSWER).unlink(missing_ok=True)
        with (Path(directory) / ERRORS).open("ab") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - a Python that the settings name
                [*found.command, REQUEST, ANSWER],
                cwd=directory,
                env=environment(found.python),
                stdout=errors,
                stderr=errors,
            )
        return self._process

    def postprocess(self, directory: str = "./") -> None:
        """Nothing to do: the answer is there."""

    def terminate(self, directory: str = "./") -> None:  # noqa: ARG002 - the interface names it
        """End the worker."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()


class _Handler(ErrorHandler):
    """Changes the request as the rules say for errors of its kind."""

    kind: ClassVar[str]

    def check(self, directory: str = "./") -> bool:
        """Whether the worker answered with this error."""
        return _error(directory) == self.kind

    def correct(self, directory: str = "./") -> dict[str, Any]:
        """Change the request; no action when nothing is left to try."""
        folder = Path(directory)
        request = json.loads((folder / REQUEST).read_text())
        done = json.loads((folder / CORRECTIONS).read_text()) if (folder / CORRECTIONS).exists() else []
        step = remedy(self.kind, request["parameters"], [item["action"] for item in done])
        if step is None:
            return {"errors": [self.kind], "actions": None}
        changed = {**request["parameters"], **step.changes}
        if step.temporary:
            request["first"] = changed
            changed = {**changed, "occupations": request["parameters"]["occupations"]}
        _write(folder / REQUEST, {**request, "parameters": changed})
        record = step.correction.model_dump(mode="json")
        _write(folder / CORRECTIONS, [*done, record])
        return {"errors": [step.problem], "actions": [record]}


class SCFHandler(_Handler):
    """More iterations, then a softer mixer, then a wider smearing on the way to the one asked for."""

    kind = "scf"


class MemoryHandler(_Handler):
    """An eigensolver that needs less memory."""

    kind = "memory"


class DiedHandler(_Handler):
    """Starts a worker again that ended without an answer, once."""

    kind = "died"


class StuckHandler(_Handler):
    """Ends a worker that writes nothing, and starts it again, once.

    Parameters
    ----------
    timeout_s
        Wall time (s) without output.
    """

    kind = "stuck"
    is_monitor = True

    def __init__(self, timeout_s: float = 7200.0) -> None:
        self.timeout_s = timeout_s

    def check(self, directory: str = "./") -> bool:
        """Whether the log is older than the timeout and there is no answer."""
        log = Path(directory) / LOG
        if (Path(directory) / ANSWER).exists() or not log.exists():
            return False
        return time.time() - log.stat().st_mtime > self.timeout_s


class WalltimeHandler(_Handler):
    """Leaves a job that was cut off with its checkpoint: run again in the same folder, it goes on."""

    kind = "cut"
    raises_runtime_error = False


class VolumeHandler(_Handler):
    """Refuses a cell that is less than half or more than twice as large as it was.

    Parameters
    ----------
    volume
        Volume (A^3) of the cell at the start.
    """

    kind = "volume"

    def __init__(self, volume: float) -> None:
        self.volume = volume

    def check(self, directory: str = "./") -> bool:
        """Whether the volume of the request is out of range."""
        cell = json.loads((Path(directory) / REQUEST).read_text())["atoms"]["cell"]
        return not _SANE[0] < abs(np.linalg.det(np.array(cell))) / self.volume < _SANE[1]


def _error(directory: str) -> str | None:
    """Kind of error of the last run; ``died`` without an answer."""
    try:
        found: str | None = json.loads((Path(directory) / ANSWER).read_text()).get("error")
    except (OSError, ValueError):
        return "died"
    return found


def _write(path: Path, content: Any) -> None:
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content))
    part.replace(path)

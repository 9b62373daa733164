"""Where GPAW is: this Python, one that is set, or the system's; asked in a process of its own, once."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any, Final

from hebe.config.engines.gpaw import gpaw_tables
from hebe.config.settings import get_settings
from hebe.engines.gpaw.worker import MARK
from hebe.exceptions import MissingDependencyError

WORKER: Final = Path(__file__).with_name("worker.py")
_SYSTEM: Final = Path("/usr/bin/python3")
_PROBE_S: Final = 300.0
_NOT_FOR_OTHERS: Final = ("PYTHONPATH", "PYTHONHOME", "VIRTUAL_ENV")
_ADVICE: Final = (
    "install it for any Python (Debian: apt install gpaw gpaw-data) and name that Python as gpaw_python in hebe.yaml "
    "or in HEBE_GPAW_PYTHON; without either, this Python and /usr/bin/python3 are tried"
)


@dataclass(frozen=True)
class Installation:
    """A Python with GPAW.

    ``command`` starts the worker; ``in_process`` says that this Python can do without one. ``data`` names the release
    of the PAW data sets, or their fingerprint where the release is not known.
    """

    python: str
    command: tuple[str, ...]
    in_process: bool
    version: str
    ase: str
    data: str
    folder: str
    elements: frozenset[str]

    @property
    def description(self) -> str:
        """One line for people."""
        return f"GPAW {self.version} in {self.python}, PAW data {self.data} in {self.folder}"


def find_installation() -> Installation:
    """Installation that the settings name, else the first that has GPAW.

    Raises
    ------
    MissingDependencyError
        If no Python has GPAW, or it has no PAW data sets.
    """
    settings = get_settings()
    return _find(settings.gpaw_python, settings.gpaw_processes)


@cache
def _find(chosen: Path | None, processes: int) -> Installation:
    own = importlib.util.find_spec("gpaw") is not None
    candidates = [str(chosen)] if chosen is not None else [sys.executable] if own else [str(_SYSTEM)]
    for python in candidates:
        found = _probe(python)
        if found is None:
            continue
        if not found["elements"]:
            advice = "install the package gpaw-data, or run gpaw install-data"
            raise MissingDependencyError("its PAW data sets", f"GPAW in {python}", "gpaw", advice=advice)
        known = gpaw_tables().data_sets
        launcher = () if processes == 1 else ("mpiexec", "-n", str(processes))
        return Installation(
            python=python,
            command=(*launcher, python, str(WORKER)),
            in_process=chosen is None and own and processes == 1,
            version=found["gpaw"],
            ase=found["ase"],
            data=known.get(found["fingerprint"], found["fingerprint"]),
            folder=", ".join(found["folders"]),
            elements=frozenset(found["elements"]),
        )
    missing = "GPAW" if chosen is None else f"GPAW, which {chosen} does not have"
    raise MissingDependencyError(missing, "engine gpaw", "gpaw", advice=_ADVICE)


def _probe(python: str) -> dict[str, Any] | None:
    """What a Python has; None if it has no GPAW or is none."""
    try:
        done = subprocess.run(  # noqa: S603 - a Python that the settings name, and a script of this package
            [python, str(WORKER), "--probe"],
            env=environment(python),
            capture_output=True,
            text=True,
            timeout=_PROBE_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    for line in done.stdout.splitlines():
        if line.startswith(MARK):
            found: dict[str, Any] = json.loads(line.removeprefix(MARK))
            return found
    return None


def environment(python: str) -> dict[str, str]:
    """Environment for a worker: what leads this Python to its packages would mislead another."""
    kept = dict(os.environ)
    if python != sys.executable:
        kept = {name: value for name, value in kept.items() if name not in _NOT_FOR_OTHERS}
    return {"OMP_NUM_THREADS": "1", **kept}

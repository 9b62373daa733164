"""The command that starts ABINIT: by the settings of Hebe, else by those of atomate2."""

from __future__ import annotations

import importlib.util
import os
import re
import shlex
import shutil
import subprocess
from functools import cache
from typing import Final

from hebe.config.settings import get_settings
from hebe.exceptions import MissingDependencyError

ADVICE: Final = (
    "install ABINIT (Debian: apt install abinit), or name the command as abinit_command in hebe.yaml or in "
    "HEBE_ABINIT_COMMAND, such as mpirun -n 16 abinit, with the program last"
)
_PROBE_S: Final = 60.0


def find_command() -> tuple[str, ...]:
    """Words of the command.

    Raises
    ------
    MissingDependencyError
        If atomate2, abipy, or a program that the command names is missing.
    """
    for package in ("atomate2", "abipy"):
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(package, "engine abinit", "abinit")
    command = get_settings().abinit_command or _of_atomate2()
    try:
        words = tuple(shlex.split(os.path.expandvars(command)))
    except ValueError as err:
        reason = f"a command that can be read ({err} in {command!r})"
        raise MissingDependencyError(reason, "engine abinit", "abinit", advice=ADVICE) from err
    if not words:
        raise MissingDependencyError("a command", "engine abinit", "abinit", advice=ADVICE)
    for word in (words[0], words[-1]):
        if shutil.which(word) is None:
            raise MissingDependencyError(f"the program {word}", "engine abinit", "abinit", advice=ADVICE)
    return words


@cache
def version(program: str) -> str:
    """Version that the program states; ``unknown`` where it does not answer."""
    try:
        done = subprocess.run(  # noqa: S603 - a program that the settings name
            [program, "--version"], capture_output=True, text=True, timeout=_PROBE_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return "unknown"
    found = re.search(r"\d+\.\d+\.\d+", done.stdout)
    return "unknown" if found is None else found[0]


def _of_atomate2() -> str:
    from atomate2 import SETTINGS

    return " ".join(word for word in (SETTINGS.ABINIT_MPIRUN_CMD, SETTINGS.ABINIT_CMD) if word)

"""The command that starts VASP: by the settings of Hebe, else by those of atomate2."""

from __future__ import annotations

import os
import shlex
import shutil
from dataclasses import dataclass
from typing import Final

from hebe.config.settings import get_settings
from hebe.engines.program import ONE_THREAD, watched
from hebe.exceptions import MissingDependencyError

ADVICE: Final = (
    "name the command as vasp_command in hebe.yaml, in HEBE_VASP_COMMAND, or as VASP_CMD in atomate2's settings, "
    "such as mpirun -n 16 vasp_std"
)


@dataclass(frozen=True)
class Command:
    """Words that start VASP, and its version for a single k point where there is one."""

    standard: tuple[str, ...]
    gamma: tuple[str, ...] | None

    def recorded(self, words: tuple[str, ...]) -> str:
        """Command line that also writes its exit code into the working folder, and leaves no process behind."""
        return shlex.join(watched([*ONE_THREAD, *words]))

    @property
    def description(self) -> str:
        """For people."""
        return shlex.join(self.standard)


def find_command() -> Command:
    """Command of the settings.

    Raises
    ------
    MissingDependencyError
        If atomate2 or a program that the command names is missing.
    """
    settings = get_settings()
    try:
        from atomate2 import SETTINGS
    except ImportError as err:
        raise MissingDependencyError("atomate2", "engine vasp", "vasp") from err
    standard = _words(settings.vasp_command or SETTINGS.VASP_CMD)
    gamma = _words(settings.vasp_gamma_command or ("" if settings.vasp_command else SETTINGS.VASP_GAMMA_CMD))
    if not standard:
        raise MissingDependencyError("a command", "engine vasp", "vasp", advice=ADVICE)
    for word in (standard[0], *_program(standard)):
        if shutil.which(word) is None:
            raise MissingDependencyError(f"the program {word}", "engine vasp", "vasp", advice=ADVICE)
    return Command(standard, gamma if gamma and shutil.which(gamma[-1]) else None)


def _words(command: str) -> tuple[str, ...]:
    try:
        return tuple(shlex.split(os.path.expandvars(command)))
    except ValueError as err:
        wanted = f"a command that can be read, got {command!r} ({err})"
        raise MissingDependencyError(wanted, "engine vasp", "vasp", advice=ADVICE) from err


def _program(words: tuple[str, ...]) -> tuple[str, ...]:
    """Program that a launcher such as mpirun starts: its last word, if that looks like a program."""
    last = words[-1]
    return (last,) if "vasp" in last.rpartition("/")[2] and not last.endswith(".py") else ()

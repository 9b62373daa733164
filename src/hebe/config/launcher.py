"""Which launcher runs campaigns: its name, or a mapping with what it needs; only settings say so, never a campaign."""

from __future__ import annotations

import re
from typing import Annotated, Any, Final

from pydantic import AfterValidator

from hebe.config.reading.wording import RefusedValueError

EXECUTOR: Final = "executor"
"""Launcher of a mapping that names an executor and no launcher."""

_FACTORY: Final = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_][\w.]*")


def _checked(value: str | dict[str, Any]) -> str | dict[str, Any]:
    """Refuse what can name no launcher; further keys are checked by the launcher itself."""
    if isinstance(value, str):
        if not value:
            raise RefusedValueError("the name of a launcher is empty", suggestion="launcher: local")
        return value
    name = value.get("name", EXECUTOR if EXECUTOR in value else None)
    if not isinstance(name, str) or not name:
        suggestion = "launcher: {executor: 'module:factory', arguments: {...}}"
        raise RefusedValueError("expected the key 'name' or 'executor'", suggestion=suggestion)
    factory = value.get(EXECUTOR)
    if factory is not None and not (isinstance(factory, str) and _FACTORY.fullmatch(factory)):
        raise RefusedValueError("expected 'module:factory'", key=EXECUTOR)
    return value


LauncherChoice = Annotated[str | dict[str, Any], AfterValidator(_checked)]
"""A name, or a mapping with the key ``name`` (or ``executor``) and those of the launcher."""


def launcher_name(choice: str | dict[str, Any]) -> str:
    """Name of the launcher that a checked choice means."""
    return choice if isinstance(choice, str) else str(choice.get("name", EXECUTOR))

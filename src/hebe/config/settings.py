"""Settings of this machine and project: ``hebe.yaml``, ``~/.config/hebe/settings.yaml``, ``HEBE_*``, in rising order.

They are read when asked for, so that a change counts at once.
"""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Final

from pydantic import Field

from hebe.config.loading import read_bytes
from hebe.config.model import ConfigModel
from hebe.config.units import Whole
from hebe.config.wording import suggest
from hebe.config.yamlfile import Document, Source, load_model, parse_yaml
from hebe.exceptions import BadInputError

PROJECT_FILE: Final = "hebe.yaml"
STORE_FOLDER: Final = ".hebe"
_PREFIX: Final = "HEBE_"
_TEST_PREFIX: Final = "HEBE_TEST_"


class Settings(ConfigModel):
    """What belongs to a machine or project and not to a campaign.

    ``workers`` is the number of worker processes of the local launcher (None: the launcher decides).
    ``project_dir`` is the folder that holds ``.hebe``; None: see `project_folder`. A relative one counts from
    the file that names it, or from the working folder for ``HEBE_PROJECT_DIR``.
    """

    workers: Whole | None = Field(default=None, ge=1, le=10_000)
    project_dir: Path | None = None


def get_settings(start: Path | None = None) -> Settings:
    """Read the settings in force.

    Parameters
    ----------
    start
        Folder from which ``hebe.yaml`` is searched upwards; the working folder if not given.

    Raises
    ------
    BadInputError
        If a file or a variable has an unknown name or an unusable value.
    """
    start = Path.cwd() if start is None else start.absolute()
    files = [_upwards(start, PROJECT_FILE), _user_file()]
    given: dict[str, Any] = {}
    for file in files:
        if file is not None and file.is_file():
            given |= _read(file)
    return Settings.model_validate(given | _environment(start))


def project_folder(start: Path | None = None) -> Path:
    """Folder that holds ``.hebe``: the setting, else the nearest one upwards, else the working folder.

    Parameters
    ----------
    start
        Folder from which to search; the working folder if not given.

    Raises
    ------
    BadInputError
        If the settings are unusable.
    """
    start = Path.cwd() if start is None else start.absolute()
    chosen = get_settings(start).project_dir
    if chosen is not None:
        return chosen
    found = _upwards(start, STORE_FOLDER)
    return start if found is None else found.parent


def _upwards(start: Path, name: str) -> Path | None:
    return next((folder / name for folder in (start, *start.parents) if (folder / name).exists()), None)


def _user_file() -> Path | None:
    try:
        return Path.home() / ".config" / "hebe" / "settings.yaml"
    except RuntimeError:  # nobody's account: no home, no file
        return None


def _read(file: Path) -> dict[str, Any]:
    document = parse_yaml(read_bytes(file), file=str(file), may_be_empty=True)
    return _explicit(load_model(Settings, document), file.parent)


def _environment(start: Path) -> dict[str, Any]:
    variables = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(_PREFIX) and not name.startswith(_TEST_PREFIX) and value
    }
    known = [_PREFIX + name.upper() for name in Settings.model_fields]
    given: dict[str, Any] = {}
    for variable, value in variables.items():
        if variable not in known:
            raise BadInputError(
                "unknown variable of the environment", key=variable, suggestion=suggest(variable, known)
            )
        name = variable.removeprefix(_PREFIX).lower()
        try:
            one = load_model(Settings, Document({name: value}, Source()))
        except BadInputError as err:
            raise BadInputError(err.reason, key=variable, suggestion=err.suggestion) from err
        given |= _explicit(one, start)
    return given


def _explicit(settings: Settings, folder: Path) -> dict[str, Any]:
    """Keep what was given; a relative folder counts from `folder`."""
    given = settings.model_dump(exclude_unset=True)
    if settings.project_dir is not None:
        given["project_dir"] = folder / _without_tilde(settings.project_dir)
    return given


def _without_tilde(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as err:
        raise BadInputError(f"the home folder of {path} is not known", key="project_dir") from err

"""Settings of this machine and project: ``hebe.yaml``, ``~/.config/hebe/settings.yaml``, ``HEBE_*``, in rising order.

They are read when asked for, so that a change counts at once.
"""

from __future__ import annotations

import os
import warnings
from functools import cache
from pathlib import Path
from typing import Any, Final, Literal, Self

from pydantic import Field, Secret, SecretStr, model_validator

from hebe.config.cluster import ClusterSettings
from hebe.config.launcher import LauncherChoice
from hebe.config.model import ConfigModel
from hebe.config.reading.hiding import printable
from hebe.config.reading.units import Whole
from hebe.config.reading.wording import RefusedValueError, suggest
from hebe.config.reading.yamlfile import Document, Source, load_model, parse_yaml, read_bytes
from hebe.config.trust import VARIABLE, require_owner
from hebe.exceptions import BadInputError, HebeWarning

PROJECT_FILE: Final = "hebe.yaml"
STORE_FOLDER: Final = ".hebe"
_PREFIX: Final = "HEBE_"
_TEST_PREFIX: Final = "HEBE_TEST_"
_STORE_PREFIX: Final = "HEBE_STORE_"
_NO_VARIABLE: Final = ("s3", "spec")
_BLOCKS: Final = ("store", "cluster")
_SECRET: Final = (*_BLOCKS, "launcher")
"""Blocks whose values are never shown: they may hold passwords, also by mistake."""


class S3Settings(ConfigModel):
    """A bucket for large parts of outputs; credentials come from the profile or the environment of S3 tools."""

    bucket: str = Field(min_length=3, max_length=63)
    endpoint_url: str | None = None
    profile: str | None = None
    folder: str | None = None


class StoreSettings(ConfigModel):
    """Where outputs go.

    ``kind`` is ``embedded`` (a file at ``path``, default ``.hebe/store.db``, which
    members of ``group`` may read and write), ``mongodb`` (``uri``, ``database``, the
    collection ``collection``; large parts in ``blobs``: GridFS or a bucket of S3) or ``maggma`` (``spec``, written as
    in a ``jobflow.yaml``, or ``file``, the path of one). ``uri`` and ``spec`` may hold passwords: they are never shown.
    """

    kind: Literal["embedded", "mongodb", "maggma"] = "embedded"
    path: Path | None = None
    group: str | None = Field(default=None, min_length=1)
    uri: SecretStr | None = None
    database: str | None = Field(default=None, min_length=1)
    collection: str = Field(default="outputs", min_length=1)
    blobs: Literal["gridfs", "s3"] = "gridfs"
    s3: S3Settings | None = None
    spec: Secret[dict[str, Any]] | None = None
    file: Path | None = None

    @model_validator(mode="after")
    def _fits_its_kind(self) -> Self:
        foreign = self.model_fields_set - {"kind"} - _OF_KIND[self.kind]
        if foreign:
            name = min(foreign)
            kinds = ", ".join(kind for kind, names in _OF_KIND.items() if name in names)
            raise RefusedValueError(
                f"means nothing to a store of kind {self.kind!r}", key=name, suggestion=f"kind: {kinds}"
            )
        if self.kind == "mongodb":
            self._check_mongodb()
        if self.kind == "maggma" and (self.spec is None) == (self.file is None):
            raise RefusedValueError(
                "a store of kind 'maggma' needs either spec or file", suggestion="spec: {docs_store: {type: ...}}"
            )
        return self

    def _check_mongodb(self) -> None:
        if self.uri is None:
            raise RefusedValueError("a store of kind 'mongodb' needs a uri", suggestion="uri: mongodb://host/database")
        if not self.uri.get_secret_value().startswith(("mongodb://", "mongodb+srv://")):
            raise RefusedValueError("expected a URI that starts with mongodb:// or mongodb+srv://", key="uri")
        if (self.blobs == "s3") != (self.s3 is not None):
            raise RefusedValueError("blobs: s3 and the block s3 belong together", key="blobs")


_OF_KIND: Final[dict[str, set[str]]] = {
    "embedded": {"path", "group"},
    "mongodb": {"uri", "database", "collection", "blobs", "s3"},
    "maggma": {"spec", "file"},
}


class Settings(ConfigModel):
    """What belongs to a machine or project and not to a campaign.

    ``workers`` is the number of worker processes of the local launcher (None: the launcher decides).
    ``launcher`` runs campaigns: a name, or a mapping of ``executor`` (``module:factory`` of an executor in the sense of
    `concurrent.futures`) and its ``arguments``, or of ``name`` and the keys of a launcher of another package.
    ``project_dir`` is the folder that holds ``.hebe``; None: see `project_folder`. A relative one counts from
    the file that names it, or from the working folder for ``HEBE_PROJECT_DIR``. ``store`` says where outputs go; a
    source that names it replaces it as a whole, except that variables (``HEBE_STORE_URI``, ...) change single keys.
    ``cluster`` describes a batch queue; only files give it.
    ``device`` is where machine-learned potentials of Hebe compute: ``cpu``, ``cuda``, or CUDA when there is one.
    ``batch`` is the number of jobs that share a device, of engines that evaluate many cells at once (None: several on
    CUDA, none on processors), ``batch_atoms`` bounds the atoms evaluated at once (None: by the memory of the device).
    ``gpaw_python`` is the Python that has GPAW (None: this one if it has, else the system's), ``gpaw_processes`` the
    number of MPI processes of one calculation, ``gpaw_walltime_s`` the wall time after which a calculation writes a
    checkpoint and is ``cut``, ``gpaw_stuck_s`` the time without output after which it counts as stuck.
    ``abinit_command`` starts ABINIT (``mpirun -n 16 abinit``; None: as atomate2 is set), ``abinit_data`` is the folder
    of its PAW data sets (None: where the packages of GPAW and ABINIT put them); ``abinit_walltime_s`` and
    ``abinit_stuck_s`` are as for GPAW.
    ``vasp_command`` starts VASP (None: as atomate2 is set), ``vasp_gamma_command`` its version for one k point;
    ``vasp_walltime_s`` and ``vasp_stuck_s`` are as for GPAW, ``vasp_poll_s`` is the time between two looks at a running
    program.
    """

    workers: Whole | None = Field(default=None, ge=1, le=10_000)
    launcher: LauncherChoice = "local"
    project_dir: Path | None = None
    store: StoreSettings = StoreSettings()
    cluster: ClusterSettings | None = None
    device: Literal["auto", "cpu", "cuda"] = "auto"
    batch: Whole | None = Field(default=None, ge=1, le=1024)
    batch_atoms: Whole | None = Field(default=None, ge=1)
    gpaw_python: Path | None = None
    gpaw_processes: Whole = Field(default=1, ge=1, le=10_000)
    gpaw_walltime_s: float | None = Field(default=None, gt=0)
    gpaw_stuck_s: float = Field(default=7200.0, gt=0)
    abinit_command: str | None = Field(default=None, min_length=1)
    abinit_data: Path | None = None
    abinit_walltime_s: float | None = Field(default=None, gt=0)
    abinit_stuck_s: float = Field(default=7200.0, gt=0)
    vasp_command: str | None = Field(default=None, min_length=1)
    vasp_gamma_command: str | None = Field(default=None, min_length=1)
    vasp_walltime_s: float | None = Field(default=None, gt=0)
    vasp_stuck_s: float = Field(default=21_600.0, gt=0)
    vasp_poll_s: float = Field(default=10.0, gt=0)


def get_settings(start: Path | None = None) -> Settings:
    """Read the settings in force.

    Parameters
    ----------
    start
        Folder from which ``hebe.yaml`` is searched upwards; the working folder if not given.

    Raises
    ------
    BadInputError
        If a file has an unknown key, or a file or a variable an unusable value; unknown variables are warned of.
    """
    start = Path.cwd() if start is None else start.absolute()
    files = [_upwards(start, PROJECT_FILE), _user_file()]
    given: dict[str, Any] = {}
    for file in files:
        if file is not None and file.is_file():
            given |= _read(file)
    return Settings.model_validate(given | _environment(start, given))


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
    require_owner(file)
    document = parse_yaml(read_bytes(file), file=str(file), may_be_empty=True, secret=True)
    return _explicit(load_model(Settings, document, secret=_SECRET), file.parent)


def _environment(start: Path, below: dict[str, Any]) -> dict[str, Any]:
    variables = {
        name: value
        for name, value in sorted(os.environ.items())
        if name.startswith(_PREFIX) and not name.startswith(_TEST_PREFIX) and name != VARIABLE and value
    }
    known = [_PREFIX + name.upper() for name in Settings.model_fields if name not in _BLOCKS]
    of_store = {_STORE_PREFIX + name.upper(): name for name in StoreSettings.model_fields if name not in _NO_VARIABLE}
    given: dict[str, Any] = {}
    store: dict[str, Any] = {}
    for variable, value in variables.items():
        if variable in of_store:
            store[of_store[variable]] = value
        elif variable in known:
            name = variable.removeprefix(_PREFIX).lower()
            given |= _explicit(_of_variable({name: value}, variable), start)
        else:
            _warn_of(variable, suggest(variable, [*known, *of_store]))
    return given | ({"store": _store_of_variables(store, below, start)} if store else {})


@cache
def _warn_of(variable: str, hint: str) -> None:
    """Say once that a variable means nothing; another program may have put it there."""
    warnings.warn(f"{printable(variable)} in the environment means nothing to Hebe ({hint})", HebeWarning, stacklevel=2)


def _store_of_variables(given: dict[str, Any], below: dict[str, Any], start: Path) -> dict[str, Any]:
    """Block ``store`` of the files, changed by variables; one that names another kind starts anew."""
    inherited: dict[str, Any] = below.get("store", {})
    if given.get("kind", inherited.get("kind", "embedded")) != inherited.get("kind", "embedded"):
        inherited = {}
    names = ", ".join(_STORE_PREFIX + name.upper() for name in given)
    found: dict[str, Any] = _explicit(_of_variable({"store": inherited | given}, names), start)["store"]
    return found


def _of_variable(data: dict[str, Any], variable: str) -> Settings:
    try:
        return load_model(Settings, Document(data, Source()), secret=_SECRET)
    except BadInputError as err:
        raise BadInputError(err.reason, key=variable, suggestion=err.suggestion) from err


def _explicit(settings: Settings, folder: Path) -> dict[str, Any]:
    """Keep what was given; a relative folder counts from `folder`."""
    given = settings.model_dump(exclude_unset=True)
    if settings.project_dir is not None:
        given["project_dir"] = folder / _without_tilde(settings.project_dir)
    for name in ("gpaw_python", "abinit_data"):
        path = getattr(settings, name)
        if path is not None:
            given[name] = folder / _without_tilde(path)
    for name in ("path", "file"):
        path = getattr(settings.store, name)
        if path is not None:
            given["store"][name] = folder / _without_tilde(path)
    return given


def _without_tilde(path: Path) -> Path:
    try:
        return path.expanduser()
    except RuntimeError as err:
        raise BadInputError(f"the home folder of {path} is not known", key="project_dir") from err

"""Which code that data names may run: what ships with Hebe, and what this user has said that he trusts.

What is trusted is written in the home folder of the user and never in a project, which somebody else may have made.
"""

from __future__ import annotations

import hashlib
import hmac
import json
import os
import secrets
from contextlib import suppress
from pathlib import Path
from typing import Final

from hebe.config.reading.hiding import printable
from hebe.exceptions import HebeError, UntrustedError

CALCULATORS: Final = frozenset(
    {
        "ase.calculators.eam:EAM",
        "ase.calculators.emt:EMT",
        "ase.calculators.lj:LennardJones",
        "ase.calculators.morse:MorsePotential",
        "ase.calculators.tersoff:Tersoff",
    }
)
"""Subclasses of ASE's ``Calculator`` that start no program and load no code: campaigns may name them."""

EXECUTORS: Final = frozenset({"concurrent.futures", "executorlib", "hebe.launchers.executor.pools"})
"""Modules whose executors settings may name."""

MAKERS: Final = ("hebe",)
"""Packages whose makers a store may have run."""

VARIABLE: Final = "HEBE_TRUST"
"""Variable of the environment with further trusted modules, separated by commas."""

_CONTENT: Final = "sha256:"
"""What stands before the sha256 of a file in the list of trusted modules."""

_FILE: Final = "trust.json"
_KEY: Final = "key"
_FOLDER: Final = "folder"
_KEY_BYTES: Final = 32
_accepted: set[str] = set()
"""Import paths that this process has found trusted, wherever it goes from there."""


def trusted_modules(folder: Path | None = None) -> frozenset[str]:
    """Modules that this user trusts in a folder (the working folder by default) and what is below them.

    Parameters
    ----------
    folder
        Anywhere in a project.
    """
    start = Path(os.path.abspath(folder or Path.cwd()))  # noqa: PTH100 - links are not followed: as the user sees it
    named = {name.strip() for name in os.environ.get(VARIABLE, "").split(",")}
    for place, modules in _recorded().items():
        if start == Path(place) or Path(place) in start.parents:
            named |= set(modules)
    return frozenset(name for name in named if name and name != _FOLDER)


def is_trusted(module: str, folder: Path | None = None) -> bool:
    """Whether a module, or a package around it, is trusted in a folder."""
    parts = module.split(".")
    wanted = {".".join(parts[: n + 1]) for n in range(len(parts))}
    return bool(wanted & trusted_modules(folder))


def of_content(sha256: str) -> str:
    """Entry of the list of trusted modules for the content of a file."""
    return f"{_CONTENT}{sha256.lower()}"


def is_trusted_content(sha256: str, folder: Path | None = None) -> bool:
    """Whether a file of this content may be opened although that can run a program."""
    return of_content(sha256) in trusted_modules(folder)


def require_calculator(path: str, folder: Path | None = None) -> None:
    """Refuse ``module:name`` of a campaign whose code nobody trusts; nothing is imported.

    Raises
    ------
    UntrustedError
        Says which command trusts it.
    """
    if path not in CALCULATORS:
        _require(path, folder, "an ASE calculator of the campaign")


def require_executor(path: str, folder: Path | None = None) -> None:
    """Refuse ``module:factory`` of settings whose code nobody trusts; nothing is imported.

    Raises
    ------
    UntrustedError
        Says which command trusts it.
    """
    if path.partition(":")[0] not in EXECUTORS:
        _require(path, folder, "an executor of the settings")


def require_package(module: str, folder: Path | None, what: str) -> None:
    """Refuse what a package would run of a campaign, unless the package is trusted.

    Raises
    ------
    UntrustedError
        Says which command trusts it.
    """
    if not is_trusted(module, folder):
        raise UntrustedError(printable(what), trust_command(module, folder))


def _require(path: str, folder: Path | None, what: str) -> None:
    module = path.partition(":")[0]
    if path in _accepted:
        return
    if not is_trusted(module, folder):
        reason = printable(f"{what} runs code of {module!r}, which is not trusted here")
        raise UntrustedError(reason, trust_command(module, folder))
    _accepted.add(path)


def trust_command(module: str, folder: Path | None = None) -> str:
    """Command that has a module trusted in a folder, the working folder by default."""
    where = "" if folder is None or folder.absolute() == Path.cwd() else f" --project {folder}"
    return printable(f"look at what it does, then hebe trust {module}{where}")


def require_owner(file: Path) -> None:
    """Refuse a settings file of somebody else, as git does: it can name programs that run.

    Raises
    ------
    UntrustedError
        Says which command trusts its folder.
    """
    owner = file.stat().st_uid
    if owner in {os.geteuid(), 0} or _is_trusted_folder(file.parent):
        return
    reason = f"{file} belongs to another user (number {owner}) and can name programs that run"
    raise UntrustedError(reason, f"hebe trust --folder {file.parent}")


def _is_trusted_folder(folder: Path) -> bool:
    return _FOLDER in _recorded().get(str(Path(os.path.abspath(folder))), ())  # noqa: PTH100 - as above


def record(folder: Path, *modules: str, whole: bool = False) -> None:
    """Write down that modules are trusted in a project.

    Parameters
    ----------
    folder
        Of the project.
    modules
        Names of modules or packages.
    whole
        Whether settings of other users in the folder are trusted.

    Raises
    ------
    HebeError
        If the user has no home folder, or it cannot be written.
    """
    known, place = _recorded(), str(Path(os.path.abspath(folder)))  # noqa: PTH100 - as above
    known[place] = sorted({*known.get(place, ()), *modules, *([_FOLDER] if whole else [])})
    file = _home() / _FILE
    _write(file, json.dumps(known, indent=1).encode())


def _recorded() -> dict[str, list[str]]:
    """What is trusted, by folder; a record that somebody else could have written counts for nothing."""
    with suppress(OSError, ValueError, HebeError):
        file = _home() / _FILE
        if _is_own(file):
            found = json.loads(file.read_text(encoding="utf-8"))
            return {str(place): [str(one) for one in modules] for place, modules in found.items()}
    return {}


def _is_own(file: Path) -> bool:
    """Whether a file belongs to this user and nobody else can write it."""
    state = file.stat()
    return state.st_uid == os.geteuid() and not state.st_mode & 0o022


def _home() -> Path:
    try:
        return Path.home() / ".config" / "hebe"
    except RuntimeError as err:
        raise HebeError("this account has no home folder, where trust would be recorded") from err


def _write(file: Path, content: bytes) -> None:
    """Write a file that this user alone can read, whole or not at all."""
    new = file.with_name(f"{file.name}-{os.getpid()}-{secrets.token_hex(4)}")
    try:
        file.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        with os.fdopen(os.open(new, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as stream:
            stream.write(content)
        new.replace(file)
    except OSError as err:
        raise HebeError(f"{file} cannot be written: {err.strerror}") from err


def sign(content: bytes) -> str | None:
    """Signature of something that this user writes where others may write too; None where there is no home folder."""
    key = _key(make=True)
    return None if key is None else hmac.new(key, content, hashlib.sha256).hexdigest()


def is_signed(content: bytes, signature: object) -> bool:
    """Whether this user has signed it."""
    key = _key(make=False)
    if key is None or not isinstance(signature, str):
        return False
    return hmac.compare_digest(hmac.new(key, content, hashlib.sha256).hexdigest().encode(), signature.encode())


def _key(*, make: bool) -> bytes | None:
    with suppress(OSError, HebeError):
        file = _home() / _KEY
        if not file.exists() and make:
            _write_once(file, secrets.token_bytes(_KEY_BYTES))
        if file.exists() and _is_own(file) and len(key := file.read_bytes()) == _KEY_BYTES:
            return key
    return None


def _write_once(file: Path, content: bytes) -> None:
    """Write a file unless another process has just done so."""
    own = file.with_name(f"{file.name}-{os.getpid()}-{secrets.token_hex(4)}")
    _write(own, content)
    with suppress(FileExistsError):
        os.link(own, file)
    own.unlink()

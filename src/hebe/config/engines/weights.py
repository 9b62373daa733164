"""Engines whose weights are a file that the user has: where it is, and whether it may be opened.

Most packages read weights with pickle, which runs code that the file brings: Python documentation, module pickle.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any, Final, Self

from pydantic import StringConstraints

from hebe.config.engines.base import BuiltInBlock
from hebe.config.engines.fingerprint import fingerprint
from hebe.config.reading.wording import RefusedValueError, shown
from hebe.config.trust import is_trusted_content, require_package
from hebe.exceptions import BadInputError, UntrustedError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", to_lower=True)]


_ENDINGS: Final = (".pt", ".pth", ".model", ".ckpt", ".pkl", ".pickle", ".tar", ".zip")
"""Of files of weights, which may be there only when they are opened."""


class WeightsBlock(BuiltInBlock):
    """Base: ``path`` of a file or folder of weights and the ``sha256`` that it must have."""

    path: Annotated[str, StringConstraints(min_length=1)] | None = None
    sha256: Sha256 | None = None
    energy_scale: Annotated[str, StringConstraints(min_length=1)] | None = None

    @property
    def runs_code(self) -> bool:
        """Whether the package runs code of the file when it opens it."""
        return True

    def with_files(self, folder: Path) -> Self:
        """Block with the absolute path of its weights, and their sha256: results are those of this content.

        Raises
        ------
        RefusedValueError
            As `checked_weights`.
        """
        if self.path is None:
            return self
        place = (folder / Path(self.path).expanduser()).resolve()
        sha256 = checked_weights(place, self.sha256, runs_code=self.runs_code, folder=folder)
        return self.model_copy(update={"path": str(place), "sha256": sha256})


def checked_weights(path: str | Path, wanted: str | None, *, runs_code: bool, folder: Path | None = None) -> str:
    """Sha256 of weights that may be opened.

    Parameters
    ----------
    path
        File or folder.
    wanted
        The sha256 that the campaign names, which is no trust: who wrote it may have written the file.
    runs_code
        Whether opening it can run a program, so that the user must have said that he trusts this content.
    folder
        Anywhere in the project; the working folder by default.

    Raises
    ------
    RefusedValueError
        If there is no such file, it has another content than it must have, or nobody said that it is trusted.
    """
    try:
        found = fingerprint(path)
    except OSError as err:
        raise RefusedValueError(f"{path} cannot be read: {err.strerror}", key="path") from err
    except BadInputError as err:
        raise RefusedValueError(err.message, key="path") from err
    if wanted is not None and found != wanted:
        reason = f"{path} has another content than the one that is named: its sha256 is {found}"
        raise RefusedValueError(reason, key="sha256", suggestion="get the right file, or find out what changed it")
    if runs_code and not is_trusted_content(found, folder):
        reason = f"{path} can run any program when it is opened, and nobody has said that it is trusted"
        hint = f"compare its sha256 {found} with what its authors publish, then hebe trust --weights {path}"
        raise RefusedValueError(reason, key="path", suggestion=hint)
    return found


def check_arguments(arguments: Mapping[str, Any], package: str, folder: Path | None = None) -> None:
    """Refuse arguments of a campaign by which a package could be told to open a file or to import something.

    Numbers and plain names are harmless; so are files whose content is trusted.

    Raises
    ------
    RefusedValueError
        With the command that trusts the package.
    """
    for text in _texts(arguments):
        if not _is_plain(text, folder):
            what = f"{shown(text)} may have {package} run code of a file or module, which is not trusted here"
            _require(package, what, folder)


def require_calculator_class(path: str, folder: Path | None = None) -> None:
    """Refuse ``module.class`` where it stands for a calculator, unless the module is trusted.

    Raises
    ------
    RefusedValueError
        With the command that trusts it.
    """
    module = path.rpartition(".")[0]
    _require(module, f"{shown(path)} runs code of {shown(module)}, which is not trusted here", folder)


def _require(package: str, what: str, folder: Path | None) -> None:
    try:
        require_package(package, folder, what)
    except UntrustedError as err:
        raise RefusedValueError(err.reason, key="arguments", suggestion=err.suggestion) from err


def _texts(value: Any) -> Iterator[str]:
    """All texts in nested plain values, keys that objects are described with among them."""
    if isinstance(value, str):
        yield value
    elif isinstance(value, list | tuple):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        yield from (key for key in value if key.startswith(("@", "_")))
        for item in value.values():
            yield from _texts(item)


def _is_plain(text: str, folder: Path | None) -> bool:
    """Whether a text names neither a file, unless that is trusted, nor a module or an address."""
    if text.startswith(("@", "_", ".")):
        return False
    if not text:
        return True
    for place in (Path(text), (folder or Path()) / text):
        try:
            if place.exists():
                return is_trusted_content(fingerprint(place), folder)
        except (OSError, ValueError, BadInputError):  # too long for a path, or with a zero byte
            return False
    return not any(mark in text for mark in "/\\:") and not text.lower().endswith(_ENDINGS)

"""Engines whose weights are a file that the user has: where it is, and whether it may be opened.

Most packages read weights with pickle, which runs code that the file brings: Python documentation, module pickle.
"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Self

from pydantic import StringConstraints

from hebe.config.engines.base import BuiltInBlock
from hebe.config.engines.fingerprint import fingerprint
from hebe.config.reading.wording import RefusedValueError

Sha256 = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$", to_lower=True)]


class WeightsBlock(BuiltInBlock):
    """Base: ``path`` of a file or folder of weights and the ``sha256`` of what is trusted in it."""

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
        return self.model_copy(
            update={"path": str(place), "sha256": checked_weights(place, self.sha256, runs_code=self.runs_code)}
        )


def checked_weights(path: str | Path, trusted: str | None, *, runs_code: bool) -> str:
    """Sha256 of weights that may be opened.

    Parameters
    ----------
    path
        File or folder.
    trusted
        The sha256 that the user trusts; needed where `runs_code`.

    Raises
    ------
    RefusedValueError
        If there is no such file, it is another one than is trusted, or nobody said that it is trusted.
    """
    try:
        found = fingerprint(path)
    except OSError as err:
        raise RefusedValueError(f"{path} cannot be read: {err.strerror}", key="path") from err
    if trusted is not None and found != trusted:
        reason = f"{path} has another content than the one that is trusted: its sha256 is {found}"
        raise RefusedValueError(reason, key="sha256", suggestion="get the right file, or find out what changed it")
    if trusted is None and runs_code:
        reason = f"{path} can run any program when it is opened, and nothing says that it is trusted"
        hint = f"compare with what its authors publish, then write sha256: {found}"
        raise RefusedValueError(reason, key="sha256", suggestion=hint)
    return found

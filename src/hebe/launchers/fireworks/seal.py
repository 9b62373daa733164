"""Messages in a folder that others can write to: only what this user has sealed is read, everything else is dropped."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Final

from hebe.config.trust import is_signed, sign
from hebe.exceptions import StoreError

if TYPE_CHECKING:
    from pathlib import Path

_LENGTH: Final = 64
"""Hexadecimal digits of a signature (HMAC with SHA-256)."""


def is_own(folder: Path) -> bool:
    """Whether a mailbox is a folder, no link, of this user that nobody else can write into."""
    try:
        state = folder.lstat()
    except OSError:
        return False
    return state.st_uid == os.geteuid() and not folder.is_symlink() and not state.st_mode & 0o022


class Seal:
    """Signs messages with the key of the user, each for one place: it counts in no other mailbox and direction.

    Parameters
    ----------
    folder
        The mailbox.
    """

    def __init__(self, folder: Path) -> None:
        self._place = f"{folder.parents[1].name}/{folder.name}"

    def closed(self, direction: str, number: int, body: bytes) -> bytes:
        """Message with its signature in front.

        Raises
        ------
        StoreError
            Without a home folder, where the key is.
        """
        signature = sign(self._signed(direction, number, body))
        if signature is None:
            raise StoreError("a mailbox needs the key in ~/.config/hebe, which cannot be made")
        return signature.encode() + body

    def opened(self, direction: str, number: int, sealed: bytes | None) -> bytes | None:
        """Message without its signature; None if there is none or somebody else wrote it."""
        if sealed is None:
            return None
        signature, body = sealed[:_LENGTH].decode("ascii", "replace"), sealed[_LENGTH:]
        return body if is_signed(self._signed(direction, number, body), signature) else None

    def _signed(self, direction: str, number: int, body: bytes) -> bytes:
        return f"{self._place}/{direction}/{number}/".encode() + body

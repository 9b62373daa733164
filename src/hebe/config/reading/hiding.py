"""What messages never show: passwords in URIs, and characters that steer a terminal."""

from __future__ import annotations

import re
from typing import Final

HIDDEN: Final = "***"

_URI: Final = re.compile(r"(?P<scheme>[A-Za-z][\w+.-]{0,31}:/{1,3})(?P<rest>[^\s'\"`]*)")
_USER: Final = re.compile(r"(?<![^\s'\"`(,/])[^\s'\"`(,/:]*+:(?!/)(?:[^\s'\"`(,@]{0,500}+@)++")
"""User and password in front of a host: no step of the search goes back, so that long texts take no time."""
_PLAIN_HOST: Final = re.compile(r"[\w.,:/?#&=%~+\[\]-]*")
STEERING: Final = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069\ud800-\udfff]"
)
"""Controls other than line end and tab, marks of direction, halves of surrogate pairs."""


def without_passwords(text: str) -> str:
    """Return a text in which the users and passwords of URIs are ``***``.

    A password may hold ``@`` and ``/``: what stands before the last ``@`` of a URI is hidden.
    """
    return _USER.sub(f"{HIDDEN}@", _URI.sub(_host_alone, text))


def _host_alone(found: re.Match[str]) -> str:
    _, at, host = found["rest"].rpartition("@")
    if at:
        return f"{found['scheme']}{HIDDEN}@{host}"
    return found[0] if _PLAIN_HOST.fullmatch(found["rest"]) else f"{found['scheme']}{HIDDEN}"


def given_text(text: str) -> str:
    """Return what a message may show of a text of a user: of a URI, which may be cut off or wrong, the scheme alone."""
    uri = _URI.search(text)
    if uri is not None:
        return f"{uri['scheme']}{HIDDEN}"
    return _USER.sub(f"{HIDDEN}@", text)


def printable(text: str) -> str:
    r"""Return a text in which what steers a terminal or turns the direction of writing is written as ``\x1b``.

    Line ends and tabs stay.
    """
    return STEERING.sub(lambda found: _code(ord(found[0])), text)


def _code(number: int) -> str:
    return f"\\x{number:02x}" if number < 0x100 else f"\\u{number:04x}"

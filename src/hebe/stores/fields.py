"""Paths into documents: the values an index holds, and the small part of a document that is kept at hand.

Both follow MongoDB's reading of ``a.b.c``: lists are entered, numbers address their elements.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from hebe.stores.content import CONTENT, content_of

Scalar = str | int | float

MISSING = "\x01N"
"""Index value of a path that is absent."""

NULL = "\x01U"
"""Index value of null."""

OTHER = "\x01O"
"""Index value of what cannot be compared in SQL (lists, dictionaries, binary data)."""

MAX_TEXT = 256
"""Longer texts are cut in indexes."""

_MAX_LIST = 32
_INT64 = 2**63


class NotAtHandError(Exception):
    """The values of this document cannot be kept beside it."""


def index_values(document: dict[str, Any], path: str) -> set[Scalar]:
    """Values under which a document is found by an index on a path.

    Parameters
    ----------
    document
        Normalized document.
    path
        Dotted path.

    Returns
    -------
    set
        At least one value; several where lists are on the way. An absent one gives :data:`MISSING`.
    """
    found: set[Scalar] = set()
    _collect(document, path.split("."), found)
    return found


def index_value(value: Any) -> Scalar | None:
    """Return what an index stores for one value; None when it cannot tell values of this type apart.

    Long texts are cut, large integers rounded: the order is kept, so that comparisons with ``<=`` and ``>=`` find at
    least what they should.
    """
    if value is None:
        return NULL
    if isinstance(value, str):
        return value[:MAX_TEXT] if value.isascii() or is_text(value) else None
    if isinstance(value, (bool, int)):
        return int(value) if -_INT64 <= value < _INT64 else float(value)
    if isinstance(value, float):
        return None if value != value else value  # noqa: PLR0124 - NaN
    if isinstance(value, datetime):
        return "\x01D" + value.isoformat(timespec="microseconds")
    return None


def is_text(value: str) -> bool:
    """Whether a text can be written: it has no surrogate, which is half a character."""
    return not any("\ud800" <= letter <= "\udfff" for letter in value)


def at_hand(document: dict[str, Any], paths: list[str]) -> dict[str, Any] | None:
    """Cut a document down to some paths.

    Returns
    -------
    dict or None
        A document in which these paths, and their presence, are what they are in the whole one, with the content of
        the output where that is asked for; None when a list or a large value is on the way, so that only the whole
        document can tell.
    """
    head: dict[str, Any] = {}
    try:
        for path in paths:
            if path == CONTENT:
                head[path] = content_of(document.get("output"))
            else:
                _copy(document, head, path.split("."))
    except NotAtHandError:
        return None
    return head


def _collect(node: Any, parts: list[str], found: set[Scalar]) -> None:
    if not parts:
        _collect_leaf(node, found)
    elif isinstance(node, dict):
        if parts[0] in node:
            _collect(node[parts[0]], parts[1:], found)
        else:
            found.add(MISSING)
    elif isinstance(node, (list, tuple)):
        if parts[0].lstrip("-").isdigit() and -len(node) <= int(parts[0]) < len(node):
            _collect(node[int(parts[0])], parts[1:], found)
        found.add(MISSING)
        for item in node:
            if isinstance(item, dict):
                _collect(item, parts, found)
    else:
        found.add(MISSING)


def _collect_leaf(node: Any, found: set[Scalar]) -> None:
    if isinstance(node, (list, tuple)):
        found.add(OTHER)
        for item in node:
            value = index_value(item)
            found.add(OTHER if value is None else value)
    else:
        value = index_value(node)
        found.add(OTHER if value is None else value)


def _copy(node: dict[str, Any], target: dict[str, Any], parts: list[str]) -> None:
    name = parts[0]
    if name not in node:
        return
    value = node[name]
    if len(parts) == 1:
        target[name] = _small(value)
    elif isinstance(value, dict):
        _copy(value, target.setdefault(name, {}), parts[1:])
    elif isinstance(value, (list, tuple)):
        raise NotAtHandError
    else:
        target[name] = _small(value)


def _small(value: Any) -> Any:
    if isinstance(value, dict):
        raise NotAtHandError
    if isinstance(value, (list, tuple)):
        if len(value) > _MAX_LIST or any(isinstance(item, (dict, list, tuple)) for item in value):
            raise NotAtHandError
        return [_small(item) for item in value]
    if isinstance(value, (str, bytes)) and len(value) > 4 * MAX_TEXT:
        raise NotAtHandError
    return value

"""What in an output no document can hold, and where: numbers that are not finite, broken text, strange objects."""

from __future__ import annotations

import math
from typing import Any, Final

import orjson
from monty.json import jsanitize

from hebe.exceptions import HebeError

_DEEPEST: Final = 200


class OutputError(HebeError):
    """An output of a job holds something that no document can hold."""


def is_whole(output: Any) -> bool:
    """Whether an output holds neither a reference to that of another job nor to a blob, as its text tells soonest."""
    try:
        text = orjson.dumps(output)
    except (TypeError, ValueError):
        return False
    return b'"OutputReference"' not in text and b'"blob_uuid"' not in text


def check(output: Any) -> None:
    """Make sure that a document can hold an output.

    Raises
    ------
    OutputError
        Names the first place where it cannot.
    """
    found = fault_of(output)
    if found is not None:
        raise OutputError(found)


def fault_of(output: Any) -> str | None:
    """Return the place in an output that no document can hold, and what is there; None if there is none."""
    todo: list[tuple[str, Any, int]] = [("output", output, 0)]
    while todo:
        place, value, depth = todo.pop()
        if depth > _DEEPEST:
            return f"{place[:100]}... is nested too deeply, or holds itself"
        if isinstance(value, dict):
            todo += [(_below(place, key), item, depth + 1) for key, item in reversed(value.items())]
        elif isinstance(value, (list, tuple)):
            todo += [(f"{place}[{number}]", item, depth + 1) for number, item in reversed(list(enumerate(value)))]
        else:
            found, inner = _fault_of_leaf(place, value)
            if found is not None:
                return found
            if inner is not None:
                todo.append((place, inner, depth + 1))
    return None


def _fault_of_leaf(place: str, value: Any) -> tuple[str | None, Any]:
    """Return what is wrong with a value, or else what it consists of when it is stored."""
    if isinstance(value, float):
        return (None if math.isfinite(value) else f"{place} is {float(value)!r}: only finite numbers are stored"), None
    if isinstance(value, str):
        return (None if _is_text(value) else f"{place} is text with half a surrogate pair, which is no Unicode"), None
    if value is None or isinstance(value, (int, bytes)):
        return None, None
    try:
        plain = jsanitize(value, strict=True, enum_values=True, allow_bson=True)
    except Exception:  # noqa: BLE001 - what as_dict of any class raises
        kind = type(value)
        return f"{place} is a {kind.__module__}.{kind.__qualname__}, which no document can hold", None
    return None, plain if isinstance(plain, (dict, list, float, str)) else None


def _is_text(value: str) -> bool:
    try:
        value.encode()
    except UnicodeEncodeError:
        return False
    return True


def _below(place: str, key: object) -> str:
    return f"{place}.{key}" if isinstance(key, str) and key.isidentifier() else f"{place}[{str(key)[:40]!r}]"

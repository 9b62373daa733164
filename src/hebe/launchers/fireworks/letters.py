"""Questions and answers in mailboxes as JSON: reading one builds plain data and the few kinds of objects named here.

Nothing is imported by a name that stands in a message, as unpickling would, so that a message is never a program.
"""

from __future__ import annotations

import builtins
from dataclasses import fields
from enum import Enum
from typing import Any, Final

import orjson
import pymongo.errors
from monty.json import jsanitize

from hebe import exceptions
from hebe.config.reading.hiding import printable
from hebe.exceptions import StoreError
from hebe.launchers.fireworks.claimed_job import ClaimedJob
from hebe.stores import codec
from hebe.stores.owners import Owner
from hebe.stores.remote import RemoteStore

_TAG: Final = "$hebe"
_DICT: Final = "dict"
_ERROR: Final = "error"
_TAGGED: Final = b"#"
_STORE: Final = ("place", "title", "key", "last_updated_field", "last_updated_type")
_FACTS: Final[dict[type, tuple[str, ...]]] = {
    **{kind: tuple(field.name for field in fields(kind)) for kind in (ClaimedJob, Owner)},
    RemoteStore: _STORE,
}
"""Classes that messages may hold, with what describes their objects, in the order of the constructor."""

_KINDS: Final = {kind.__name__: kind for kind in _FACTS}
_SOURCES: Final = (pymongo.errors, exceptions, builtins)
"""Modules whose exceptions arrive as what they are."""


class Letters:
    """JSON in which values that it lacks are tagged, as `hebe.stores.codec` tags them."""

    def dumps(self, value: Any) -> bytes:
        """Bytes of a value.

        Raises
        ------
        hebe.exceptions.StoreError
            If it holds something that cannot be described.
        """
        raw = codec.plain_json(value)
        if raw is not None:
            return raw
        try:
            return _TAGGED + orjson.dumps(_tagged(value))
        except (TypeError, ValueError, AttributeError, RecursionError) as err:
            raise StoreError(f"a message cannot be written: {err}") from err

    def loads(self, raw: bytes) -> Any:
        """Value of some bytes; tuples come back as lists.

        Raises
        ------
        ValueError
            If they are none that `dumps` has written.
        """
        try:
            return _untagged(orjson.loads(raw[1:])) if raw[:1] == _TAGGED else orjson.loads(raw)
        except (TypeError, KeyError, AttributeError, RecursionError) as err:
            raise ValueError(f"no message: {type(err).__name__}") from err


LETTERS: Final = Letters()


def _tagged(value: Any) -> Any:
    if isinstance(value, dict):
        tagged = {str(key): _tagged(item) for key, item in value.items()}
        return {_TAG: _DICT, "value": tagged} if _TAG in tagged else tagged
    if isinstance(value, (list, tuple)):
        return [_tagged(item) for item in value]
    kind, text = codec.leaf(value)
    return _described(value) if kind is None else {_TAG: kind, "value": text}


def _described(value: Any) -> Any:
    if value is None or isinstance(value, (str, int, float)):
        return value
    if isinstance(value, Exception):
        return {_TAG: _ERROR, "value": [type(value).__name__, [_tagged(one) for one in _arguments(value)]]}
    facts = _FACTS.get(type(value))
    if facts is not None:
        return {_TAG: type(value).__name__, "value": [_tagged(getattr(value, name)) for name in facts]}
    return _tagged(value.value if isinstance(value, Enum) else jsanitize(value, strict=True, allow_bson=True))


def _arguments(err: Exception) -> list[Any]:
    """What an exception is built again of: its number and words, if it has them, else its text."""
    if isinstance(err, OSError) and err.errno is not None:
        return [err.errno, err.strerror, None if err.filename is None else printable(str(err.filename))]
    return [printable(str(err))]


def _untagged(value: Any) -> Any:
    if isinstance(value, list):
        return [_untagged(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(_TAG)
    return {key: _untagged(item) for key, item in value.items()} if kind is None else _built(kind, value["value"])


def _built(kind: str, value: Any) -> Any:
    """What stands under a tag."""
    if kind == _DICT:
        return {key: _untagged(item) for key, item in value.items()}
    if kind == _ERROR:
        return _error(*map(_untagged, value))
    if kind in _KINDS:
        return _KINDS[kind](*map(_untagged, value))
    return codec.LEAVES[kind](value)


def _error(name: str, arguments: list[Any]) -> Exception:
    """Exception of a class that is known by name and takes these arguments; else an error of the store."""
    for source in _SOURCES:
        kind = getattr(source, name, None)
        if isinstance(kind, type) and issubclass(kind, Exception):
            try:
                return kind(*arguments)
            except TypeError:
                break
    return StoreError(f"{name}: {arguments[-1]}")

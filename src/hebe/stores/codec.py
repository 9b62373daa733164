"""Documents as bytes: JSON, compressed with zstd, with tags for the values that JSON lacks.

Datetimes are kept as MongoDB keeps them: naive UTC, whole milliseconds.
"""

from __future__ import annotations

import math
import threading
from datetime import datetime
from typing import Any

import orjson
import zstandard
from bson import ObjectId
from monty.json import jsanitize

RAW, COMPRESSED, TAGGED = 0, 1, 2
"""Bits of the ``format`` column."""

_TAG = "$hebe"
_LEAVES = frozenset({str, int, bool, type(None)})
_MIN_SIZE = 256
_INT64 = 2**63
_local = threading.local()


def encode(document: dict[str, Any], level: int = 1) -> tuple[int, bytes]:
    """Turn a document into bytes.

    Parameters
    ----------
    document
        What :func:`normalize` returned.
    level
        zstd level.

    Returns
    -------
    tuple
        The format (bits ``COMPRESSED`` and ``TAGGED``) and the bytes.
    """
    tagged = not _is_json(document)
    raw = orjson.dumps(_tag(document) if tagged else document)
    form = TAGGED if tagged else RAW
    if len(raw) < _MIN_SIZE:
        return form, raw
    return form | COMPRESSED, _compressor(level).compress(raw)


def decode(form: int, body: bytes) -> dict[str, Any]:
    """Turn bytes back into the document that :func:`encode` was given."""
    raw = _decompressor().decompress(body) if form & COMPRESSED else body
    document: dict[str, Any] = orjson.loads(raw)
    return _untag(document) if form & TAGGED else document


def dumps(document: dict[str, Any]) -> bytes:
    """Turn a small document into bytes that say themselves whether they are tagged."""
    form, raw = (RAW, orjson.dumps(document)) if _is_json(document) else (TAGGED, orjson.dumps(_tag(document)))
    return b"#" + raw if form & TAGGED else raw


def loads(raw: bytes) -> dict[str, Any]:
    """Turn bytes back into the document that :func:`dumps` was given."""
    if raw[:1] == b"#":
        tagged: dict[str, Any] = _untag(orjson.loads(raw[1:]))
        return tagged
    document: dict[str, Any] = orjson.loads(raw)
    return document


def normalize(document: dict[str, Any]) -> dict[str, Any]:
    """Return the document as a MongoDB store would give it back.

    Objects of Python are replaced by their dictionaries (as maggma's stores do), datetimes by naive UTC ones with
    whole milliseconds. A document of plain JSON types is returned as it is, not copied.
    """
    if _is_json(document):
        return document
    clean: dict[str, Any] = normalize_dates(jsanitize(document, allow_bson=True, recursive_msonable=True))
    return clean


def normalize_dates(value: Any) -> Any:
    """Replace every datetime in nested lists and dictionaries by naive UTC with whole milliseconds."""
    if isinstance(value, dict):
        return {key: normalize_dates(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [normalize_dates(item) for item in value]
    if isinstance(value, datetime):
        offset = value.utcoffset()
        naive = value if offset is None else (value - offset).replace(tzinfo=None)
        return naive.replace(microsecond=naive.microsecond // 1000 * 1000)
    return value


def _is_json(value: dict[str, Any] | list[Any]) -> bool:
    """Whether orjson writes and reads the value without any change; a type check per container, not per value."""
    if type(value) is dict:
        if not all(type(key) is str for key in value) or _TAG in value:
            return False
        items: Any = value.values()
    else:
        items = value
    types = set(map(type, items))
    if types <= {int, float}:
        return _finite(items, types)
    if float in types and not all(math.isfinite(x) for x in items if type(x) is float):
        return False
    if int in types and not all(-_INT64 <= x < _INT64 for x in items if type(x) is int):
        return False
    if not types - {dict, list, float} <= _LEAVES:
        return False
    return all(_is_json(x) for x in items if type(x) is dict or type(x) is list)


def _finite(items: Any, types: set[type]) -> bool:
    if not types:
        return True
    if float in types and not all(map(math.isfinite, items)):
        return False
    return types == {float} or -_INT64 <= min(items) <= max(items) < _INT64


def _tag(value: Any) -> Any:
    if isinstance(value, dict):
        tagged = {str(key): _tag(item) for key, item in value.items()}
        return {_TAG: "dict", "value": tagged} if _TAG in tagged else tagged
    if isinstance(value, (list, tuple)):
        return [_tag(item) for item in value]
    kind, text = _name(value)
    return value if kind is None else {_TAG: kind, "value": text}


def _name(value: Any) -> tuple[str | None, str]:
    """How a leaf that JSON lacks is written; a None kind for those that it has."""
    if isinstance(value, datetime):
        return "date", value.isoformat()
    if isinstance(value, ObjectId):
        return "oid", str(value)
    if isinstance(value, bytes):
        return "bytes", value.hex()
    if isinstance(value, float) and not math.isfinite(value):
        return "float", repr(float(value))
    if isinstance(value, int) and not -_INT64 <= value < _INT64:
        return "int", str(value)
    return None, ""


_UNTAG: dict[str, Any] = {
    "date": datetime.fromisoformat,
    "oid": ObjectId,
    "bytes": bytes.fromhex,
    "float": float,
    "int": int,
}


def _untag(value: Any) -> Any:
    if isinstance(value, list):
        return [_untag(item) for item in value]
    if not isinstance(value, dict):
        return value
    kind = value.get(_TAG)
    if kind is None:
        return {key: _untag(item) for key, item in value.items()}
    if kind == "dict":
        return {key: _untag(item) for key, item in value["value"].items()}
    return _UNTAG[kind](value["value"])


def _compressor(level: int) -> zstandard.ZstdCompressor:
    if getattr(_local, "level", None) != level:
        _local.level, _local.compressor = level, zstandard.ZstdCompressor(level=level)
    compressor: zstandard.ZstdCompressor = _local.compressor
    return compressor


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    decompressor: zstandard.ZstdDecompressor = _local.decompressor
    return decompressor

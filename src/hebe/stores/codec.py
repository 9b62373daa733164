"""Documents as bytes: JSON, compressed with zstd, with tags for the values that JSON lacks.

Datetimes are kept as MongoDB keeps them: naive UTC, whole milliseconds.
"""

from __future__ import annotations

import marshal
import math
import re
import threading
import zlib
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime
from typing import TYPE_CHECKING, Any

import orjson
import zstandard
from bson import ObjectId
from monty.json import jsanitize

from hebe.exceptions import StoreError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from concurrent.futures import Future

RAW, COMPRESSED, TAGGED = 0, 1, 2
"""Bits of the ``format`` column."""

DAMAGE = (zstandard.ZstdError, ValueError, LookupError, TypeError, AttributeError, RecursionError)
"""What reading bytes raises that are not those which were written."""

_TAG = "$hebe"
_SEAL, _SEALED = b"!", 9
_MIN_SIZE = 256
_BATCH = 512
_WORTH_A_THREAD = 256
_INT64 = 2**63
_STRICT = orjson.OPT_PASSTHROUGH_DATETIME | orjson.OPT_PASSTHROUGH_SUBCLASS | orjson.OPT_PASSTHROUGH_DATACLASS
_NOT_FINITE = [re.compile(kind + rb".{6}[\xf0-\xff][\x7f\xff]", re.DOTALL) for kind in (b"g", b"\xe7")]
_local = threading.local()


def encode(document: dict[str, Any], level: int = 1) -> tuple[dict[str, Any], int, bytes]:
    """Turn a document into bytes.

    Parameters
    ----------
    document
        Any document; objects of Python are replaced by their dictionaries, as maggma's stores do.
    level
        zstd level.

    Returns
    -------
    tuple
        The document as it will come back (lists may still be tuples), the format (bits ``COMPRESSED`` and
        ``TAGGED``), the bytes.
    """
    document, form, raw = _written(document)
    if len(raw) < _MIN_SIZE:
        return document, form, raw
    return document, form | COMPRESSED, _compressor(level).compress(raw)


def encode_all(documents: Sequence[dict[str, Any]], level: int = 1) -> list[tuple[dict[str, Any], int, bytes]]:
    """Turn many documents into bytes as :func:`encode` does; a second thread compresses while this one writes JSON."""
    if len(documents) < _WORTH_A_THREAD:
        return [encode(document, level) for document in documents]
    encoded: list[tuple[dict[str, Any], int, bytes]] = []
    with ThreadPoolExecutor(1, thread_name_prefix="zstd") as helper:
        waiting: list[tuple[list[tuple[dict[str, Any], int, bytes]], Future[list[bytes]]]] = []
        for start in range(0, len(documents), _BATCH):
            batch = [_written(document) for document in documents[start : start + _BATCH]]
            waiting.append((batch, helper.submit(_compressed, [raw for _, _, raw in batch], level)))
            if len(waiting) > 2:
                encoded.extend(_joined(*waiting.pop(0)))
        for batch, promised in waiting:
            encoded.extend(_joined(batch, promised))
    return encoded


def _compressed(raws: list[bytes], level: int) -> list[bytes]:
    """Compress what is large enough, in one call that lets other threads run."""
    large: list[bytes | bytearray | memoryview] = [raw for raw in raws if len(raw) >= _MIN_SIZE]
    if not large:
        return []
    frames = _compressor(level).multi_compress_to_buffer(large, threads=1)
    return [frames[number].tobytes() for number in range(len(frames))]


def _joined(
    batch: list[tuple[dict[str, Any], int, bytes]], promised: Future[list[bytes]]
) -> Iterator[tuple[dict[str, Any], int, bytes]]:
    compressed = iter(promised.result())
    for document, form, raw in batch:
        small = len(raw) < _MIN_SIZE
        yield (document, form, raw) if small else (document, form | COMPRESSED, next(compressed))


def written(document: dict[str, Any]) -> tuple[int, bytes]:
    """Return the format and the bytes of a document, not compressed."""
    return _written(document)[1:]


def _written(document: dict[str, Any]) -> tuple[dict[str, Any], int, bytes]:
    """Return the document as it will come back, the bit ``TAGGED`` or none, and its JSON."""
    raw = plain_json(document)
    if raw is None:
        document = normalize(document)
        raw = plain_json(document)
    return (document, TAGGED, _tagged_json(document)) if raw is None else (document, RAW, raw)


def _tagged_json(document: dict[str, Any]) -> bytes:
    try:
        return orjson.dumps(_tag(document))
    except TypeError as err:  # a surrogate: half a character, which no encoding has
        raise StoreError(f"a document cannot be written: {err}") from err


def decode(form: int, body: bytes) -> dict[str, Any]:
    """Turn bytes back into the document that :func:`encode` was given."""
    raw = _decompressor().decompress(body) if form & COMPRESSED else body
    document: dict[str, Any] = orjson.loads(raw)
    return _untag(document) if form & TAGGED else document


def dumps(document: dict[str, Any]) -> bytes:
    """Turn a normalized document into bytes that say themselves whether they are tagged."""
    raw = plain_json(document)
    return b"#" + orjson.dumps(_tag(document)) if raw is None else raw


def seal(raw: bytes, body: bytes) -> bytes:
    """Put checksums before what :func:`dumps` has made of a part of a document: its own, and that of the whole body."""
    return _SEAL + zlib.crc32(raw).to_bytes(4, "big") + zlib.crc32(body).to_bytes(4, "big") + raw


def unseal(sealed: bytes) -> tuple[bytes, int | None]:
    """Return the bytes that :func:`seal` was given, and the checksum of the body; None where an older version wrote it.

    Raises
    ------
    ValueError
        If the checksum does not fit.
    """
    if sealed[:1] != _SEAL:
        return sealed, None
    raw = sealed[_SEALED:]
    if zlib.crc32(raw) != int.from_bytes(sealed[1:5], "big"):
        raise ValueError("its checksum does not fit")
    return raw, int.from_bytes(sealed[5:_SEALED], "big")


def loads(raw: bytes) -> dict[str, Any]:
    """Turn bytes back into the document that :func:`dumps` was given."""
    if raw[:1] == b"#":
        tagged: dict[str, Any] = _untag(orjson.loads(raw[1:]))
        return tagged
    document: dict[str, Any] = orjson.loads(raw)
    return document


def normalize(document: dict[str, Any]) -> dict[str, Any]:
    """Return a document as a MongoDB store would give it back, of plain types and naive UTC datetimes."""
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


def plain_json(document: Any) -> bytes | None:
    """Write JSON, if that and reading it back change nothing but tuples; None otherwise.

    marshal takes exact built-in types only and writes floats as ``g`` (with the eighth bit set when it refers to them
    again) and eight bytes, which shows infinities and NaN (``null`` in JSON); where something else looks like them,
    reading the JSON back decides.
    """
    try:
        raw = orjson.dumps(document, option=_STRICT)
        types = marshal.dumps(document, 4)
    except (TypeError, ValueError):
        return None
    if b'"$hebe"' in raw:
        return None
    doubtful = b"null" in raw and any(form.search(types) for form in _NOT_FINITE)
    return None if doubtful and orjson.loads(raw) != document else raw


def is_finite(value: Any) -> bool:
    """Whether plain data certainly hold no infinity and no NaN; quick, and wrong in one direction only."""
    try:
        types = marshal.dumps(value, 4)
    except ValueError:
        return False
    return not any(form.search(types) for form in _NOT_FINITE)


def _tag(value: Any) -> Any:
    if isinstance(value, dict):
        tagged = {str(key): _tag(item) for key, item in value.items()}
        return {_TAG: "dict", "value": tagged} if _TAG in tagged else tagged
    if isinstance(value, (list, tuple)):
        return [_tag(item) for item in value]
    kind, text = leaf(value)
    return value if kind is None else {_TAG: kind, "value": text}


def leaf(value: Any) -> tuple[str | None, str]:
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


LEAVES: dict[str, Any] = {
    "date": datetime.fromisoformat,
    "oid": ObjectId,
    "bytes": bytes.fromhex,
    "float": float,
    "int": int,
}
"""What reads a leaf that JSON lacks, by the kind that :func:`leaf` gives."""


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
    return LEAVES[kind](value["value"])


def _compressor(level: int) -> zstandard.ZstdCompressor:
    if getattr(_local, "level", None) != level:
        _local.level, _local.compressor = level, zstandard.ZstdCompressor(level=level, write_checksum=True)
    compressor: zstandard.ZstdCompressor = _local.compressor
    return compressor


def _decompressor() -> zstandard.ZstdDecompressor:
    if not hasattr(_local, "decompressor"):
        _local.decompressor = zstandard.ZstdDecompressor()
    decompressor: zstandard.ZstdDecompressor = _local.decompressor
    return decompressor

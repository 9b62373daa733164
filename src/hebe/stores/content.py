"""The content of an output as a short text: equal for equal outputs, whenever and wherever they were stored."""

from __future__ import annotations

import hashlib
import json
from typing import Any, Final

import orjson

CONTENT: Final = "#output"
"""Path by which stores that keep values at hand know the content of ``output``; no document has it as a field."""

_OPTIONS = orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY
_BYTES = 16


def content_of(output: Any) -> str:
    """Hash (128 bits of BLAKE2b, hexadecimal) of an output as a store returns it, whatever the order of its keys."""
    try:
        raw = orjson.dumps(output, default=str, option=_OPTIONS)
    except (TypeError, ValueError):  # integers beyond 64 bits
        raw = json.dumps(output, default=str, sort_keys=True).encode()
    return hashlib.blake2b(raw, digest_size=_BYTES).hexdigest()

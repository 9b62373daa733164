"""Documents by the values of some paths, for keys that no index tells apart: lists and dictionaries."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import orjson
from mongomock_ng.filtering import iter_key_candidates

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class Values:
    """Row numbers by what stands at some paths; who is found may match, nobody else does.

    Parameters
    ----------
    paths
        The paths of a key.
    """

    def __init__(self, paths: Iterable[str]) -> None:
        self._found: dict[str, dict[bytes, set[int]]] = {path: {} for path in paths}

    def add(self, number: int, document: dict[str, Any]) -> None:
        """Take a document in; one that was there is found under its old values as well."""
        for path, found in self._found.items():
            for value in iter_key_candidates(path, document):  # type: ignore[no-untyped-call]
                for one in [value, *(value if isinstance(value, list) else [])]:
                    found.setdefault(_mark(one), set()).add(number)

    def candidates(self, search: Mapping[str, Any]) -> list[int]:
        """Rows that may have all the values of a key, in order."""
        sets = [self._found[path].get(_mark(value), set()) for path, value in search.items()]
        return sorted(set.intersection(*sets))


def _mark(value: Any) -> bytes:
    """Bytes that are equal for values that MongoDB or Python take for equal."""
    return orjson.dumps(_plain(value), default=repr, option=orjson.OPT_SORT_KEYS)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    if isinstance(value, float) and math.isfinite(value) and value == int(value):
        value = int(value)
    return str(int(value)) if isinstance(value, (bool, int)) else value

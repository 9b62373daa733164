"""MongoDB-style criteria: narrowed by indexes in SQL, decided in Python.

SQL only ever leaves out documents that cannot match; whether one matches is decided by mongomock's filter, the one
behind maggma's ``MemoryStore``, so both stores give the same answers.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import orjson
from mongomock_ng.filtering import filter_applies

from hebe.exceptions import StoreError
from hebe.stores.codec import normalize_dates
from hebe.stores.fields import MISSING, NULL, Scalar, index_value

_LOGICAL = {"$and", "$or", "$nor"}
_BOUNDS = {"$gt": ">=", "$gte": ">=", "$lt": "<=", "$lte": "<="}


@dataclass(frozen=True)
class Narrowing:
    """A SQL condition on one indexed path, or on one of several, that every matching document fulfils.

    ``condition`` is written over the column ``value`` of the index table.
    """

    path: str
    condition: str
    parameters: tuple[Scalar, ...]
    otherwise: tuple[Narrowing, ...] = ()

    @property
    def alternatives(self) -> tuple[Narrowing, ...]:
        """All conditions of which one holds, itself first."""
        return (self, *self.otherwise)


class Criteria:
    """A MongoDB-style filter.

    Parameters
    ----------
    spec
        The filter; None matches everything.

    Raises
    ------
    hebe.exceptions.StoreError
        If it is no mapping, is wrong, or asks for code to be run (``$where``, ``$function``).
    """

    def __init__(self, spec: Mapping[str, Any] | None) -> None:
        if spec is not None and not isinstance(spec, Mapping):
            raise StoreError(f"criteria must be a mapping, not {type(spec).__name__}")
        self.spec: dict[str, Any] = normalize_dates(dict(spec or {}))
        _refuse_code(self.spec)
        self._simple = _simple(self.spec)
        if self.spec and self._simple is None:
            self._applies({})

    def __bool__(self) -> bool:
        return bool(self.spec)

    def matches(self, document: dict[str, Any]) -> bool:
        """Whether a document fulfils the filter; texts on the way through mappings alone are compared here.

        Raises
        ------
        hebe.exceptions.StoreError
            If the filter uses an unknown operator or a wrong argument.
        """
        if self._simple is not None:
            told = [condition.holds(document) for condition in self._simple]
            if False in told:
                return False
            if None not in told:
                return True
        return self._applies(document)

    def _applies(self, document: dict[str, Any]) -> bool:
        try:
            return bool(filter_applies(self.spec, document))  # type: ignore[no-untyped-call]
        except (NotImplementedError, TypeError, ValueError, re.error) as err:
            raise StoreError(f"cannot apply criteria {self.spec!r}: {err}") from err
        except Exception as err:
            if type(err).__module__.startswith(("mongomock", "pymongo")):
                raise StoreError(f"cannot apply criteria {self.spec!r}: {err}") from err
            raise

    def paths(self) -> set[str] | None:
        """Paths that decide; None when they cannot be told (expressions)."""
        return _paths(self.spec)

    def narrowings(self, indexed: set[str]) -> list[Narrowing]:
        """Conditions on indexed paths, each of which every matching document fulfils."""
        return _narrowings(self.spec, indexed)


@dataclass(frozen=True)
class _Condition:
    """A path that must hold one of some texts, or be there or not (no texts)."""

    parts: tuple[str, ...]
    texts: frozenset[str] | None
    there: bool = True

    def holds(self, document: dict[str, Any]) -> bool | None:
        """Whether a document fulfils it; None where a list is on the way, which has rules of its own."""
        node: Any = document
        for part in self.parts:
            if isinstance(node, (list, tuple)):
                return None
            if not isinstance(node, dict) or part not in node:
                return self.texts is None and not self.there
            node = node[part]
        if self.texts is None:
            return self.there
        return None if isinstance(node, (list, tuple)) else isinstance(node, str) and node in self.texts


def _simple(spec: Mapping[str, Any]) -> list[_Condition] | None:
    """Conditions of a filter that has only texts, ``$in`` of texts and ``$exists``; None of another."""
    found = []
    for path, search in spec.items():
        texts = [search]
        if isinstance(search, Mapping):
            if search.keys() == {"$exists"} and isinstance(search["$exists"], bool) and not path.startswith("$"):
                found.append(_Condition(tuple(path.split(".")), None, search["$exists"]))
                continue
            texts = search["$in"] if search.keys() == {"$in"} and isinstance(search["$in"], list) else [search]
        if path.startswith("$") or not all(isinstance(text, str) for text in texts):
            return None
        found.append(_Condition(tuple(path.split(".")), frozenset(texts)))
    return found


def _refuse_code(value: Any) -> None:
    if isinstance(value, Mapping):
        for key, item in value.items():
            if key in {"$where", "$function", "$accumulator"}:
                raise StoreError(f"criteria with {key} run code and are refused")
            _refuse_code(item)
    elif isinstance(value, list):
        for item in value:
            _refuse_code(item)


def _paths(spec: Mapping[str, Any]) -> set[str] | None:
    found: set[str] = set()
    for key, search in spec.items():
        if key in _LOGICAL:
            for branch in search if isinstance(search, list) else []:
                inner = _paths(branch) if isinstance(branch, Mapping) else None
                if inner is None:
                    return None
                found |= inner
        elif key.startswith("$") and key != "$comment":
            return None
        else:
            found.add(key)
    return found


def _narrowings(spec: Mapping[str, Any], indexed: set[str]) -> list[Narrowing]:
    found: list[Narrowing] = []
    for key, search in spec.items():
        if key == "$and" and isinstance(search, list):
            for branch in search:
                if isinstance(branch, Mapping):
                    found.extend(_narrowings(branch, indexed))
        elif key == "$or" and isinstance(search, list):
            found.extend(_of_branches(search, indexed))
        elif key in indexed:
            found.extend(_of_path(key, search))
    return found


def _of_branches(branches: list[Any], indexed: set[str]) -> list[Narrowing]:
    """One condition per branch, if there is one for each."""
    firsts: list[Narrowing] = []
    for branch in branches:
        found = _narrowings(branch, indexed) if isinstance(branch, Mapping) else []
        if not found:
            return []
        firsts.append(found[0])
    if not firsts:
        return []
    others = tuple(other for first in firsts[1:] for other in first.alternatives)
    return [replace(firsts[0], otherwise=firsts[0].otherwise + others)]


def _of_path(path: str, search: Any) -> list[Narrowing]:
    if not isinstance(search, Mapping):
        return _equal(path, search)
    if not search or not all(str(key).startswith("$") for key in search):
        return []
    found: list[Narrowing] = []
    for operator, value in search.items():
        if operator == "$eq":
            found.extend(_equal(path, value))
        elif operator == "$in":
            found.extend(_any_of(path, value))
        elif operator in _BOUNDS:
            found.extend(_bound(path, _BOUNDS[operator], value))
        elif operator == "$exists":
            there = Narrowing(path, "(value < ? OR value > ?)", (MISSING, MISSING))
            found.append(there if value else Narrowing(path, "value = ?", (MISSING,)))
    return found


def _equal(path: str, value: Any) -> list[Narrowing]:
    if value is None:
        return _any_of(path, [None])
    stored = index_value(value)
    return [] if stored is None else [Narrowing(path, "value = ?", (stored,))]


def _any_of(path: str, values: Any) -> list[Narrowing]:
    if not isinstance(values, list):
        return []
    stored = [index_value(value) for value in values]
    if any(value is None or isinstance(value, float) or "\0" in str(value) for value in stored):
        return []  # the JSON of SQLite ends texts at a zero byte
    if NULL in stored:
        stored.append(MISSING)
    return [Narrowing(path, "value IN (SELECT value FROM json_each(?))", (orjson.dumps(stored).decode(),))]


def _bound(path: str, sign: str, value: Any) -> list[Narrowing]:
    if isinstance(value, bool) or value is None:
        return []
    stored = index_value(value)
    return [] if stored is None else [Narrowing(path, f"value {sign} ?", (stored,))]

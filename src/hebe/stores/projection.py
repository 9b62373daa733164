"""The part of a document that a query asks for, in MongoDB's notation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hebe.exceptions import StoreError

Tree = dict[str, "Tree | None"]


class Projection:
    """Which fields of a document are wanted.

    Parameters
    ----------
    properties
        List of dotted paths to include, or mapping of paths to 1 (include) or 0 (exclude); None or empty wants all.

    Raises
    ------
    hebe.exceptions.StoreError
        If including and excluding are mixed, or an operator is used.
    """

    def __init__(self, properties: Mapping[str, Any] | list[str] | tuple[str, ...] | None) -> None:
        spec = dict(properties) if isinstance(properties, Mapping) else dict.fromkeys(properties or [], 1)
        self._drop_id = not spec.pop("_id", 1)
        wanted = {_flag(path, value) for path, value in spec.items()}
        if len(wanted) > 1:
            raise StoreError("properties cannot be included and excluded at once")
        self.include = True in wanted
        self.everything = not wanted and not self._drop_id
        self.paths = list(spec)
        self._tree = _tree(self.paths)

    def apply(self, document: dict[str, Any]) -> dict[str, Any]:
        """Return the wanted part; parts of the given document may be shared with it."""
        if self.everything:
            return document
        if self.include:
            result = _included(document, self._tree)
            if "_id" in document:
                result["_id"] = document["_id"]
        else:
            result = _excluded(document, self._tree)
        if self._drop_id:
            result.pop("_id", None)
        return result

    def wants(self, name: str) -> bool:
        """Whether any of a field at the top is wanted."""
        if self.everything:
            return True
        asked = name in self._tree
        return asked if self.include else not (asked and self._tree[name] is None)


def _flag(path: str, value: Any) -> bool:
    if isinstance(value, (bool, int, float)):
        return bool(value)
    raise StoreError(f"properties: {path!r} must be 1 or 0, not {value!r}")


def _tree(paths: list[str]) -> Tree:
    root: Tree = {}
    for path in sorted(paths, key=len):
        node, parts = root, path.split(".")
        for part in parts[:-1]:
            inner = node.setdefault(part, {})
            if inner is None:
                break
            node = inner
        else:
            node[parts[-1]] = None
    return root


def _included(node: dict[str, Any], tree: Tree) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in node.items():
        if name not in tree:
            continue
        inner = tree[name]
        if inner is None:
            result[name] = value
        elif isinstance(value, dict):
            result[name] = _included(value, inner)
        elif isinstance(value, list):
            result[name] = _included_list(value, inner)
    return result


def _included_list(items: list[Any], tree: Tree) -> list[Any]:
    result: list[Any] = []
    for item in items:
        if isinstance(item, dict):
            result.append(_included(item, tree))
        elif isinstance(item, list):
            result.append(_included_list(item, tree))
    return result


def _excluded(node: dict[str, Any], tree: Tree) -> dict[str, Any]:
    result: dict[str, Any] = {}
    for name, value in node.items():
        if name not in tree:
            result[name] = value
            continue
        inner = tree[name]
        if inner is not None:
            result[name] = _excluded_item(value, inner)
    return result


def _excluded_item(value: Any, tree: Tree) -> Any:
    if isinstance(value, dict):
        return _excluded(value, tree)
    if isinstance(value, list):
        return [_excluded_item(item, tree) for item in value]
    return value

"""Printed keys: dotted paths through documents."""

from __future__ import annotations

from hebe.campaigns.keys import flat, lookup


def test_paths() -> None:
    document = {"a": {"b-c": 1, "d": [1]}, "e": None}
    assert flat(document) == {"a.b-c": 1, "a.d": [1], "e": None}
    assert lookup(document, "a.b-c") == 1
    assert lookup(document, "a.x.y") is None
    assert lookup(document, "e.y") is None

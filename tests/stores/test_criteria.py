"""Filters of texts are decided as mongomock decides them, whatever documents hold."""

from __future__ import annotations

import random
from typing import Any

from mongomock_ng.filtering import filter_applies

from hebe.stores.criteria import Criteria

VALUES: list[Any] = ["a", "b", "", None, 1, True, ["a"], ["b", {"x": "a"}], {"x": "a"}, {"x": ["a"]}, {"0": "a"}, []]
PATHS = ("p", "q", "p.q", "p.x", "q.0", "p.q.x", "p.0.x", "x")
SEARCHES: list[Any] = ["a", "b", "", {"$exists": True}, {"$exists": False}, {"$in": ["a", "c"]}, {"$in": []}]


def document(noise: random.Random, depth: int = 0) -> dict[str, Any]:
    inner = [name for name in "pqx0" if noise.random() < 0.7]
    return {
        name: document(noise, depth + 1) if depth < 2 and noise.random() < 0.4 else noise.choice(VALUES)
        for name in inner
    }


def test_texts_are_found_as_mongomock_finds_them() -> None:
    noise, held = random.Random(1), 0
    for _ in range(3000):
        spec = {noise.choice(PATHS): noise.choice(SEARCHES) for _ in range(noise.randint(1, 2))}
        found = document(noise)
        told = Criteria(spec).matches(found)
        assert told == bool(filter_applies(spec, found)), (spec, found)  # type: ignore[no-untyped-call]
        held += told
    assert 100 < held < 2900

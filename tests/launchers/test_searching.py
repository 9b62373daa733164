"""Expressions of users are searched in a bounded time."""

from __future__ import annotations

import re
import time

import pytest

from hebe.exceptions import BadInputError
from hebe.launchers.searching import search


def test_what_is_found_is_what_python_finds() -> None:
    texts = ["ValueError: a", "EngineError: Ü\n", "x\x00", "\ud800"]
    for pattern in (re.compile("error: Ü", re.IGNORECASE), re.compile("^V"), re.compile("\x00|\ud800")):
        assert search(pattern, texts) == [pattern.search(text) is not None for text in texts]
    assert search(re.compile("x"), []) == []


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)+$", "(?:a*)*b", "(x+x+)+y"])
def test_one_that_would_take_for_ever_is_refused(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(BadInputError, match="takes more than 1 s"):
        search(re.compile(text), ["ax" * 0 + ("x" if "x" in text else "a") * 60 + "!"], longest_s=1.0)
    assert time.monotonic() - began < 20

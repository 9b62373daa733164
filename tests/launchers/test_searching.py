"""Expressions of users are searched in a bounded time."""

from __future__ import annotations

import re
import resource
import time
from typing import TYPE_CHECKING

import pytest

from hebe.exceptions import BadInputError
from hebe.launchers.outcome import Failure
from hebe.launchers.records import Records
from hebe.launchers.searching import search
from hebe.stores import open_store
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path


def test_what_is_found_is_what_python_finds() -> None:
    texts = ["ValueError: a", "EngineError: Ü\n", "x\x00", "\ud800"]
    for pattern in (re.compile("error: Ü", re.IGNORECASE), re.compile("^V"), re.compile("\x00|\ud800")):
        assert search(pattern, texts) == [pattern.search(text) is not None for text in texts]
    assert search(re.compile("x"), []) == []


@pytest.mark.parametrize("text", ["(a+)+$", "(a|aa)+$", "(?:a*)*b", "(x+x+)+y"])
def test_one_that_would_take_for_ever_is_refused(text: str) -> None:
    began = time.monotonic()
    with pytest.raises(BadInputError, match="takes more than 1 s"):
        search(re.compile(text), [("x" if "x" in text else "a") * 60 + "!"])
    assert time.monotonic() - began < 20


def test_a_stored_text_cannot_hold_a_command_up(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    store = open_store(tmp_path)
    records = Records.beside(store.docs_store, tmp_path)
    identity = {"uuid": "long", "index": 1, "name": "n", "hosts": []}
    records.fail(identity, Failure("ValueError", "a" * 100_000 + "!"))
    records.close()
    store.close()
    before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
    outcome = hebe(capsys, "rerun", "--failed", "--error", "(a+)+$")
    assert resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before < 2
    assert (outcome.code, outcome.out) == (2, "")
    assert outcome.err.startswith("error: searching '(a+)+$' takes more than 1 s")
    assert outcome.err.count("\n") == 1
    found = hebe(capsys, "rerun", "--failed", "--error", "a{100,}", "--dry-run", "--json")
    assert [job["uuid"] for job in found.json["jobs"]] == ["long"], "nothing was taken back"

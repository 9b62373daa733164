"""What passes through mailboxes comes back as it was, and a message that somebody else composed builds nothing."""

from __future__ import annotations

import math
import pickle
import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from bson import ObjectId
from pymongo.errors import AutoReconnect, ServerSelectionTimeoutError

from hebe.exceptions import BadInputError, EngineError, LaunchError, StoreError
from hebe.launchers.fireworks.claimed_job import ClaimedJob
from hebe.launchers.fireworks.letters import LETTERS
from hebe.stores.owners import Owner
from hebe.stores.remote import RemoteStore
from hebe.stores.service import Service

if TYPE_CHECKING:
    from pathlib import Path

JOB = ClaimedJob(
    1,
    2,
    {"hebe": {"uuid": "u"}, "_id": ObjectId("6" * 24), "at": datetime.fromisoformat("2026-01-02T03:04:05")},
    "relax",
)


@pytest.mark.parametrize(
    "value",
    [
        None,
        {"a": [1, 2.5, "é", None, True], "b": {}},
        [math.inf, -math.inf, 2**70, -(2**64), b"\x00\xff", "$hebe"],
        {"$hebe": "error", "value": ["SystemExit", []]},
        {"$hebe": "ClaimedJob", "value": [1]},
        {"x": [{"$hebe": {"$hebe": 1}}]},
        {"job": JOB, "owners": [Owner("h", 1, "s")]},
        [RemoteStore("outputs", "db#outputs", "uuid", "t", "isoformat"), {"data": RemoteStore("d", "e")}, True],
    ],
)
def test_values_come_back(value: Any) -> None:
    found = LETTERS.loads(LETTERS.dumps(value))
    assert found == value
    assert type(found) is type(value)


def test_objects_of_documents_arrive_as_a_database_would_hold_them() -> None:
    assert LETTERS.loads(LETTERS.dumps((True, np.arange(3)))) == [True, [0, 1, 2]]
    assert math.isnan(LETTERS.loads(LETTERS.dumps([math.nan]))[0])
    found = LETTERS.loads(LETTERS.dumps(RemoteStore("p", "t", "k", "f", "isoformat")))
    assert vars(found) == vars(RemoteStore("p", "t", "k", "f", "isoformat"))
    for bad in (object(), "\ud800"):
        with pytest.raises(StoreError, match="a message cannot be written"):
            LETTERS.dumps(bad)


@pytest.mark.parametrize(
    ("error", "kind", "text"),
    [
        (AutoReconnect("away"), AutoReconnect, "away"),
        (ServerSelectionTimeoutError("away"), ServerSelectionTimeoutError, "away"),
        (StoreError("no \ud800"), StoreError, r"no \\ud800"),
        (OSError(28, "No space left on device", "/x"), OSError, "No space left"),
        (LaunchError("no"), LaunchError, "no"),
        (BadInputError("bad", key="k", suggestion="s"), BadInputError, r"k: bad \(s\)"),
        (EngineError("chgnet", "no"), StoreError, "EngineError: chgnet: no"),
        (KeyError("x"), KeyError, "x"),
    ],
)
def test_errors_arrive_as_what_they_are(error: Exception, kind: type[Exception], text: str) -> None:
    found = LETTERS.loads(LETTERS.dumps((False, error)))[1]
    assert type(found) is kind
    with pytest.raises(kind, match=text):
        raise found
    assert getattr(found, "errno", None) == getattr(error, "errno", None)


class Evil:
    """Leaves a mark when it is unpickled or built."""

    def __reduce__(self) -> Any:
        return exec, ("open('PWNED', 'w')",)


@pytest.mark.parametrize(
    "body",
    [
        pickle.dumps(Evil()),
        b"#" + pickle.dumps(Evil()),
        b"",
        b"#",
        b"[",
        b"7",
        b'["outputs"]',
        b'#{"$hebe": "error", "value": ["SystemExit", ["x"]]}',
        b'#{"$hebe": "error", "value": ["exec", ["open(\'PWNED\', \'w\')"]]}',
        b'#{"$hebe": "evil:Evil", "value": []}',
        b'#{"$hebe": "Owner", "value": [1, 2, 3, 4]}',
        b'#{"$hebe": ["list"], "value": []}',
        b'#["outputs", "__class__", []]',
        b'["outputs", "query", [{"criteria": {"@module": "evil", "@class": "Evil"}}]]',
        b'["launchpad", "__init__", [[], {}]]',
        b"[" * 100_000,
    ],
)
def test_a_message_that_somebody_composed_is_no_program(
    body: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "evil.py").write_text("open('PWNED', 'w')\nclass Evil: ...\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.chdir(tmp_path)
    is_good, value = LETTERS.loads(Service({}, {}, 10, LETTERS).answer(body))
    assert not is_good
    assert isinstance(value, Exception)
    assert not (tmp_path / "PWNED").exists()
    assert "evil" not in sys.modules

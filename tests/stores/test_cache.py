"""The calculation cache and its claims, on the embedded store and on MongoDB's kind of store."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from jobflow.core.reference import OutputReference
from jobflow.core.store import JobStore
from maggma.stores import JSONStore, MemoryStore

from hebe.exceptions import StoreError
from hebe.stores import ClaimedElsewhere, Claims, claim_tables, lookup, open_store
from hebe.stores.cache import lookup_or_claim
from hebe.stores.claims import Owner, process_start, release_held
from hebe.stores.healing import heal

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(params=["embedded", "memory"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> JobStore:
    if request.param == "embedded":
        return open_store(tmp_path)
    made = JobStore(MemoryStore(collection_name=tmp_path.name))
    made.connect()
    return made


@pytest.fixture(autouse=True)
def no_claims_left() -> Iterator[None]:
    yield
    release_held()


def put(store: JobStore, uuid: str, output: Any, completed_at: str = "2026-01-02T00:00:00") -> None:
    store.update({"uuid": uuid, "index": 1, "output": output, "completed_at": completed_at})


def test_lookup_finds_converged_only(store: JobStore) -> None:
    put(store, "cut", {"key": "k", "status": "cut"})
    put(store, "failed", {"key": "k", "status": "failed"})
    put(store, "reference", OutputReference("own").as_dict())
    put(store, "number", 3)
    assert lookup(store, "k") is None
    put(store, "taken-over", {"key": "k", "status": "converged", "reused_from": "x"}, "2025-01-01T00:00:00")
    hit = lookup(store, "k")
    assert hit is not None
    assert hit.uuid == "taken-over"
    put(store, "own", {"key": "k", "status": "converged", "reused_from": None, "energy": 1}, "2026-02-02T00:00:00")
    put(store, "later", {"key": "k", "status": "converged", "energy": 2}, "2026-02-01T00:00:00")
    hit = lookup(store, "k")
    assert hit is not None
    assert (hit.uuid, hit.index, hit.output["energy"]) == ("own", 1, 1)
    assert lookup(store, "other") is None


OTHER = """
import sys
from hebe.stores import Claims, SQLiteStore
store = SQLiteStore(sys.argv[1]); store.connect()
print(Claims(store).acquire("k"), flush=True)
sys.stdin.read()
"""


def test_claim_of_another_process_and_its_death(tmp_path: Path) -> None:
    store = open_store(tmp_path)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", OTHER, str(tmp_path / ".hebe" / "store.db")]
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "True\n"
        claims = Claims(store)
        assert not claims.acquire("k")
        assert claims.holder("k") == str(Owner(Owner.current().host, process.pid, ""))
        with pytest.raises(ClaimedElsewhere, match=f"process {process.pid}"):
            lookup_or_claim(store, "k", claims)
        assert claims.acquire("another")
        process.kill()
        process.wait()
    assert claims.acquire("k"), "a dead process of this host loses its claim at once"


def test_lease_of_another_host(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    elsewhere = Owner("elsewhere", 1, "1")
    claims = Claims(store, lease_s=60.0)
    with monkeypatch.context() as patch:
        patch.setattr(Owner, "current", classmethod(lambda _cls: elsewhere))
        assert claims.acquire("k")
    assert not claims.acquire("k")
    assert not claims.renew("k")
    claims._table.release("k", Owner.current())
    assert claims.holder("k") == "process 1 on elsewhere"
    claims._table.renew("k", elsewhere, 0.0)
    assert claims.acquire("k"), "the lease ended long ago"
    assert claims.renew("k")
    claims.release("k")
    assert claims.holder("k") is None


@pytest.mark.parametrize("minutes", [2, 300])
def test_a_clock_that_is_ahead_takes_no_live_claim_over(
    minutes: int, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The owner on another host renews its claim; this host's clock is ahead of that one's."""
    elsewhere, claims, passed = Owner("elsewhere", 1, "1"), Claims(store, lease_s=60.0), [0.0]
    clock = SimpleNamespace(time=time.time, monotonic=lambda: time.monotonic() + passed[0])
    monkeypatch.setattr(claim_tables, "time", clock)

    def renew() -> None:
        assert claims._table.renew("k", elsewhere, time.time() - 60.0 * minutes + 60.0)

    assert claims._table.take("k", elsewhere, time.time())
    for _ in range(9):
        renew()
        assert not claims.acquire("k")
        passed[0] += 20.0
        assert not claims.acquire("k"), "three renewals in the lease"
    passed[0] += 38.0
    assert not claims.acquire("k")
    passed[0] += 4.0
    assert claims.acquire("k"), "silent for a lease"
    assert claims.renew("k")
    assert not claims._table.renew("k", elsewhere, time.time()), "it finds that out before it stores anything"
    claims.release("k")


def test_hold_keeps_the_claim_until_the_result_is_stored(store: JobStore) -> None:
    claims = Claims(store)
    with claims.hold("k"):
        assert claims.holder("k") == str(Owner.current())
    assert claims.holder("k") is not None
    release_held()
    assert claims.holder("k") is None
    with pytest.raises(RuntimeError), claims.hold("k"):
        raise RuntimeError
    assert claims.holder("k") is None


def test_lookup_or_claim(store: JobStore) -> None:
    claims = Claims(store)
    assert lookup_or_claim(store, "k", claims) is None
    put(store, "own", {"key": "k", "status": "converged"})
    hit = lookup_or_claim(store, "k", claims)
    assert hit is not None
    assert hit.uuid == "own"


def test_store_without_claims(tmp_path: Path) -> None:
    class Strange:
        pass

    with pytest.raises(StoreError, match="Strange can hold no claims"):
        Claims(Strange())  # type: ignore[arg-type]
    assert Claims.of(Strange()) is None  # type: ignore[arg-type]
    with JSONStore(str(tmp_path / "a.json"), read_only=False) as json_store:
        assert Claims(json_store).acquire("k")


def test_process_start_tells_processes_apart() -> None:
    own = process_start(os.getpid())
    assert own is not None
    assert own == process_start(os.getpid())
    assert process_start(2**22 + 1) is None
    assert not Owner.current().is_dead
    assert Owner(Owner.current().host, os.getpid(), "long ago").is_dead


def test_a_copy_of_a_process_is_another_owner() -> None:
    """The start of a process is looked up once, by a copy of it again."""
    own = Owner.current()
    child = os.fork()
    if not child:
        found = Owner.current()
        os._exit(0 if found.pid == os.getpid() and found.started == process_start(os.getpid()) else 1)
    assert os.waitpid(child, 0)[1] == 0
    assert Owner.current() == own == Owner(own.host, os.getpid(), str(process_start(os.getpid())))


@pytest.mark.parametrize("energy", [None, float("nan"), float("inf"), "****"])
def test_a_converged_calculation_without_an_energy_is_not_found_and_is_healed(store: JobStore, energy: Any) -> None:
    calculation = {"key": "k", "status": "converged", "energy_scale": "s"}
    put(store, "adopted", {**calculation, "energy_eV": energy}, "2025-01-01T00:00:00")
    put(store, "follower", OutputReference("adopted").as_dict())
    put(store, "copy", {**calculation, "key": "m", "energy_eV": -1.0, "reused_from": "adopted"})
    put(store, "vibrations", {"key": "v", "status": "converged", "energy_scale": "s"})
    assert lookup(store, "k") is None
    put(store, "good", {**calculation, "energy_eV": -2.0})
    hit = lookup(store, "k")
    assert hit is not None
    assert hit.uuid == "good"
    found = heal(store, dry_run=True)
    assert ([one["uuid"] for one in found["calculations"]], found["followers"]) == (["adopted"], 2)
    assert store.count() == 5
    heal(store)
    assert {one["uuid"] for one in store.query()} == {"good", "vibrations"}
    assert heal(store)["calculations"] == []

"""A store on a (simulated) network file system: one owner, a lease, a snapshot for readers."""

from __future__ import annotations

import json
import os
import sqlite3
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from hebe.exceptions import StoreError
from hebe.stores import Claims, SQLiteStore, network
from hebe.stores.database import connection
from hebe.stores.network import SIMULATION, Ownership, filesystem_type, is_network_path, live_owner
from hebe.stores.owners import Owner

HOLDER = """
import sys
from hebe.stores import SQLiteStore
from hebe.stores.database import connection
store = SQLiteStore(sys.argv[1]); store.connect()
store.update({"uuid": "theirs"})
connection(store.path).snapshot()
print("ready", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def shared(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that is taken for a network file system."""
    folder = tmp_path / "nfs"
    folder.mkdir()
    monkeypatch.setenv(SIMULATION, str(folder))
    return folder


def holder(path: Path) -> subprocess.Popen[str]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", HOLDER, str(path)]
    process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment)
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def test_types_of_file_systems(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mounts = tmp_path / "mounts"
    lines = ["/dev/sda1 / ext4 rw 0 0", "server:/home /home nfs4 rw 0 0", "/dev/sdb /home/me/fast\\040disk xfs rw 0 0"]
    mounts.write_text("\n".join([*lines, "auto /net autofs rw 0 0", "server:/x /net/x nfs rw 0 0"]) + "\n")
    monkeypatch.setattr(network, "_MOUNTS", mounts)
    assert filesystem_type(Path("/tmp/a")) == "ext4"  # noqa: S108 - only a name
    assert filesystem_type(Path("/home/me/a.db")) == "nfs4"
    assert filesystem_type(Path("/home/me/fast disk/a.db")) == "xfs"
    assert filesystem_type(Path("/homes")) == "ext4"
    assert is_network_path("/net/x/a.db")
    assert not is_network_path("/home/me/fast disk/a.db")
    monkeypatch.setattr(network, "_MOUNTS", tmp_path / "none")
    assert not is_network_path("/home/me/a.db")


def test_own_collections_share_the_one_connection(shared: Path) -> None:
    store = SQLiteStore(shared / "store.db")
    store.connect()
    other = SQLiteStore(store.path, "others")
    other.connect()
    store.update({"uuid": "a"})
    threads = [threading.Thread(target=other.update, args=({"uuid": str(i)},)) for i in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert Claims(store).acquire("k")
    Claims(store).release("k")
    assert (store.count(), other.count()) == (1, 4)
    assert connection(store.path).rows("PRAGMA locking_mode") == [("exclusive",)]
    assert not Path(f"{store.path}-shm").exists(), "no shared memory"
    other.close()
    assert store.count() == 1
    store.close()
    assert not Path(f"{store.path}-owner").exists()
    with SQLiteStore(store.path, mode="shared") as again:
        assert again.count() == 1


def test_second_process_is_refused_by_name_and_readers_have_the_snapshot(shared: Path) -> None:
    path = shared / "store.db"
    with holder(path) as process:
        for mode in ("auto", "exclusive", "shared"):
            with pytest.raises(StoreError, match=f"is open in process {process.pid} on {Owner.current().host}"):
                SQLiteStore(path, mode=mode).connect()
        reader = SQLiteStore(path, mode="snapshot")
        reader.connect()
        assert [document["uuid"] for document in reader.query()] == ["theirs"]
        with pytest.raises(StoreError, match="read-only"):
            reader.update({"uuid": "mine"})
        reader.close()
        process.kill()
    with SQLiteStore(path) as store:
        assert store.count() == 1, "a dead owner of this host is followed at once"


def test_snapshot_follows(shared: Path) -> None:
    path = str(shared / "store.db")
    with SQLiteStore(path) as store:
        for number in range(3):
            store.update({"uuid": str(number)})
            connection(path).snapshot()  # type: ignore[attr-defined]
            with sqlite3.connect(f"file:{path}-snapshot?immutable=1", uri=True) as reader:
                assert reader.execute("SELECT count(*) FROM documents").fetchone() == (number + 1,)
            reader.close()
    with pytest.raises(StoreError, match="has not written one yet"):
        SQLiteStore(shared / "none.db", mode="snapshot").connect()


def owner_file(path: Path, expires: float, host: str = "elsewhere") -> Path:
    lock = Path(f"{path}-owner")
    lock.write_text(json.dumps({"host": host, "pid": 7, "started": "1", "expires": expires}))
    return lock


def test_other_host_keeps_it_until_its_lease_ends(shared: Path) -> None:
    path = shared / "store.db"
    owner_file(path, time.time() + 1000)
    with pytest.raises(StoreError, match="process 7 on elsewhere"):
        SQLiteStore(path).connect()
    owner_file(path, time.time() - 1)
    with SQLiteStore(path) as store:
        store.update({"uuid": "a"})
        assert live_owner(str(path)) is None
        assert json.loads(Path(f"{path}-owner").read_text())["pid"] == os.getpid()
    assert [file.name for file in shared.iterdir() if "owner" in file.name] == []


def test_loser_of_its_lease_writes_no_more(shared: Path) -> None:
    path = shared / "store.db"
    store = SQLiteStore(path)
    store.connect()
    owner_file(path, time.time() + 1000)
    connection(store.path)._ownership.renew()  # type: ignore[attr-defined]
    with pytest.raises(StoreError, match="was taken over"):
        store.update({"uuid": "a"})
    store.close()
    assert json.loads(Path(f"{path}-owner").read_text())["host"] == "elsewhere"


def test_one_of_many_takes_an_ended_lock_over(shared: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = str(shared / "store.db")
    owner_file(Path(path), 0.0)
    winners: list[int] = []
    gate = threading.Barrier(4)
    identities: dict[int | None, Owner] = {}

    def current(_: type[Owner]) -> Owner:
        return identities[threading.get_ident()]

    monkeypatch.setattr(Owner, "current", classmethod(current))

    def attempt(number: int) -> None:
        identities[threading.get_ident()] = Owner(f"host{number}", number, "1")
        one = Ownership(path)
        gate.wait()
        try:
            one.acquire()
        except StoreError:
            return
        winners.append(number)

    threads = [threading.Thread(target=attempt, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(winners) == 1
    assert json.loads(Path(f"{path}-owner").read_text())["pid"] == winners[0]


def test_damaged_lock_file_stops_nobody(shared: Path) -> None:
    Path(f"{shared / 'store.db'}-owner").write_text("{")
    with SQLiteStore(shared / "store.db") as store:
        assert store.count() == 0


def test_unknown_mode(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match="mode must be one of auto, shared, exclusive, snapshot, not 'fast'"):
        SQLiteStore(tmp_path / "a.db", mode="fast")  # type: ignore[arg-type]

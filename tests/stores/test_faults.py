"""What a store survives: power loss, a full disk, a file system that turns read-only."""

from __future__ import annotations

import os
import random
import shutil
import signal
import sqlite3
import subprocess
import sys
from contextlib import closing, contextmanager
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

import pytest

from hebe.exceptions import StoreError
from hebe.stores import SQLiteBlobStore, SQLiteStore
from hebe.stores.care import check
from hebe.stores.schema import PAGE_SIZE
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator

FILES = ("store.db", "store.db-wal")
INDEX = "store.db-shm"
CUTS = 6
# The write-ahead log and its index as they are laid out: https://www.sqlite.org/walformat.html
LOG_HEADER, FRAME_HEADER, PLACE_OF_BACKFILL = 32, 24, 128

WRITER = """
import os, random, sys
from hebe.stores import SQLiteStore
path, name, wal = sys.argv[1:]
noise = random.Random(name)
with SQLiteStore(path) as store:
    for i in range(100_000):
        store.update({"uuid": f"{name}-{i}", "values": [noise.random() for _ in range(100)]})
        os.write(1, f"{name}-{i} {os.path.getsize(wal) if os.path.exists(wal) else 0}\\n".encode())
"""


def writers(folder: Path, count: int) -> list[subprocess.Popen[bytes]]:
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    wal, made = str(folder / FILES[1]), []
    for number in range(count):
        log = (folder / f"writer-{number}.log").open("wb")
        command = [sys.executable, "-c", WRITER, str(folder / FILES[0]), f"w{number}", wal]
        made.append(subprocess.Popen(command, stdout=log, env=environment))
        log.close()
    return made


def acknowledged(folder: Path) -> set[str]:
    lines = [line.split() for log in folder.glob("writer-*.log") for line in log.read_text().splitlines()]
    return {line[0] for line in lines}


def wait_for(folder: Path, count: int) -> None:
    """Until the writers have that many documents acknowledged."""
    until(lambda: len(acknowledged(folder)) >= count, f"{count} documents are acknowledged")


def inspect(folder: Path) -> set[str]:
    """Open a copy as after a power loss; it must be sound. Return its documents."""
    path = str(folder / FILES[0])
    health = check(path)
    assert health.is_sound, health.problems
    with SQLiteStore(path) as store:
        found = set(store.distinct("uuid"))
        store.update({"uuid": "after"})
        assert store.count() == len(found) + 1
    return found


def copy_to(source: Path, target: Path, names: tuple[str, ...] = FILES) -> Path:
    target.mkdir()
    for name in names:
        if (source / name).exists():
            shutil.copyfile(source / name, target / name)
    return target


def synced(folder: Path) -> int:
    """Size of the part of a log that no power loss can take.

    A checkpoint notes how far it will write the log into the file, brings the log to disk and only then writes the
    file. A log that ends before that place beside such a file is what no power loss leaves, and SQLite rightly calls
    the two damaged.
    """
    frames = int.from_bytes((folder / INDEX).read_bytes()[PLACE_OF_BACKFILL:][:4], sys.byteorder)
    return LOG_HEADER + frames * (FRAME_HEADER + PAGE_SIZE)


def test_power_loss(tmp_path: Path) -> None:
    """All writers are frozen, every file is copied, they go on; then the copied log is cut at random bytes."""
    noise = random.Random(3)
    folder = tmp_path / "live"
    folder.mkdir()
    running = writers(folder, 2)
    try:
        for moment in range(3):
            wait_for(folder, 150 * (moment + 1))
            for process in running:
                process.send_signal(signal.SIGSTOP)
                os.waitid(os.P_PID, process.pid, os.WSTOPPED)
            before = acknowledged(folder)
            frozen = copy_to(folder, tmp_path / f"frozen-{moment}", (*FILES, INDEX))
            for process in running:
                process.send_signal(signal.SIGCONT)
            assert before <= inspect(copy_to(frozen, tmp_path / f"whole-{moment}"))
            _cut(frozen, tmp_path, noise, before)
    finally:
        for process in running:
            process.kill()
            process.wait()
    assert acknowledged(folder) <= inspect(folder)


def _cut(frozen: Path, tmp_path: Path, noise: random.Random, before: set[str]) -> None:
    """Cut the log; nothing that was written before the place of the cut may be missing.

    What each cut leaves is found by counting: a longer log never holds fewer documents, and the uncut one all of them.
    """
    size = (frozen / FILES[1]).stat().st_size
    found: list[set[str]] = []
    for number, cut in enumerate(sorted(noise.randrange(synced(frozen), size + 1) for _ in range(CUTS))):
        copied = copy_to(frozen, tmp_path / f"{frozen.name}-cut-{number}")
        os.truncate(copied / FILES[1], cut)
        found.append(inspect(copied))
    assert all(shorter <= longer for shorter, longer in pairwise(found))
    for name in ("w0", "w1"):
        ordered = sorted(int(uuid.split("-")[1]) for uuid in before if uuid.startswith(f"{name}-"))
        for some in found:
            kept = sorted(int(uuid.split("-")[1]) for uuid in some if uuid.startswith(f"{name}-"))
            assert kept == list(range(len(kept))), "a document is missing before a later one"
            assert len(kept) <= len(ordered) + 1


def test_power_loss_amid_a_checkpoint(tmp_path: Path) -> None:
    """A reader holds a checkpoint up: what it wrote into the file may be cut off the log nowhere, the rest anywhere."""
    folder = tmp_path / "live"
    folder.mkdir()
    path = folder / FILES[0]
    with SQLiteStore(path) as store, closing(sqlite3.connect(path, isolation_level=None)) as reader:
        for i in range(40):
            if i == 25:
                reader.execute("BEGIN")
                reader.execute("SELECT count(*) FROM documents").fetchone()
                seen, held = set(store.distinct("uuid")), (folder / FILES[1]).stat().st_size
            store.update({"uuid": str(i), "values": list(range(500))})
        reader.execute("SELECT 1")
        with closing(sqlite3.connect(path, isolation_level=None)) as other:
            _, frames, written = other.execute("PRAGMA wal_checkpoint(PASSIVE)").fetchone()
        assert 0 < written < frames
        frozen = copy_to(folder, tmp_path / "frozen", (*FILES, INDEX))
        size = (frozen / FILES[1]).stat().st_size
    assert synced(frozen) == held
    for number, cut in enumerate((held, held + 1, (held + size) // 2, size)):
        copied = copy_to(frozen, tmp_path / f"cut-{number}")
        os.truncate(copied / FILES[1], cut)
        assert seen <= inspect(copied)


def test_cut_after_an_acknowledgement_keeps_it(tmp_path: Path) -> None:
    """One writer, no checkpoint: the size of the log at an acknowledgement is known, so is what a cut must keep."""
    noise = random.Random(5)
    folder = tmp_path / "live"
    folder.mkdir()
    path = folder / FILES[0]
    sizes: list[int] = []
    with SQLiteStore(path) as store:
        for i in range(60):
            store.update({"uuid": str(i), "values": [noise.random() for _ in range(100)]})
            sizes.append((folder / FILES[1]).stat().st_size)
        assert sizes == sorted(sizes)
        frozen = copy_to(folder, tmp_path / "frozen")
    for number in range(2 * CUTS):
        cut = noise.randrange(sizes[0], sizes[-1])
        copied = copy_to(frozen, tmp_path / f"cut-{number}")
        os.truncate(copied / FILES[1], cut)
        expected = {str(i) for i, size in enumerate(sizes) if size <= cut}
        assert expected
        assert expected <= inspect(copied)


@contextmanager
def small_disk(folder: Path, megabytes: int) -> Iterator[Path]:
    """A file system of its own, in memory; skipped where this process may not mount one."""
    folder.mkdir()
    command = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m", "tmpfs", str(folder)]
    if (
        os.geteuid()
        or shutil.which("mount") is None
        or subprocess.run(command, capture_output=True, check=False).returncode
    ):
        pytest.skip("may not mount a file system")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def _fill(store: SQLiteStore) -> int:
    """Write until it fails and return how many documents were acknowledged."""
    noise = random.Random(7)
    stored: list[int] = []

    def write() -> None:
        for number in range(10_000):
            store.update({"uuid": str(number), "values": [noise.random() for _ in range(3000)]})
            stored.append(number)

    with pytest.raises(StoreError, match="the disk is full") as caught:
        write()
    assert store.path in str(caught.value)
    assert "\n" not in str(caught.value)
    return len(stored)


def _write_blob(path: str, stream: BinaryIO) -> None:
    with SQLiteBlobStore(path) as blobs:
        blobs.write("b", stream)


def test_full_disk(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 4) as folder:
        ballast = folder / "ballast"
        ballast.write_bytes(b"x" * 1_500_000)
        store = SQLiteStore(folder / "store.db")
        store.connect()
        stored = _fill(store)
        assert stored > 10
        assert store.count() == stored
        assert check(store.path).is_sound
        with pytest.raises(StoreError, match="the disk is full"):
            store.update(
                [{"uuid": f"x{i}", "values": [random.Random(i).random() for _ in range(3000)]} for i in range(200)]
            )
        assert store.count() == stored, "a failed bulk leaves nothing"
        with Path("/dev/urandom").open("rb") as endless, pytest.raises(StoreError, match="the disk is full"):
            _write_blob(store.path, endless)
        ballast.unlink()
        store.update({"uuid": "later"})
        assert store.count() == stored + 1
        assert check(store.path).is_sound
        store.close()


def test_file_size_limit(tmp_path: Path) -> None:
    """A quota that any user can set: the file may not grow beyond 1 MB."""
    code = """
import resource, signal, sys
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
from hebe.exceptions import StoreError
from hebe.stores import SQLiteStore
import random
store = SQLiteStore(sys.argv[1]); store.connect()
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, resource.RLIM_INFINITY))
number = 0
try:
    while number < 2000:
        store.update({"uuid": str(number), "values": [random.random() for _ in range(500)]})
        number += 1
except StoreError as err:
    print(err)
    assert store.count() == number, (store.count(), number)
    print(number)
"""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", code, str(tmp_path / "store.db")]
    done = subprocess.run(command, capture_output=True, text=True, check=True, env=environment)
    message, number = done.stdout.splitlines()
    assert "disk" in message
    assert str(tmp_path / "store.db") in message
    assert check(tmp_path / "store.db").is_sound
    with SQLiteStore(tmp_path / "store.db") as store:
        assert store.count() == int(number)


def test_read_only_file_system(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", 8) as folder:
        path = folder / "store.db"
        with SQLiteStore(path) as store:
            store.update({"uuid": "a"})
        subprocess.run(["mount", "-o", "remount,ro", str(folder)], check=True)
        try:
            with (
                pytest.raises(StoreError, match=r"read-only|cannot be opened|Read-only") as caught,
                SQLiteStore(path) as store,
            ):
                store.update({"uuid": "b"})
            assert str(path) in str(caught.value)
            with pytest.raises(StoreError, match="Read-only"):
                SQLiteStore(folder / "new" / "store.db").connect()
        finally:
            subprocess.run(["mount", "-o", "remount,rw", str(folder)], check=True)
        with SQLiteStore(path) as store:
            store.update({"uuid": "b"})
            assert store.count() == 2

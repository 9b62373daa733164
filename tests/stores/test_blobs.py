"""Blobs in chunks: of any size, replaced and removed as a whole, usable as jobflow's additional store."""

from __future__ import annotations

import io
import os
import random
import subprocess
import sys
from typing import TYPE_CHECKING, Any, BinaryIO

import pytest
from jobflow.core.store import JobStore

from hebe.exceptions import StoreError
from hebe.stores import SQLiteBlobStore, SQLiteStore
from hebe.stores.care import check
from hebe.stores.database import connection

if TYPE_CHECKING:
    from pathlib import Path

STREAM = """
import hashlib, random, resource, sys
from hebe.stores import SQLiteBlobStore

class Source:
    def __init__(self, size):
        self.left, self.made, self.random = size, hashlib.sha256(), random.Random(1)
    def read(self, n):
        n = min(n, self.left)
        self.left -= n
        piece = self.random.randbytes(n)
        self.made.update(piece)
        return piece

def peak():
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024

size = int(sys.argv[2])
with SQLiteBlobStore(sys.argv[1]) as store:
    store.write("first", Source(2 << 20))
    sum(map(len, store.read("first")))
    before, source = peak(), Source(size)
    assert store.write("big", source) == size
    found = hashlib.sha256()
    for piece in store.read("big"):
        assert len(piece) <= 1 << 20
        found.update(piece)
    assert found.digest() == source.made.digest()
    print(peak() - before)
"""


@pytest.fixture
def blobs(tmp_path: Path) -> SQLiteBlobStore:
    made = SQLiteBlobStore(tmp_path / "store.db")
    made.connect()
    return made


def chunks(store: SQLiteBlobStore) -> int:
    return int(connection(store.path).rows("SELECT count(*) FROM chunks")[0][0])


@pytest.mark.parametrize("size", [0, 1, (1 << 20) - 1, 1 << 20, (1 << 20) + 1, 3 << 20])
def test_stream_comes_back(blobs: SQLiteBlobStore, size: int) -> None:
    data = random.Random(size).randbytes(size)
    assert blobs.write("b", io.BytesIO(data), {"kind": "wavefunction"}) == size
    assert b"".join(blobs.read("b")) == data
    assert blobs.query_one({"kind": "wavefunction"}, {"_id": 0}) == {
        "blob_uuid": "b",
        "kind": "wavefunction",
        "blob_size": size,
    }


def streamed(folder: Path, size: int) -> float:
    """Growth of the peak of memory, in MiB, while a stream goes in and out."""
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(entry for entry in sys.path if entry)}
    command = [sys.executable, "-c", STREAM, str(folder / "store.db"), str(size)]
    return float(subprocess.run(command, capture_output=True, text=True, check=True, env=environment).stdout)


@pytest.mark.slow
def test_256_megabytes_in_constant_memory(tmp_path: Path) -> None:
    assert streamed(tmp_path, 256 << 20) < 64


def test_48_megabytes_in_constant_memory(tmp_path: Path) -> None:
    assert streamed(tmp_path, 48 << 20) < 40


def test_failed_write_keeps_the_blob_before(blobs: SQLiteBlobStore) -> None:
    class Broken(io.RawIOBase):
        reads = 0

        def read(self, size: int = -1) -> bytes:
            self.reads += 1
            if self.reads > 20:
                raise OSError("the source is gone")
            return b"x" * size

    blobs.write("b", io.BytesIO(b"before"))
    broken: Any = Broken()
    with pytest.raises(StoreError, match="the source is gone"):
        blobs.write("b", broken)
    assert b"".join(blobs.read("b")) == b"before"
    assert chunks(blobs) == 1


def test_replacing_and_removing_leave_nothing(blobs: SQLiteBlobStore) -> None:
    stream: BinaryIO = io.BytesIO(b"a" * (3 << 20))
    blobs.write("b", stream)
    blobs.update({"blob_uuid": "b", "data": [1, 2, 3]})
    assert chunks(blobs) == 1
    assert blobs.query_one({"blob_uuid": "b"})["data"] == [1, 2, 3]
    blobs.update({"blob_uuid": "c", "data": {"x": list(range(400_000))}})
    assert chunks(blobs) > 2
    blobs.remove_docs({"blob_uuid": "c"})
    blobs.discard("b")
    assert (chunks(blobs), blobs.count()) == (0, 0)
    with pytest.raises(StoreError, match="no stream of bytes called 'b'"):
        list(blobs.read("b"))


def test_data_is_read_only_when_asked(blobs: SQLiteBlobStore) -> None:
    blobs.update([{"blob_uuid": str(i), "job_uuid": "j", "data": {"x": i}} for i in range(3)])
    assert list(blobs.query({"job_uuid": "j"}, ["blob_uuid", "data.x"], skip=1, limit=1)) == [
        {"blob_uuid": "1", "data": {"x": 1}}
    ]
    assert blobs.query_one({"blob_uuid": "2"}, ["job_uuid"]) == {"job_uuid": "j"}
    assert "data" not in blobs.query_one({"blob_uuid": "2"}, {"data": 0})
    with pytest.raises(StoreError, match="cannot be searched"):
        list(blobs.query({"data.x": 1}))


def test_additional_store_of_jobflow(tmp_path: Path) -> None:
    store = JobStore(SQLiteStore(tmp_path / "a.db"), additional_stores={"data": SQLiteBlobStore(tmp_path / "a.db")})
    store.connect()
    big = {"values": [0.1 * i for i in range(200_000)], "nan": float("inf")}
    store.update({"uuid": "u", "index": 1, "output": {"big": big, "small": 1}}, save={"data": ["big"]})
    assert set(next(store.query({"uuid": "u"}))["output"]["big"]) >= {"blob_uuid", "store"}
    assert next(store.query({"uuid": "u"}, load=True))["output"] == {"big": big, "small": 1}
    health = check(tmp_path / "a.db")
    assert health.is_sound
    assert (health.documents, health.blobs) == (2, 1)

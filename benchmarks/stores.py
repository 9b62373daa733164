"""How fast the embedded store is, beside its peers, on this machine in this run and under the same durability.

    python benchmarks/stores.py [--full] [--monty-python PYTHON]

Durable means that a commit waits for the disk (WAL with synchronous=FULL for SQLite). JSONStore rewrites its file,
MontyStore and MemoryStore give no such promise; they are measured at the size they finish in seconds, per document.
"""

from __future__ import annotations

import argparse
import multiprocessing
import random
import shutil
import sqlite3
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import orjson
from maggma.stores import JSONStore, MemoryStore

from hebe.stores import SQLiteStore

if TYPE_CHECKING:
    from collections.abc import Callable

    from maggma.core.store import Store

MONTY = """
import json, sys, time
from maggma.stores import MontyStore
docs = json.load(open(sys.argv[1]))
store = MontyStore("docs", database_path=sys.argv[2], key="uuid", storage="sqlite")
store.connect()
began = time.perf_counter()
for doc in docs:
    store.update(doc)
written = time.perf_counter()
for doc in docs[:20]:
    store.query_one({"uuid": doc["uuid"]})
print((written - began) / len(docs), (time.perf_counter() - written) / 20)
"""


def document(number: int, noise: random.Random) -> dict[str, Any]:
    """Output of about 20 kB: a structure of 58 atoms with moments and forces, as relaxations leave it."""
    sites = []
    for site in range(58):
        abc = [noise.random() for _ in range(3)]
        species = [{"element": "O" if site % 2 else "Mn", "oxidation_state": -2.0, "spin": None, "occu": 1}]
        properties = {"magmom": 4 * noise.random(), "forces": [0.01 * noise.random() for _ in range(3)]}
        xyz = [9 * x for x in abc]
        sites.append({"species": species, "abc": abc, "properties": properties, "label": "O2-", "xyz": xyz})
    output = {"key": f"{noise.getrandbits(256):064x}", "status": "converged", "structure": {"sites": sites}}
    return {"uuid": f"{number:08x}-4000", "index": 1, "output": output, "completed_at": "2026-01-01T00:00:00"}


def report(what: str, measured: str, goal: str = "") -> None:
    """Print one row."""
    print(f"| {what:<58} | {measured:<46} | {goal:<22} |", flush=True)


def timed(action: Callable[[], Any]) -> float:
    """Seconds of wall time."""
    began = time.perf_counter()
    action()
    return time.perf_counter() - began


class Plain:
    """What anybody would write with sqlite3: a key, the JSON, write-ahead log, synchronous=FULL."""

    def __init__(self, path: Path) -> None:
        self.sql = sqlite3.connect(path, isolation_level=None)
        self.sql.execute("PRAGMA journal_mode=WAL")
        self.sql.execute("PRAGMA synchronous=FULL")
        self.sql.execute("CREATE TABLE docs (key TEXT PRIMARY KEY, body BLOB)")

    def update(self, docs: list[dict[str, Any]]) -> None:
        """Write in one transaction."""
        self.sql.execute("BEGIN")
        rows = ((doc["uuid"], orjson.dumps(doc)) for doc in docs)
        self.sql.executemany("INSERT OR REPLACE INTO docs VALUES (?, ?)", rows)
        self.sql.execute("COMMIT")

    def look_up(self, key: str) -> Any:
        """Read one document."""
        return orjson.loads(self.sql.execute("SELECT body FROM docs WHERE key = ?", (key,)).fetchone()[0])


def _plain_s(path: Path, docs: list[dict[str, Any]], keys: list[str]) -> float:
    plain = Plain(path)
    began = time.perf_counter()
    plain.update(docs)
    for key in keys:
        plain.look_up(key)
    seconds = time.perf_counter() - began
    plain.sql.close()
    return seconds


def _own_s(path: Path, docs: list[dict[str, Any]], keys: list[str]) -> float:
    with SQLiteStore(path) as store:
        began = time.perf_counter()
        store.update(docs)
        for key in keys:
            store.query_one({"uuid": key})
        return time.perf_counter() - began


def bulk(folder: Path, count: int, rounds: int) -> float:
    """Bulk update and 1,000 lookups against plain sqlite3; returns our seconds per document."""
    noise = random.Random(1)
    docs = [document(number, noise) for number in range(count)]
    keys = [docs[noise.randrange(count)]["uuid"] for _ in range(1000)]
    ratios, ours, theirs = [], [], []
    sizes = (0, 0)
    for number in range(rounds):
        files = (folder / f"plain-{number}.db", folder / f"hebe-{number}.db")
        theirs.append(_plain_s(files[0], docs, keys))
        ours.append(_own_s(files[1], docs, keys))
        ratios.append(ours[-1] / theirs[-1])
        sizes = (files[0].stat().st_size, files[1].stat().st_size)
    size = len(orjson.dumps(docs[0])) / 1000
    what = f"{count:,} documents of {size:.0f} kB, then 1,000 lookups"
    report(f"{what}: plain sqlite3", f"{statistics.median(theirs):.2f} s, {sizes[0] / 1e6:.0f} MB")
    best = f"ratio {statistics.median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f})"
    report("  SQLiteStore", f"{statistics.median(ours):.2f} s, {best}", "at most 1.5")
    report("  its size", f"{sizes[1] / 1e6:.0f} MB, {100 * sizes[1] / sizes[0]:.0f} %", "40 %")
    return statistics.median(ours) / count


def peers(folder: Path, own_s: float, count: int, monty_python: str | None) -> None:
    """Stores of maggma at a size that they finish: one update per document."""
    noise = random.Random(2)
    docs = [document(number, noise) for number in range(count)]
    made: dict[str, Store] = {
        "MemoryStore": MemoryStore(),
        "JSONStore": JSONStore(str(folder / "store.json"), read_only=False),
        "SQLiteStore, one durable commit each": SQLiteStore(folder / "single.db"),
    }
    for name, store in made.items():
        store.connect()
        some = docs[:60] if name == "JSONStore" else docs
        seconds = timed(lambda store=store, some=some: [store.update(doc, key="uuid") for doc in some]) / len(some)  # type: ignore[misc]
        report(
            f"  {name}, {len(some)} documents", f"{1e3 * seconds:.2f} ms each, {seconds / own_s:.0f} times ours in bulk"
        )
        store.close()
    if monty_python is None:
        report("  MontyStore(sqlite)", "not measured: name a Python that has montydb")
        return
    (folder / "docs.json").write_bytes(orjson.dumps(docs))
    command = [monty_python, "-c", MONTY, str(folder / "docs.json"), str(folder / "monty")]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    write_s, read_s = map(float, done.stdout.split())
    with SQLiteStore(folder / "single.db") as store:
        look_s = timed(lambda: [store.query_one({"uuid": doc["uuid"]}) for doc in docs]) / len(docs)
    ratio = (10 * write_s + read_s) / (10 * own_s)
    text = f"{1e3 * write_s:.1f} ms write, {1e3 * read_s:.1f} ms lookup ({read_s / look_s:.0f} times)"
    report(f"  MontyStore(sqlite), {len(docs)} documents", text)
    report("  MontyStore: 10 writes and a lookup each", f"{ratio:.0f} times ours", "at least 100 times")


def nested(folder: Path, count: int) -> None:
    """Query on an indexed nested field that finds one document."""
    noise = random.Random(3)
    with SQLiteStore(folder / "many.db") as store:
        store.ensure_index("output.key")
        for start in range(0, count, 10_000):
            batch = [
                {"uuid": str(i), "output": {"key": f"k{i}", "e": noise.random()}} for i in range(start, start + 10_000)
            ]
            store.update(batch)
        times = [timed(lambda: list(store.query({"output.key": f"k{noise.randrange(count)}"}))) for _ in range(1000)]
    text = f"median {1e3 * statistics.median(times):.3f} ms, 99 % under {1e3 * sorted(times)[990]:.3f} ms"
    report(f"indexed nested query among {count:,} documents", text, "under 1 ms")


def _write(path: str, name: str, count: int, group: int, gate: Any, done: Any) -> None:
    noise = random.Random(name)
    docs = [document(number, noise) | {"uuid": f"{name}-{number}"} for number in range(count)]
    with SQLiteStore(path) as store:
        gate.wait()
        for start in range(0, count, group):
            store.update(docs[start : start + group])
        done.wait()


def together(folder: Path, count: int, group: int) -> None:
    """Four processes that write at once."""
    path = folder / f"together-{group}.db"
    context = multiprocessing.get_context("spawn")
    gate, done = context.Barrier(5), context.Barrier(5)
    with SQLiteStore(path) as store:
        running = [
            context.Process(target=_write, args=(str(path), f"p{n}", count, group, gate, done)) for n in range(4)
        ]
        for process in running:
            process.start()
        gate.wait()
        seconds = timed(done.wait)
        for process in running:
            process.join()
        found = store.count()
    text = f"{found:,} of {4 * count:,}, {found / seconds:,.0f} documents/s durable"
    report(f"4 processes x {count:,} documents, {group} a commit", text, "all, 3,500/s")


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0] if __doc__ else None)
    parser.add_argument("--quick", action="store_true", help="smaller sizes, under 2 minutes (default)")
    parser.add_argument("--full", action="store_true", help="the sizes of the goals, 5 rounds")
    parser.add_argument("--monty-python", metavar="PYTHON", help="a Python that has maggma and montydb")
    options = parser.parse_args()
    full = options.full and not options.quick
    folder = Path(tempfile.mkdtemp(prefix="hebe-stores-"))
    try:
        report("work", "measured", "goal")
        report("-" * 58, "-" * 46, "-" * 22)
        own_s = bulk(folder, 10_000 if full else 4_000, 5 if full else 3)
        peers(folder, own_s, 1_000 if full else 200, options.monty_python)
        nested(folder, 100_000)
        for group in (1, 50, 500):
            together(folder, 2_500 if full else 1_000, group)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    return 0


if __name__ == "__main__":
    sys.exit(main())

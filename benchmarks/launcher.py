"""What the local launcher costs per job, beside jobflow's own manager on the same machine in the same minute.

Prints one row per kind of work: milliseconds per job of the launcher with 2 workers on the embedded store, every result
durably committed, and of jobflow's ``run_locally`` on a MemoryStore and on the same embedded store; the ratio is peer /
launcher. What is measured of the launcher is the time from the end of its first job to that of its last, in one launch:
the start of worker processes is no part of it (a launch of one job is printed once), and no difference of two launches
is taken, which could come out below zero.
A last row compares stores that the launcher alone may open, and that workers reach through it (a file as on a network
file system, a MemoryStore), with the shared file.

Usage: python benchmarks/launcher.py [--quick] [--relax] [--stores]
"""

from __future__ import annotations

import argparse
import logging
import os
import resource
import statistics
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from jobflow import Flow, JobStore, job, run_locally
from maggma.stores import MemoryStore

from hebe.launchers import local
from hebe.stores import SQLiteStore, open_store

if TYPE_CHECKING:
    from collections.abc import Callable

WORKERS = 2
GOALS = {"independent": 0.5, "chain": 0.3, "structures": 5.0}


@job
def add(a: float, b: float) -> float:
    """Trivial work."""
    return a + b


@job
def document(structure: Any, number: int) -> dict[str, Any]:
    """A structure in, a document of about 45 kB out."""
    frames = [[round(0.001 * number + i / 7 + j / 13, 6) for i in range(3)] for j in range(48)]
    return {"formula": structure.formula, "structure": structure.as_dict(), "forces": [frames] * 29}


@job
def relax(structure: Any, number: int) -> float:
    """One relaxation with the default engine."""
    from hebe.engines import get_engine

    moved = structure.copy()
    moved.perturb(0.01 + 1e-4 * number, min_distance=None)
    return float(get_engine("chgnet").relax(moved, fmax=0.1).energy_eV)


def structure(sites: int = 48) -> Any:
    """Rock salt with some noise in its composition."""
    from pymatgen.core import Lattice, Structure

    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.3), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    cell.make_supercell([2, 3, 1] if sites == 48 else [1, 1, 1])
    cell.add_site_property("magmom", [1.0] * len(cell))
    return cell


def jobs(kind: str, number: int) -> list[Any]:
    """Jobs of one kind."""
    if kind == "structures":
        cell = structure()
        return [document(cell, i) for i in range(number)]
    if kind == "relax":
        cell = structure()
        return [relax(cell, i) for i in range(number)]
    made: list[Any] = []
    for i in range(number):
        made.append(add(made[-1].output if kind == "chain" and made else i, 1))
    return made


def launch_s(flow: Flow, make: Callable[[Path], JobStore] = open_store) -> tuple[float, float]:
    """Wall time of a launch from its begin, and from the end of its first job, to that of its last."""
    ends: list[float] = []

    def note(event: dict[str, Any]) -> None:
        if event["kind"] == "completed":
            ends.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder))
        begin = time.perf_counter()
        summary = local.run(flow, store=store, workers=WORKERS, progress=False, root=Path(folder), on_event=note)
        if summary.status != "complete":
            raise SystemExit(f"the launch failed: {summary.failures}")
        store.close()
    return ends[-1] - begin, ends[-1] - ends[0]


def own_ms(kind: str, number: int, make: Callable[[Path], JobStore] = open_store) -> float:
    """Milliseconds of the launcher per job."""
    return 1e3 * launch_s(Flow(jobs(kind, number)), make)[1] / (number - 1)


def peer_s(flow: Flow, make: Callable[[Path], JobStore]) -> float:
    """Wall time of jobflow's own manager."""
    with tempfile.TemporaryDirectory() as folder:
        store = make(Path(folder))
        here = Path.cwd()
        begin = time.perf_counter()
        run_locally(flow, store=store, log=False, root_dir=folder)
        elapsed = time.perf_counter() - begin
        os.chdir(here)
        store.close()
        return elapsed


def row(kind: str, number: int, peer_at_most: int) -> float:
    """Measure and print one row; return the launcher's time per job in ms."""
    own = own_ms(kind, number)
    texts = []
    for make in (lambda _: JobStore(MemoryStore()), open_store):
        fewer = min(number, peer_at_most)
        peer = 1e3 * peer_s(Flow(jobs(kind, fewer)), make) / fewer
        note = "" if fewer == number else f" at {fewer:,}"
        texts.append(f"{peer:8.2f} ms {peer / own:6.1f} x{note:10}")
    goal = GOALS[kind]
    verdict = "met" if 0 < own <= goal else "MISSED"
    print(f"{kind:12} {number:8,} {own:8.3f} ms  goal {goal:4} {verdict:6} | " + " | ".join(texts), flush=True)
    return own


def owned_file(folder: Path) -> JobStore:
    """A file that one process alone may open."""
    return JobStore(SQLiteStore(folder / ".hebe" / "store.db", mode="exclusive"))


def through_the_owner(number: int, repeats: int) -> None:
    """Measure and print what the detour through the launcher costs trivial jobs."""
    kinds: dict[str, Callable[[Path], JobStore]]
    kinds = {"shared file": open_store, "owned file": owned_file, "in memory": lambda _: JobStore(MemoryStore())}
    taken: dict[str, list[float]] = {name: [] for name in kinds}
    for _ in range(repeats):
        for name, make in kinds.items():
            taken[name].append(own_ms("independent", number, make))
    medians = {name: statistics.median(values) for name, values in taken.items()}
    texts = [f"{name} {ms:.3f} ms {ms / medians['shared file']:.2f} x" for name, ms in medians.items()]
    print(f"{'stores':12} {number:8,} {' | '.join(texts)} (medians of {repeats})", flush=True)


def relaxations(number: int, repeats: int) -> None:
    """CPU time over wall time of two workers on relaxations, from the first job that ends to the last."""
    ratios = []
    for _ in range(repeats):
        begin, cpu = time.perf_counter(), _children_s()
        with tempfile.TemporaryDirectory() as folder:  # the start of workers and the loading of weights count
            local.run(Flow(jobs("relax", number)), store=open_store(Path(folder)), workers=WORKERS, progress=False)
        ratios.append((_children_s() - cpu) / (time.perf_counter() - begin))
    ratio = statistics.median(ratios)
    print(f"relaxations  {number:8,} CPU / wall of 2 workers {ratio:.2f} (median of {repeats}), goal 1.8", flush=True)


def _children_s() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Cost of the local launcher per job.")
    parser.add_argument("--quick", action="store_true", help="1,000 and 10,000 jobs only, under 2 minutes")
    parser.add_argument("--relax", action="store_true", help="only relaxations with two workers")
    parser.add_argument("--stores", action="store_true", help="only the kinds of stores")
    options = parser.parse_args()
    warnings.filterwarnings("ignore")
    logging.disable(logging.INFO)
    if options.stores:
        through_the_owner(1_000, 5)
        return
    if options.relax:
        relaxations(24, 5)
        return
    start_s = statistics.median(launch_s(Flow(jobs("independent", 1)))[0] for _ in range(3))
    load = os.getloadavg()[0]
    print(f"start of workers, once per launch: {start_s:.2f} s; {os.cpu_count()} processors, load {load:.1f}")
    print("work             jobs  launcher               | run_locally, MemoryStore | on the embedded store")
    limit = 500 if options.quick else 1000
    sizes = (1_000, 10_000) if options.quick else (1_000, 10_000, 100_000)
    measured = [row("independent", number, limit) for number in sizes]
    print(f"independent  largest / smallest {measured[-1] / measured[0]:.2f}, goal at most 1.2")
    row("chain", 1_000 if options.quick else 10_000, limit)
    row("structures", 1_000, 200)
    through_the_owner(1_000, 5)


if __name__ == "__main__":
    main()

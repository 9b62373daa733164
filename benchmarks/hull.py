"""How fast hull energies come from the linear program, beside pymatgen's PhaseDiagram in the same run.

    python benchmarks/hull.py [--peer-seconds 600] [--peer-memory 8]

Phases are random compounds with Pauling-like formation energies. Compositions are of two kinds: the grid of 1/48 that
a campaign enumerates, and points anywhere in the simplex, which share few facets.
"""

from __future__ import annotations

import argparse
import multiprocessing
import resource
import time
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium

if TYPE_CHECKING:
    from multiprocessing.queues import Queue

    from numpy.typing import NDArray

ELEMENTS = ("Na", "Ca", "Mg", "Al", "Ti", "V", "Cr", "Mn", "Fe", "O")
SCALE = "made for this benchmark"


def made_phases(n_components: int, n_phases: int) -> list[PhaseEntry]:
    """Elements at 0 eV and compounds of two to four of them, the last one (oxygen) in all."""
    rng = np.random.default_rng(0)
    elements = ELEMENTS[-n_components:]
    chi = dict(zip(elements, np.linspace(0.9, 3.4, n_components), strict=True))
    entries = [PhaseEntry(e, {e: 1.0}, 0.0, SCALE) for e in elements]
    while len(entries) < n_phases:
        others = rng.choice(elements[:-1], rng.choice([1, 2, 3], p=[0.4, 0.4, 0.2]), replace=False)
        amounts = {str(e): float(rng.integers(1, 4)) for e in others} | {elements[-1]: float(rng.integers(1, 5))}
        size = sum(amounts.values())
        mean = sum(n * chi[e] for e, n in amounts.items()) / size
        spread = sum(n * (chi[e] - mean) ** 2 for e, n in amounts.items()) / size
        energy = (-0.8 * spread + rng.normal(0, 0.05)) * size
        entries.append(PhaseEntry(f"p{len(entries)}", amounts, float(energy), SCALE))
    return entries


def compositions(equilibrium: PhaseEquilibrium, n: int, kind: str) -> NDArray[np.float64]:
    """Compositions with all components, shape (n, n_components), columns as the equilibrium wants them."""
    rng = np.random.default_rng(1)
    size = len(equilibrium.components)
    if kind == "simplex":
        return rng.dirichlet(np.ones(size), n)
    found = np.empty((n, size))
    oxygen = equilibrium.components.index("O")
    metals = [k for k in range(size) if k != oxygen]
    found[:, metals] = 1 + rng.multinomial(24 - len(metals), np.full(len(metals), 1 / len(metals)), n)
    found[:, oxygen] = 24
    return found


def load_compiled() -> None:
    """Print what a process spends once on the compiled walk: numba, and code from its cache or compiled."""
    started = time.process_time()
    equilibrium = PhaseEquilibrium(made_phases(4, 5))
    equilibrium.hull_energies([[1.0, 1.0, 1.0, 1.0], [1.0, 2.0, 1.0, 3.0]])
    print(f"loaded in {time.process_time() - started:.1f} CPU s, once a process")


def time_program(entries: list[PhaseEntry], n: int, kind: str) -> None:
    """Print the rate of hull energies and of full decompositions, CPU time of one process."""
    equilibrium = PhaseEquilibrium(entries)
    rows = compositions(equilibrium, n, kind)
    started = time.process_time()
    energies = equilibrium.hull_energies(rows)
    spent = time.process_time() - started
    few = rows[: max(200, n // 20)]
    started = time.process_time()
    for row, energy in zip(few, energies, strict=False):
        found = equilibrium.decompose(dict(zip(equilibrium.components, row, strict=True)))
        if abs(found.energy / row.sum() - energy) > 1e-6:
            raise ValueError("the two ways disagree")
    each = (time.process_time() - started) / len(few)
    label = f"{len(equilibrium.components)} components, {len(entries)} phases, {n} compositions ({kind})"
    print(f"{label}: {n / spent * 60:,.0f} hull energies a minute; decompositions one by one {60 / each:,.0f} a minute")


def peer(n_components: int, n_phases: int, n: int, memory_gb: float, queue: Queue[Any]) -> None:
    """Build pymatgen's PhaseDiagram and ask it; put times and energies on the queue."""
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    warnings.simplefilter("ignore")
    resource.setrlimit(resource.RLIMIT_AS, (int(memory_gb * 2**30),) * 2)
    entries = made_phases(n_components, n_phases)
    equilibrium = PhaseEquilibrium(entries)
    rows = compositions(equilibrium, n, "grid")
    try:
        started = time.process_time()
        diagram = PhaseDiagram([PDEntry(Composition(dict(e.amounts)), e.energy) for e in entries])
        built = time.process_time() - started
        queue.put(f"hull of {len(diagram.facets):,} facets built in {built:.1f} CPU s")
        named = [Composition(dict(zip(equilibrium.components, row, strict=True))) for row in rows]
        started = time.process_time()
        energies = [diagram.get_hull_energy_per_atom(composition) for composition in named]
        queue.put((built, time.process_time() - started, energies))
    except MemoryError:
        queue.put("out of memory")


def compare(n_components: int, n_phases: int, n: int, seconds: float, memory_gb: float) -> None:
    """Time both on the same compositions, the peer within limits."""
    entries = made_phases(n_components, n_phases)
    equilibrium = PhaseEquilibrium(entries)
    rows = compositions(equilibrium, n, "grid")
    started = time.process_time()
    ours = PhaseEquilibrium(entries).hull_energies(rows)
    spent = time.process_time() - started
    print(f"{n_components} components, {n_phases} phases, {n} compositions: {spent:.3f} CPU s, model built included")
    queue: Queue[Any] = multiprocessing.get_context("spawn").Queue()
    process = multiprocessing.get_context("spawn").Process(
        target=peer, args=(n_components, n_phases, n, memory_gb, queue)
    )
    process.start()
    limit = time.monotonic() + seconds
    while True:
        process.join(0.2)
        if not queue.empty():
            found = queue.get()
            if isinstance(found, str):
                print(f"  PhaseDiagram: {found}")
                continue
            built, asked, theirs = found
            worst = np.abs(np.array(theirs) - ours).max()
            print(
                f"  PhaseDiagram: {built:.2f} + {asked:.2f} CPU s, {(built + asked) / spent:,.0f} times as long; "
                f"largest difference {worst:.1e} eV/atom"
            )
            break
        if not process.is_alive():
            print(f"  PhaseDiagram: ended without an answer within {memory_gb:g} GB (exit code {process.exitcode})")
            break
        if time.monotonic() > limit:
            print(f"  PhaseDiagram: no answer within {seconds:.0f} s of wall time; ended")
            process.kill()
            break
    process.join()


def compare_points(n_components: int, n_phases: int, rounds: int = 20) -> None:
    """Print CPU time of each point of a small hull, asked one by one of both; phases and points between them."""
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram
    from pymatgen.core import Composition

    warnings.simplefilter("ignore")
    entries = made_phases(n_components, n_phases)
    equilibrium = PhaseEquilibrium(entries)
    diagram = PhaseDiagram([PDEntry(Composition(dict(e.amounts)), e.energy) for e in entries])
    rows = compositions(equilibrium, n_phases, "simplex").tolist()
    points = [*(e.amounts for e in entries), *(dict(zip(equilibrium.components, row, strict=True)) for row in rows)]
    named = [Composition(dict(point)) for point in points]
    asked = [PDEntry(composition, 0.0) for composition in named]
    calls = (
        ("e_above_hull", lambda i: equilibrium.e_above_hull(points[i], 0.0)),
        ("get_e_above_hull", lambda i: diagram.get_e_above_hull(asked[i], allow_negative=True)),
        ("decompose", lambda i: equilibrium.decompose(points[i])),
        ("get_decomposition", lambda i: diagram.get_decomposition(named[i])),
    )
    spent = {}
    for name, call in calls:
        started = time.process_time()
        for _ in range(rounds):
            for i in range(len(points)):
                call(i)
        spent[name] = (time.process_time() - started) / (rounds * len(points)) * 1e6
    above, parts = spent["get_e_above_hull"] / spent["e_above_hull"], spent["get_decomposition"] / spent["decompose"]
    print(
        f"{n_components} components, {n_phases} phases, point by point: {spent['e_above_hull']:.0f} us above the hull, "
        f"{spent['decompose']:.0f} us a decomposition; PhaseDiagram takes {above:.1f} and {parts:.1f} times as long"
    )


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description="Speed of hull energies.")
    parser.add_argument("--peer-seconds", type=float, default=600)
    parser.add_argument("--peer-memory", type=float, default=8, help="GB of address space")
    options = parser.parse_args()
    load_compiled()
    for size in ((4, 12), (4, 30), (5, 60)):
        compare_points(*size)
    for kind in ("grid", "simplex"):
        time_program(made_phases(10, 300), 20_000, kind)
    compare(6, 100, 1000, options.peer_seconds, options.peer_memory)
    compare(10, 300, 20, options.peer_seconds, options.peer_memory)


if __name__ == "__main__":
    main()

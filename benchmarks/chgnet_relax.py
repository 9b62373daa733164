"""Relaxations per core-hour: Hebe's CHGNet engine beside the plain package (FIRE) and atomate2's default maker.

    OMP_NUM_THREADS=1 python benchmarks/chgnet_relax.py [--cells A:B] [--json FILE]

All methods relax one cell after the other in one run; times are CPU seconds of this process. Hebe and the package stop
at 0.05 eV/A; atomate2's `ForceFieldRelaxMaker` keeps its defaults (FIRE, 0.1 eV/A, which spares it steps), and Hebe is
run with 0.1 eV/A, too. `torch` is Hebe without compiled kernels. Energies are given against a relaxation to 0.005 eV/A
from the same start, meV per atom.
"""

from __future__ import annotations

import argparse
import contextlib
import importlib.util
import io
import json
import tempfile
import time
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from cells import cells
from hebe.engines.chgnet import CHGNetEngine
from hebe.engines.chgnet.pretrained import load_model

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymatgen.core import Structure

    Method = Callable[[Structure], tuple[float, int]]

FMAX = 0.05
PEERS_FMAX = 0.1
TIGHT = 0.005
BASES = ("hebe", "torch", "hebe 0.1", "torch 0.1")


def own(engine: CHGNetEngine, fmax: float = FMAX) -> Method:
    """Hebe's relaxation: energy (eV) and number of evaluations, moments at the end included."""

    def run(structure: Structure) -> tuple[float, int]:
        result = engine.relax(structure, fmax=fmax, steps=500)
        return result.energy_eV, result.n_steps

    return run


def plain(structure: Structure) -> tuple[float, int]:
    """The package's own StructOptimizer: FIRE on ions and cell."""
    from chgnet.model.dynamics import StructOptimizer

    result: dict[str, Any] = StructOptimizer(model=load_model(), use_device="cpu").relax(
        structure, fmax=FMAX, steps=500, verbose=False
    )
    trajectory = result["trajectory"]
    return float(trajectory.energies[-1]), len(trajectory.energies)


def atomate2(structure: Structure) -> tuple[float, int]:
    """atomate2's force-field relaxation as it comes, without jobflow's and the store's time."""
    from atomate2.forcefields.jobs import ForceFieldRelaxMaker

    maker = ForceFieldRelaxMaker(force_field_name="CHGNet")
    plain = vars(type(maker))["make"].original  # the function below jobflow's decorator
    document = plain(maker, structure)
    return float(document.output.energy), int(document.output.n_steps)


def timed(method: Method, structure: Structure) -> tuple[float, float, int]:
    """CPU seconds, energy per atom (eV), evaluations."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.chdir(tempfile.gettempdir()):
        start = time.process_time()
        energy, n = method(structure.copy())
        return time.process_time() - start, energy / len(structure), n


def methods() -> dict[str, Method]:
    """What is compared; atomate2 only where it is installed."""
    found: dict[str, Method] = {
        "hebe": own(CHGNetEngine()),
        "torch": own(CHGNetEngine(compiled=False)),
        "hebe 0.1": own(CHGNetEngine(), PEERS_FMAX),
        "torch 0.1": own(CHGNetEngine(compiled=False), PEERS_FMAX),
        "FIRE": plain,
    }
    if importlib.util.find_spec("atomate2") is None:
        print("atomate2 is not installed: its column is left out (pip install atomate2)")
    else:
        found["atomate2"] = atomate2
    return found


def main() -> None:
    """Print a table with every case, then geometric means."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--cells", default=":", help="only these, as a slice: 0:3 for the first three")
    parser.add_argument("--json", type=Path, help="write the measurements to this file as well")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    first, last = (int(bound) if bound else None for bound in options.cells.split(":"))
    chosen = dict(list(cells().items())[first:last])
    compared, rows = methods(), []
    warm_up = next(iter(chosen.values()))
    for method in compared.values():
        if method is not plain:
            timed(method, warm_up)
    tight = own(CHGNetEngine(), TIGHT)
    print(f"{'cell':<24} atoms " + "".join(f"{name:>30}" for name in compared))
    print(" " * 30 + f"{'CPU s':>12}{'steps':>7}{'meV/atom':>11}" * len(compared))
    for name, structure in chosen.items():
        reference = timed(tight, structure)[1]
        row: dict[str, Any] = {"cell": name, "atoms": len(structure), "reference_eV_per_atom": reference}
        for label, method in compared.items():
            seconds, energy, n = timed(method, structure)
            row[label] = {"cpu_s": seconds, "steps": n, "meV_per_atom": 1000 * (energy - reference)}
        rows.append(row)
        numbers = [row[label] for label in compared]
        line = "".join(f"{x['cpu_s']:12.2f}{x['steps']:7d}{x['meV_per_atom']:+11.2f}" for x in numbers)
        print(f"{name:<24} {len(structure):5d} {line}", flush=True)
    summarise(rows, list(compared))
    if options.json:
        options.json.write_text(json.dumps(rows, indent=2) + "\n")


def summarise(rows: list[dict[str, Any]], labels: list[str]) -> None:
    """Geometric means, ratios to Hebe's, and how many energies lie within 1 meV/atom of the reference."""
    logs = {label: np.log([row[label]["cpu_s"] for row in rows]) for label in labels}
    print()
    for label in labels:
        ratios = ", ".join(f"{np.exp((logs[label] - logs[base]).mean()):.1f} {base}" for base in BASES)
        near = sum(row[label]["meV_per_atom"] < 1 for row in rows)
        mean = float(np.exp(logs[label].mean()))
        print(
            f"{label:<9} {mean:7.2f} CPU s (geometric mean), {3600 / mean:5.0f} relaxations per core-hour; "
            f"times {ratios}; within 1 meV/atom: {near} of {len(rows)}"
        )


if __name__ == "__main__":
    main()

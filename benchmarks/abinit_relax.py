"""Relaxing a cell with ABINIT: Hebe's optimizer over single evaluations, against atomate2's RelaxMaker.

Same cell, cut-off, k points, tolerance of the density, and the same criteria of forces and virials for both. The
RelaxMaker moves atoms and cell inside ABINIT (ionmov 22, optcell 2) in one basis, which has to be larger for the cell
to grow (dilatmx 1.1). CPU seconds are those of ABINIT.

    python benchmarks/abinit_relax.py [--fmax 0.05]
"""

from __future__ import annotations

import argparse
import contextlib
import os
import resource
import sys
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

os.environ.setdefault("OMP_NUM_THREADS", "1")

from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineSpec
from hebe.engines import get_engine
from hebe.engines.abinit import AbinitEngine
from hebe.engines.abinit.parameters import HARTREE_EV, model
from hebe.engines.quiet import quiet

if TYPE_CHECKING:
    from hebe.engines.abinit.parameters import Model

BOHR_A = 0.529177210903


def start() -> Structure:
    """O3-LiCoO2, 3 % off along its axes, oxygen 0.05 A from its place."""
    cell = Structure.from_spacegroup(
        "R-3m", Lattice.hexagonal(2.90, 13.7), ["Li", "Co", "O"], [[0, 0, 0.5], [0, 0, 0], [0, 0, 0.2641]]
    )
    return cell.get_primitive_structure()


def children_s() -> float:
    """CPU time (s) of all programs so far."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def relax_maker(asked: Model, structure: Structure, fmax: float, folder: Path) -> tuple[float, int, Structure]:
    """Energy (eV, free energy), evaluations and cell of atomate2's maker."""
    from atomate2.abinit.jobs.core import RelaxMaker
    from atomate2.abinit.sets.core import RelaxSetGenerator

    crystal = asked.crystal(structure)
    force = fmax * BOHR_A / HARTREE_EV
    settings: dict[str, Any] = {
        **asked.variables,
        "ionmov": 22,
        "optcell": 2,
        "dilatmx": 1.1,
        "ntime": 60,
        "strfact": BOHR_A * crystal.volume / BOHR_A**3 / len(crystal),
    }
    generator = RelaxSetGenerator(
        pseudos=[str(one.unpack(folder / "data_sets")) for one in asked.data_sets],
        factory_kwargs={"ecut": settings["ecut"], "pawecutdg": settings["pawecutdg"], "spin_mode": "unpolarized"},
        user_abinit_settings={**settings, "tolmxf": force},
        tolmxf=force,
    )
    with quiet(), contextlib.chdir(folder):
        maker = RelaxMaker(input_set_generator=generator)
        document = type(maker).make.original(maker, crystal).output  # type: ignore[attr-defined]  # jobflow.job's wrapper has it
    steps = (folder / "run.abo").read_text().count("Cartesian forces (fcart)")
    return document.output.energy, steps, document.output.structure


def main() -> int:
    """Print both and their ratio."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--fmax", type=float, default=0.05, help="eV/A, and eV per atom for the virial")
    fmax = parser.parse_args().fmax
    settings = {"hubbard_u": "none", "spin": "off", "k_spacing": 0.9}
    engine = get_engine(EngineSpec.model_validate({"name": "abinit", "settings": settings}))
    if not isinstance(engine, AbinitEngine):
        raise TypeError
    found = {}
    with tempfile.TemporaryDirectory() as place:
        before = children_s()
        result = engine.relax(start(), fmax=fmax, folder=Path(place) / "hebe")
        found["Hebe, with the check of the basis"] = children_s() - before, result.n_steps, result.structure
        folder = Path(place) / "maker"
        folder.mkdir()
        before = children_s()
        _, steps, cell = relax_maker(model(start(), engine.choice), start(), fmax, folder)
        found["atomate2 RelaxMaker"] = children_s() - before, steps, cell
        for name, (cpu_s, n, cell) in found.items():
            energy = engine.evaluate(cell).energy_eV
            print(f"{name:36} {cpu_s:7.1f} CPU s {n:4} evaluations {cell.volume:8.3f} A^3 {energy:14.5f} eV")
    ours, theirs = (cpu_s for cpu_s, _, _ in found.values())
    print(f"ratio {theirs / ours:.2f}")
    return 0


if __name__ == "__main__":
    sys.exit(main())

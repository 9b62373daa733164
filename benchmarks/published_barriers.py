"""Barriers and site energies of lithium with CHGNet beside published ones: LiCoO2, and Li3Nd3Te2O12. Nothing is fitted.

    OMP_NUM_THREADS=1 python benchmarks/published_barriers.py FOLDER [--only layered|garnet]

Layered: one hop beside one vacancy and beside two, in a sheet of 16 LiCoO2. Garnet: the energy that one lithium of
Li3Nd3Te2O12 (all on 24d) costs on an octahedron (48g) that is next to the tetrahedron it leaves: with all other atoms
where they were, relaxed with that lithium and the tellurium in place, and relaxed freely. Such potentials are too soft:
away from minima energies come out too low (Deng et al., npj Comput. Mater. (2025), s41524-024-01500-6). Campaigns stay
in FOLDER: run it again to go on.
"""

from __future__ import annotations

import argparse
import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
from scipy.optimize import minimize

import hebe
from hebe.config.family import load_family
from hebe.engines.chgnet import CHGNetEngine
from hebe.science.structures.host import host_cell

if TYPE_CHECKING:
    from numpy.typing import NDArray
    from pymatgen.core import Structure

LAYERED: Final = """\
name: {name}
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM: {{species: {{Co: [3]}}}}
select: {{method: explicit, formulas: [LiCoO2]}}
structures: {{method: sqs, cations: 16, per_candidate: 1, seed: 7}}
stages:
  - engine: chgnet
    x: [1]
    analyses: [{{barriers: {{n: 1, vacancies: {vacancies}}}}}]
"""

PUBLISHED: Final = {
    1: "0.8 (Van der Ven, Ceder, Electrochem. Solid-State Lett. 3, 301 (2000), from memory)",
    2: "0.2 to 0.3 (the same, from memory)",
}
GARNET: Final = "1.57 with the lattice as it is, 0.39 with local distortion"
EDGE: Final = 12.5  # A, of cubic Li3Nd3Te2O12, a start of the relaxation


def layered(folder: Path) -> None:
    """Barriers of LiCoO2 with one and two vacancies."""
    os.chdir(folder)
    (folder / ".hebe").mkdir(exist_ok=True)
    for vacancies, published in PUBLISHED.items():
        file = folder / f"licoo2-{vacancies}.yaml"
        file.write_text(LAYERED.format(name=file.stem, vacancies=vacancies))
        hebe.run(file, workers=1, progress=False)
        (candidate,) = hebe.results(file).candidates
        (document,) = candidate["results"]["barriers"]
        for hop in document["hops"]:
            rests = ", ".join(f"{rest['energy_eV']:.2f}" for rest in hop["rests"]) or "nowhere"
            print(
                f"LiCoO2, {vacancies} vacant: {hop['forward_eV']:.2f} and {hop['backward_eV']:.2f} eV both ways, rests"
                f" at {rests}; {hop['bound_eV']:.2f} eV before it is relaxed; published {published}",
                flush=True,
            )


def garnet_cell() -> Structure:
    """Primitive Li3Nd3Te2O12 with lithium on all 24d, on the sites of the family, with the empty 48g left out."""
    species = {"Li1": "Li", "A": "Nd", "B": "Te"}
    whole = host_cell(load_family("garnet"), "Li").structure
    labels = whole.site_properties["sublattice"]
    for i, label in enumerate(labels):
        whole[i] = species.get(label, "O") if label != "Li2" else "X"
    whole.scale_lattice(EDGE**3 / 2)
    return whole


def held(engine: CHGNetEngine, structure: Structure, atom: int) -> float:
    """Energy (eV) of a cell whose ions are relaxed but for one, and the tellurium: without that all would follow."""
    free = np.array([i != atom and site.specie.symbol != "Te" for i, site in enumerate(structure)])
    cell = structure.copy()

    def energy(moved: NDArray[np.float64]) -> tuple[float, NDArray[np.float64]]:
        places = structure.cart_coords.copy()
        places[free] = moved.reshape(-1, 3)
        for site, place in zip(cell, places, strict=True):
            site.coords = place
        found = engine.evaluate(cell)
        return found.energy_eV, -found.forces[free].ravel()

    first = structure.cart_coords[free].ravel()
    return float(minimize(energy, first, jac=True, method="L-BFGS-B", options={"gtol": 0.03, "maxiter": 100}).fun)


def garnet() -> None:
    """Energy of lithium on 48g against 24d."""
    engine, whole = CHGNetEngine(), garnet_cell()
    empty = [i for i, label in enumerate(whole.site_properties["sublattice"]) if label == "Li2"]
    filled = whole.copy()
    filled.remove_sites(empty)
    perfect = engine.relax(filled, fmax=0.03)
    relaxed = perfect.structure
    lithium = next(i for i, label in enumerate(relaxed.site_properties["sublattice"]) if label == "Li1")
    place = min(
        (whole[i].frac_coords for i in empty),
        key=lambda frac: relaxed[lithium].distance_and_image_from_frac_coords(frac)[0],
    )
    moved = relaxed.copy()
    moved[lithium].frac_coords = place
    fixed = engine.static(moved).energy_eV - perfect.energy_eV
    around = held(engine, moved, lithium) - perfect.energy_eV
    free = engine.relax(moved, fmax=0.03, cell=False)
    stayed = free.structure[lithium].distance_and_image_from_frac_coords(place)[0]
    print(
        f"Li3Nd3Te2O12, a = {(2 * relaxed.volume) ** (1 / 3):.2f} A: lithium on 48g costs {fixed:.2f} eV with the"
        f" lattice as it is, {around:.2f} with both held, {free.energy_eV - perfect.energy_eV:.2f} with all"
        f" ({stayed:.2f} A from the site); published {GARNET}"
    )


def main() -> None:
    """Print what was computed beside what was published."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=("layered", "garnet"))
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    start = time.process_time()
    if options.only != "layered":
        garnet()
    if options.only != "garnet":
        layered(options.folder.resolve())
    print(f"{time.process_time() - start:.0f} CPU s in this process")


if __name__ == "__main__":
    main()

"""How much the mixing enthalpies of GPAW in `mixing_cells.py` hang on its settings and on the ferromagnetic order.

Cells of the queue with their vertices, at their lowest geometries, again at 800 eV with a k spacing of 0.4 1/A, and one
with the spins of its magnetic ions up and down by turns in doubled cells. Results stay in the folder of the cells.

    OMP_NUM_THREADS=1 python benchmarks/mixing_noise.py FOLDER [--only alternating]
"""

from __future__ import annotations

import argparse
from itertools import product
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.config.engines.gpaw import GPAWSettings
from hebe.engines.gpaw.engine import GPAWEngine
from mixing_cells import SETTINGS, Cell
from mixing_errors import vertices_of
from mixing_records import queue

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pymatgen.core import Structure

FINE: Final = GPAWSettings(cutoff=800, k_spacing=0.4)
SETTINGS_AGAIN: Final = ("Mg1/2Zn1/2O", "Mg1/2Ni1/2O")
ORDER_AGAIN: Final = "Mg1/2Ni1/2O"
BRIDGED: Final = (3.6, 4.7)
"""Distances (A) of two cations on both sides of an anion, whose spins couple most strongly."""


def energy(cell: Cell, kind: str, make: Callable[[Cell], tuple[GPAWSettings, Structure]]) -> float:
    """Energy (eV per formula unit) of a member in another way, computed once."""
    known = cell.record.part("noise")
    if kind not in known:
        settings, structure = make(cell)
        folder = cell.folder / "gpaw" / cell.record.file.stem / kind
        result = GPAWEngine("screen", settings).static(structure, folder=folder)
        n_fu = cell.record.data["n_fu"] * len(structure) / cell.record.data["atoms"]
        moments = [] if result.magmoms is None else np.round(result.magmoms, 2).tolist()
        known[kind] = {"energy": result.energy_eV / n_fu, "cpu_s": result.cpu_s, "moments": moments}
        cell.record.save()
        print(f"{cell.record.file.stem} {kind}: {result.cpu_s:.0f} CPU s, moments {moments}", flush=True)
    return float(known[kind]["energy"])


def fine(cell: Cell) -> tuple[GPAWSettings, Structure]:
    """The lowest geometry at the finer settings."""
    return FINE, cell.lowest()


def alternating(cell: Cell) -> tuple[GPAWSettings, Structure]:
    """The lowest geometry in a doubled cell with every spin down in one of its halves.

    Of the seven doubled cells that with most opposite spins across anions.
    """
    structure = cell.lowest()
    parity = max(product((0, 1), repeat=3), key=lambda one: opposite(structure, one))
    axis = parity.index(1)
    rows = [[int(i == k) + parity[i] * int(k == axis) for k in range(3)] for i in range(3)]
    doubled = structure.make_supercell(np.array(rows), in_place=False, to_unit_cell=False)
    moments = np.array(doubled.site_properties["magmom"], dtype=float)
    moments[1::2] *= -1  # the two images of a site follow one another
    doubled.add_site_property("magmom", moments.tolist())
    return SETTINGS, doubled


def opposite(structure: Structure, parity: Sequence[int]) -> int:
    """Pairs of magnetic ions across an anion whose cells have opposite spins."""
    magnetic = [site for site in structure if site.properties["magmom"]]
    names = {site.specie.symbol for site in magnetic}
    found = [near for site in magnetic for near in structure.get_neighbors(site, BRIDGED[1])]
    bridged = [near for near in found if near.specie.symbol in names and near.nn_distance > BRIDGED[0]]
    return sum(int(np.dot(parity, near.image)) % 2 for near in bridged)


def enthalpies(folder: Path, formula: str, kind: str, make: Any) -> tuple[float, float]:
    """Mixing enthalpy (eV per formula unit) of a cell as it was computed, and in another way."""
    cells = [Cell(spec, folder) for spec in dict(queue())[formula]]
    weights = [1.0, *(-_number(n) for n in vertices_of(cells[0].record, [one.record for one in cells[1:]]).values())]
    before = sum(w * one.lowest_energy() for w, one in zip(weights, cells, strict=True))
    again = [energy(one, kind, make) if _asked(one, kind) else one.lowest_energy() for one in cells]
    return before, sum(w * e for w, e in zip(weights, again, strict=True))


def _asked(cell: Cell, kind: str) -> bool:
    """Whether a member is computed again: for another order only what has moments."""
    return kind == "fine" or (
        "magmom" in cell.lowest().site_properties and any(cell.lowest().site_properties["magmom"])
    )


def _number(text: str) -> float:
    top, _, bottom = text.partition("/")
    return int(top) / int(bottom or 1)


def main() -> None:
    """Compute what is missing and print the shifts."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", choices=("alternating", "fine"))
    options = parser.parse_args()
    todo = [(ORDER_AGAIN, "alternating", alternating), *((formula, "fine", fine) for formula in SETTINGS_AGAIN)]
    for formula, kind, make in todo:
        if options.only not in (None, kind):
            continue
        before, after = enthalpies(options.folder, formula, kind, make)
        shift = 1000 * (after - before)
        print(f"| {formula} | {kind} | {1000 * before:.1f} | {1000 * after:.1f} | {shift:+.1f} |", flush=True)


if __name__ == "__main__":
    main()

"""References of the check whether a cell lies outside what CHGNet was trained on, and how often it warns.

Relaxes the phases that come with Hebe (three minutes), leaves each out in turn, then looks at cells that are wrong on
purpose. ``--write`` renews the references in the package.

    python benchmarks/training_references.py [--write]
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

import hebe.engines.chgnet
from hebe.engines.chgnet.training import LIMIT, PRESSURE, References, features_of
from hebe.engines.registry import get_engine
from hebe.science.hulls.competing import load_phases

if TYPE_CHECKING:
    from collections.abc import Mapping

Atoms = tuple[list[str], NDArray[np.float32]]

APART = 0.1
"""References closer than this, in spreads, are one."""


def relaxed_phases() -> dict[str, Structure]:
    """Relaxed cells of all phases."""
    engine, found = get_engine("chgnet"), {}
    for phase in load_phases():
        start = phase.structure()
        start.remove_oxidation_states()
        found[phase.id] = engine.relax(start, fmax=0.05, steps=200).structure
    return found


def atoms_of(structure: Structure) -> Atoms:
    """Elements and features of a cell."""
    return [site.specie.symbol for site in structure], features_of(structure)


def references(atoms: Mapping[str, Atoms], spread: Mapping[str, float] | None = None) -> References:
    """All atoms by element; spreads are root mean square distances from the mean."""
    rows: dict[str, list[NDArray[np.float32]]] = {}
    for elements, vectors in atoms.values():
        for element, x in zip(elements, vectors, strict=True):
            rows.setdefault(element, []).append(x)
    features = {element: np.array(part) for element, part in sorted(rows.items())}
    own = {element: float(np.sqrt(part.var(axis=0).sum())) for element, part in features.items()}
    return References(features, dict(spread or own))


def thinned(full: References) -> References:
    """Without atoms that are all but equal to one before."""
    kept: dict[str, NDArray[np.float32]] = {}
    for element, part in full.features.items():
        chosen: list[NDArray[np.float32]] = []
        for x in part:
            if not chosen or np.linalg.norm(np.array(chosen) - x, axis=1).min() > APART * full.spread[element]:
                chosen.append(x)
        kept[element] = np.array(chosen)
    return References(kept, full.spread)


def write(found: References) -> None:
    """Put the references into the package, in half precision."""
    names = list(found.features)
    np.savez_compressed(
        Path(hebe.engines.chgnet.__file__).with_name("references.npz"),
        elements=np.array(names),
        counts=np.array([len(found.features[name]) for name in names]),
        spread=np.array([found.spread[name] for name in names]),
        features=np.concatenate([found.features[name] for name in names]).astype(np.float16),
    )


def left_out(atoms: Mapping[str, Atoms], full: References) -> list[float]:
    """Distance of each phase from the others; elements that only one phase has are no judge."""
    found = []
    for name, own in atoms.items():
        others = references({key: part for key, part in atoms.items() if key != name}, full.spread)
        found.append(others.farthest(*own)[0])
    return found


def wrong_cells(phases: Mapping[str, Structure]) -> dict[str, list[Structure]]:
    """Cells that are wrong on purpose."""
    some = [structure for i, structure in enumerate(phases.values()) if i % 6 == 0]
    rng = np.random.default_rng(0)
    cells = {f"volume x {factor}": [scaled(one, factor) for one in some] for factor in (0.8, 0.9, 1.1, 1.25)}
    cells |= {f"moved by {a} A": [moved(one, a, rng) for one in some] for a in (0.1, 0.2, 0.4)}
    oxides = [one for one in some if sum(site.specie.symbol == "O" for site in one) > 1]
    cells |= {f"an O-O of {d} A": [paired(one, d) for one in oxides] for d in (1.45, 1.21)}
    cells["metals (Ni, FeCo, Ni3Al)"] = [
        Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.52), ["Ni"], [[0, 0, 0]]),
        Structure(Lattice.cubic(2.85), ["Fe", "Co"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]),
        Structure.from_spacegroup("Pm-3m", Lattice.cubic(3.57), ["Al", "Ni"], [[0, 0, 0], [0.5, 0.5, 0]]),
    ]
    cells["oxygen molecule"] = [Structure(Lattice.cubic(4.5), ["O", "O"], [[0.0, 0.0, 0.0], [1.23 / 4.5, 0, 0]])]
    return cells


def scaled(structure: Structure, factor: float) -> Structure:
    """With another volume."""
    copy = structure.copy()
    copy.scale_lattice(structure.volume * factor)
    return copy


def moved(structure: Structure, length: float, rng: np.random.Generator) -> Structure:
    """Every atom by a random vector of this length (A)."""
    steps = rng.normal(size=(len(structure), 3))
    steps *= length / np.linalg.norm(steps, axis=1)[:, None]
    return Structure(structure.lattice, structure.species, structure.cart_coords + steps, coords_are_cartesian=True)


def paired(structure: Structure, length: float) -> Structure:
    """Two neighbouring oxygen atoms brought to a distance (A), their middle fixed."""
    copy = structure.copy()
    oxygen = [i for i, site in enumerate(copy) if site.specie.symbol == "O"]
    first = oxygen[0]
    second = min(oxygen[1:], key=lambda i: float(copy.get_distance(first, i)))
    distance, image = copy[first].distance_and_image(copy[second])
    vector = copy[second].frac_coords + image - copy[first].frac_coords
    copy.translate_sites([first], vector * (1 - length / distance) / 2)
    copy.translate_sites([second], -vector * (1 - length / distance) / 2)
    return copy


def main() -> None:
    """Print the table; renew the references if asked to."""
    phases = relaxed_phases()
    atoms = {name: atoms_of(structure) for name, structure in phases.items()}
    full = references(atoms)
    found = thinned(full)
    print(f"{len(phases)} phases, {len(found.features)} elements, {sum(map(len, found.features.values()))} references")
    alone = np.array(left_out(atoms, full))
    print("left out:", " ".join(f"{q:.0%} {np.quantile(alone, q):.2f}" for q in (0.5, 0.9, 0.95, 0.99, 1.0)))
    print(f"left out above {LIMIT}: {(alone > LIMIT).sum()} of {len(alone)}")
    engine = get_engine("chgnet")
    for name, cells in wrong_cells(phases).items():
        far = np.array([found.farthest(*atoms_of(cell))[0] for cell in cells])
        pressure = np.array([abs(np.trace(engine.evaluate(cell).stress)) / 3 * 160.2 for cell in cells])
        either = ((far > LIMIT) | (pressure > PRESSURE)).sum()
        print(
            f"{name:26} {len(cells):3} cells: {np.median(far):5.2f} ({far.min():.2f} to {far.max():.2f}), "
            f"{(far > LIMIT).sum()} by distance, {(pressure > PRESSURE).sum()} by pressure, {either} by either"
        )
    if "--write" in sys.argv:
        write(found)


if __name__ == "__main__":
    main()

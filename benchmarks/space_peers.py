"""Neutral compositions by smol and SMACT for ``benchmarks/space.py``; runs in an environment of their own.

    PYTHON benchmarks/space_peers.py smol|SMACT JSON

JSON holds ``species`` (element -> oxidation state), ``grid`` and ``n_species`` of a layered oxide NaMO2. Prints the
rows, sorted, as a hash, their number and the seconds that it took.
"""

from __future__ import annotations

import hashlib
import itertools
import json
import math
import sys
import time
from typing import Any


def by_smol(species: dict[str, int], grid: int, n_species: int) -> list[tuple[int, ...]]:
    """Grid of neutral compositions of a metal and an oxygen sublattice, those with so many elements."""
    from pymatgen.core import Composition, Species
    from smol.cofe.space.domain import SiteSpace
    from smol.moca import CompositionSpace

    share = 1.0 / len(species)
    metals = SiteSpace(Composition({Species(e, z): share for e, z in species.items()}))
    fixed = [SiteSpace(Composition({Species("Na", 1): 1.0})), SiteSpace(Composition({Species("O", -2): 1.0}))]
    space = CompositionSpace([metals, *fixed], [1, 1, 2])
    order = [str(ion.symbol) for ion in metals]
    at = [order.index(element) for element in species]
    found = space.get_composition_grid(supercell_size=grid)
    counts = [space.translate_format(row, grid, "coordinates", "counts") for row in found]
    rows = [tuple(round(float(row[i])) for i in at) for row in counts]
    return [row for row in rows if sum(n > 0 for n in row) == n_species]


def by_smact(species: dict[str, int], grid: int, n_species: int) -> list[tuple[int, ...]]:
    """Neutral ratios of every set of elements beside fixed sodium and oxygen, those that fill the metal sites."""
    import smact

    elements, rows = list(species), []
    for chosen in itertools.combinations(range(len(elements)), n_species):
        charges = [species[elements[i]] for i in chosen]
        amounts = [range(1, grid - n_species + 2)] * n_species
        for found in smact.neutral_ratios_iter([*charges, 1, -2], [*amounts, [grid], [2 * grid]]):
            if sum(found[:n_species]) == grid:
                row = [0] * len(elements)
                for i, n in zip(chosen, found, strict=False):
                    row[i] = n
                rows.append(tuple(row))
    return rows


def summary(rows: list[tuple[int, ...]], grid: int, *, reduced: bool) -> dict[str, Any]:
    """Number and hash of rows; SMACT leaves out those whose amounts have a common divisor."""
    kept = sorted(row for row in rows if not reduced or math.gcd(*row, grid) == 1)
    return {"rows": len(kept), "hash": hashlib.sha256(json.dumps(kept).encode()).hexdigest()[:16]}


def main() -> None:
    """Print what one of them finds."""
    name, given = sys.argv[1], json.loads(sys.argv[2])
    find = by_smol if name == "smol" else by_smact
    find({"Ni": 2, "Fe": 3, "Ti": 4, "Mg": 2}, 4, 2)
    begin = time.process_time()
    rows = find(given["species"], given["grid"], given["n_species"])
    seconds = time.process_time() - begin
    print(json.dumps({**summary(rows, given["grid"], reduced=name == "SMACT"), "seconds": seconds}))


if __name__ == "__main__":
    main()

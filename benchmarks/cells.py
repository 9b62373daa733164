"""Ten cells of 36 to 64 atoms on which relaxations are timed: layered, de-intercalated, rock salt, spinel."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

import numpy as np
from pymatgen.core import Structure

from hebe.science.chemistry.composition import HostComposition
from hebe.science.hulls.competing import load_phases
from hebe.science.structures.configuration import build_configuration, displaced

if TYPE_CHECKING:
    from collections.abc import Mapping

DISPLACEMENT = 0.02
"""Length (A) of the random displacement of a campaign's start cells, so that symmetry can break."""


def host(family: str, ion: str | None, counts: Mapping[str, int], radius: float) -> Structure:
    """Special quasi-random cell of a family with these numbers of cations, on its ideal sites."""
    total = sum(counts.values())
    primary = "TM" if ion else "M"
    fractions = {element: Fraction(n, total) for element, n in counts.items()}
    composition = HostComposition(family, ion, Fraction(1 if ion else 0), {primary: fractions})
    structure = build_configuration(composition, primary, n_sites=total, seed=7, radius=radius).structure
    if structure is None:
        raise ValueError(f"no cell for {counts}")
    return structure


def without(structure: Structure, ion: str, keep: int) -> Structure:
    """Copy with `keep` ions of an element, chosen by a fixed seed."""
    sites = [i for i, site in enumerate(structure) if site.specie.symbol == ion]
    left = set(np.random.default_rng(5).permutation(sites)[:keep].tolist())
    return Structure.from_sites([s for i, s in enumerate(structure) if i not in sites or i in left])


def spinel(identifier: str, mixed: Mapping[str, tuple[str, ...]]) -> Structure:
    """Conventional spinel of 56 atoms, elements on a site replaced by mixtures in a fixed random order."""
    phase = next(p for p in load_phases() if p.id == identifier)
    structure = phase.structure().remove_oxidation_states().to_conventional()
    rng = np.random.default_rng(11)
    for element, pool in mixed.items():
        sites = [i for i, site in enumerate(structure) if site.specie.symbol == element]
        for n, i in enumerate(rng.permutation(sites).tolist()):
            structure[i] = pool[n % len(pool)]
    return structure


def cells() -> dict[str, Structure]:
    """The ten cells by name, each displaced as in a campaign."""
    sodium = host("layered-o3", "Na", {"Ni": 3, "Fe": 3, "Mn": 2, "Ti": 2, "Mg": 2}, 0.65)
    lithium = host("layered-o3", "Li", {"Ni": 6, "Co": 3, "Mn": 3}, 0.56)
    small = host("layered-o3", "Na", {"Ni": 3, "Mn": 3, "Cr": 3}, 0.63)
    found = {
        "layered Na, 5 cations": sodium,
        "layered Li, 3 cations": lithium,
        "layered Na, 3 cations": small,
        "de-intercalated Na 1/3": without(sodium, "Na", 4),
        "de-intercalated Li 1/2": without(lithium, "Li", 6),
        "rock salt, 5 cations": host("rocksalt", None, {"Mg": 5, "Co": 5, "Ni": 5, "Cu": 5, "Zn": 5}, 0.72),
        "disordered rock salt": host("rocksalt", None, {"Li": 16, "Mn": 8, "Ti": 6}, 0.71),
        "disordered rock salt 2": host("rocksalt", None, {"Li": 12, "Ni": 4, "Mn": 4, "Ti": 4}, 0.72),
        "spinel": spinel("LiMn2O4-spinel", {}),
        "spinel, 6 cations": spinel("CoCr2O4-spinel", {"Co": ("Co", "Mg", "Ni", "Zn"), "Cr": ("Cr", "Fe", "Mn", "Al")}),
    }
    return {name: displaced(structure, DISPLACEMENT, name) for name, structure in found.items()}

"""Twenty start cells of 12 to 60 atoms on which optimizers are compared; none of them in a fit."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

from cells import DISPLACEMENT, without
from hebe.science.chemistry.composition import HostComposition
from hebe.science.structures.configuration import build_configuration, displaced

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    Counts = Mapping[str, Mapping[str, int]]


def cell(family: str, ion: str | None, counts: Counts, *, radius: float, keep: int | None = None) -> Structure:
    """Quasi-random cell with these numbers of ions on its sublattices; of its working ions only `keep` stay."""
    primary, *_ = counts
    fractions = {
        name: {element: Fraction(n, sum(part.values())) for element, n in part.items()} for name, part in counts.items()
    }
    composition = HostComposition(family, ion, Fraction(1 if ion else 0), fractions)
    size = sum(counts[primary].values())
    structure = build_configuration(composition, primary, n_sites=size, seed=3, radius=radius).structure
    if structure is None:
        raise ValueError(f"no cell for {counts}")
    return structure if ion is None or keep is None else without(structure, ion, keep)


def twenty() -> dict[str, Structure]:
    """The cells by name, each displaced as in a campaign."""
    iron = {"TM": {"Fe": 4, "Mn": 3, "Ni": 3, "Cu": 1, "Ti": 1}}
    chrome = {"TM": {"Cr": 3, "Mn": 3, "Ni": 2, "Al": 1}}
    prisms = {"TM": {"Mn": 5, "Ni": 2, "Mg": 1}}
    found = {
        "O3 Na 1": cell("layered-o3", "Na", iron, radius=0.63),
        "O3 Na 2/3": cell("layered-o3", "Na", iron, radius=0.63, keep=8),
        "O3 Na 1/3": cell("layered-o3", "Na", iron, radius=0.63, keep=4),
        "O3 Na 1, Cr": cell("layered-o3", "Na", chrome, radius=0.62),
        "O3 Na 2/3, Cr": cell("layered-o3", "Na", chrome, radius=0.62, keep=6),
        "O3 Na 1/3, Cr": cell("layered-o3", "Na", chrome, radius=0.62, keep=3),
        "P2 Na 3/4": cell("layered-p2", "Na", prisms, radius=0.58, keep=12),
        "O3 Li 1/2": cell("layered-o3", "Li", {"TM": {"Ni": 8, "Mn": 1, "Co": 1}}, radius=0.56, keep=5),
        "rock salt, 5 cations, Fe": cell(
            "rocksalt", None, {"M": {"Mg": 4, "Fe": 4, "Co": 4, "Ni": 4, "Zn": 4}}, radius=0.73
        ),
        "rock salt, 5 cations, Mn": cell(
            "rocksalt", None, {"M": {"Mg": 2, "Mn": 2, "Ni": 2, "Cu": 2, "Zn": 2}}, radius=0.74
        ),
        "rock salt, 3 cations": cell("rocksalt", None, {"M": {"Mg": 2, "Ni": 2, "Zn": 2}}, radius=0.72),
        "DRX V Nb": cell("drx", None, {"M": {"Li": 12, "V": 4, "Nb": 4}, "X": {"O": 20}}, radius=0.71),
        "DRX Mn Ti F": cell("drx", None, {"M": {"Li": 12, "Mn": 6, "Ti": 6}, "X": {"O": 20, "F": 4}}, radius=0.74),
        "DRX Fe Zr": cell("drx", None, {"M": {"Li": 8, "Fe": 4, "Zr": 4}, "X": {"O": 16}}, radius=0.74),
        "spinel Li Mn Ni": cell("spinel", "Li", {"M": {"Mn": 6, "Ni": 2}}, radius=0.6),
        "spinel Li Cr Fe": cell("spinel", "Li", {"M": {"Mn": 4, "Cr": 2, "Fe": 2}}, radius=0.6),
        "NASICON V Cr": cell("nasicon", "Na", {"M": {"V": 2, "Cr": 2}}, radius=0.63, keep=6),
        "NASICON Mn Ti": cell("nasicon", "Na", {"M": {"Mn": 2, "Ti": 2}}, radius=0.7, keep=8),
        "PBA Mn Fe": cell("pba", "Na", {"M": {"Mn": 1, "Ni": 1}, "X": {"Fe": 2}}, radius=0.76),
        "olivine Fe Mn": cell("olivine", "Li", {"M": {"Fe": 2, "Mn": 1, "Co": 1}}, radius=0.78),
    }
    return {name: displaced(structure, DISPLACEMENT, name) for name, structure in found.items()}

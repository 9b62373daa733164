"""Structures on which a potential is compared with its plain form: tiny, skewed, disordered, strained, defective."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.science.chemistry.composition import HostComposition
from hebe.science.hulls.competing import load_phases
from hebe.science.structures.configuration import build_configuration, displaced

PHASES = ("Na-bcc", "MgO", "NaMnO2-alpha", "TiO2-anatase", "Li2MnO3", "MnTiO3-ilmenite", "CuO", "Mn2O3-bixbyite")


def layered(fractions: dict[str, Fraction], ion: str = "Na", n_sites: int = 12) -> Structure:
    """Layered oxide with cations in a special quasi-random arrangement, on the ideal sites."""
    composition = HostComposition("layered-o3", ion, Fraction(1), {"TM": fractions})
    built = build_configuration(composition, "TM", n_sites=n_sites, seed=3).structure
    assert built is not None
    return built


def strained(structure: Structure) -> Structure:
    """Copy under a large strain without symmetry."""
    deform = np.eye(3) + np.array([[0.03, 0.02, -0.01], [0.0, -0.04, 0.03], [0.01, 0.0, 0.05]])
    return Structure(Lattice(structure.lattice.matrix @ deform), structure.species, structure.frac_coords)


def without_ions(structure: Structure, ion: str, keep: int) -> Structure:
    """Copy with only the first `keep` ions of an element."""
    sites = [i for i, site in enumerate(structure) if site.specie.symbol == ion]
    return Structure.from_sites([site for i, site in enumerate(structure) if i not in sites[keep:]])


def sodium(a: float = 4.2) -> Structure:
    """Primitive cell of body-centred sodium: one atom, no angles."""
    return Structure(Lattice(a / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Na"], [[0, 0, 0]])


def frames() -> dict[str, Structure]:
    """All of them by name."""
    third = Fraction(1, 3)
    sqs = layered({"Ni": third, "Fe": third, "Mn": third})
    lithium = layered({"Ni": third, "Co": third, "Mn": third}, "Li", 9)
    primitive = layered({"Mn": Fraction(1)}, n_sites=1)
    magnesia = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.2), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    found = {
        "one atom": sodium(),
        "one atom, compressed": sodium(3.4),
        "two atoms, rotated": Structure(
            Lattice.from_parameters(2.97, 2.97, 2.97, 60, 60, 60), ["Mg", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]])
        ),
        "primitive layered": primitive,
        "primitive layered, strained": strained(primitive),
        "skewed layered": primitive.make_supercell([[1, 0, 0], [3, 1, 0], [2, -2, 1]], in_place=False),
        "sites outside the cell": Structure(
            magnesia.lattice, magnesia.species, magnesia.frac_coords + 3 * np.arange(24).reshape(8, 3) - 20
        ),
        "disordered, displaced": displaced(sqs, 0.1, "frame"),
        "disordered, strained": strained(displaced(sqs, 0.05, "frame")),
        "de-intercalated": displaced(without_ions(sqs, "Na", 4), 0.1, "frame"),
        "empty host": displaced(without_ions(lithium, "Li", 0), 0.1, "frame"),
        "lithium": displaced(lithium, 0.2, "frame"),
    }
    known = {phase.id: phase for phase in load_phases()}
    return found | {name: known[name].structure() for name in PHASES}

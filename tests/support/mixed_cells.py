"""Ten cells with mixed cations from the families of cathodes, with the ion of every cation site written down."""

from __future__ import annotations

from dataclasses import dataclass

from pymatgen.core import Lattice, Structure

MOMENTS = {
    "Li+": 0, "Na+": 0, "K+": 0, "P5+": 0, "Ti4+": 0, "O2-": 0, "F-": 0, "Co3+ls": 0, "Nb5+": 0,
    "Ni2+": 2, "Mn4+": 3, "Mn3+": 4, "Mn2+": 5, "Fe3+": 5, "Fe2+": 4, "Co2+": 3, "V3+": 2, "Cr3+": 3,
}  # fmt: skip
"""Unpaired d electrons of each ion: Hund's rule, low-spin Co3+ without any."""


@dataclass(frozen=True)
class MixedCell:
    """A cell; ``cations`` are ions of the sites of the mixed sublattice in order, ``others`` by element."""

    name: str
    structure: Structure


def _decorated(structure: Structure, mixed: str, cations: list[str], others: dict[str, str]) -> Structure:
    """Put ions on the sites of the placeholder element `mixed`, and name those of the other elements."""
    waiting = list(cations)
    ions = [waiting.pop(0) if site.specie.symbol == mixed else others[site.specie.symbol] for site in structure]
    assert not waiting
    elements = [ion.rstrip("ls").rstrip("0123456789+-") for ion in ions]
    sublattice = ["TM" if site.specie.symbol == mixed else site.specie.symbol for site in structure]
    moments = [float(MOMENTS[ion]) for ion in ions]
    properties = {"ion": ions, "magmom": moments, "sublattice": sublattice}
    return Structure(structure.lattice, elements, structure.frac_coords, site_properties=properties)


def _layered(alkali: str, a: float, c: float) -> Structure:
    """Three formula units of an O3 oxide, space group R-3m."""
    sites = [[0.0, 0.0, 0.5], [0.0, 0.0, 0.0], [0.0, 0.0, 0.2605]]
    return Structure.from_spacegroup("R-3m", Lattice.hexagonal(a, c), [alkali, "Al", "O"], sites)


def _rocksalt(a: float, anions: list[str]) -> Structure:
    """Cubic cell of four formula units with given anions."""
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(a), ["Al", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    places = [i for i, site in enumerate(cell) if site.specie.symbol == "O"]
    for i, anion in zip(places, anions, strict=True):
        cell[i] = anion
    return cell


def _spinel() -> Structure:
    """Primitive cell of two formula units."""
    sites = [[0.125] * 3, [0.5] * 3, [0.2625] * 3]
    return Structure.from_spacegroup("Fd-3m:2", Lattice.cubic(8.2), ["Li", "Al", "O"], sites).get_primitive_structure()


def _olivine() -> Structure:
    """LiFePO4 (Streltsov et al., Acta Cryst. B 49, 147 (1993)), coordinates rounded."""
    sites = [[0.0, 0.0, 0.0], [0.282, 0.25, 0.975], [0.095, 0.25, 0.418]]
    sites += [[0.097, 0.25, 0.743], [0.457, 0.25, 0.206], [0.166, 0.046, 0.285]]
    lattice = Lattice.orthorhombic(10.332, 6.01, 4.692)
    return Structure.from_spacegroup("Pnma", lattice, ["Li", "Al", "P", "O", "O", "O"], sites)


def _perovskite(a: float) -> Structure:
    """Two formula units of a cubic fluoride perovskite."""
    cell = Structure.from_spacegroup("Pm-3m", Lattice.cubic(a), ["K", "Al", "F"], [[0.5] * 3, [0] * 3, [0.5, 0, 0]])
    return cell.make_supercell([1, 1, 2], in_place=False)


def mixed_cells() -> list[MixedCell]:
    """Three layered oxides, three disordered rock salts, two spinels, a phosphate and a fluoride."""
    oxide, lithium, sodium = {"O": "O2-"}, {"Li": "Li+", "O": "O2-"}, {"Na": "Na+", "O": "O2-"}
    both = {"O": "O2-", "F": "F-"}
    phosphate = {"Li": "Li+", "P": "P5+", "O": "O2-"}
    cells = {
        "layered Li(Ni,Mn,Co)O2": _decorated(_layered("Li", 2.86, 14.2), "Al", ["Ni2+", "Mn4+", "Co3+ls"], lithium),
        "layered Na(Fe,Mn,Mn)O2": _decorated(_layered("Na", 2.99, 16.1), "Al", ["Fe3+", "Mn3+", "Mn3+"], sodium),
        "layered Na(Ni,Ti,Mn)O2": _decorated(_layered("Na", 2.97, 16.0), "Al", ["Ni2+", "Ti4+", "Mn3+"], sodium),
        "DRX Li2MnTiO4": _decorated(_rocksalt(4.2, ["O"] * 4), "Al", ["Li+", "Li+", "Mn2+", "Ti4+"], oxide),
        "DRX Li2Mn2O3F": _decorated(_rocksalt(4.15, ["O"] * 3 + ["F"]), "Al", ["Li+", "Li+", "Mn2+", "Mn3+"], both),
        "DRX Li2VNbO3F": _decorated(_rocksalt(4.2, ["O"] * 3 + ["F"]), "Al", ["Li+", "Li+", "V3+", "Nb5+"], both),
        "spinel LiMn1.5Ni0.5O4": _decorated(_spinel(), "Al", ["Mn4+", "Mn4+", "Mn4+", "Ni2+"], lithium),
        "spinel LiCrMnO4": _decorated(_spinel(), "Al", ["Cr3+", "Mn4+", "Cr3+", "Mn4+"], lithium),
        "phosphate LiFe0.5Mn0.5PO4": _decorated(_olivine(), "Al", ["Fe2+", "Mn2+", "Fe2+", "Mn2+"], phosphate),
        "fluoride KCo0.5Ni0.5F3": _decorated(_perovskite(4.05), "Al", ["Co2+", "Ni2+"], {"K": "K+", "F": "F-"}),
    }
    return [MixedCell(name, structure) for name, structure in cells.items()]

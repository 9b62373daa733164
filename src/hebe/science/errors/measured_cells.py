"""Cells of a measured host: its structure at one content of the working ion, ions ordered by electrostatics."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
from pymatgen.core import Composition, Species, Structure

from hebe.exceptions import BadInputError
from hebe.science.errors.measured_host import measured_phases
from hebe.science.structures.orderings import find_orderings

if TYPE_CHECKING:
    from fractions import Fraction

    from hebe.science.errors.measured_host import MeasuredHost, Supercell

BCC: Final = {"Li": 3.51, "Na": 4.29, "K": 5.33}
"""Edge (A) of the cubic cell of the alkali metals at room temperature, where relaxations of the metal start."""


def metal_cell(ion: str) -> Structure:
    """Primitive cell of a body-centred cubic alkali metal.

    Raises
    ------
    BadInputError
        If it is none of those that hosts were measured with.
    """
    if ion not in BCC:
        raise BadInputError(f"no cell of the metal {ion}", suggestion=f"known: {', '.join(BCC)}")
    half = BCC[ion] / 2
    return Structure([[-half, half, half], [half, -half, half], [half, half, -half]], [ion], [[0, 0, 0]])


def host_cells(host: MeasuredHost, x: Fraction, keep: int = 3) -> list[Structure]:
    """Cells of a host at `x` working ions per formula unit, without oxidation states.

    Cells are scaled to the measured volume, that as made where none was measured at `x`.

    Parameters
    ----------
    keep
        How many orderings of the working ion to take per supercell, lowest electrostatic energy first.

    Raises
    ------
    BadInputError
        If a supercell cannot hold that content.
    """
    state = host.state(x)
    volume = state.volume or host.states[0].volume
    cells = []
    for supercell in state.supercells or host.supercells:
        full = _full_cell(host, state.phase or host.phase, supercell)
        units = formula_units(host, full)
        if volume is not None:
            full.scale_lattice(volume * units)
        cells += _ordered(host, full, x * units, keep)
    return cells


def formula_units(host: MeasuredHost, cell: Structure) -> int:
    """Formula units of the host in a cell, counted by what is not the working ion.

    Raises
    ------
    BadInputError
        If the cell does not hold whole ones.
    """
    ion = host.working_ion
    one = {str(e): n for e, n in Composition(host.formula).items() if str(e) != ion}
    found = {str(e): n for e, n in cell.composition.element_composition.items() if str(e) != ion}
    units = round(sum(found.values()) / sum(one.values()))
    if set(one) != set(found) or any(abs(found[e] - units * n) > 1e-2 for e, n in one.items()):
        raise BadInputError(f"{cell.composition} is no multiple of {host.formula}")
    return units


def _full_cell(host: MeasuredHost, phase: str, supercell: Supercell) -> Structure:
    cell = measured_phases()[phase].structure()
    cell.make_supercell(supercell, to_unit_cell=False)
    for element, species in host.replace.items():
        sites = [i for i, site in enumerate(cell) if site.specie.element.symbol == element]
        for number, i in enumerate(sites):
            cell.replace(i, Species.from_str(species[number % len(species)]))
    return cell


def _ordered(host: MeasuredHost, full: Structure, wanted: Fraction, keep: int) -> list[Structure]:
    """Cells with the wanted number of ions."""
    sites = [i for i, site in enumerate(full) if site.specie.element.symbol == host.working_ion]
    if wanted.denominator != 1 or not 0 <= wanted <= len(sites):
        raise BadInputError(f"{host.formula}: {wanted} ions do not fit on {len(sites)} sites")
    number = int(wanted)
    charges = np.array([float(site.specie.oxi_state or 0.0) for site in full])
    redox = [i for i, site in enumerate(full) if site.specie.element.symbol == host.redox]
    charges[redox] -= (charges.sum() - (len(sites) - number) * charges[sites[0]]) / len(redox)
    found = find_orderings(full, sites, number, charges, keep, exclusion=host.exclusion)
    plain = full.copy()
    plain.remove_oxidation_states()
    cells = []
    for occupied in found.occupied:
        left = set(occupied)
        cells.append(Structure.from_sites([site for i, site in enumerate(plain) if i not in sites or i in left]))
    return cells

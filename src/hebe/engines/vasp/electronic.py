"""Electronic results from VASP's task document: band gap, band centres, valences from moments, charges by Bader."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hebe.engines.electronic import projections
from hebe.schemas.electronic import ElectronicDoc
from hebe.science.chemistry.valence import assign_valences

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.engines.vasp.inputs import Ordered
    from hebe.science.electrons.projected import Projected


def electronic(
    calculation: Any,
    structure: Structure,
    cell: Ordered,
    moments: np.ndarray[Any, np.dtype[np.float64]] | None,
    charges: list[float] | None,
    projected: Projected | None,
) -> ElectronicDoc:
    """Electronic results of a calculation.

    Parameters
    ----------
    calculation
        Calculation of atomate2's task document.
    structure
        Final structure in the order of the one asked about.
    cell
        The one asked about in POSCAR's order.
    moments
        Moments (Bohr magnetons) in the order of `structure`.
    charges
        Charges (e, positive for cations) in POSCAR's order.
    projected
        Occupied states around the atoms.
    """
    output = calculation.output
    assigned = None if moments is None else assign_valences(structure, moments.tolist())
    return ElectronicDoc(
        **({} if projected is None else projections(projected)),
        band_gap_eV=None if output.bandgap is None else float(output.bandgap),
        is_metal=output.is_metal,
        valences=None if assigned is None else [site.charge for site in assigned],
        jahn_teller=None if assigned is None else [site.jahn_teller for site in assigned],
        bader_charges=_in_order(charges, cell),
    )


def _in_order(charges: list[float] | None, cell: Ordered) -> list[float] | None:
    """Charges in the order of the structure asked about; None unless there is one for each site."""
    if charges is None or len(charges) != len(cell.order):
        return None
    found: list[float] = cell.back(np.array(charges, dtype=float)).tolist()
    return found

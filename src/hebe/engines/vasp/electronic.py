"""Electronic results from VASP's task document: band gap, band centres, valences from moments, charges by Bader."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.schemas.electronic import ElectronicDoc
from hebe.science.chemistry.valence import assign_valences

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.engines.vasp.inputs import Ordered

_ANIONS: Final = ("O", "F", "S", "Se", "Cl", "N")


def electronic(
    calculation: Any,
    structure: Structure,
    cell: Ordered,
    moments: np.ndarray[Any, np.dtype[np.float64]] | None,
    charges: list[float] | None,
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
    """
    output = calculation.output
    centres = _centres(output.dos_properties or {})
    assigned = None if moments is None else assign_valences(structure, moments.tolist())
    return ElectronicDoc(
        band_gap_eV=None if output.bandgap is None else float(output.bandgap),
        is_metal=output.is_metal,
        p_centres_eV={element: bands["p"] for element, bands in centres.items() if element in _ANIONS and "p" in bands},
        d_centres_eV={element: bands["d"] for element, bands in centres.items() if "d" in bands},
        valences=None if assigned is None else [site.charge for site in assigned],
        jahn_teller=None if assigned is None else [site.jahn_teller for site in assigned],
        bader_charges=_in_order(charges, cell),
    )


def _centres(properties: dict[str, dict[str, dict[str, float]]]) -> dict[str, dict[str, float]]:
    """Centres (eV, from the Fermi level) of the bands that hold states."""
    found = {
        element: {
            orbital: float(band["center"]) for orbital, band in orbitals.items() if band.get("center") is not None
        }
        for element, orbitals in properties.items()
    }
    return {e: {o: centre for o, centre in bands.items() if math.isfinite(centre)} for e, bands in found.items()}


def _in_order(charges: list[float] | None, cell: Ordered) -> list[float] | None:
    """Charges in the order of the structure asked about; None unless there is one for each site."""
    if charges is None or len(charges) != len(cell.order):
        return None
    found: list[float] = cell.back(np.array(charges, dtype=float)).tolist()
    return found

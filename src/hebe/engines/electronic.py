"""What moments and eigenvalues say about electrons, alike for all engines that have them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from hebe.schemas.electronic import ElectronicDoc
from hebe.science.chemistry.valence import assign_valences
from hebe.science.electrons.projected import WINDOW_EV, D, P

if TYPE_CHECKING:
    from typing import Any

    from numpy.typing import NDArray
    from pymatgen.core import Structure

    from hebe.science.electrons.projected import Projected


def electronic(
    structure: Structure,
    gap: float | None,
    magmoms: NDArray[np.float64] | None,
    projected: Projected | None = None,
) -> ElectronicDoc:
    """Band gap, valences and Jahn-Teller ions where there are moments, centres of bands where there are projections.

    Parameters
    ----------
    structure
        Cell, for its elements and the ions that it was started with.
    gap
        Band gap (eV), 0 for metals, None where it is not known.
    magmoms
        Moments (Bohr magnetons), shape (n,); zeros and None say nothing about valences.
    projected
        Occupied states around the atoms, None where they are not known.
    """
    sites = None if magmoms is None or not np.any(magmoms) else assign_valences(structure, magmoms.tolist())
    return ElectronicDoc(
        **({} if projected is None else projections(projected)),
        band_gap_eV=gap,
        is_metal=None if gap is None else gap == 0.0,
        valences=None if sites is None else [site.charge for site in sites],
        jahn_teller=None if sites is None else [site.jahn_teller for site in sites],
    )


def projections(projected: Projected) -> dict[str, Any]:
    """Fields of the document that projections give."""
    return {
        "p_centres_eV": projected.centres(projected.anions, P),
        "d_centres_eV": projected.centres(projected.metals, D),
        "anion_share": projected.anion_share,
        "captured": projected.captured,
        "window_eV": WINDOW_EV,
    }

"""From a structure and a choice of settings to GPAW's parameters: reduced cell, k points, moments, Hubbard U."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from hebe.engines.plane_waves import element_of, hubbard, initial_moments, mesh, reduced_basis

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.config.engines.gpaw import GPAWPreset


@dataclass(frozen=True)
class Model:
    """What GPAW is asked about a crystal: parameters, and the basis of the lattice in which it is described.

    ``basis``, shape (3, 3), are whole numbers: rows of reduced lattice vectors in units of those of the structure. It
    is chosen once per calculation, so that a relaxation does not change the mesh of k points under way.
    """

    parameters: dict[str, Any]
    basis: NDArray[np.int64]
    magmoms: list[float] | None

    def atoms(self, structure: Structure) -> dict[str, Any]:
        """Atoms as plain data; positions and their order are those of the structure."""
        return {
            "numbers": [element_of(site.specie).Z for site in structure],
            "positions": structure.cart_coords.tolist(),
            "cell": (self.basis @ structure.lattice.matrix).tolist(),
            "magmoms": self.magmoms,
        }


def model(structure: Structure, choice: GPAWPreset) -> Model:
    """Parameters for a structure."""
    basis = reduced_basis(structure, "gpaw")
    magmoms = initial_moments(structure, choice)
    parameters = {
        "mode": {"name": "pw", "ecut": choice.cutoff, "dedecut": "estimate"},
        "xc": choice.xc,
        "kpts": {"size": list(mesh(structure, basis, choice)), "gamma": True},
        "occupations": {"name": "fermi-dirac", "width": choice.smearing},
        "convergence": choice.convergence.model_dump(),
        "maxiter": choice.max_iterations,
        "spinpol": magmoms is not None,
        "setups": setups(structure, choice),
    }
    return Model(parameters, basis, magmoms)


def setups(structure: Structure, choice: GPAWPreset) -> dict[str, str]:
    """GPAW's ``setups``: U (eV) on d states of the table's elements, without normalisation of the projections."""
    return {symbol: f":d,{value},0" for symbol, value in hubbard(structure, choice).items()}

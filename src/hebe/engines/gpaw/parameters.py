"""From a structure and a choice of settings to GPAW's parameters: reduced cell, k points, moments, Hubbard U."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import spglib
from numpy.typing import NDArray
from pymatgen.core import Element, Structure

from hebe.config.gpaw import gpaw_tables
from hebe.exceptions import EngineError

if TYPE_CHECKING:
    from hebe.config.gpaw import GPAWPreset

_LEAST_MOMENT = 0.05
"""Moments below (Bohr magnetons) on all sites are those of closed shells."""


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
            "numbers": [_element(site.specie).Z for site in structure],
            "positions": structure.cart_coords.tolist(),
            "cell": (self.basis @ structure.lattice.matrix).tolist(),
            "magmoms": self.magmoms,
        }


def model(structure: Structure, choice: GPAWPreset) -> Model:
    """Parameters for a structure."""
    basis = reduced_basis(structure)
    magmoms = initial_moments(structure, choice)
    parameters = {
        "mode": {"name": "pw", "ecut": choice.cutoff, "dedecut": "estimate"},
        "xc": choice.xc,
        "kpts": {"size": list(mesh(structure, basis, choice)), "gamma": True},
        "occupations": {"name": "fermi-dirac", "width": choice.smearing},
        "convergence": choice.convergence.model_dump(),
        "maxiter": choice.max_iterations,
        "spinpol": magmoms is not None,
        "setups": hubbard(structure, choice),
    }
    return Model(parameters, basis, magmoms)


def reduced_basis(structure: Structure) -> NDArray[np.int64]:
    """Niggli-reduced vectors of the lattice as whole multiples of the given ones, shape (3, 3).

    Raises
    ------
    EngineError
        If the cell is too flat to be reduced.
    """
    lattice = structure.lattice.matrix
    reduced = spglib.niggli_reduce(lattice, eps=1e-5)
    if reduced is None:
        raise EngineError("gpaw", "the cell cannot be reduced: is it flat?", deterministic=True)
    basis = np.rint(reduced @ np.linalg.inv(lattice)).astype(np.int64)
    if abs(round(np.linalg.det(basis))) != 1:
        raise EngineError("gpaw", "the cell cannot be reduced: is it flat?", deterministic=True)
    return np.asarray(basis if np.linalg.det(basis @ lattice) > 0 else -basis)


def mesh(structure: Structure, basis: NDArray[np.int64], choice: GPAWPreset) -> tuple[int, int, int]:
    """Gamma-centred mesh of k points: that of the formula if one is given, else no wider than the spacing.

    Spacings count along the reciprocal vectors of the reduced cell, with the factor 2 pi.
    """
    given = choice.kpts.get(structure.composition.reduced_formula)
    if given is not None:
        return given
    metal = all(_element(site.specie).is_metal for site in structure)
    spacing = choice.k_spacing_metal if metal else choice.k_spacing
    reciprocal = 2 * np.pi * np.linalg.inv(basis @ structure.lattice.matrix)
    first, second, third = (max(1, math.ceil(length / spacing - 1e-6)) for length in np.linalg.norm(reciprocal, axis=0))
    return first, second, third


def initial_moments(structure: Structure, choice: GPAWPreset) -> list[float] | None:
    """Initial moments (Bohr magnetons): the site property ``magmom``, else by element; None without open shells."""
    if choice.spin == "off":
        return None
    if "magmom" in structure.site_properties:
        moments = [float(moment or 0.0) for moment in structure.site_properties["magmom"]]
    else:
        table = gpaw_tables().initial_moments.moments
        moments = [table.get(_element(site.specie).symbol, 0.0) for site in structure]
    return moments if max(map(abs, moments)) > _LEAST_MOMENT else None


def hubbard(structure: Structure, choice: GPAWPreset) -> dict[str, str]:
    """GPAW's ``setups``: U (eV) on d states of the table's elements, without normalisation of the projections."""
    table = gpaw_tables().hubbard_u
    elements = {_element(site.specie).symbol for site in structure}
    if choice.hubbard_u == "none" or elements.isdisjoint(table.anions):
        return {}
    return {symbol: f":d,{table.d[symbol]},0" for symbol in sorted(elements & table.d.keys())}


def _element(specie: Any) -> Element:
    return Element(getattr(specie, "element", specie).symbol)

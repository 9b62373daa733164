"""From a structure and a choice of settings to ABINIT's variables: reduced cell, k points, moments, U. Atomic units."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure
from scipy.constants import physical_constants

from hebe.config.engines.abinit import abinit_tables
from hebe.engines.abinit.data_sets import DataSet, data_set, find_library
from hebe.engines.plane_waves import element_of, hubbard, initial_moments, mesh, reduced_basis

if TYPE_CHECKING:
    from hebe.config.engines.abinit import AbinitPreset

HARTREE_EV: Final = physical_constants["Hartree energy in eV"][0]
_D: Final = 2
_NO_SHELL: Final = -1
_SPARE_BANDS: Final = 1.2
_LEAST_SPARE: Final = 4
_FERMI_DIRAC: Final = 3
_ALLOWED: Final = {"chkprim": 0, "chksymbreak": 0, "chksymtnons": 0, "maxnsym": 12288}
"""Supercells: with translations among their symmetries, whatever origin they have."""
_FULLY_LOCALIZED: Final = 1
_PROJECTIONS: Final = {"prtdos": 3, "pawprtdos": 2, "dosdeltae": 0.05}
"""What the spheres hold of each state, which takes two k points; densities are written beside it, on a coarse grid."""
_EXACT: Final = 0
"""Exchange and correlation inside the spheres on a mesh of angles: the default, an expansion, costs 0.1 V in LiCoO2."""


@dataclass(frozen=True)
class Model:
    """What ABINIT is asked about a crystal: variables, PAW data sets, and the basis of the lattice.

    ``basis``, shape (3, 3), are whole numbers: rows of reduced lattice vectors in units of those of the structure. It
    is chosen once per calculation, so that a relaxation does not change the mesh of k points under way.
    """

    variables: dict[str, Any]
    data_sets: tuple[DataSet, ...]
    basis: NDArray[np.int64]
    is_polarized: bool

    def crystal(self, structure: Structure) -> Structure:
        """Bare elements in the reduced cell; Cartesian coordinates and order of sites are those of the structure."""
        lattice = Lattice(self.basis @ structure.lattice.matrix)
        elements = [element_of(site.specie) for site in structure]
        return Structure(lattice, elements, structure.cart_coords, coords_are_cartesian=True)


def model(structure: Structure, choice: AbinitPreset) -> Model:
    """Variables for a structure.

    Raises
    ------
    EngineError
        If a PAW data set is missing or is another one than its name says.
    MissingDependencyError
        If there are no data sets at all.
    """
    basis = reduced_basis(structure, "abinit")
    moments = initial_moments(structure, choice)
    library = find_library(choice.xc)
    symbols = [element_of(site.specie).symbol for site in structure]
    sets = {symbol: data_set(symbol, choice, library) for symbol in dict.fromkeys(symbols)}
    cutoff = choice.cutoff / HARTREE_EV
    variables: dict[str, Any] = {
        "ecut": cutoff,
        "pawecutdg": choice.fine_cutoff * cutoff,
        "ecutsm": abinit_tables().cutoff_smearing.value / HARTREE_EV,
        "ngkpt": list(mesh(structure, basis, choice)),
        "nshiftk": 1,
        "shiftk": [[0.0, 0.0, 0.0]],
        "occopt": _FERMI_DIRAC,
        "tsmear": choice.smearing / HARTREE_EV,
        "nband": _bands(sum(sets[symbol].electrons for symbol in symbols), moments),
        "toldfe": choice.energy_tolerance / HARTREE_EV,
        "nstep": choice.max_iterations,
        "nsppol": 1 if moments is None else 2,
        "nspden": 1 if moments is None else 2,
        **_ALLOWED,
        "pawxcdev": _EXACT,
        "optforces": 1,
        "prtden": 0,
        "prtebands": 0,
    }
    if math.prod(variables["ngkpt"]) > 1:
        variables |= _PROJECTIONS
    if moments is not None:
        variables |= abinit_tables().with_moments
        variables["spinat"] = [[0.0, 0.0, moment] for moment in moments]
    variables |= _hubbard_variables(hubbard(structure, choice), list(sets))
    return Model(variables | choice.variables, tuple(sets.values()), basis, moments is not None)


def _bands(electrons: float, moments: list[float] | None) -> int:
    """Bands that hold the electrons of the larger spin, and a fifth more for those that smearing needs."""
    excess = 0.0 if moments is None else sum(map(abs, moments))
    filled = (electrons + excess) / 2
    return math.ceil(max(_SPARE_BANDS * filled, filled + _LEAST_SPARE))


def _hubbard_variables(values: dict[str, float], symbols: list[str]) -> dict[str, Any]:
    """U of the fully localized limit with J = 0, which is that of Dudarev et al., Phys. Rev. B 57, 1505 (1998)."""
    if not values:
        return {}
    return {
        "usepawu": _FULLY_LOCALIZED,
        "lpawu": [_D if symbol in values else _NO_SHELL for symbol in symbols],
        "upawu": [values.get(symbol, 0.0) / HARTREE_EV for symbol in symbols],
        "jpawu": [0.0] * len(symbols),
    }

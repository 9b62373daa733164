"""Harmonic vibrations: force constants from finite displacements by phonopy, and free energies of frequencies.

phonopy: Togo, Chaput, Tadano and Tanaka, J. Phys.: Condens. Matter 35, 353001 (2023). Without it everything here that
needs no force constants works.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import MissingDependencyError
from hebe.science.analysis.mixing import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

Array = NDArray[np.float64]

PLANCK_THZ: Final = 4.135667696923859e-3
"""Planck constant, eV/THz (CODATA 2018)."""

_SYMMETRY: Final = 0.02
_MESH_LENGTH: Final = 30.0


@dataclass(frozen=True)
class Spectrum:
    """Frequencies (THz), shape ``(n_q, 3 n_atoms)``, and weights of the wave vectors, shape ``(n_q,)``."""

    frequencies: Array
    weights: Array

    @property
    def n_atoms(self) -> int:
        """Atoms of the primitive cell."""
        return int(self.frequencies.shape[1]) // 3

    def free_energy(self, temperature: float) -> float:
        """Harmonic free energy, eV per atom.

        ``sum h nu / 2 + k T ln(1 - exp(-h nu / k T))`` over the modes: Born and Huang, Dynamical Theory of Crystal
        Lattices (Oxford, 1954).

        Parameters
        ----------
        temperature
            K; 0 gives the zero-point energy.

        Raises
        ------
        ValueError
            If a frequency is not positive: there is no harmonic free energy.
        """
        if self.frequencies.min() <= 0:
            raise ValueError(f"a frequency of {self.frequencies.min():.2f} THz has no harmonic free energy")
        quanta = PLANCK_THZ * self.frequencies
        energies = quanta / 2
        if temperature > 0:
            energies = energies + BOLTZMANN * temperature * np.log(-np.expm1(-quanta / (BOLTZMANN * temperature)))
        per_cell = float(self.weights @ energies.sum(axis=1) / self.weights.sum())
        return per_cell / self.n_atoms


class DisplacedCell:
    """A cell prepared for finite displacements; its symmetry says which are needed.

    Parameters
    ----------
    structure
        Relaxed cell; it is brought to its space group (within 0.02 A) and to its primitive cell.
    width
        Least distance (A) of opposite faces of the supercell.
    displacement
        A.

    Raises
    ------
    MissingDependencyError
        If phonopy is not installed.
    """

    def __init__(self, structure: Structure, width: float, displacement: float) -> None:
        try:
            from phonopy import Phonopy
        except ImportError as err:
            raise MissingDependencyError("phonopy", "mixing.vibrations", "phonons") from err
        from phonopy.structure.atoms import PhonopyAtoms
        from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

        bare = structure.copy(site_properties={})
        cell = SpacegroupAnalyzer(bare, symprec=_SYMMETRY).get_primitive_standard_structure()
        atoms = PhonopyAtoms(
            symbols=[site.specie.symbol for site in cell],
            cell=cell.lattice.matrix,
            scaled_positions=cell.frac_coords,
            masses=[float(site.specie.atomic_mass) for site in cell],
        )
        multiples = np.ceil(width / _widths(cell) - 1e-9).astype(int)
        self._phonons: Any = Phonopy(atoms, supercell_matrix=np.diag(multiples), primitive_matrix="P", log_level=0)
        self._phonons.generate_displacements(distance=displacement)
        self._mesh = np.maximum(np.ceil(_MESH_LENGTH / _widths(cell)).astype(int), 2)

    @property
    def equilibrium(self) -> Structure:
        """The supercell without displacement."""
        return _structure(self._phonons.supercell)

    @property
    def displaced(self) -> list[Structure]:
        """Supercells with one atom displaced each."""
        return [_structure(cell) for cell in self._phonons.supercells_with_displacements]

    def spectrum(self, forces: Sequence[Array]) -> Spectrum:
        """Frequencies from the forces (eV/A) on the displaced cells, each of shape ``(n_supercell_atoms, 3)``.

        The force constants are made symmetric and obey the acoustic sum rule. The mesh goes through the zone centre,
        which is left out: its three translations have no frequency.
        """
        phonons = self._phonons
        phonons.forces = np.array(forces)
        phonons.produce_force_constants(show_drift=False)
        phonons.symmetrize_force_constants(show_drift=False)
        phonons.run_mesh(self._mesh, is_gamma_center=True)
        kept = np.abs(phonons.mesh.qpoints).max(axis=1) > 0
        weights = np.array(phonons.mesh.weights, dtype=float)
        return Spectrum(np.array(phonons.mesh.frequencies, dtype=float)[kept], weights[kept])

    def at(self, wave_vectors: Array) -> Array:
        """Frequencies (THz) at wave vectors in reciprocal lattice units of the primitive cell, after `spectrum`."""
        self._phonons.run_qpoints(wave_vectors)
        return np.array(self._phonons.qpoints.frequencies, dtype=float)


def _widths(cell: Structure) -> Array:
    """Distances of opposite faces (A)."""
    reciprocal = cell.lattice.reciprocal_lattice_crystallographic.matrix
    return np.asarray(1.0 / np.linalg.norm(reciprocal, axis=1), dtype=float)


def _structure(atoms: Any) -> Structure:
    from pymatgen.core import Lattice, Structure

    return Structure(Lattice(atoms.cell), list(atoms.symbols), atoms.scaled_positions)

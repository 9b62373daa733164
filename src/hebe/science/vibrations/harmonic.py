"""Harmonic vibrations: force constants from finite displacements by phonopy, and free energies of frequencies.

phonopy: Togo, Chaput, Tadano and Tanaka, J. Phys.: Condens. Matter 35, 353001 (2023). Without it everything here that
needs no force constants works.
"""

from __future__ import annotations

import importlib.util
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from hebe.exceptions import MissingDependencyError
from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pymatgen.core import Structure

Array = NDArray[np.float64]

PLANCK_THZ: Final = 4.135667696923859e-3
"""Planck constant, eV/THz (CODATA 2018)."""

_SYMMETRY: Final = 0.02
_MESH_LENGTH: Final = 30.0


def require_phonopy() -> None:
    """See that phonopy is installed, without importing it.

    Raises
    ------
    MissingDependencyError
        If it is not.
    """
    if importlib.util.find_spec("phonopy") is None:
        raise MissingDependencyError("phonopy", "mixing.vibrations", "phonons")


@dataclass(frozen=True)
class Spectrum:
    """Frequencies (THz) of a primitive cell on a mesh of wave vectors.

    Parameters
    ----------
    frequencies
        Shape ``(n_q, 3 n_atoms)``, wave vectors other than the zone centre.
    weights
        How often each of them counts, shape ``(n_q,)``.
    optical
        Modes of the zone centre but for its three translations, shape ``(3 n_atoms - 3,)``; they count once, and so
        does the zone centre among the wave vectors. None where the mesh does not hold it.
    """

    frequencies: Array
    weights: Array
    optical: Array | None = None

    @property
    def n_atoms(self) -> int:
        """Atoms of the primitive cell."""
        return int(self.frequencies.shape[1]) // 3

    @property
    def lowest(self) -> float:
        """Lowest frequency (THz); an imaginary one is negative."""
        optical = np.zeros(0) if self.optical is None else self.optical
        return float(np.concatenate([self.frequencies.ravel(), optical]).min())

    def free_energy(self, temperature: float) -> float:
        """Harmonic free energy, eV per atom.

        ``sum h nu / 2 + k T ln(1 - exp(-h nu / k T))`` over the modes, per wave vector: Born and Huang, Dynamical
        Theory of Crystal Lattices (Oxford, 1954). The translations, which have no frequency, are left out of the sum;
        the number of wave vectors holds the zone centre all the same.

        Parameters
        ----------
        temperature
            K; 0 gives the zero-point energy.

        Raises
        ------
        ValueError
            If a frequency is not positive: there is no harmonic free energy.
        """
        if self.lowest <= 0:
            raise ValueError(f"a frequency of {self.lowest:.2f} THz has no harmonic free energy")
        total = float(self.weights @ _oscillators(self.frequencies, temperature).sum(axis=1))
        number = float(self.weights.sum())
        if self.optical is not None:
            total += float(_oscillators(self.optical, temperature).sum())
            number += 1
        return total / number / self.n_atoms


def _oscillators(frequencies: Array, temperature: float) -> Array:
    """Free energies (eV) of harmonic oscillators (THz) at a temperature (K)."""
    quanta = PLANCK_THZ * frequencies
    if temperature <= 0:
        return quanta / 2
    thermal = BOLTZMANN * temperature
    return np.asarray(quanta / 2 + thermal * np.log(-np.expm1(-quanta / thermal)), dtype=float)


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
        require_phonopy()
        from phonopy import Phonopy
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
        whose three translations have no frequency and are no part of the spectrum.
        """
        phonons = self._phonons
        phonons.forces = np.array(forces)
        phonons.produce_force_constants(show_drift=False)
        phonons.symmetrize_force_constants(show_drift=False)
        phonons.run_mesh(self._mesh, is_gamma_center=True)
        others = np.abs(phonons.mesh.qpoints).max(axis=1) > 0
        weights = np.array(phonons.mesh.weights, dtype=float)
        frequencies = np.array(phonons.mesh.frequencies, dtype=float)
        return Spectrum(frequencies[others], weights[others], self._optical())

    def _optical(self) -> Array:
        """Frequencies (THz) of the zone centre in the space of displacements that leave the centre of mass at rest.

        The translations are known from the masses, so that no frequency has to be told from zero.
        """
        phonons = self._phonons
        translations = np.kron(np.sqrt(np.asarray(phonons.primitive.masses))[:, None], np.eye(3))
        rest = np.linalg.qr(translations, mode="complete")[0][:, 3:]
        phonons.run_qpoints([[0.0, 0.0, 0.0]], with_dynamical_matrices=True)
        dynamical = np.real(phonons.qpoints.dynamical_matrices[0])
        squares = np.linalg.eigvalsh(rest.T @ dynamical @ rest)
        roots = np.sign(squares) * np.sqrt(np.abs(squares))
        return np.asarray(roots * phonons.unit_conversion_factor, dtype=float)

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

"""From ABINIT's files to results: energy extrapolated to zero smearing, forces, stress, moments, band gap."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.engines.abinit.parameters import HARTREE_EV
from hebe.engines.protocol import Evaluation
from hebe.science.electrons.levels import edges

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray

GPA_PER_EV_A3: Final = 160.2176634
"""Gigapascal in one eV/A^3."""
_GROUND_STATE: Final = "outdata/out_GSR.nc"
_TABLE: Final = re.compile(r"Atom +Radius +up_density +dn_density.*?\n((?: +\d+ .*\n)+)")


def evaluation(document: Any, folder: Path, n: int) -> Evaluation:
    """Energy, forces, stress and moments of a run.

    The free energy of a Fermi-Dirac distribution and the energy without its entropy lie equally far from the energy at
    zero smearing (Gillan, J. Phys. Condens. Matter 1, 689 (1989)), which their mean is; GPAW and VASP take it as well.

    Parameters
    ----------
    document
        Document of atomate2.
    folder
        Folder of the run.
    n
        Number of sites.
    """
    output = document.output
    return Evaluation(
        float(output.energy) - _ground_state(folder)["e_entropy"] * HARTREE_EV / 2,
        np.array(output.forces, dtype=float),
        np.array(output.stress, dtype=float) / GPA_PER_EV_A3,
        moments(folder, n),
    )


def moments(folder: Path, n: int) -> NDArray[np.float64]:
    """Moments (Bohr magnetons) inside the spheres of the data sets, shape (n,); zero without spin polarization."""
    tables = _TABLE.findall((folder / "run.abo").read_text(errors="replace"))
    if not tables:
        return np.zeros(n)
    return np.array([float(line.split()[-1]) for line in tables[-1].splitlines()])


def gap_of(folder: Path) -> float:
    """Band gap (eV) on the mesh of k points, 0 for metals."""
    found = _ground_state(folder)
    return band_gap(found["eigenvalues"] * HARTREE_EV, found["fermi_energy"] * HARTREE_EV)


def band_gap(eigenvalues: NDArray[np.float64], fermi: float) -> float:
    """Distance (eV) of the lowest empty and the highest filled band; 0 where a band crosses the Fermi level.

    Parameters
    ----------
    eigenvalues
        In eV, shape (spins, k points, bands).
    fermi
        Fermi level (eV).
    """
    found = edges(eigenvalues, fermi)
    return 0.0 if found is None else max(found[1] - found[0], 0.0)


def _ground_state(folder: Path) -> dict[str, Any]:
    """Entropy term, eigenvalues and Fermi level in Hartree."""
    from netCDF4 import Dataset

    with Dataset(folder / _GROUND_STATE) as file:
        return {
            "e_entropy": float(file["e_entropy"][...]),
            "eigenvalues": np.ma.filled(file["eigenvalues"][...].astype(float), np.nan),
            "fermi_energy": float(file["fermi_energy"][...]),
        }

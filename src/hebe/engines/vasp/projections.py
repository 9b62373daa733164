"""From the densities in vasprun.xml to what the spheres hold of occupied states; written with LORBIT from 11 on."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hebe.engines.quiet import quiet
from hebe.engines.vasp.history import existing
from hebe.science.electrons.projected import Projected

if TYPE_CHECKING:
    from pathlib import Path

    from numpy.typing import NDArray


def projected_in(path: Path) -> Projected | None:
    """Projections of a folder in which VASP has ended, None where it wrote none.

    Densities on a grid of energies stand for states: each bin is a state that holds what the total density says.

    Parameters
    ----------
    path
        The folder.
    """
    with quiet():
        from pymatgen.io.vasp.outputs import Vasprun

        run = Vasprun(existing(path, "vasprun.xml"), exception_on_bad_xml=False, parse_potcar_file=False)
        # a run that was broken off has no densities at all
        dos = getattr(run, "complete_dos", None)
        if dos is None or not dos.pdos:
            return None
        gap, _, highest, _ = (float(np.min(number)) for number in run.eigenvalue_band_properties)
    return states_of(dos, highest if gap > 0 else float(dos.efermi))


def states_of(dos: Any, reference: float) -> Projected:
    """States of a density: one for each bin of its grid, shape (spins, 1, bins), and what the spheres hold of each.

    Parameters
    ----------
    dos
        pymatgen's complete density.
    reference
        Highest occupied level (eV).
    """
    energies = np.array(dos.energies, dtype=float)
    total = _by_spin(dos.densities)
    occupied = np.where(energies <= reference, total * np.gradient(energies), 0.0)
    weights: dict[str, dict[int, NDArray[np.float64]]] = {}
    for site, orbitals in dos.pdos.items():
        held = weights.setdefault(site.specie.symbol, {})
        for orbital, densities in orbitals.items():
            momentum = orbital.orbital_type.value
            part = np.divide(_by_spin(densities), total, out=np.zeros_like(total), where=total > 0)
            held[momentum] = held.get(momentum, 0.0) + part
    return Projected(np.broadcast_to(energies, total.shape), occupied, weights, reference)


def _by_spin(densities: Any) -> NDArray[np.float64]:
    """Densities as states, shape (spins, 1, bins)."""
    return np.array([densities[spin] for spin in sorted(densities, key=int, reverse=True)], dtype=float)[:, None, :]

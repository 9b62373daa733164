"""From ABINIT's file of projections to what the spheres of the data sets hold of each state."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.engines.abinit.parameters import HARTREE_EV
from hebe.engines.abinit.partial_waves import orbital_shares
from hebe.science.electrons.levels import highest_occupied
from hebe.science.electrons.projected import Projected

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from numpy.typing import NDArray

    from hebe.engines.abinit.data_sets import DataSet

_FILE: Final = "outdata/out_FATBANDS.nc"


def projected_in(folder: Path, data_sets: Sequence[DataSet]) -> Projected | None:
    """Projections of a run, None where it wrote none, as with a single k point.

    Parameters
    ----------
    folder
        Folder of the run.
    data_sets
        Data sets by element, whose partial waves say what a sphere holds of an orbital.
    """
    if not (folder / _FILE).is_file():
        return None
    from netCDF4 import Dataset

    with Dataset(folder / _FILE) as file:
        energies = _numbers(file, "eigenvalues") * HARTREE_EV
        occupied = _numbers(file, "occupations") * _numbers(file, "kpoint_weights")[:, None]
        kinds = _numbers(file, "atom_species").astype(int) - 1
        symbols = [_word(symbol) for symbol in file["chemical_symbols"][...]]
        radii = dict(zip(symbols, _numbers(file, "ratsph"), strict=True))
        # one row for each atom and angular momentum; states as (spins, bands, k points)
        parts = _numbers(file, "dos_fractions").swapaxes(2, 3)
        fermi = float(file["fermi_energy"][...]) * HARTREE_EV
    parts = parts.reshape(len(kinds), -1, *parts.shape[1:])
    weights: dict[str, dict[int, NDArray[np.float64]]] = {}
    for kind, own in zip(kinds, parts, strict=True):
        held = weights.setdefault(symbols[kind], {})
        for momentum, part in enumerate(own):
            held[momentum] = held.get(momentum, 0.0) + part
    orbitals = {one.symbol: orbital_shares(one, radii[one.symbol]) for one in data_sets}
    return Projected(energies, occupied, weights, highest_occupied(energies, fermi), orbitals)


def _numbers(file: Any, name: str) -> NDArray[np.float64]:
    return np.ma.filled(file[name][...].astype(float), np.nan)


def _word(letters: Any) -> str:
    return b"".join(np.ma.filled(letters, b" ")).decode().strip(" \0")

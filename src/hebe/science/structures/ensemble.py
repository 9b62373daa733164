"""Small ordered cells that together stand for a disordered composition, and averages over them.

Ensembles of all ordered cells with their degeneracies: Yang et al., Chem. Mater. 28, 6484 (2016).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from hebe.config.family import load_family
from hebe.config.reading.units import parse_fraction
from hebe.exceptions import BadInputError
from hebe.science.chemistry.composition import HostComposition
from hebe.science.constants import BOLTZMANN
from hebe.science.structures.configuration import exact_size
from hebe.science.structures.enumeration import OrderedCell, ordered_ensemble
from hebe.science.structures.generate import check_fractions
from hebe.science.structures.host import host_cell

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction


@dataclass(frozen=True)
class EnsembleAverage:
    """Averages over the cells of an ensemble.

    ``energy`` is the mean energy, ``free_energy`` that of the ensemble (eV per cell), ``entropy`` the configurational
    entropy (eV/K per cell), ``weights`` the share of each cell, shape (n,).
    """

    energy: float
    free_energy: float
    entropy: float
    weights: tuple[float, ...]


def generate_ensemble(
    host: str,
    composition: Mapping[str, Mapping[str, Fraction | float | str]],
    n_sites: int | None = None,
    most: int | None = None,
    *,
    working_ion: str | None = None,
) -> list[OrderedCell]:
    """Ordered cells of a host family that together stand for a disordered composition.

    Parameters
    ----------
    host
        Name of a family.
    composition
        Mixed sublattice -> element -> fraction of its sites; ``Va`` is an empty site.
    n_sites
        Sites of the most mixed sublattice per cell; by default the fewest that hold the composition.
    most
        Without it: all cells that symmetry does not make equal, weighted by their degeneracies. With it: at most so
        many, with weights that bring the mean pair correlations closest to random.
    working_ion
        Element on the working sublattice; the family's first by default. All of its sites are occupied.

    Raises
    ------
    BadInputError
        If the family or a sublattice is unknown, fractions do not sum to 1, the cell cannot hold the composition, its
        working sites exclude each other, or there are too many arrangements to list.
    """
    family = load_family(host)
    fractions = {s: {e: parse_fraction(x) for e, x in v.items()} for s, v in composition.items()}
    check_fractions(fractions, family.mixed, host)
    ion = working_ion or (None if family.ion_optional else next(iter(family.working_ions), None))
    target = HostComposition(host, ion, family.x_full, fractions)
    primary = max(fractions, key=lambda name: len(fractions[name]))
    cell = host_cell(family, ion)
    fewest = exact_size(target, primary, cell) // cell.layers(primary)
    size = fewest if n_sites is None else n_sites
    if size % fewest or size <= 0:
        nearest = max(1, round(size / fewest)) * fewest
        raise BadInputError(
            f"{size} sites of {primary} do not hold the composition exactly", suggestion=f"nearest: {nearest} sites"
        )
    species = {}
    for name, sub in family.sublattices.items():
        if sub.exclusion:
            raise BadInputError(f"sites of {name} of {host} exclude each other, so that they cannot all be occupied")
        if name not in fractions:
            if sub.group is not None:
                raise BadInputError(f"{host} holds groups ({sub.group}), of which no ensemble is made")
            species[name] = str(ion) if name in family.working_own else next(iter(sub.species))
    n_cells = size // cell.sites_per_cell(primary)
    counts = {
        name: {e: int(x * n_cells * cell.sites_per_cell(name)) for e, x in part.items() if x}
        for name, part in fractions.items()
    }
    return ordered_ensemble(cell, counts, species, n_cells, most=most)


def average(
    energies: Sequence[float], cells: Sequence[OrderedCell], temperature: float | None = None
) -> EnsembleAverage:
    """Average over an ensemble: ``<E> = sum_i w_i E_i``.

    Parameters
    ----------
    energies
        Energy of each cell (eV per cell, all of the same size).
    cells
        The cells, with degeneracies and weights.
    temperature
        K. Without it the weights are those of the ensemble, as at a temperature far above all differences. With it
        ``w_i = g_i exp(-E_i / kT) / Z`` with the degeneracies g_i: the canonical ensemble of cells of that size.

    Returns
    -------
    EnsembleAverage
        With the entropy ``-k sum_i w_i ln(w_i / g_i)`` and the free energy ``<E> - T S`` (``<E>`` without temperature).

    Raises
    ------
    BadInputError
        If there is not one energy per cell, or the temperature is not above 0.
    """
    values, degeneracies = np.array(energies, dtype=float), np.array([cell.degeneracy for cell in cells], dtype=float)
    if len(values) != len(cells) or not len(values):
        raise BadInputError(f"expected one energy for each of {len(cells)} cells, got {len(values)}")
    if temperature is None:
        weights = np.array([cell.weight for cell in cells])
    elif temperature > 0:
        weights = degeneracies * np.exp(-(values - values.min()) / (BOLTZMANN * temperature))
    else:
        raise BadInputError(f"expected a temperature above 0 K, got {temperature:g}", suggestion="leave it out")
    weights = weights / weights.sum()
    held = weights > 0
    entropy = float(-BOLTZMANN * (weights[held] * np.log(weights[held] / degeneracies[held])).sum())
    energy = float(weights @ values)
    free = energy if temperature is None else energy - temperature * entropy
    return EnsembleAverage(energy, free, entropy, tuple(float(w) for w in weights))

"""Which ion stands on each site of a cell, and its initial magnetic moment: what calculations with DFT+U start from."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Final, Literal

import numpy as np
from pymatgen.core import Species, Structure

from hebe.config.family_units import unit_valence
from hebe.science.chemistry.descriptors import spin_of
from hebe.science.chemistry.ions import Ion, Spin, d_electrons
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.space import working_charge
from hebe.science.structures.ewald import ewald_matrix
from hebe.science.structures.host import layer_numbers
from hebe.science.structures.occupancy import SiteEnergies
from hebe.science.structures.orderings import lowest_states

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from hebe.schemas.spec import MemberSpec
    from hebe.science.chemistry.ladder import Oxidation

MagneticOrder = Literal["ferromagnetic", "layer-antiferromagnetic", "random-collinear"]

_LOW_SPIN: Final = (0, 1, 2, 3, 2, 1, 0, 1, 2, 1, 0)


def unpaired_electrons(ion: Ion, spin: Spin = "high") -> int:
    """Unpaired d electrons of an octahedral ion, its spin-only moment in Bohr magnetons; 0 without d electrons.

    Hund's rule for high spin; for low spin t2g is filled before eg.
    """
    n = d_electrons(ion)
    if n is None:
        return 0
    return _LOW_SPIN[n] if spin == "low" else min(n, 10 - n)


def ions_of(spec: MemberSpec, structure: Structure, oxidation: Oxidation, seed: int = 0) -> list[Ion]:
    """Ion on every site: whole oxidation states that give the mean ones, placed for the lowest Ewald energy.

    An element of mean state 3.4 is 3+ on 60 % of its sites and 4+ on the others (nearest whole number). Elements are
    placed one after another in alphabetical order, those that follow at their mean state; ties go to the sites that
    come first.

    Parameters
    ----------
    spec
        The member of the host.
    structure
        Cell with the site property ``sublattice``; only the working ions that are there.
    oxidation
        Mean oxidation states, as the redox ladder gives them at this content of working ions.
    seed
        Of the search where there are too many ways to place the ions.
    """
    host = composition_of(spec).host
    labels, symbols = structure.site_properties["sublattice"], [site.specie.symbol for site in structure]
    charges = np.array([_mean_charge(spec, oxidation, s, e) for s, e in zip(labels, symbols, strict=True)])
    ions = [round(q) for q in charges]
    matrix: NDArray[np.float64] | None = None
    for label in host.mixed_cations:
        for element in sorted({e for s, e in zip(labels, symbols, strict=True) if s == label}):
            sites = [i for i in range(len(structure)) if labels[i] == label and symbols[i] == element]
            mean = float(charges[sites[0]])
            low, n_high = math.floor(mean + 1e-9), round((mean - math.floor(mean + 1e-9)) * len(sites))
            high: list[int] = []
            if 0 < n_high < len(sites):
                matrix = ewald_matrix(structure) if matrix is None else matrix
                high = _place(matrix, charges, sites, low, n_high, seed)
            elif n_high:
                high = sites
            for i in sites:
                ions[i] = low + (i in high)
                charges[i] = ions[i]
    return [Ion(e, q) for e, q in zip(symbols, ions, strict=True)]


def _mean_charge(spec: MemberSpec, oxidation: Oxidation, label: str, element: str) -> float:
    host = composition_of(spec).host
    if (charge := unit_valence(host, label, element)) is not None:
        return float(charge)
    if label in oxidation.charges and element in oxidation.charges[label]:
        return oxidation.charges[label][element]
    if label in host.working_own:
        return float(working_charge(spec.working_ion))
    return float(host.charge_at(label, element))


def _place(
    matrix: NDArray[np.float64], charges: NDArray[np.float64], sites: list[int], low: int, n_high: int, seed: int
) -> list[int]:
    """Sites of the higher state: one elementary charge more on `n_high` of `sites`, at the lowest Ewald energy."""
    base = charges.copy()
    base[sites] = low
    pair = np.ascontiguousarray(matrix[np.ix_(sites, sites)])
    alone = matrix[sites] @ base + 0.5 * np.diag(pair)
    np.fill_diagonal(pair, 0.0)
    energies = SiteEnergies(alone, pair, np.zeros(len(sites), dtype=np.int64))
    identity = np.arange(len(sites), dtype=np.int64)[None]
    best = lowest_states(energies, [(n_high,)], identity, 1, seed).states[0]
    return [sites[int(i)] for i in np.flatnonzero(best)]


def initial_moments(
    spec: MemberSpec,
    structure: Structure,
    ions: Sequence[Ion],
    order: MagneticOrder = "ferromagnetic",
    normal: NDArray[np.float64] | None = None,
    seed: int = 0,
) -> NDArray[np.float64]:
    """Spin-only moments (Bohr magnetons) of every site, shape (n,), with the signs of a collinear order.

    Parameters
    ----------
    spec, structure, ions
        As in `ions_of`, and its result; spin states are those of the family.
    order
        ``ferromagnetic``: all up; ``layer-antiferromagnetic``: up and down by layers of each sublattice;
        ``random-collinear``: signs of a seed, as many up as down of each ion where their number is even.
    normal
        Cartesian unit vector across the layers, needed for layers.

    Raises
    ------
    ValueError
        If layers are asked for and there is no normal.
    """
    host = composition_of(spec).host
    labels = structure.site_properties["sublattice"]
    sizes = np.array(
        [unpaired_electrons(ion, spin_of(ion, host.sublattices[s])) for ion, s in zip(ions, labels, strict=True)], float
    )
    if order == "ferromagnetic":
        return sizes
    if order == "random-collinear":
        generator, signs = np.random.default_rng(seed), np.ones(len(sizes))
        for ion in sorted(set(ions)):
            here = np.flatnonzero([other == ion for other in ions])
            signs[generator.permutation(here)[: len(here) // 2]] = -1.0
        return np.asarray(sizes * signs)
    if normal is None:
        raise ValueError("the layers of an antiferromagnetic order need a layered host")
    signs = np.ones(len(sizes))
    for label in set(labels):
        members = [i for i, s in enumerate(labels) if s == label]
        signs[members] = [1.0 - 2.0 * (layer % 2) for layer in layer_numbers(structure, members, normal)]
    return np.asarray(sizes * signs)


def site_labels(spec: MemberSpec, structure: Structure, ions: Sequence[Ion]) -> list[str]:
    """One name per kind of site that a calculation must tell apart: ion and spin state (``Mn3+``, ``Co3+ls``)."""
    host, labels = composition_of(spec).host, structure.site_properties["sublattice"]
    spins = [spin_of(ion, host.sublattices[label]) for ion, label in zip(ions, labels, strict=True)]
    return [f"{ion}ls" if spin == "low" else str(ion) for ion, spin in zip(ions, spins, strict=True)]


def decorated(
    structure: Structure, ions: Sequence[Ion], moments: Mapping[int, float] | NDArray[np.float64]
) -> Structure:
    """Copy whose species carry oxidation state and spin; moments also as the site property ``magmom``."""
    values = [float(moments[i]) for i in range(len(structure))]
    species = [Species(ion.element, ion.charge, spin=value) for ion, value in zip(ions, values, strict=True)]
    properties = {**structure.site_properties, "magmom": values}
    return Structure(structure.lattice, species, structure.frac_coords, site_properties=properties)

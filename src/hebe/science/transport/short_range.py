"""Percolation with short-range order: large cells from Monte Carlo with energies of pairs, at a temperature.

Each cell starts in random order, cools from eight times the temperature in the first quarter of its sweeps, and stays
at the temperature for the rest.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.config.family_sites import VACANCY
from hebe.exceptions import BadInputError
from hebe.schemas.percolation import ChannelNetDoc, OrderDoc, PairFitDoc, PairOrderDoc, PercolationDoc
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.space import working_charge
from hebe.science.constants import BOLTZMANN
from hebe.science.transport.channels import given_cell, mean_channels
from hebe.science.transport.exchange import PairLattice, exchange_groups
from hebe.science.transport.pair_energies import GivenPairs, fitted
from hebe.science.transport.pair_shells import SHELLS, Neighbours, pair_shells, random_counts
from hebe.science.transport.tiling import even_repeats

if TYPE_CHECKING:
    from hebe.config.family import Family
    from hebe.schemas.spec import MemberSpec
    from hebe.science.transport.percolation_document import RockSalt

Integers = NDArray[np.int64]
Numbers = NDArray[np.float64]
Held = dict[str, dict[str, Fraction]]

_HOT: Final = 8.0
_COOLING: Final = 0.25
_FITS: Final = 8
"""Cells at least, each with energies of its own, where these are fitted: what a fit leaves open is seen by them."""


@dataclass(frozen=True)
class ShortRange:
    """How cells with short-range order are made.

    ``temperature`` (K); at least ``n_sites`` cation sites; ``sweeps`` of as many proposed exchanges as there are sites
    that exchange; ``pairs`` as given, None where they are fitted to the ``cells``: ideal cells of the composition with
    their energies (eV).
    """

    temperature: float
    n_sites: int = 10_000
    sweeps: int = 400
    pairs: GivenPairs | None = None
    cells: Sequence[tuple[Structure, float]] = ()


@dataclass(frozen=True)
class Contents:
    """What the sublattices of a rock salt hold: ``held`` is the share of each species, ``charges`` (e) are means."""

    held: Held
    charges: dict[str, float]

    @property
    def kinds(self) -> list[str]:
        """All species."""
        return sorted(self.charges)

    def drawn(self, label: NDArray[np.str_], seed: int) -> Integers:
        """Numbers of `kinds` on the sites in random order, as near to the shares as whole numbers come; shape (n,)."""
        random, kind = np.random.default_rng(seed), np.zeros(len(label), dtype=np.int64)
        for name in np.unique(label):
            sites = random.permutation(np.flatnonzero(label == name))
            ends = [0, *np.cumsum([float(part) for part in self.held[name].values()])]
            cuts = np.rint(np.array(ends) * len(sites)).astype(int)
            for species, low, high in zip(self.held[name], cuts[:-1], cuts[1:], strict=True):
                kind[sites[low:high]] = self.kinds.index(species)
        return kind


def contents(spec: MemberSpec, host: Family) -> Contents:
    """What the cation and anion sublattices of a composition hold, all sites of the working ion occupied."""
    held: Held = {}
    charge: dict[str, list[tuple[float, float]]] = {}
    for name, sub in host.sublattices.items():
        if sub.group is not None:
            continue
        if name in spec.split:
            for ion, amount in spec.split[name].items():
                one = Ion.parse(ion)
                charge.setdefault(one.element, []).append((float(one.charge), float(Fraction(amount))))
            held[name] = {species: Fraction(part) for species, part in spec.fractions[name].items()}
        elif name in host.working_own and spec.working_ion is not None:
            charge.setdefault(spec.working_ion, []).append((float(working_charge(spec.working_ion)), sub.multiplicity))
            held[name] = {spec.working_ion: Fraction(1)}
        else:
            species = next(iter(sub.species))
            charge.setdefault(species, []).append((float(host.charge_at(name, species)), sub.multiplicity))
            held[name] = {species: Fraction(1)}
    for shares in held.values():
        if VACANCY in shares:
            charge.setdefault(VACANCY, [(0.0, 1.0)])
    return Contents(held, {name: _mean(parts) for name, parts in charge.items()})


def _mean(parts: Sequence[tuple[float, float]]) -> float:
    return sum(value * weight for value, weight in parts) / sum(weight for _, weight in parts)


def add_short_range(
    document: PercolationDoc, spec: MemberSpec, host: Family, salt: RockSalt, asked: ShortRange, chains: range
) -> None:
    """Nets of cells with short-range order, or a warning that says why there are none; `chains` are seeds."""
    try:
        shells = pair_shells(salt.whole, len(salt.cell))
        found = contents(spec, host)
        energies = _energies(found, host, asked, chains)
        document.short_range = _sampled(spec, salt, found, shells, energies, asked)
    except BadInputError as err:
        document.warnings.append(f"no short-range order: {err.reason}")


@dataclass(frozen=True)
class PairEnergies:
    """Energies of pairs (eV), shape (shells, kinds, kinds): the best, those of each cell by its seed, their fit."""

    best: Numbers
    of_cells: dict[int, Numbers]
    fit: PairFitDoc | None = None


def _energies(found: Contents, host: Family, asked: ShortRange, chains: range) -> PairEnergies:
    """Energies that are given, alike for all cells, or fitted: each cell has a draw from what the fit leaves open."""
    if asked.pairs is not None:
        anions = {species for name in host.anions for species in found.held[name]}
        given = asked.pairs.energies(found.kinds, anions)
        return PairEnergies(given, dict.fromkeys(chains, given))
    rows = [_products(host, found, structure) for structure, _ in asked.cells]
    per_site = [energy / n_cations for (_, energy), (_, n_cations) in zip(asked.cells, rows, strict=True)]
    fit = fitted(np.array([row for row, _ in rows]).reshape(-1, len(SHELLS)), per_site)
    charges = np.array([found.charges[kind] for kind in found.kinds])
    seeds = range(chains.start, max(chains.stop, chains.start + _FITS))
    return PairEnergies(fit.energies(charges), {seed: fit.energies(charges, seed) for seed in seeds}, fit.document)


def _products(host: Family, found: Contents, structure: Structure) -> tuple[Numbers, int]:
    """``sum q_i q_j`` over the pairs of each shell per cation site of a cell, and its number of cation sites."""
    whole, n_cations = cations_first(host, structure)
    kind = np.array([found.kinds.index(site.specie.symbol) for site in whole])
    charges = np.array([found.charges[name] for name in found.kinds])
    counts = pair_shells(whole, n_cations).counts(kind, len(charges)) / 2
    return np.asarray((counts * np.outer(charges, charges)).sum(axis=(1, 2)) / n_cations), n_cations


def cations_first(host: Family, structure: Structure) -> tuple[Structure, int]:
    """Cations and anions of a cell that belong to no group, the cations first, and the number of these."""
    labels = structure.site_properties["sublattice"]
    pairs = [(site, label) for site, label in zip(structure, labels, strict=True) if not host.sublattices[label].group]
    cations = [site for site, label in pairs if label not in host.anions]
    anions = [site for site, label in pairs if label in host.anions]
    return structure.from_sites([*cations, *anions]), len(cations)


def _sampled(
    spec: MemberSpec,
    salt: RockSalt,
    found: Contents,
    shells: Neighbours,
    energies: PairEnergies,
    asked: ShortRange,
) -> OrderDoc:
    repeats = even_repeats(salt.cell.lattice, len(salt.cell), asked.n_sites)
    neighbours, tetrahedra = shells.repeated(repeats), salt.tetrahedra.repeated(repeats)
    label = np.tile(np.array(salt.whole.site_properties["sublattice"]), int(np.prod(repeats)))
    nets, orders, heats, drifts = list[list[ChannelNetDoc]](), list[Numbers](), list[float](), list[float]()
    is_open = [kind in (spec.working_ion, VACANCY) for kind in found.kinds]
    random = random_counts(neighbours, label, found.drawn(label, 0), len(found.kinds))
    for seed, of_pairs in energies.of_cells.items():
        start = found.drawn(label, seed)
        lattice = PairLattice(neighbours, of_pairs, exchange_groups(label, start))
        kind, trace = lattice.sampled(start, _schedule(asked), seed)
        settled = trace[int(_COOLING * asked.sweeps) :] / tetrahedra.n_sites
        early, late = (float(part.mean()) for part in np.array_split(settled, 2))
        heats.append(late - float((random * of_pairs).sum()) / 2 / tetrahedra.n_sites)
        drifts.append(late - early)
        orders.append(neighbours.counts(kind, len(found.kinds)))
        cations = kind.reshape(-1, len(salt.whole))[:, : len(salt.cell)].ravel()
        nets.append(given_cell(tetrahedra, np.array(is_open)[cations]).channels(thresholds=False))
    return OrderDoc(
        temperature_K=asked.temperature,
        source="given" if energies.fit is None else "fitted",
        fit=energies.fit,
        n_sites=tetrahedra.n_sites,
        n_cells=len(nets),
        sweeps=asked.sweeps,
        energy_eV=float(np.mean(heats)),
        drift_eV=float(np.mean(drifts)),
        pairs=_orders(found.kinds, energies.best, np.mean(orders, axis=0), random),
        channels=mean_channels(nets, 0.0, []),
    )


def _schedule(asked: ShortRange) -> Numbers:
    """Temperature times the Boltzmann constant (eV) of each sweep."""
    cooling = int(_COOLING * asked.sweeps)
    hot = np.geomspace(_HOT, 1.0, cooling, endpoint=False)
    return np.asarray(BOLTZMANN * asked.temperature * np.concatenate([hot, np.ones(asked.sweeps - cooling)]))


def _orders(kinds: Sequence[str], energies: Numbers, held: Numbers, random: Numbers) -> list[PairOrderDoc]:
    """Order of all pairs that random order has."""
    return [
        PairOrderDoc(
            pair=f"{kinds[i]} {kinds[j]}",
            shell=SHELLS[shell],
            energy_eV=float(energies[shell, i, j]),
            alpha=1.0 - float(held[shell, i, j] / random[shell, i, j]),
        )
        for shell in range(len(SHELLS))
        for i in range(len(kinds))
        for j in range(i, len(kinds))
        if random[shell, i, j] > 0
    ]

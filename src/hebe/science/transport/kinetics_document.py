"""Kinetic Monte Carlo of one configuration: computed and filled hops, energies of its sites, temperatures."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Lattice, Structure

from hebe.schemas.barriers import BarriersDoc
from hebe.schemas.hops import HopsDoc
from hebe.schemas.kinetics import KineticsDoc, KineticsPointDoc
from hebe.science.transport.arrhenius import FEWEST, fit_arrhenius
from hebe.science.transport.collective import conductivity
from hebe.science.transport.hop_lattice import HopLattice, hop_lattice
from hebe.science.transport.kinetics import Measured, Motion, jump_rates, run_jumps
from hebe.science.transport.seeds import seed_at

if TYPE_CHECKING:
    from hebe.schemas.barriers import BarrierDoc

Array = NDArray[np.float64]

_PAIRS: Final = "barriers beside a pair of vacancies are those of all hops"
_RAISED: Final = 1e-6  # eV
_LEAST: Final = 1e-12
"""Relative error that a coefficient has at least, so that one without scatter has a weight."""


@dataclass(frozen=True)
class KineticsInput:
    """Hops of a configuration and their barriers.

    Parameters
    ----------
    structure
        The configuration.
    lattice
        Of the cell as made.
    exclusion
        Distances (A) below which two sites are not occupied together, negative for sites that are no working ones.
    charge
        Of an ion, in elementary charges.
    """

    structure: Structure
    lattice: Lattice
    hops: HopsDoc
    barriers: BarriersDoc
    exclusion: Array
    charge: int


@dataclass(frozen=True)
class KineticsRun:
    """Temperatures (K), attempts (1/s), least number of sites, jumps at each temperature, and the seed."""

    temperatures: Sequence[float]
    attempts: float = 1e13
    sites: int = 400
    jumps: int = 1_000_000
    seed: int = 0


def kinetics_document(inputs: KineticsInput, run: KineticsRun) -> KineticsDoc:
    """Diffusion in a configuration; without a computed hop there is none."""
    barriers = inputs.barriers
    document = KineticsDoc(
        attempts_THz=run.attempts / 1e12,
        model=barriers.model,
        model_error_eV=barriers.model_error_eV,
        filled_share=barriers.filled_share,
        warnings=list(barriers.warnings),
    )
    if not barriers.hops:
        document.warnings.append("no hop was computed: no diffusion")
        return document
    if barriers.taken_out > 1:
        document.warnings.append(_PAIRS)
    occupied = inputs.hops.orderings.occupied[0]
    lattice = hop_lattice(inputs.structure, inputs.lattice, inputs.hops.hops, occupied, inputs.exclusion, run.sites)
    energies, document.n_known = site_energies(barriers, lattice.working)
    means, document.n_raised = mean_barriers(inputs, lattice, energies)
    document.n_sites, document.n_ions, document.directions = lattice.jumps.n_sites, lattice.n_ions, lattice.directions
    found = [_at(inputs, lattice, means, energies, run, temperature) for temperature in sorted(run.temperatures)]
    document.points = [point for point, _ in found]
    if not lattice.directions:
        document.warnings.append("hops do not run through the crystal: no diffusion")
    elif not document.points[0].n_jumps:
        document.warnings.append("no ion has an empty site to jump to: no diffusion")
    _activation(document, [(point.temperature_K, tracer) for point, tracer in found if tracer is not None])
    return document


def site_energies(barriers: BarriersDoc, working: Sequence[int]) -> tuple[Array, int]:
    """Energy of an ion on each working site (eV) against the mean of the known ones, which others have; how many are.

    Where one ion is taken out the energy on a site is minus that of the cell in which it is empty. Else only
    differences between both ends of a hop are known: they are fitted by least squares, with a mean of 0 where hops join
    sites.
    """
    place = {site: k for k, site in enumerate(working)}
    visited = {place[site] for hop in barriers.hops for site in (hop.first, hop.second)}
    found = np.zeros(len(working))
    if barriers.taken_out == 1:
        seen: dict[int, list[float]] = defaultdict(list)
        for hop in barriers.hops:
            seen[place[hop.second]].append(hop.forward_eV - hop.saddle_eV)
            seen[place[hop.first]].append(hop.backward_eV - hop.saddle_eV)
        means = {k: float(np.mean(values)) for k, values in seen.items()}
        found[list(means)] = np.array(list(means.values())) - np.mean(list(means.values()))
    else:
        found = _fitted(barriers.hops, place)
    return found, len(visited)


def _fitted(hops: Sequence[BarrierDoc], place: dict[int, int]) -> Array:
    rows = np.zeros((len(hops), len(place)))
    for row, hop in zip(rows, hops, strict=True):
        row[place[hop.second]] += 1
        row[place[hop.first]] -= 1
    rise = np.array([hop.forward_eV - hop.backward_eV for hop in hops])
    return np.asarray(np.linalg.lstsq(rows, rise, rcond=None)[0])


def mean_barriers(inputs: KineticsInput, lattice: HopLattice, energies: Array) -> tuple[Array, int]:
    """Mean of both barriers of each hop (eV), raised where its saddle would lie below an end; how many were."""
    known = {hop.hop: hop.mean_eV for hop in inputs.barriers.hops}
    known |= {hop.hop: hop.mean_eV for hop in inputs.barriers.filled}
    means = np.array([known[k] for k in range(len(inputs.hops.hops))])
    place = {site: k for k, site in enumerate(lattice.working)}
    rise = [energies[place[hop.second]] - energies[place[hop.first]] for hop in inputs.hops.hops]
    least = np.abs(rise) / 2
    return np.maximum(means, least), int((means < least - _RAISED).sum())


def _at(
    inputs: KineticsInput, lattice: HopLattice, means: Array, energies: Array, run: KineticsRun, temperature: float
) -> tuple[KineticsPointDoc, Measured | None]:
    """One temperature, and the tracer coefficient if it is told; 0 without a run where hops do not connect."""
    rates = jump_rates(lattice, means, energies, run.attempts, temperature)
    motion = run_jumps(lattice, rates, run.jumps, seed_at(run.seed, temperature)) if lattice.directions else None
    if motion is None:
        none = KineticsPointDoc(
            temperature_K=temperature, tracer_cm2_per_s=0.0, collective_cm2_per_s=0.0, conductivity_S_per_cm=0.0
        )
        return none, None
    filled = np.isin(lattice.hop, [hop.hop for hop in inputs.barriers.filled])
    lengths = np.linalg.norm(lattice.jumps.vectors, axis=1)
    point = KineticsPointDoc(
        temperature_K=temperature,
        n_jumps=int(motion.made.sum()),
        time_s=motion.time,
        msd_A2=motion.msd,
        filled_jumps=float(motion.made[filled].sum() / motion.made.sum()),
        occupations=(np.bincount(lattice.site, motion.occupied) / np.bincount(lattice.site)).tolist(),
    )
    told = motion.tracer.told and motion.msd > float(np.mean(lengths**2))
    if told:
        _tell(point, motion, lattice.n_ions / lattice.volume, inputs.charge)
    else:
        point.bound_cm2_per_s = motion.bound()
    return point, motion.tracer if told else None


def _tell(point: KineticsPointDoc, motion: Motion, density: float, charge: int) -> None:
    point.tracer_cm2_per_s, point.tracer_se_cm2_per_s = motion.tracer.value, motion.tracer.error
    if not motion.collective.told:
        return
    point.collective_cm2_per_s, point.collective_se_cm2_per_s = motion.collective.value, motion.collective.error
    point.haven, point.haven_se = motion.haven.value, motion.haven.error
    of_one = conductivity(1.0, 1, 1 / density, charge, point.temperature_K) / 1000
    point.conductivity_S_per_cm = of_one * motion.collective.value
    point.conductivity_se_S_per_cm = of_one * motion.collective.error


def _activation(document: KineticsDoc, told: Sequence[tuple[float, Measured]]) -> None:
    if len(told) < FEWEST:
        return
    errors = [max(tracer.error, _LEAST * tracer.value) for _, tracer in told]
    line = fit_arrhenius([temperature for temperature, _ in told], [tracer.value for _, tracer in told], errors)
    document.activation_eV, document.prefactor_cm2_per_s = line.activation_eV, math.exp(line.log_prefactor)
    document.activation_low_eV, document.activation_high_eV = line.activation_interval

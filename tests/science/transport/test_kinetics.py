"""Kinetic Monte Carlo against identities: random walks, correlation factors, Boltzmann, the barrier as a slope."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.schemas.barriers import BarrierDoc, BarriersDoc, FilledHopDoc
from hebe.schemas.hops import HopDoc, HopsDoc
from hebe.schemas.structures import OrderingDoc
from hebe.science.constants import BOLTZMANN
from hebe.science.structures.compiled import random_state
from hebe.science.transport.collective import conductivity
from hebe.science.transport.hop_lattice import HopLattice, hop_lattice
from hebe.science.transport.jumping import directed_jumps, follow
from hebe.science.transport.kinetics import jump_rates, run_jumps
from hebe.science.transport.kinetics_document import (
    KineticsInput,
    KineticsRun,
    kinetics_document,
    mean_barriers,
    site_energies,
)
from hebe.science.transport.net import neighbour_net

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from numpy.typing import NDArray

    Array = NDArray[np.float64]

A = 3.0  # A
CUBES = {"sc": Lattice.cubic(A), "fcc": Lattice(np.array([[0, 1, 1], [1, 0, 1], [1, 1, 0]]) * A / 2)}
LENGTH = {"sc": A, "fcc": A / np.sqrt(2)}


def neighbours(structure: Structure, length: float) -> list[HopDoc]:
    net, _ = neighbour_net(structure, length + 0.01)
    return [
        HopDoc(first=int(a), second=int(b), image=tuple(int(c) for c in image), length_A=length)
        for a, b, image in zip(net.first, net.second, net.images, strict=True)
    ]


def lattice_of(kind: str, sites: int, ions: Sequence[int] | None = None, repeats: int = 1) -> HopLattice:
    """A Bravais lattice; ions on some sites of a cell repeated first, on all but the last by default."""
    structure = Structure(CUBES[kind], ["Li"], [[0, 0, 0]]) * repeats
    hops = neighbours(structure, LENGTH[kind])
    occupied = range(len(structure) - 1) if ions is None else ions
    exclusion = np.zeros((len(structure), len(structure)))
    return hop_lattice(structure, structure.lattice, hops, list(occupied), exclusion, sites)


def vacancy(kind: str, sites: int) -> HopLattice:
    """One vacancy in a lattice of at least so many sites."""
    found = lattice_of(kind, sites, [0])
    held = np.arange(found.jumps.n_sites)
    held[-1] = -1
    return HopLattice(**{**vars(found), "held": held})


@pytest.mark.parametrize(("kind", "z"), [("sc", 6), ("fcc", 12)])
def test_a_lone_particle_walks_at_random(kind: str, z: int) -> None:
    """D = z Gamma a^2 / 6, for single particles and for their sum."""
    found = vacancy(kind, 100)
    alone = HopLattice(**{**vars(found), "held": np.where(found.held == 0, 0, -1)})
    motion = run_jumps(alone, np.full(len(alone.hop), 1e12), 400_000, 1)
    assert motion is not None
    exact = z * 1e12 * LENGTH[kind] ** 2 / 6 * 1e-16
    assert abs(motion.tracer.value - exact) < 3 * motion.tracer.error
    assert abs(motion.collective.value - exact) < 3 * motion.collective.error
    assert motion.collective.error < 0.05 * exact
    assert motion.time == pytest.approx(400_000 / (z * 1e12))


@pytest.mark.parametrize(("kind", "z", "factor"), [("sc", 6, 0.6531), ("fcc", 12, 0.7815)])
def test_tracers_of_a_vacancy_remember_where_they_came_from(kind: str, z: int, factor: float) -> None:
    """Correlation factors of a vacancy: Montet, Phys. Rev. B 7, 650 (1973); all ions together move as it does."""
    found = vacancy(kind, 500)
    motion = run_jumps(found, np.full(len(found.hop), 1e12), 600_000, 3)
    assert motion is not None
    walk = z * 1e12 * LENGTH[kind] ** 2 / 6 * 1e-16 / found.n_ions
    assert motion.tracer.error < 0.01 * walk
    assert abs(motion.tracer.value / walk - factor) < 3 * motion.tracer.error / walk + 1 / found.n_ions
    assert abs(motion.collective.value - walk) < 3 * motion.collective.error
    assert abs(motion.haven.value - factor) < 3 * motion.haven.error


def two_levels(rise: float, ions: Sequence[int]) -> tuple[HopLattice, Array, Array]:
    """A simple cubic lattice of which half of the sites lie higher, with barriers of 0.3 eV."""
    found = lattice_of("sc", 64, ions, repeats=2)
    energies = np.where(np.arange(len(found.working)) % 2 == 0, 0.0, rise)
    return found, np.full(int(found.hop.max()) + 1, 0.3), energies


@pytest.mark.parametrize("ions", [[0], [0, 1, 2], [0, 1, 2, 3, 4, 5]])
def test_ions_on_two_levels_keep_to_fermi_and_dirac(ions: list[int]) -> None:
    """One ion on a site at most: ln(p / (1 - p)) of both levels differs by the rise over kT."""
    rise, temperature = 0.05, 500.0
    found, means, energies = two_levels(rise, ions)
    motion = run_jumps(found, jump_rates(found, means, energies, 1e13, temperature), 200_000, 5)
    assert motion is not None
    low, high = (motion.occupied[energies[found.site] == level].mean() for level in (0.0, rise))
    assert 4 * (low + high) == pytest.approx(len(ions))
    gap = np.log(low / (1 - low)) - np.log(high / (1 - high))
    assert gap == pytest.approx(rise / (BOLTZMANN * temperature), rel=0.04)


def test_jumps_forth_and_back_are_equally_many() -> None:
    found, means, energies = two_levels(0.08, [0, 1, 2])
    rates = jump_rates(found, means, energies, 1e13, 400.0)
    back = found.jumps.back
    weight = np.exp(-energies[found.site] / (BOLTZMANN * 400.0))
    assert rates * weight[found.jumps.source] == pytest.approx(rates[back] * weight[found.jumps.target])
    motion = run_jumps(found, rates, 200_000, 2)
    assert motion is not None
    forth = motion.made[~found.backward]
    assert forth.sum() == pytest.approx(motion.made[found.backward].sum(), rel=0.02)
    assert motion.made.sum() == 200_000


def test_ions_keep_away_from_each_other() -> None:
    """Sites of a ring of which no two neighbours are occupied together: jumps end where the next ion begins."""
    n, held = 12, np.full(12, -1)
    held[[0, 3, 6, 9]] = np.arange(4)
    ring = np.arange(n), (np.arange(n) + 1) % n
    jumps, _ = directed_jumps(n, ring, np.tile([1.0, 0.0, 0.0], (n, 1)), ring)
    track = follow(jumps, np.ones(2 * n), held, 500, 1, 0, random_state(1))
    x = np.array([0, 3, 6, 9]) + track.places[:, :, 0]
    apart = np.diff(x, axis=1, append=x[:, :1] + n)
    assert (apart.min(), apart.max()) == (2, 6), "ions 2 apart are as near as they get, and then 6 from the next"
    assert (np.abs(np.diff(x, axis=0)).sum(axis=1) == 1).all()


def test_runs_of_a_seed_are_the_same_and_of_another_one_are_not() -> None:
    found = lattice_of("sc", 27, range(1), repeats=2)
    rates = np.ones(len(found.hop))
    first, again, other = (
        follow(found.jumps, rates, found.held, 5, 10, 0, random_state(seed)).places for seed in (1, 1, 2)
    )
    assert (first == again).all()
    assert not (first == other).all()


def test_a_full_lattice_does_not_move() -> None:
    found = lattice_of("sc", 27, [0])
    assert run_jumps(found, np.ones(len(found.hop)), 40_000, 0) is None


def inputs(
    computed: dict[int, tuple[float, float, float]], *, keep: Callable[[HopDoc], bool] = bool, filled: float = 0.3
) -> KineticsInput:
    """Hops of a simple cubic lattice of 8 sites, the first of them empty; forward, backward and saddle (eV) of some."""
    structure = Structure(CUBES["sc"], ["Li"], [[0, 0, 0]]) * 2
    hops = [hop for hop in neighbours(structure, A) if keep(hop)]
    document = HopsDoc(key="h", hops=hops, orderings=OrderingDoc(key="h", x=1.0, occupied=[list(range(1, 8))]))
    barriers = BarriersDoc(n_hops=len(hops), model="mean")
    for k, hop in enumerate(hops):
        place = {"hop": k, "first": hop.first, "second": hop.second}
        if k in computed:
            energies = dict(zip(("forward_eV", "backward_eV", "saddle_eV"), computed[k], strict=True))
            one = {**place, **energies, "environment": "none", "length_A": A, "path": "p"}
            barriers.hops.append(BarrierDoc.model_validate(one))
        else:
            one = {**place, "mean_eV": filled, "saddle_eV": filled}
            barriers.filled.append(FilledHopDoc.model_validate(one))
    return KineticsInput(structure, structure.lattice, document, barriers, np.zeros((8, 8)), 1)


def test_equal_barriers_are_the_slope_of_ln_d_and_the_prefactor_is_that_of_a_walk() -> None:
    run = KineticsRun((300.0, 450.0, 600.0), attempts=5e12, sites=64, jumps=200_000)
    found = kinetics_document(inputs({0: (0.3, 0.3, 0.3)}), run)
    assert found.activation_low_eV is not None
    assert found.activation_high_eV is not None
    assert found.activation_low_eV < 0.3 < found.activation_high_eV
    assert found.activation_high_eV - found.activation_low_eV < 0.01
    assert (found.n_sites, found.n_ions, found.directions) == (64, 56, 3)
    assert found.filled_share == pytest.approx(23 / 24)
    for point in found.points:
        rate = 5e12 * np.exp(-0.3 / (BOLTZMANN * point.temperature_K))
        collective = point.collective_cm2_per_s or 0.0
        exact = rate * A**2 * 1e-16 * 8 / 64 * 64 / 63
        assert abs(collective - exact) < 3 * (point.collective_se_cm2_per_s or 0.0), "sum rule of a lattice gas"
        expected = conductivity(collective, 56, 64 * A**3, 1, point.temperature_K) / 1000
        assert point.conductivity_S_per_cm == pytest.approx(expected)
        assert point.filled_jumps == pytest.approx(23 / 24, abs=0.01)
        assert point.occupations == pytest.approx([7 / 8] * 8, abs=0.02)
        assert point.n_jumps == 200_000


def test_planes_conduct_and_cells_without_a_way_out_do_not() -> None:
    run = KineticsRun((600.0,), sites=64, jumps=100_000)
    flat = kinetics_document(inputs({0: (0.3, 0.3, 0.3)}, keep=lambda hop: hop.first // 2 == hop.second // 2), run)
    assert flat.directions == 1
    assert (flat.points[0].tracer_cm2_per_s or 0) > 0
    found = kinetics_document(inputs({0: (0.3, 0.3, 0.3)}, keep=lambda hop: hop.image == (0, 0, 0)), run)
    assert (found.directions, found.activation_eV) == (0, None)
    assert (found.points[0].tracer_cm2_per_s, found.points[0].conductivity_S_per_cm) == (0.0, 0.0)
    assert found.warnings == ["hops do not run through the crystal: no diffusion"]


def test_where_an_ion_was_taken_out_the_deepest_cell_is_that_of_the_shallowest_site() -> None:
    """The cell with a vacancy at the second site is 0.1 eV above that with one at the first."""
    given = inputs({0: (0.25, 0.35, 0.35)})
    hop = given.hops.hops[0]
    energies, known = site_energies(given.barriers, range(8))
    assert known == 2
    assert energies[hop.second] - energies[hop.first] == pytest.approx(0.25 - 0.35)
    assert energies.sum() == pytest.approx(0.0)
    fitted, _ = site_energies(given.barriers.model_copy(update={"taken_out": 0}), range(8))
    assert fitted == pytest.approx(energies)
    lattice = hop_lattice(given.structure, given.lattice, given.hops.hops, [1], given.exclusion, 8)
    means, raised = mean_barriers(given, lattice, energies)
    assert (means[0], raised) == (pytest.approx(0.3), 0)
    rates = jump_rates(lattice, means, energies, 1e13, 300.0)
    forth = rates[(lattice.hop == 0) & ~lattice.backward]
    assert forth == pytest.approx(1e13 * np.exp(-0.25 / (BOLTZMANN * 300.0)))


def test_a_filled_hop_is_no_lower_than_its_higher_end() -> None:
    given = inputs({0: (0.1, 0.9, 0.9)})
    energies, _ = site_energies(given.barriers, range(8))
    lattice = hop_lattice(given.structure, given.lattice, given.hops.hops, [1], given.exclusion, 8)
    means, raised = mean_barriers(given, lattice, energies)
    rise = [abs(energies[hop.second] - energies[hop.first]) / 2 for hop in given.hops.hops]
    assert (means >= np.array(rise) - 1e-12).all()
    assert raised == sum(one > 0.3 + 1e-6 for one in rise[1:]) > 0


def test_ions_that_only_rattle_have_a_bound() -> None:
    """One easy hop in each cell of a crystal of high ones: mean squares stay below that of a jump."""
    found = kinetics_document(
        inputs({0: (0.1, 0.1, 0.1)}, filled=1.5), KineticsRun((300.0, 400.0), sites=64, jumps=40_000)
    )
    for point in found.points:
        assert point.tracer_cm2_per_s is None
        assert point.bound_cm2_per_s is not None
        assert point.msd_A2 < A**2
        assert point.filled_jumps < 0.01
    assert found.activation_eV is None


def test_without_a_computed_hop_there_is_no_diffusion() -> None:
    found = kinetics_document(inputs({}), KineticsRun((300.0,)))
    assert found.points == []
    assert found.warnings == ["no hop was computed: no diffusion"]

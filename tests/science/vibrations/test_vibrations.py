"""Harmonic vibrations against closed forms, phonopy's own thermodynamics, and limits."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from pymatgen.core import Element, Lattice, Structure

from hebe.schemas.vibrations import VibrationDoc
from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.hull import PhaseEntry, PhaseEquilibrium
from hebe.science.mixing.mixing import DisorderedPhase, mixing
from hebe.science.mixing.vibrational_mixing import spectrum_of, vibrational_mixing
from hebe.science.vibrations.harmonic import PLANCK_THZ, DisplacedCell, Spectrum
from support.spring_crystal import SpringCrystal

Array = NDArray[np.float64]

AMU_KG, EV_J = 1.66053906660e-27, 1.602176634e-19
TO_THZ = math.sqrt(EV_J / 1e-20 / AMU_KG) / (2 * math.pi) / 1e12
"""Square root of eV/A^2/amu in THz."""
CUBE = Structure(Lattice.cubic(3.2), ["Cu"], [[0.0, 0.0, 0.0]])
STIFFNESS = 1.7


def einstein(*frequencies: float) -> Spectrum:
    """Spectrum of one atom with these three frequencies at a single wave vector."""
    return Spectrum(np.array([frequencies]), np.ones(1))


def springs(cell: DisplacedCell) -> list[Array]:
    """Forces of equal springs, the same in all directions, between nearest neighbours of a simple cubic crystal."""
    rest = cell.equilibrium
    pairs = [
        (i, neighbour.index)
        for i, site in enumerate(rest)
        for neighbour in rest.get_neighbors(site, 1.1 * CUBE.lattice.a)
    ]
    found = []
    for structure in cell.displaced:
        shift = structure.frac_coords - rest.frac_coords
        shift = (shift - np.round(shift)) @ rest.lattice.matrix
        forces = np.zeros_like(shift)
        for i, j in pairs:
            forces[i] -= STIFFNESS * (shift[i] - shift[j])
        found.append(forces)
    return found


def morse(cell: DisplacedCell) -> list[Array]:
    """Forces of the analytic crystal of these tests."""
    from pymatgen.io.ase import AseAtomsAdaptor

    def forces(structure: Structure) -> Array:
        atoms = AseAtomsAdaptor.get_atoms(structure)
        atoms.calc = SpringCrystal()
        return np.asarray(atoms.get_forces(), dtype=float)

    rest = forces(cell.equilibrium)
    return [forces(structure) - rest for structure in cell.displaced]


ROCK_SALT = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.0), ["Mg", "O"], [[0.0] * 3, [0.5] * 3])


def test_an_oscillator_has_the_free_energy_of_einstein() -> None:
    nu, temperature = 5.0, 300.0
    x = PLANCK_THZ * nu / (BOLTZMANN * temperature)
    # the sum over states of one oscillator, n + 1/2 quanta each
    states = math.log(math.fsum(math.exp(-x * (n + 0.5)) for n in range(400)))
    assert einstein(nu, nu, nu).free_energy(temperature) == pytest.approx(-3 * BOLTZMANN * temperature * states)
    assert einstein(nu, nu, nu).free_energy(0.0) == pytest.approx(1.5 * PLANCK_THZ * nu)


def test_hot_oscillators_are_classical() -> None:
    frequencies, temperature = np.array([3.0, 4.0, 7.0]), 3e4
    quanta = PLANCK_THZ * frequencies / (BOLTZMANN * temperature)
    classical = BOLTZMANN * temperature * float(np.log(quanta).sum())
    # the first quantum correction is x^2/24 of kT (Wigner, Phys. Rev. 40, 749 (1932))
    correction = BOLTZMANN * temperature * float((quanta**2).sum()) / 24
    found = einstein(*frequencies).free_energy(temperature)
    assert found == pytest.approx(classical + correction, abs=1e-9)
    entropy = -(einstein(*frequencies).free_energy(temperature + 1) - einstein(*frequencies).free_energy(temperature))
    heat = temperature * entropy + found
    assert heat == pytest.approx(3 * BOLTZMANN * temperature, rel=1e-4)  # Dulong and Petit


def test_an_imaginary_mode_has_no_harmonic_free_energy() -> None:
    with pytest.raises(ValueError, match=r"-1\.00 THz has no harmonic free energy"):
        einstein(-1.0, 2.0, 3.0).free_energy(300.0)
    unstable = Spectrum(np.full((1, 6), 2.0), np.ones(1), np.array([-1.0, 2.0, 3.0]))
    with pytest.raises(ValueError, match=r"-1\.00 THz has no harmonic free energy"):
        unstable.free_energy(0.0)
    assert spectrum_of(VibrationDoc(frequencies_THz=[[-1.0, 2.0, 3.0]], weights=[1])) is None
    centre = VibrationDoc(frequencies_THz=[[2.0] * 6], weights=[1], optical_THz=[-1.0, 2.0, 3.0])
    assert (centre.lowest_THz, spectrum_of(centre)) == (-1.0, None)
    assert spectrum_of(VibrationDoc(status="failed")) is None
    assert spectrum_of(None) is None


def test_the_zone_centre_counts_once_with_its_optical_modes() -> None:
    document = VibrationDoc(frequencies_THz=[[4.0] * 6, [5.0] * 6], weights=[2, 1], optical_THz=[6.0, 7.0, 8.0])
    spectrum = spectrum_of(document)
    assert spectrum is not None
    quanta = 2 * 6 * 4.0 + 6 * 5.0 + 6.0 + 7.0 + 8.0
    # of two atoms and four wave vectors
    assert spectrum.free_energy(0.0) == pytest.approx(PLANCK_THZ * quanta / 2 / 4 / 2)
    earlier = spectrum_of(document.model_copy(update={"optical_THz": None}))
    assert earlier is not None
    assert earlier.free_energy(0.0) == pytest.approx(PLANCK_THZ * (quanta - 21.0) / 2 / 3 / 2)


def test_frequencies_of_a_spring_lattice_are_those_of_the_textbook() -> None:
    pytest.importorskip("phonopy", reason="needs the package phonopy")
    cell = DisplacedCell(CUBE, 12.0, 0.01)
    spectrum = cell.spectrum(springs(cell))
    q = np.array([[0.1, 0.2, 0.3], [0.5, 0.5, 0.5], [0.5, 0.0, 0.0]])
    mass = float(Element("Cu").atomic_mass)
    expected = TO_THZ * np.sqrt(2 * STIFFNESS / mass * (1 - np.cos(2 * np.pi * q)).sum(axis=1))
    assert cell.at(q) == pytest.approx(np.repeat(expected[:, None], 3, axis=1), rel=1e-4)
    # the mean square of all frequencies, the three zeros of the zone centre among them, is that of a single atom
    squares = float(spectrum.weights @ (spectrum.frequencies**2).mean(axis=1)) / (spectrum.weights.sum() + 1)
    assert squares == pytest.approx(TO_THZ**2 * 6 * STIFFNESS / mass, rel=1e-5)
    assert spectrum.frequencies.min() > 0
    assert spectrum.optical is not None
    assert spectrum.optical.shape == (0,), "one atom has translations only"


@pytest.fixture(scope="module")
def rock_salt() -> tuple[DisplacedCell, Spectrum]:
    """A rock salt in a supercell that holds all its forces, which end at 3.8 A."""
    pytest.importorskip("phonopy", reason="needs the package phonopy")
    cell = DisplacedCell(ROCK_SALT, 8.0, 0.01)
    # a drift of the forces must not matter
    return cell, cell.spectrum([forces + 1e-5 for forces in morse(cell)])


def test_a_translation_costs_nothing_even_if_the_forces_drift(rock_salt: tuple[DisplacedCell, Spectrum]) -> None:
    acoustic = np.sort(np.abs(rock_salt[0].at(np.zeros((1, 3)))[0]))[:3]
    assert acoustic == pytest.approx(0.0, abs=1e-3)


def test_the_zone_centre_has_the_modes_that_are_no_translations(rock_salt: tuple[DisplacedCell, Spectrum]) -> None:
    cell, spectrum = rock_salt
    expected = np.sort(np.abs(cell.at(np.zeros((1, 3)))[0]))[3:]
    assert spectrum.optical == pytest.approx(expected, abs=1e-6)
    assert np.ptp(expected) == pytest.approx(0.0, abs=1e-3), "without charges the three of a cubic crystal are one"


def test_free_energies_agree_with_those_of_phonopy(rock_salt: tuple[DisplacedCell, Spectrum]) -> None:
    cell, spectrum = rock_salt
    temperatures = (0.0, 50.0, 300.0, 1000.0, 1500.0)
    # the translations of the zone centre are zero but for rounding, all else lies far above this frequency (THz)
    cutoff = 0.01
    assert spectrum.lowest > 10 * cutoff
    cell._phonons.run_thermal_properties(temperatures=temperatures, cutoff_frequency=cutoff)
    # kJ/mol of a cell of two atoms
    theirs = np.array(cell._phonons.thermal_properties.thermal_properties[1]) / 96.48533212 / 2
    ours = [spectrum.free_energy(temperature) for temperature in temperatures]
    assert ours == pytest.approx(theirs.tolist(), abs=1e-6)


def test_what_the_mesh_lacks_falls_with_the_number_of_wave_vectors(rock_salt: tuple[DisplacedCell, Spectrum]) -> None:
    spectrum = rock_salt[1]
    temperature, n = 3e4, spectrum.weights.sum() + 1
    heat = temperature * (spectrum.free_energy(temperature) - spectrum.free_energy(temperature + 1))
    heat += spectrum.free_energy(temperature)
    # Dulong and Petit for all modes of two atoms but three
    assert heat == pytest.approx(BOLTZMANN * temperature * (6 * n - 3) / n / 2, rel=1e-4)


def test_neither_the_cell_nor_a_wider_supercell_changes_anything(rock_salt: tuple[DisplacedCell, Spectrum]) -> None:
    doubled = ROCK_SALT.make_supercell([2, 1, 1], in_place=False)
    wider = DisplacedCell(doubled, 10.0, 0.01)
    assert len(wider.equilibrium) > len(rock_salt[0].equilibrium)
    second = wider.spectrum(morse(wider))
    for temperature in (0.0, 1000.0):
        expected = rock_salt[1].free_energy(temperature)
        assert second.free_energy(temperature) == pytest.approx(expected, abs=1e-5)


PAIR = DisorderedPhase({"A": 0.5, "B": 0.5}, 0.05, BOLTZMANN * math.log(2), 1.0)
PURE = [PhaseEntry(name, {name: 1.0}, 0.0, "s") for name in ("A", "B")]


def test_equal_vibrations_leave_the_mixing_temperature_as_it_is() -> None:
    same = einstein(4.0, 5.0, 6.0)
    found = vibrational_mixing(PAIR, [same], PURE, {"A": same, "B": same}, 2000.0)
    plain = mixing(PAIR, PhaseEquilibrium(PURE))
    assert plain.T_mix_K is not None
    assert found.T_mix_K == pytest.approx(plain.T_mix_K, abs=0.2)
    assert found.dF_eV_per_site == pytest.approx(0.0, abs=1e-12)
    assert {part.phase for part in found.decomposition_at_T_mix} == {"A", "B"}


def test_softer_modes_lower_the_mixing_temperature_by_the_classical_entropy() -> None:
    stiff, soft = einstein(0.40, 0.50, 0.60), einstein(0.36, 0.45, 0.54)
    found = vibrational_mixing(PAIR, [soft], PURE, {"A": stiff, "B": stiff}, 2000.0)
    # hot oscillators: the free energy falls by 3 k T ln(10/9), an entropy like that of mixing
    expected = 0.05 / (BOLTZMANN * (math.log(2) + 3 * math.log(10 / 9)))
    assert found.T_mix_K == pytest.approx(expected, abs=0.5)
    assert found.dF_eV_per_site == pytest.approx(-3 * BOLTZMANN * expected * math.log(10 / 9), rel=1e-3)


def test_what_has_no_free_energy_is_left_out_or_said() -> None:
    same = einstein(4.0, 5.0, 6.0)
    other = PhaseEntry("AB", {"A": 1.0, "B": 1.0}, -1.0, "s")
    found = vibrational_mixing(PAIR, [same], [*PURE, other], {"A": same, "B": same, "AB": None}, 2000.0)
    assert found.left_out == ["AB"]
    assert found.T_mix_K is not None
    assert vibrational_mixing(PAIR, [], PURE, {}, 2000.0).reason == "the candidate has no harmonic free energy"
    without = vibrational_mixing(PAIR, [same], PURE, {"A": same}, 2000.0)
    assert (without.T_mix_K, without.reason) == (None, "no phase holds B")
    cold = vibrational_mixing(PAIR, [same], PURE, {"A": same, "B": same}, 300.0)
    assert (cold.T_mix_K, cold.reason) == (None, "not below 300 K")
    stable = DisorderedPhase(PAIR.amounts, -0.05, PAIR.entropy, 1.0)
    assert vibrational_mixing(stable, [same], PURE, {"A": same, "B": same}, 300.0).T_mix_K == 0.0

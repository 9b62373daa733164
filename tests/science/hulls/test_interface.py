"""Reactions of two compositions in contact: against pymatgen, a scan of mixing ratios, and limits."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from pymatgen.core import Composition

from hebe.exceptions import BadInputError
from hebe.science.hulls.electrodes import electrode, known_electrodes, usual_electrode
from hebe.science.hulls.hull import InfeasibleError, PhaseEntry, PhaseEquilibrium
from hebe.science.hulls.interface import contact_reaction

ENERGIES = {
    "Li": 0.0,
    "P": 0.0,
    "S": 0.0,
    "Co": 0.0,
    "O2": 0.0,
    "Li2S": -4.6,
    "Li2O": -6.2,
    "Li3PO4": -21.7,
    "Li3PS4": -9.1,
    "P2S5": -2.1,
    "CoO": -2.5,
    "LiCoO2": -7.0,
    "CoS": -0.9,
    "Co9S8": -8.5,
    "Li2SO4": -14.9,
    "Co3O4": -9.4,
}
"""eV per formula from the elements, of some size: what is tested holds for any."""


def amounts(formula: str) -> dict[str, float]:
    return {str(e): float(n) for e, n in Composition(formula).items()}


def hull(energies: dict[str, float] = ENERGIES) -> PhaseEquilibrium:
    return PhaseEquilibrium([PhaseEntry(f, amounts(f), e, "toy", formula=f) for f, e in energies.items()])


PAIRS = list(product(("Li3PS4", "Li7PS6", "Li2S"), ("LiCoO2", "Li0.5CoO2")))


@pytest.mark.slow  # the module of pymatgen imports two plotting packages
def test_the_reaction_is_the_lowest_kink_of_pymatgen() -> None:
    """The compositions' energies are those of their lowest mixtures there too."""
    from pymatgen.analysis.interface_reactions import InterfacialReactivity
    from pymatgen.analysis.phase_diagram import PDEntry, PhaseDiagram

    diagram = PhaseDiagram([PDEntry(Composition(f), e) for f, e in ENERGIES.items()])
    for solid, partner in PAIRS:
        pair = Composition(solid), Composition(partner)
        kinks = InterfacialReactivity(*pair, diagram, norm=True, use_hull_energy=True).get_kinks()
        found = contact_reaction(amounts(solid), amounts(partner), hull())
        assert found.energy == pytest.approx(min(kink[2] for kink in kinks), abs=1e-6)
        assert found.energy < -0.005


@pytest.mark.parametrize(("solid", "partner"), PAIRS)
def test_no_ratio_of_a_scan_is_lower_and_the_elements_balance(solid: str, partner: str) -> None:
    phases = hull()
    first, second = amounts(solid), amounts(partner)
    found = contact_reaction(first, second, phases)
    sizes = [sum(one.values()) for one in (first, second)]
    ends = [phases.decompose(one).energy / size for one, size in zip((first, second), sizes, strict=True)]
    assert found.share is not None
    for x in [*np.linspace(0, 1, 41), found.share]:
        mix = {e: (1 - x) * first.get(e, 0) / sizes[0] + x * second.get(e, 0) / sizes[1] for e in {*first, *second}}
        energy = phases.decompose(mix).energy - (1 - x) * ends[0] - x * ends[1]
        assert energy >= found.energy - 1e-9
    assert energy == pytest.approx(found.energy, abs=1e-8)  # the last ratio is the one that was found
    made: dict[str, float] = {}
    for entry, n in found.products:
        for element, number in entry.amounts.items():
            made[element] = made.get(element, 0.0) + n * number
    assert made == pytest.approx({e: n for e, n in mix.items() if n > 1e-12}, abs=1e-8)


def test_phases_in_equilibrium_do_not_react() -> None:
    for solid, partner in (("Li2O", "Li2S"), ("Li2S", "Li2S"), ("Li2O", "LiCoO2")):
        found = contact_reaction(amounts(solid), amounts(partner), hull({"Li2O": -6, "Li2S": -4, "LiCoO2": -9}))
        assert (found.share, found.energy, list(found.products)) == (None, 0.0, [])


def test_a_composition_that_cannot_be_made_is_said() -> None:
    with pytest.raises(InfeasibleError, match="no phase holds Cl"):
        contact_reaction(amounts("LiCl"), amounts("Li2S"), hull())


def test_electrodes_are_names_or_formulas() -> None:
    assert electrode("NMC811").amounts == pytest.approx({"Li": 1, "Ni": 0.8, "Mn": 0.1, "Co": 0.1, "O": 2})
    assert electrode("Li1/2CoO2").amounts == pytest.approx({"Li": 0.5, "Co": 1, "O": 2})
    assert usual_electrode("Li") == "LCO"
    assert usual_electrode("Xx") is None
    for ion, names in known_electrodes().items():
        assert all(ion in electrode(name).amounts for name in names)
    with pytest.raises(BadInputError, match="is no electrode") as caught:
        electrode("NMC811x")
    assert "NMC811" in str(caught.value.suggestion)
    with pytest.raises(BadInputError, match="no phase of the package holds U"):
        electrode("LiUO2")

"""Windows and reactions of solid electrolytes from energies of CHGNet, beside published ones."""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Composition, Lattice, Structure

from hebe.schemas.spec import MemberSpec
from hebe.science.electrodes.interface_document import interface_document
from hebe.science.electrodes.open_phases import ElectrolyteInput
from hebe.science.electrodes.window_document import window_document
from hebe.science.hulls.electrodes import electrode
from hebe.science.hulls.hull import PhaseEquilibrium
from hebe.science.hulls.oxygen import oxygen_oxides
from hebe.science.hulls.working_metals import package_phases
from support.defects import calculation
from support.phases_table import relaxed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.electrochemical_window import WindowDoc

WINDOWS = {
    "Li2S": (0.0, 2.01),
    "Li3PS4": (1.71, 2.31),
    "Li6PS5Cl": (1.71, 2.01),
    "Li10GeP2S12": (1.71, 2.14),
    "Li7La3Zr2O12": (0.05, 2.91),
    "LiTi2P3O12": (2.17, None),
    "Li3PO4": (0.69, 4.21),
}
"""V; Zhu, He and Mo, ACS Appl. Mater. Interfaces 7, 23685 (2015), density functional theory; of the titanium phosphate
the reduction of Li1.3Al0.3Ti1.7P3O12. Figures from memory."""
CONTACTS = {
    ("Li7La3Zr2O12", "LCO"): -1,
    ("Li7La3Zr2O12", "LMO"): -63,
    ("Li7La3Zr2O12", "LFP"): -94,
    ("Li3PS4", "LCO"): -405,
    ("Li3PO4", "LCO"): 0,
}
"""meV per atom; Zhu, He and Mo, J. Mater. Chem. A 4, 3253 (2016), density functional theory. Figures from memory."""


@cache
def phase(name: str) -> CalculationDoc:
    """Relaxed phase of the package, with the energy that CHGNet gave it (benchmarks/phases.csv)."""
    structure = package_phases()[name].structure()
    structure.remove_oxidation_states()
    return calculation(structure, float(relaxed()[name]["energy_per_atom"]) * len(structure), name)


def within(elements: set[str]) -> dict[str, CalculationDoc]:
    return {name: phase(name) for name, one in package_phases().items() if one.elements <= elements}


def one_of_each(formula: str) -> Structure:
    """A cell of a formula; only its composition is read."""
    species = [str(e) for e, n in Composition(formula).items() for _ in range(round(n))]
    return Structure(Lattice.cubic(20), species, [[k / len(species), 0, 0] for k in range(len(species))])


def electrolyte(formula: str, above: float = 0.0, electrodes: Sequence[str] = ()) -> ElectrolyteInput:
    """A formula at the energy of the lowest mixture of its phases, or so many eV per atom above it."""
    elements = {str(e) for e in Composition(formula).elements}
    beside = [set(electrode(name).amounts) for name in electrodes]
    phases = {name: one for other in (set(), *beside) for name, one in within(elements | other).items()}
    spec = MemberSpec(
        candidate_id="c", formula=formula, family="x", working_ion="Li", x_made="1", primary="", fractions={}, split={}
    )
    oxides = {one.id: phase(one.id) for one in oxygen_oxides()}
    made = one_of_each(formula)
    inputs = ElectrolyteInput(
        spec, 1, calculation(made, 0.0), (), phase("Li-bcc"), oxides, phases, temperature=0.0, pressure=1.0
    )
    hull = PhaseEquilibrium(inputs.entries(elements))
    energy = hull.decompose(made.composition.get_el_amt_dict()).energy + above * len(made)
    return replace(inputs, made=calculation(made, energy))


@pytest.mark.parametrize("formula", WINDOWS)
def test_windows_are_near_published_ones(formula: str) -> None:
    """CHGNet learned from the same functional; its O2 is that of the tables, and Li7P3S11 and others have no energy."""
    low, high = WINDOWS[formula]
    found = window_document(electrolyte(formula))
    assert found.reduction_V == pytest.approx(low, abs=0.12)
    if high is not None:
        assert found.oxidation_V == pytest.approx(high, abs=0.3)


def formulas(found: WindowDoc, which: str) -> set[str]:
    return {one.formula for one in getattr(found, which).products}


def test_products_are_the_published_ones() -> None:
    found = window_document(electrolyte("Li6PS5Cl", above=0.02))
    assert found.above_hull_eV_per_atom == pytest.approx(0.02, abs=1e-6)
    assert {one.formula: one.amount for one in found.becomes} == pytest.approx({"Li3PS4": 1, "Li2S": 1, "LiCl": 1})
    assert formulas(found, "at_metal") == {"Li3P", "Li2S", "LiCl"}
    assert formulas(found, "oxidised") == {"Li3PS4", "LiCl", "S"}
    assert found.at_metal is not None
    assert found.at_metal.uptake == pytest.approx(8)  # Li6PS5Cl + 8 Li -> Li3P + 5 Li2S + LiCl
    garnet = window_document(electrolyte("Li7La3Zr2O12"))
    assert "Zr" in formulas(garnet, "at_metal")


def test_what_lies_above_its_decomposition_has_the_same_window_and_reacts_with_more_energy() -> None:
    stable, not_stable = (window_document(electrolyte("Li3PO4", above)) for above in (0.0, 0.05))
    assert not_stable.reduction_V == pytest.approx(stable.reduction_V, abs=1e-5)
    assert not_stable.oxidation_V == pytest.approx(stable.oxidation_V, abs=1e-5)
    assert stable.at_metal is not None
    assert not_stable.at_metal is not None
    more = not_stable.at_metal.energy_eV_per_atom - stable.at_metal.energy_eV_per_atom
    assert more == pytest.approx(-0.05, abs=1e-6)


@pytest.mark.parametrize(("formula", "name"), CONTACTS)
def test_reactions_with_electrodes_are_near_published_ones(formula: str, name: str) -> None:
    above = 0.01
    found = interface_document(electrolyte(formula, above, [name]), [electrode(name)])
    (contact,) = found.contacts
    assert 1000 * contact.mutual_eV_per_atom == pytest.approx(CONTACTS[formula, name], abs=45)
    share = contact.share or 0.0
    assert contact.total_eV_per_atom == pytest.approx(contact.mutual_eV_per_atom - (1 - share) * above, abs=1e-6)
    made: dict[str, float] = {}
    for one in contact.products:
        for element, n in Composition(one.formula).get_el_amt_dict().items():
            made[element] = made.get(element, 0.0) + n * one.amount
    if contact.partner_per_fu is not None:
        for element, n in made.items():
            own, other = Composition(formula)[element], electrode(name).amounts.get(element, 0.0)
            assert n == pytest.approx(own + contact.partner_per_fu * other, abs=1e-6)


def test_what_is_missing_is_said() -> None:
    inputs = electrolyte("Li3PS4")
    lost = replace(inputs, made=None)
    assert window_document(lost).warnings == ["the as-made cell has no energy"]
    assert interface_document(lost, []).warnings == ["the as-made cell has no energy"]
    without = replace(inputs, metal=None)
    assert window_document(without).warnings == ["the metal of Li has no energy"]
    elsewhere = phase("Li-bcc").model_copy(update={"energy_scale": "other"})
    (said,) = window_document(replace(inputs, metal=elsewhere)).warnings
    assert said == "the metal of Li is on the energy scale other, the candidate is on s"
    mixed = window_document(replace(inputs, phases={**inputs.phases, "Li-bcc": elsewhere}))
    assert mixed.warnings == ["refused, not on the energy scale s: Li-bcc"]
    few = {name: one for name, one in inputs.phases.items() if name.startswith("Li2S")}
    poor = window_document(replace(inputs, phases=few))
    assert poor.warnings == ["no equilibrium: no phase holds P"]
    assert poor.coverage is not None
    assert poor.coverage.bound
    assert "Li3PS4" in poor.coverage.missing

"""Mixing documents from made-up calculations: what is balanced, what is warned of."""

from __future__ import annotations

import itertools
import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineBlock
from hebe.engines import get_engine
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.calibration import CalibrationDoc, ErrorsDoc
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec, split_of
from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.competing import load_phases
from hebe.science.hulls.hull_entries import PhaseFacts
from hebe.science.hulls.working_metals import package_phases
from hebe.science.mixing.member_result import MemberResult
from hebe.science.mixing.references import mixing_document

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

VALENCES = {"TM": {"Ni": (2, 3), "Mn": (3, 4), "Fe": (3,), "W": (3,)}}


def spec(fractions: dict[str, Fraction], split: dict[Ion, Fraction], x: Fraction = Fraction(1)) -> MemberSpec:
    composition = HostComposition("layered-o3", "Na", x, {"TM": fractions})
    return member_spec(composition, {"TM": split}, "TM", VALENCES)


def cell(cations: list[str], n_sodium: int) -> Structure:
    """A cell that only counts: its geometry is never looked at."""
    species = ["Na"] * n_sodium + cations + ["O"] * (2 * len(cations))
    labels = ["A"] * n_sodium + ["TM"] * len(cations) + ["O"] * (2 * len(cations))
    coords = [[i / len(species), 0.5, 0.5] for i in range(len(species))]
    return Structure(Lattice.cubic(20), species, coords, site_properties={"sublattice": labels})


def result(of: MemberSpec, cations: list[str], n_sodium: int, energy_per_fu: float) -> MemberResult:
    n = len(cations)
    configuration = ConfigurationDoc(key="k", n_fu=n, realised=of.fractions)
    calculation = CalculationDoc(
        key="k",
        engine="e",
        energy_scale="s",
        task="relax",
        status="converged",
        structure=cell(cations, n_sodium),
        energy_eV=energy_per_fu * n,
    )
    return MemberResult(of, configuration, calculation)


HALF = Fraction(1, 2)
NI_MN = spec({"Ni": HALF, "Mn": HALF}, {Ion("Ni", 2): HALF, Ion("Mn", 4): HALF})


def test_a_vertex_has_no_mixing_enthalpy_against_itself() -> None:
    member = result(NI_MN, ["Ni", "Mn"], 2, -25.0)
    found = mixing_document([member], [member], {}, model_error=0.015)
    assert found.same_host.dH_eV_per_site == pytest.approx(0.0)
    assert found.same_host.T_mix_K == 0.0
    assert found.competing.T_mix_K is None
    assert found.competing.reason is not None
    assert "one configuration: no spread" in found.warnings


def test_spread_and_model_error_are_divided_by_the_entropy_gained() -> None:
    iron = spec({"Fe": Fraction(1)}, {Ion("Fe", 3): Fraction(1)})
    mixed = spec(
        {"Ni": Fraction(1, 4), "Mn": Fraction(1, 4), "Fe": HALF},
        {Ion("Ni", 2): Fraction(1, 4), Ion("Mn", 4): Fraction(1, 4), Ion("Fe", 3): HALF},
    )
    vertices = [result(iron, ["Fe"], 1, -26.0), result(NI_MN, ["Ni", "Mn"], 2, -25.0)]
    own = [result(mixed, ["Ni", "Mn", "Fe", "Fe"], 4, e) for e in (-25.46, -25.48)]
    found = mixing_document(own, vertices, {}, model_error=0.015)
    assert found.same_host.dH_eV_per_site == pytest.approx(0.03)
    gained = found.same_host.dS_eV_per_K_per_site
    assert gained is not None
    assert found.same_host.T_mix_K == pytest.approx(0.03 / gained)
    assert found.T_mix_sd_configurations_K == pytest.approx(0.02 / 2**0.5 / gained)
    assert found.T_mix_se_configurations_K == pytest.approx(0.01 / gained)
    assert found.T_mix_sd_model_K == pytest.approx(0.015 * 4 / gained)
    assert found.dH_sd_eV_per_site == pytest.approx(0.02 / 2**0.5)


def test_a_disordered_phase_that_takes_over_again_is_warned_of() -> None:
    # ordered LiFeO2, 0.1 eV below the disordered rock salt of two sites with ln 2 each
    layered = HostComposition("layered-o3", "Li", Fraction(1), {"TM": {"Fe": Fraction(1)}})
    salt = HostComposition("rocksalt", None, Fraction(0), {"M": {"Li": HALF, "Fe": HALF}})
    own = result(member_spec(layered, {"TM": {Ion("Fe", 3): Fraction(1)}}, "TM", VALENCES), ["Fe"], 1, -26.0)
    split = {"M": {Ion("Li", 1): HALF, Ion("Fe", 3): HALF}}
    other = result(member_spec(salt, split, "M", {"M": {"Li": (1,), "Fe": (3,)}}), ["Li", "Fe"], 0, -12.95)
    found = mixing_document([own], [own], {}, members=[other])
    assert found.competing.T_mix_K == 0.0
    assert found.competing.T_stable_up_to_K == pytest.approx(0.1 / (2 * BOLTZMANN * math.log(2)))
    assert "competing: stable only up to 837 K" in found.warnings
    assert found.same_host.T_stable_up_to_K is None
    assert not any("same_host: stable" in warning for warning in found.warnings)


def test_what_the_cell_really_holds_is_balanced() -> None:
    # 5/6 of the sodium instead of 0.83: one Ni3+ more for each sodium less
    made = Fraction(83, 100)
    ions = {Ion("Ni", 2): HALF - Fraction(17, 100), Ion("Ni", 3): Fraction(17, 100), Ion("Mn", 4): HALF}
    member = result(spec({"Ni": HALF, "Mn": HALF}, ions, made), ["Ni", "Mn"] * 3, 5, -24.0)
    assert member.x == Fraction(5, 6)
    assert member.composition.elements["Na"] == Fraction(5, 6)
    assert member.split == {"TM": {Ion("Ni", 2): Fraction(1, 3), Ion("Ni", 3): Fraction(1, 6), Ion("Mn", 4): HALF}}
    assert split_of(member.spec) == {"TM": ions}
    found = mixing_document([member], [], {}, model_error=0.015)
    assert any("approximates" in warning for warning in found.warnings)


def test_lost_references_and_cells_that_left_the_host_are_warned_of() -> None:
    member = result(NI_MN, ["Ni", "Mn"], 2, -25.0)
    assert member.calculation is not None
    left = member.calculation.model_copy(update={"topology": "migrated", "label": "shared/vertex"})
    gone, lost = (MemberResult(NI_MN, member.configuration, calculation) for calculation in (left, None))
    found = mixing_document([member], [gone, lost], {}, model_error=0.015)
    assert found.left_out == {"shared/vertex": "migrated"}
    assert "shared/vertex: no longer the host (migrated), left out" in found.warnings
    assert any("same_host" in warning and "no energy" in warning for warning in found.warnings)
    assert found.same_host.T_mix_K is None, "nothing of the host is left to compare with"
    accepted = mixing_document([member], [replace(gone, accept=("migrated",))], {}, model_error=0.015)
    assert not accepted.left_out
    assert accepted.same_host.dH_eV_per_site == pytest.approx(0.0)


def test_a_member_whose_cell_is_not_neutral_is_left_out_and_named() -> None:
    """Its ions are unknown: nothing can be balanced with it."""
    iron = spec({"Fe": Fraction(1)}, {Ion("Fe", 3): Fraction(1)})
    charged = result(iron, ["Fe", "Fe"], 1, -22.0)
    assert charged.usable
    assert not charged.ions
    member = result(NI_MN, ["Ni", "Mn"], 2, -25.0)
    found = mixing_document([member], [member, charged], {}, model_error=0.015)
    assert found.same_host.dH_eV_per_site == pytest.approx(0.0)
    assert any("same_host: the cell of" in warning and "not neutral" in warning for warning in found.warnings)


def test_a_candidate_that_left_its_host_has_no_mixing() -> None:
    member = result(NI_MN, ["Ni", "Mn"], 2, -25.0)
    assert member.calculation is not None
    gone = MemberResult(NI_MN, member.configuration, member.calculation.model_copy(update={"topology": "migrated"}))
    found = mixing_document([gone], [member], {}, model_error=0.015)
    assert found.competing.reason == found.same_host.reason
    assert found.competing.reason == "no configuration of the candidate is still its host (migrated)"
    both = mixing_document([gone, member], [member], {}, model_error=0.015)
    assert (both.n_configurations, list(both.left_out.values())) == (1, ["migrated"])


SCALES = [
    get_engine(EngineBlock.model_validate(block)).energy_scale
    for block in (
        {"name": "chgnet"},
        {"name": "chgnet", "model": "r2scan"},
        {"name": "sevennet", "model": "l3i5"},
        {"name": "sevennet", "model": "0"},
        {"name": "sevennet", "model": "mf-0", "modal": "PBE"},
        {"name": "sevennet", "model": "mf-0", "modal": "R2SCAN"},
    )
]


@pytest.mark.parametrize(("own", "foreign"), list(itertools.permutations(SCALES, 2)))
def test_references_of_another_energy_scale_are_refused(own: str, foreign: str) -> None:
    members = []
    for scale in (own, foreign):
        member = result(NI_MN, ["Ni", "Mn"], 2, -25.0)
        assert member.calculation is not None
        calculation = member.calculation.model_copy(update={"energy_scale": scale})
        members.append(MemberResult(NI_MN, member.configuration, calculation))
    found = mixing_document(members[:1], members[1:], {}, model_error=0.015)
    assert found.same_host.T_mix_K is None
    assert f"refused, not on the energy scale {own}: {members[1].name}" in found.warnings
    assert mixing_document(members[:1], members[:1], {}, model_error=0.015).same_host.T_mix_K is not None


def test_without_an_energy_there_is_a_reason() -> None:
    found = mixing_document([MemberResult(NI_MN, None, None)], [], {}, model_error=0.015)
    assert found.same_host.T_mix_K is None
    assert found.same_host.reason == "no configuration of the candidate has an energy"


def phase_energy(name: str, energy_per_atom: float) -> CalculationDoc:
    """A phase of the package with an energy that was made up."""
    structure = package_phases()[name].structure().remove_oxidation_states()
    return CalculationDoc(
        key=name,
        engine="e",
        energy_scale="s",
        task="relax",
        status="converged",
        structure=structure,
        energy_eV=energy_per_atom * len(structure),
    )


def test_a_phase_that_decides_and_is_doubtful_is_named() -> None:
    # NaNi1/2Mn1/2O2 = 1/2 Na2O + 1/2 NiMnO3; the other phases are too high to decide
    member = result(NI_MN, ["Ni", "Mn"], 2, -20.0)
    doubtful = {phase.id: phase.doubt for phase in load_phases() if phase.doubt}
    phases = {name: phase_energy(name, -6.0) for name in ("Na2O", "NiMnO3-ilmenite")}
    phases["Na2MnO3"] = phase_energy("Na2MnO3", -1.0)
    found = mixing_document([member], [], phases, model_error=0.015)
    assert {part.phase for part in found.competing.decomposition} == {"Na2O", "NiMnO3-ilmenite"}
    named = [warning for warning in found.warnings if " decides and is " in warning]
    assert named == [f"competing: NiMnO3-ilmenite decides and is {doubtful['NiMnO3-ilmenite']}"]
    assert "Na2O" not in doubtful


def test_a_phase_that_a_user_brought_is_not_doubted() -> None:
    member = result(NI_MN, ["Ni", "Mn"], 2, -20.0)
    phases = {name: phase_energy(name, -6.0) for name in ("Na2O", "NiMnO3-ilmenite")}
    given = [PhaseFacts("NiMnO3-ilmenite", "made for this test", {})]
    found = mixing_document([member], [], phases, model_error=0.015, given=given)
    assert not any(" decides and is " in warning for warning in found.warnings)


def test_systems_that_nobody_looked_up_are_named() -> None:
    member = result(NI_MN, ["Ni", "Mn"], 2, -25.0)
    assert mixing_document([member], [], {}, model_error=0.015).hull_unlisted == []
    tungsten = spec({"Fe": HALF, "W": HALF}, {Ion("Fe", 3): HALF, Ion("W", 3): HALF})
    found = mixing_document([result(tungsten, ["Fe", "W"], 2, -25.0)], [], {}, model_error=0.015)
    assert found.hull_unlisted == ["Na-O-W", "Fe-O-W"]
    assert any(": Na-O-W, Fe-O-W" in warning for warning in found.warnings)


@pytest.mark.parametrize(("scale", "source"), [("s", "calibrated"), ("another", "given")])
def test_calibrated_errors_come_first_on_their_own_energy_scale(scale: str, source: str) -> None:
    iron = spec({"Fe": Fraction(1)}, {Ion("Fe", 3): Fraction(1)})
    quarter = Fraction(1, 4)
    mixed = spec(
        {"Ni": quarter, "Mn": quarter, "Fe": HALF}, {Ion("Ni", 2): quarter, Ion("Mn", 4): quarter, Ion("Fe", 3): HALF}
    )
    vertices = [result(iron, ["Fe"], 1, -26.0), result(NI_MN, ["Ni", "Mn"], 2, -25.0)]
    errors = ErrorsDoc(bias=0.4, sd=1e-6, remainder=0.0)
    calibration = CalibrationDoc(campaign="c", stage=1, energy_scale=scale, errors=errors)
    own = [result(mixed, ["Ni", "Mn", "Fe", "Fe"], 4, -25.46)]
    found = mixing_document(
        own, vertices, {}, 0.015, firing_temperature=1000.0, solution=False, calibration=calibration
    )
    assert found.formation is not None
    assert found.formation.error_source == source
    assert any("calibration is of another" in warning for warning in found.warnings) == (source == "given")
    if source == "calibrated":
        assert found.formation.T_mix_same_host_draws_K is not None
        terms = 0.4 * (quarter * HALF * 2 + quarter**2 - HALF * quarter)
        assert found.formation.T_mix_same_host_draws_K.quantile(0.5) == pytest.approx(
            (0.04 + float(terms)) / (found.same_host.dS_eV_per_K_per_site or 1.0), rel=1e-4
        )


def test_a_selenide_is_balanced_with_selenides_and_the_element() -> None:
    """Zinc has no diselenide of its own: ``Fe0.5Zn0.5Se2 = 0.5 FeSe2 + 0.5 ZnSe + 0.5 Se``, per mixed site."""
    metals = {"M": {"Fe": HALF, "Zn": HALF}}
    composition = HostComposition("selenide", None, Fraction(0), metals)
    split = {"M": {Ion("Fe", 2): HALF, Ion("Zn", 2): HALF}}
    member = member_spec(composition, split, "M", {"M": {"Fe": (2,), "Zn": (2,)}})
    energies = {"FeSe2-marcasite": -4.0, "ZnSe-zinc-blende": -3.0, "Se-gamma": -3.5, "Zn-hcp": -1.0}
    phases = {name: phase_energy(name, energy) for name, energy in energies.items()}
    found = mixing_document([result(member, ["Fe", "Zn"], 0, -9.0)], [], phases, model_error=0.015)
    assert {part.formula: part.amount for part in found.competing.decomposition} == pytest.approx(
        {"FeSe2": 0.5, "ZnSe": 0.5, "Se": 0.5}
    )
    lowest = 0.5 * 3 * -4.0 + 0.5 * 2 * -3.0 + 0.5 * -3.5
    assert found.competing.dH_eV_per_site == pytest.approx(-9.0 - lowest)
    assert any(warning.startswith("competing: Se-gamma decides and is an element") for warning in found.warnings)
    assert found.hull_unlisted == []
    assert found.hull_grade == "D"  # FeSe and ZnSe2 are not among the phases


def test_an_alloy_is_graded_by_its_pairs() -> None:
    """Fe-Ni is listed with FeNi3 and FeNi; both are there or they are missing."""
    composition = HostComposition("fcc-alloy", None, Fraction(0), {"M": {"Fe": HALF, "Ni": HALF}})
    split = {"M": {Ion("Fe", 0): HALF, Ion("Ni", 0): HALF}}
    member = member_spec(composition, split, "M", {"M": {"Fe": (0,), "Ni": (0,)}})
    own = [result(member, ["Fe", "Ni"], 0, -7.0)]
    for names, grade in ((("FeNi3-cu3au", "FeNi-cuau"), "A"), (("FeNi3-cu3au",), "D")):
        phases = {name: phase_energy(name, -6.0) for name in (*names, "Fe-bcc", "Ni-fcc")}
        assert mixing_document(own, [], phases, model_error=0.015).hull_grade == grade

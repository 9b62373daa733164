"""Phases and members that a campaign brings join the hull, and products are listed at temperatures."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Lattice, Structure

from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.structures import ConfigurationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.constants import BOLTZMANN
from hebe.science.hulls.given_phases import given_phases
from hebe.science.hulls.hull_entries import PhaseFacts, competing_entries, phase_facts
from hebe.science.mixing.member_result import MemberResult
from hebe.science.mixing.references import mixing_document

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """\
name: brought
host:
  family: rocksalt
  sublattices:
    M: {species: {Mg: [2], Ni: [2], Co: [2], Zn: [2]}, grid: 12, n_species: 3..4}
select: {method: explicit, formulas: [Co1/3Mg1/3Ni1/3O]}
structures: {cations: 12, per_candidate: 1}
mixing: {phases: [PHASES], members: [Mg1/2Ni1/2O], temperatures: [900 degC]}
stages:
  - engine: chgnet
    analyses: [mixing]
"""
YAML = """\
phases:
  - id: MgO-CsCl
    formula: MgO
    name: MgO of caesium chloride type
    structure_type: CsCl
    space_group: {symbol: Pm-3m, number: 221}
    lattice: {a: 2.66}
    sites:
      - {species: Mg2+, wyckoff: 1a, xyz: [0, 0, 0]}
      - {species: O2-, wyckoff: 1b, xyz: [1/2, 1/2, 1/2]}
    kind: binary
    sources: ["made for this test"]
"""


def write(folder: Path, phases: str) -> Path:
    Structure(Lattice.cubic(2.6), ["Ni", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]]).to(str(folder / "mine.cif"))
    (folder / "mine.yaml").write_text(YAML)
    (folder / "bad.yaml").write_text(YAML.replace("1a", "2a"))
    path = folder / "campaign.yaml"
    path.write_text(CAMPAIGN.replace("PHASES", phases))
    return path


def test_files_become_phases_with_what_is_known_of_them(tmp_path: Path) -> None:
    campaign = load_campaign(write(tmp_path, "mine.cif, mine.yaml"))
    found = {phase.id: phase for phase in given_phases(campaign)}
    assert set(found) == {"mine", "MgO-CsCl"}
    assert found["mine"].elements == {"Ni", "O"}
    assert phase_facts(found["mine"]) == {"id": "mine", "source": "mine.cif", "ions": {}}
    facts = phase_facts(found["MgO-CsCl"])
    assert facts == {"id": "MgO-CsCl", "source": "made for this test", "ions": {"Mg2+": 1.0, "O2-": 1.0}}
    assert campaign.mixing.temperatures == (1173.15,)
    labels = {job.metadata["label"] for job in campaign_flow(campaign).jobs}
    assert {"shared/mine", "shared/MgO-CsCl", "shared/MgO"} <= labels
    assert any(label.startswith("shared/Mg0.5Ni0.5O") for label in labels)


@pytest.mark.parametrize(
    ("phases", "message"),
    [
        ("missing.cif", "missing.cif.*no such file"),
        ("campaign.yaml", "campaign.yaml"),
        ("mine.cif, mine.cif", "a phase is called mine already"),
        ("bad.yaml", "has 1 positions, 2a was stated"),
    ],
)
def test_files_that_cannot_be_used_name_the_key(tmp_path: Path, phases: str, message: str) -> None:
    with pytest.raises(BadInputError, match=message) as caught:
        given_phases(load_campaign(write(tmp_path, phases)))
    assert "campaign.yaml" in str(caught.value)


def test_members_that_do_not_fit_are_refused(tmp_path: Path) -> None:
    path = write(tmp_path, "mine.cif")
    path.write_text(path.read_text().replace("Mg1/2Ni1/2O", "Mg1/2Fe1/2O"))
    with pytest.raises(BadInputError, match="Fe is not among the species of M"):
        campaign_flow(load_campaign(path))


def calculation(species: list[str], energy: float) -> CalculationDoc:
    """A result that only counts; its geometry is never looked at."""
    coords = [[i / len(species), 0.0, 0.0] for i in range(len(species))]
    cell = Structure(Lattice.cubic(20), list(species), coords)
    labels = ["O" if s == "O" else "M" for s in species]
    cell.add_site_property("sublattice", labels)
    return CalculationDoc(
        key="k", engine="e", energy_scale="s", task="relax", status="converged", structure=cell, energy_eV=energy
    )


def member(elements: tuple[str, ...], energy_per_fu: float) -> MemberResult:
    share = Fraction(1, len(elements))
    composition = HostComposition("rocksalt", None, Fraction(0), {"M": dict.fromkeys(elements, share)})
    split = {"M": {Ion(e, 2): share for e in elements}}
    spec = member_spec(composition, split, "M", {"M": dict.fromkeys(elements, (2,))})
    n = len(elements)
    configuration = ConfigurationDoc(key="k", n_fu=n, realised=spec.fractions)
    return MemberResult(spec, configuration, calculation([*elements, *["O"] * n], energy_per_fu * n))


def test_disordered_phases_of_fewer_species_compete_with_their_own_entropy() -> None:
    # (Co,Cu,Mg,Ni,Zn)O against (Co,Mg,Ni)O + CuO + ZnO gains (ln 5 - 0.6 ln 3) k, not ln 5 k
    five = member(("Co", "Cu", "Mg", "Ni", "Zn"), -10.0)
    ternary = member(("Co", "Mg", "Ni"), -10.1)
    phases: dict[str, CalculationDoc | None] = {
        "CuO": calculation(["Cu", "O"], -10.05),
        "ZnO": calculation(["Zn", "O"], -10.05),
        **{f"{m}O": calculation([m, "O"], -10.0) for m in ("Co", "Mg", "Ni")},
    }
    found = mixing_document([five], [], phases, 0.015, members=[ternary], temperatures=[300.0, 2000.0])
    gained = found.competing.dS_eV_per_K_per_site
    assert gained is not None
    assert gained / BOLTZMANN == pytest.approx(math.log(5) - 0.6 * math.log(3))
    assert found.competing.dH_eV_per_site == pytest.approx(0.6 * 0.1 + 0.4 * 0.05)
    assert found.competing.T_mix_K == pytest.approx(0.08 / gained)
    assert [at.temperature_K for at in found.competing.at] == [300.0, 2000.0]
    below, above = found.competing.at
    assert below.dG_eV_per_site == pytest.approx(0.08 - 300 * gained)
    assert above.dG_eV_per_site < 0
    assert {part.formula for part in below.decomposition} == {ternary.spec.formula, "CuO", "ZnO"}
    without = mixing_document([five], [], phases, 0.015)
    assert without.competing.dS_eV_per_K_per_site == pytest.approx(BOLTZMANN * math.log(5))
    assert without.competing.at == []


def test_a_candidate_does_not_compete_with_itself() -> None:
    pair = member(("Mg", "Ni"), -10.0)
    phases: dict[str, CalculationDoc | None] = {m + "O": calculation([m, "O"], -10.1) for m in ("Mg", "Ni")}
    found = mixing_document([pair], [pair], phases, 0.015)
    assert found.competing.dH_eV_per_site == pytest.approx(0.1)


def test_brought_phases_count_with_their_source() -> None:
    facts = PhaseFacts("mine", "mine.cif", {})
    entries = competing_entries({"mine": calculation(["Ni", "O"], -9.0)}, {"Ni", "O"}, [facts])
    assert [(entry.name, entry.source, entry.energy) for entry in entries] == [("mine", "mine.cif", -9.0)]

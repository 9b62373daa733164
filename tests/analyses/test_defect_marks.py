"""Marks and quantities of cation migration and of the stability of the oxygen."""

from __future__ import annotations

import pytest

from hebe.analyses import cation_migration, oxygen_stability
from hebe.analyses.summary import value_of
from hebe.schemas.candidate import CandidateDoc
from hebe.schemas.cation_migration import MigrationDoc
from hebe.schemas.oxygen_stability import OxygenDoc

CANDIDATE = CandidateDoc(
    candidate_id="c",
    campaign="c",
    stage=0,
    status="complete",
    formula="NaFeO2",
    family="layered-o3",
    x_made=1.0,
    composition={},
    entropy_R={},
    engine="e",
    energy_scale="s",
)


@pytest.mark.parametrize(("energy", "marked"), [(-0.1, True), (0.0, False), (0.1, False), (None, False)])
def test_a_cation_that_is_lower_elsewhere(energy: float | None, *, marked: bool) -> None:
    (mark,) = cation_migration.ANALYSIS.marks
    assert mark.holds(MigrationDoc(lowest_eV=energy), CANDIDATE) is marked


@pytest.mark.parametrize(("bonded", "marked"), [(1, True), (0, False), (None, False)])
def test_oxygen_that_is_bonded(bonded: int | None, *, marked: bool) -> None:
    (mark,) = oxygen_stability.ANALYSIS.marks
    assert mark.holds(OxygenDoc(temperature_K=500, pressure_bar=1, bonded=bonded), CANDIDATE) is marked


def test_what_is_missing_has_a_reason() -> None:
    document = MigrationDoc(x=1.0, antisite_eV=0.5, warnings=["x = 1: no cation stays away from its site"])
    found = {q.name: value_of(q, [document], "s", "Na") for q in cation_migration.ANALYSIS.quantities}
    assert found["antisite_energy"].mean == 0.5
    assert found["migration_energy"].why_null == "x = 1: no cation stays away from its site"
    assert found["octahedral_energy"].why_null == "no octahedron is empty, or no cation stays in one"
    assert found["tetrahedral_energy"].why_null == "no cation stays in a tetrahedron"


@pytest.mark.parametrize(
    ("potential", "temperature", "field"),
    [
        (None, "no decomposition gives off oxygen", "no decomposition gives off oxygen"),
        (-9.0, "oxygen is given off only above the temperatures of the tables", None),
    ],
)
def test_never_is_told_from_above_the_tables(potential: float | None, temperature: str, field: str | None) -> None:
    document = OxygenDoc(temperature_K=500, pressure_bar=1, release_eV=potential, heat_J_per_g=10.0)
    found = {q.name: value_of(q, [document], "s", "Na") for q in oxygen_stability.ANALYSIS.quantities}
    assert found["oxygen_release_temperature"].why_null == temperature
    assert found["oxygen_release_potential"].why_null == field
    assert found["oxygen_release_potential"].mean == potential


def test_a_release_at_every_temperature_is_a_value() -> None:
    document = OxygenDoc(
        temperature_K=500, pressure_bar=1, release_K=0.0, heat_J_per_g=-80.0, vacancy_eV=0.4, oxygen_sd_eV=0.9
    )
    found = {q.name: value_of(q, [document], "s", "Na") for q in oxygen_stability.ANALYSIS.quantities}
    assert found["oxygen_release_temperature"].mean == 0.0
    assert found["decomposition_heat"].mean == -80.0
    vacancy = found["oxygen_vacancy_energy"]
    assert (vacancy.mean, vacancy.error) == (0.4, 0.45)

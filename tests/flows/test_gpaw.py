"""Campaigns with GPAW: cells that are given, and a second stage after CHGNet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from pymatgen.core import Composition, Structure

from hebe.analyses.mixing import ANALYSIS
from hebe.campaigns.api import project_store, results, run
from support.given_cells import coo2, licoo2, write
from support.gpaw import needs_gpaw
from support.small_cells import lithium

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.gpaw, pytest.mark.slow]

CONVERGED = "{name: gpaw, preset: screen, settings: {hubbard_u: none, k_spacing: 0.9, k_spacing_metal: 0.45}}"
"""600 eV, with the meshes of the published script: 3x3x3 for the oxides, 6x6x6 for lithium."""

TWO_STAGES = """\
name: funnel
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM: {species: {Co: [3], Al: [3], Ga: [3], Sc: [3]}, n_species: 2, grid: 2}
filters: {include: [Co]}
structures: {cations: 2, per_candidate: 1}
stages:
  - engine: chgnet
    x: [1, 1/2]
    accept: [glide]  # one layer of two formulas slides as it likes
    analyses: [voltage, volume_strain]
  - engine: {name: gpaw, preset: ci}
    keep: 2
    task: static
    analyses: [voltage]
rank: {maximize: [average_voltage]}
"""

CALIBRATED = """\
name: calibrated
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM: {species: {Al: [3], Sc: [3], Mg: [2], Ti: [4]}, n_species: 2..4, grid: 6, fraction: 1/6..1/2}
select: {method: explicit, formulas: [LiAl1/2Sc1/2O2, LiAl1/3Mg1/3Ti1/3O2]}
structures: {cations: 6, per_candidate: 1, starts: 1}
mixing: {solution: false}
stages:
  - engine: chgnet
    analyses: [mixing]
  - calibrate:
      engine: {name: gpaw, preset: ci, settings: {spin: off}}
      cells: [LiAl1/2Sc1/2O2, LiAl1/3Mg1/3Ti1/3O2]
      geometries: 1
rank: {maximize: [formation_probability]}
"""

_FORMULAS = {"Al": "LiAlO2", "Sc": "LiScO2", "Mg Ti": "Li2MgTiO4", "Al Sc": "Li2AlScO4", "Al Mg Ti": "Li3AlMgTiO6"}
CELLS = {name: Composition(formula).reduced_formula for name, formula in _FORMULAS.items()}


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder that is also the working folder."""
    needs_gpaw()
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_voltage_of_lithium_cobalt_oxide_from_given_cells(project: Path) -> None:
    """3.445 V; 3.488 V when the empty host keeps the full cell. GPAW 22.8 and 26.7, driven without this package."""
    metal = ("li.vasp", lithium())
    path = write(project, ("full.vasp", licoo2()), ("empty.vasp", coo2()), engine=CONVERGED, metal=metal)
    first = run(path, workers=2, progress=False)
    assert first.status == "complete", first.failures
    (candidate,) = results(path).candidates
    assert candidate["average_voltage_V"] == pytest.approx(3.445, abs=0.010)
    assert candidate["energy_scale"].startswith("gpaw/PBE/")
    check_electrons({len(doc["structure"]["sites"]): doc for doc in documents(project, engine="gpaw")})
    write(project, ("full.vasp", licoo2()), ("empty.vasp", coo2(c=14.05)), engine=CONVERGED, metal=metal)
    second = run(path, workers=2, progress=False)
    assert second.calculations["computed"] == 1, "only the empty cell is another one"
    assert results(path).candidates[0]["average_voltage_V"] == pytest.approx(3.488, abs=0.010)


def check_electrons(documents: dict[int, dict[str, Any]]) -> None:
    """Spins, gap and valences of the full cell (4 atoms), the empty one (3) and the metal (1)."""
    full, empty, metal = (documents[atoms] for atoms in (4, 3, 1))
    assert max(map(abs, full["magmoms"])) < 0.05, "low-spin Co3+ has none"
    assert max(map(abs, empty["magmoms"])) > 0.5, "low-spin Co4+ has one unpaired electron"
    assert full["electronic"]["band_gap_eV"] == pytest.approx(1.30, abs=0.03), "GPAW 1.299 (experiment: 2.7 eV)"
    elements = [site["species"][0]["element"] for site in full["structure"]["sites"]]
    assert full["electronic"]["valences"] == [3 if element == "Co" else None for element in elements]
    assert metal["electronic"]["is_metal"]


def test_the_best_of_chgnet_are_calculated_with_gpaw(project: Path) -> None:
    path = project / "funnel.yaml"
    path.write_text(TWO_STAGES)
    summary = run(path, workers=2, progress=False)
    assert summary.status == "complete", summary.failures
    found = results(path)
    (promotion,) = found.promotions
    assert [c["promoted"] for c in promotion["candidates"]] == [True, True, False]
    assert [c["engine"] for c in found.candidates] == ["gpaw", "gpaw", "chgnet"]
    for candidate in found.candidates[:2]:
        assert 2.5 < candidate["average_voltage_V"] < 5.0
        assert candidate["x_states"][0]["topology"] == "host"
    (agreement,) = found.agreement
    (voltage,) = agreement["quantities"]
    assert voltage["quantity"] == "average_voltage"
    assert len(voltage["pairs"]) == 2
    statics = documents(project, engine="gpaw", task="static")
    assert len(statics) == 5, "two candidates at two contents, and lithium"
    relaxed = {doc["key"]: doc for doc in documents(project, engine="chgnet")}
    for document in statics:
        start = document["input_structure"]
        assert any(start["lattice"] == doc["structure"]["lattice"] for doc in relaxed.values())
    scales = {document["energy_scale"] for document in documents(project, engine={"$exists": True})}
    assert len(scales) == 2


def test_two_cells_with_their_vertices_calibrate_the_errors_of_chgnet(project: Path) -> None:
    path = project / "calibrated.yaml"
    path.write_text(CALIBRATED)
    summary = run(path, workers=1, progress=False)
    assert summary.status == "complete", summary.failures
    statics = documents(project, engine="gpaw")
    made = [Structure.from_dict(doc["structure"]).composition.reduced_formula for doc in statics]
    assert sorted(made) == sorted(CELLS.values())
    (calibration,) = results(path).calibrations
    assert (calibration["n"], calibration["warnings"]) == (2, [])
    assert calibration["reference_scale"].startswith("gpaw/PBE/")
    energy = {}
    for doc in [*statics, *documents(project, engine="chgnet", task="relax")]:
        if doc["label"].startswith("calibrate/"):
            cell = Structure.from_dict(doc["structure"]).composition
            energy[doc["engine"], cell.reduced_formula] = doc["energy_eV"] / cell["Li"]
    halves, thirds = {"Al Sc": 1, "Al": -1 / 2, "Sc": -1 / 2}, {"Al Mg Ti": 1, "Al": -1 / 3, "Mg Ti": -2 / 3}
    for row, amounts in zip(calibration["rows"], (halves, thirds), strict=True):
        known = {name: {cell: energy[name, CELLS[cell]] for cell in amounts} for name in ("gpaw", "chgnet")}
        enthalpy = {name: sum(n * known[name][cell] for cell, n in amounts.items()) for name in known}
        assert row["computed"] == pytest.approx(enthalpy["chgnet"], abs=1e-6)
        assert row["value"] == pytest.approx(enthalpy["gpaw"] - enthalpy["chgnet"], abs=1e-6)
    found = results(path).ranked
    assert {candidate.stage for candidate in found} == {1}
    formations = [getattr(ANALYSIS.best(candidate), "formation", None) for candidate in found]
    assert {getattr(formation, "error_source", None) for formation in formations} == {"calibrated"}


def documents(folder: Path, **criteria: Any) -> list[dict[str, Any]]:
    store = project_store(folder)
    try:
        names = {f"output.{name}": value for name, value in criteria.items()}
        found = store.docs_store.query({**names, "output.status": "converged"})
        return [document["output"] for document in found]
    finally:
        store.close()

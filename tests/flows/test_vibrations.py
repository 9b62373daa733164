"""Campaigns that ask for vibrations: one job per relaxed cell, found again, and a second mixing temperature."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Job
from pymatgen.core import Lattice, Structure

import hebe
from hebe.campaigns.api import results, run
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.makers import VibrationMaker
from hebe.schemas.calculation import CalculationDoc
from support.campaigns import rocksalt

if TYPE_CHECKING:
    from pathlib import Path

ASKED = "mixing: {vibrations: {supercell: 5 A, highest: 1500 K}}\nstages:"


@pytest.fixture
def campaign_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    path = rocksalt(tmp_path, "Mg: [2], Ni: [2]")
    path.write_text(path.read_text().replace("stages:", ASKED))
    return path


def labels(path: Path) -> dict[str, str]:
    flow = campaign_flow(hebe.load_campaign(path))
    return {job.metadata["label"]: job.uuid for job in flow.jobs if isinstance(job, Job)}


def test_everything_on_the_hull_vibrates_and_nothing_else_changes(campaign_file: Path) -> None:
    asked = labels(campaign_file)
    campaign_file.write_text(campaign_file.read_text().replace(ASKED, "stages:"))
    plain = labels(campaign_file)
    assert {"shared/MgO/s0/vibrations", "shared/NiO/s0/vibrations"} <= set(asked)
    assert any(label.endswith("c0/s0/vibrations") and not label.startswith("shared") for label in asked)
    calculated = {label for label in plain if not label.endswith(("mixing", "candidate"))}
    assert {label: asked[label] for label in calculated} == {label: plain[label] for label in calculated}


@pytest.mark.slow
def test_a_campaign_gives_a_mixing_temperature_with_vibrations(campaign_file: Path) -> None:
    pytest.importorskip("phonopy", reason="needs the package phonopy")
    campaign = hebe.load_campaign(campaign_file)
    assert run(campaign, workers=1).as_dict()["failures"] == []
    (candidate,) = results(campaign).candidates
    found = candidate["mixing"]["vibrations"]
    assert found["highest_K"] == 1500.0
    assert (found["T_mix_K"] is None) == (found["reason"] is not None)
    if found["reason"] is None or "not below" in found["reason"]:
        assert abs(found["dF_eV_per_site"]) < 0.2
        assert found["decomposition_at_T_mix"]
    assert run(campaign, workers=1).as_dict()["calculations"]["computed"] == 0


def test_without_a_cell_there_is_nothing_to_do() -> None:
    maker = VibrationMaker(engine={"ase": "support.spring_crystal:make", "energy_scale": "springs"})
    failed = CalculationDoc(key="k", engine="e", energy_scale="s", task="relax", status="failed")
    make: Any = maker.make
    assert make.original(maker, failed).status == "absent"
    assert make.original(maker, None).status == "absent"


def test_without_phonopy_the_document_says_how_to_get_it(monkeypatch: pytest.MonkeyPatch) -> None:
    maker = VibrationMaker(engine={"ase": "support.spring_crystal:make", "energy_scale": "springs"})
    cell = Structure(Lattice.cubic(2.6), ["Mg", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    relaxed = CalculationDoc(
        key="k", engine="e", energy_scale="s", task="relax", status="converged", structure=cell, energy_eV=-1.0
    )
    monkeypatch.setitem(sys.modules, "phonopy", None)
    make: Any = maker.make
    document = make.original(maker, relaxed)
    assert document.status == "failed"
    assert "pip install 'hebe-flows[phonons]'" in document.error.message


def test_lengths_and_temperatures_have_bounds(campaign_file: Path) -> None:
    campaign_file.write_text(campaign_file.read_text().replace("5 A", "2 A"))
    with pytest.raises(BadInputError, match=r"mixing.vibrations.supercell"):
        hebe.load_campaign(campaign_file)

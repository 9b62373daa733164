"""DynamicsMaker: what its document says of a run, and what it is given."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import JobStore, run_locally
from maggma.stores import MemoryStore
from pydantic import ValidationError
from pymatgen.core import Lattice, Structure

from hebe.exceptions import BadInputError
from hebe.makers import DynamicsMaker
from hebe.schemas.calculation import CalculationDoc

if TYPE_CHECKING:
    from pathlib import Path

EMT = {"ase": "ase.calculators.emt:EMT", "energy_scale": "emt"}
COPPER = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.61), ["Cu"], [[0, 0, 0]])


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def outcome(maker: DynamicsMaker, start: Any) -> Any:
    job = maker.make(start)
    return run_locally(job, store=JobStore(MemoryStore()), log=False)[job.uuid][1].output


def test_a_solid_has_a_temperature_and_a_bound_on_its_diffusion(project: Path) -> None:
    task = {"steps": 400, "time_step_fs": 4.0, "every": 5, "time_constant_fs": 40.0}
    found = outcome(DynamicsMaker(engine=EMT, task=task, mobile="Cu", jump=2.55), COPPER)
    assert (found.status, found.n_frames, found.time_fs, found.n_steps) == ("converged", 81, 1600.0, 401)
    assert 150 < found.temperature_K < 450
    assert found.temperature_sd_K > 50
    assert found.diffusion.element == "Cu"
    assert (found.diffusion.n_ions, found.diffusion.n_jumps) == (4, 0)
    assert found.diffusion.d_cm2_per_s is None
    without_first_fifth = 1280.0  # fs
    assert found.diffusion.bound_cm2_per_s == pytest.approx(
        -math.log(0.05) * 2.55**2 / (6 * 4 * without_first_fifth) * 0.1
    )
    frames = (project / found.run_dir / "frames.jsonl").read_text().splitlines()
    assert len(frames) == 1 + 81


def test_without_an_element_nothing_is_said_of_diffusion() -> None:
    found = outcome(DynamicsMaker(engine=EMT, task={"steps": 3, "thermostat": "none", "every": 1}), COPPER)
    assert found.diffusion is None
    assert found.degrees == 9
    assert abs(found.drift_meV_per_atom_per_ps) < 1000


def test_other_settings_are_other_runs() -> None:
    keys = {
        outcome(DynamicsMaker(engine=EMT, task={"steps": 2, **change}, mobile=mobile), COPPER).key
        for change, mobile in (({}, None), ({"seed": 1}, None), ({"time_step_fs": 2.0}, None), ({}, "Cu"))
    }
    assert len(keys) == 4


@pytest.mark.parametrize("given", [None, "failed"])
def test_without_a_cell_there_is_nothing_to_run(given: str | None) -> None:
    start = None
    if given is not None:
        start = CalculationDoc(key="k", engine="e", energy_scale="s", task="relax", status="failed")
    assert outcome(DynamicsMaker(engine=EMT), start).status == "absent"


def test_what_cannot_be_read_is_refused_where_the_maker_is_made() -> None:
    with pytest.raises(BadInputError):
        DynamicsMaker(engine={"name": "chgnt"})
    with pytest.raises(ValidationError):
        DynamicsMaker(engine=EMT, task={"steps": 0})

"""GPAW under custodian, with the same failures as the engine, and in a flow of atomate2."""

from __future__ import annotations

import json
import os
from typing import TYPE_CHECKING, Any

import pytest

from hebe.config.engines.gpaw import GPAWSettings, gpaw_choice
from support.gpaw import CHEAP, engine, needs_gpaw
from support.small_cells import lithium, two_lithium

pytest.importorskip("custodian", reason="needs the package custodian")
pytest.importorskip("atomate2", reason="needs the package atomate2")

from custodian.custodian import Custodian, NonRecoverableError
from jobflow import run_locally

from hebe.engines.gpaw.handlers import (
    ANSWER,
    DiedHandler,
    GPAWJob,
    MemoryHandler,
    SCFHandler,
    StuckHandler,
    VolumeHandler,
    WalltimeHandler,
    write_request,
)
from hebe.makers.gpaw import GPAWRelaxMaker, GPAWStaticMaker

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.gpaw


def run(folder: Path, volume: float, **settings: Any) -> list[dict[str, Any]]:
    """Corrections of a job on two lithium atoms."""
    needs_gpaw()
    choice = gpaw_choice("ci", GPAWSettings.model_validate({**CHEAP, **settings}))
    write_request(two_lithium(), choice, folder)
    handlers = [
        SCFHandler(),
        MemoryHandler(),
        DiedHandler(),
        StuckHandler(timeout_s=3600.0),
        WalltimeHandler(),
        VolumeHandler(volume),
    ]
    custodian: Any = Custodian(
        handlers, [GPAWJob()], max_errors=5, polling_time_step=0.2, monitor_freq=1, directory=str(folder)
    )
    custodian.run()
    corrections: list[dict[str, Any]] = custodian.run_log[0]["corrections"]
    return corrections


def test_a_density_that_does_not_converge_is_corrected(tmp_path: Path) -> None:
    corrections = run(tmp_path, two_lithium().volume, max_iterations=3)
    assert [c["actions"][0]["action"] for c in corrections] == ["more iterations"]
    answer = json.loads((tmp_path / ANSWER).read_text())
    assert answer["energy"] == pytest.approx(engine(**CHEAP).evaluate(two_lithium()).energy_eV, abs=1e-3)


def test_a_collapsed_volume_is_not_corrected(tmp_path: Path) -> None:
    with pytest.raises(NonRecoverableError):
        run(tmp_path, 3 * two_lithium().volume)


def test_makers_of_atomate2_run_in_any_flow(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    plain = engine(**CHEAP).evaluate(two_lithium())
    monkeypatch.chdir(tmp_path)
    static = GPAWStaticMaker(preset="ci", settings=CHEAP).make(two_lithium())
    document = run_locally(static, log=False)[static.uuid][1].output
    assert document.output.energy == pytest.approx(plain.energy_eV, abs=1e-3)
    relax = GPAWRelaxMaker(preset="ci", settings=CHEAP, relax_cell=False, relax_kwargs={"fmax": 0.05}, steps=20)
    job = relax.make(two_lithium())
    relaxed = run_locally(job, log=False)[job.uuid][1].output
    assert relaxed.is_force_converged
    assert relaxed.output.energy < document.output.energy


def test_a_maker_refuses_cells_with_few_plane_waves() -> None:
    maker = GPAWRelaxMaker(preset="ci", settings={"cutoff": 300})
    with pytest.raises(ValueError, match="too low to relax a cell"):
        maker._get_calculator()
    assert os.environ.get("HEBE_GPAW_PYTHON") is None
    assert lithium().volume > 0

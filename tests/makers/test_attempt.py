"""Attempts at tasks of every kind: found again, cut and continued, killed, failed; keys that later versions keep."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Job, JobStore, run_locally
from maggma.stores import MemoryStore
from monty.json import MontyEncoder
from pymatgen.core import Lattice, Structure

from hebe.engines.deadline import DEADLINE
from hebe.engines.displacements import Displacements
from hebe.makers import DynamicsMaker, PathMaker, VibrationMaker
from hebe.makers.attempt import task_key
from hebe.schemas.calculation import CalculationDoc
from hebe.schemas.vibrations import VibrationDoc
from support.counted_springs import count
from support.double_well import start

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.schemas.task import TaskDoc

ENGINE = {"ase": "support.counted_springs:make", "energy_scale": "springs"}
WELL = {
    "ase": "support.double_well_calculator:make",
    "energy_scale": "well",
    "arguments": {"barrier": 0.15, "half_width": 0.4},
}
CELL = Structure(
    Lattice.orthorhombic(4.1, 4.2, 4.3),
    ["Mg", "O"] * 2,
    [[0.0, 0.0, 0.0], [0.5, 0.0, 0.0], [0.5, 0.5, 0.5], [0.0, 0.0, 0.52]],
)
RELAXED = CalculationDoc(
    key="of this cell", engine="e", energy_scale="s", task="relax", status="converged", structure=CELL, energy_eV=-1.0
)


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COUNTED_LOG", str(tmp_path / "evaluations"))
    return tmp_path


@pytest.fixture
def store() -> Iterator[JobStore]:
    found = JobStore(MemoryStore())
    found.connect()
    yield found
    found.close()


def vibrations() -> Job:
    pytest.importorskip("phonopy", reason="needs the package phonopy")
    return VibrationMaker(engine=ENGINE, supercell=4.0).make(RELAXED)


def dynamics() -> Job:
    return DynamicsMaker(engine=ENGINE, task={"steps": 10, "every": 1}).make(CELL)


def path() -> Job:
    return PathMaker(engine=WELL, images=3).make(start(s=-0.4), start(s=0.4))


def outcome(job: Job, store: JobStore) -> Any:
    return run_locally(job, store=store, log=False)[job.uuid][1].output


def results(document: TaskDoc) -> dict[str, Any]:
    """What a document says of its structure, not of how that was found."""
    of_the_attempt = {"n_steps", "cpu_s", "job_id", "run_dir", "reused_from"}
    found: dict[str, Any] = json.loads(json.dumps(document.model_dump(exclude=of_the_attempt), cls=MontyEncoder))
    return found


class Seconds:
    """A deadline that is over after a number of looks at it."""

    def __init__(self, looks: int) -> None:
        self.looks = looks

    @property
    def passed(self) -> bool:
        self.looks -= 1
        return self.looks < 0


@pytest.mark.parametrize(
    ("made", "module"),
    [(vibrations, "hebe.engines.displacements"), (dynamics, "hebe.engines.dynamics"), (path, "hebe.engines.path")],
)
def test_every_task_ends_as_cut_goes_on_and_is_found_again(
    made: Any, module: str, store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = outcome(made(), JobStore(MemoryStore()))
    assert whole.status == "converged"
    other = Path("other")
    (other / ".hebe").mkdir(parents=True)
    monkeypatch.chdir(other)
    monkeypatch.setattr(f"{module}.DEADLINE", Seconds(2))
    cut = outcome(made(), store)
    assert (cut.status, cut.key, cut.error) == ("cut", whole.key, None)
    assert 0 < cut.n_steps < whole.n_steps
    assert cut.run_dir is not None
    monkeypatch.setattr(f"{module}.DEADLINE", DEADLINE)
    before = count()
    end = outcome(made(), store)
    assert results(end) == results(whole)
    assert end.n_steps == whole.n_steps, "no evaluation was lost or done twice"
    assert end.cpu_s > cut.cpu_s
    assert end.run_dir == cut.run_dir
    assert made is path or count() - before == whole.n_steps - cut.n_steps
    again = made()
    before = count()
    output = run_locally(again, store=store, log=False)[again.uuid][1].output
    assert count() == before
    assert output.uuid == end.job_id, "a reference to the job that did it"


def test_keys_of_other_starts_and_settings_differ(store: JobStore) -> None:
    jobs = [
        DynamicsMaker(engine=ENGINE, task={"steps": 2, "seed": seed}).make(cell)
        for seed in (0, 1)
        for cell in (CELL, CELL.copy().apply_strain(0.01, inplace=False))
    ]
    assert len({outcome(job, store).key for job in jobs}) == 4
    assert (
        outcome(path(), store).key
        != outcome(PathMaker(engine=WELL, images=5).make(start(s=-0.4), start(s=0.4)), store).key
    )


def test_a_path_over_a_known_well_is_a_document(store: JobStore) -> None:
    found = outcome(path(), store)
    assert found.barrier_eV == pytest.approx(0.15, abs=1e-6)
    assert (found.saddle, found.resting, len(found.images)) == (2, [], 5)
    assert found.energies_eV[found.saddle] - found.energies_eV[0] == found.barrier_eV
    assert (found.task, found.settings["images"]) == ("path", 3)


class Plain:
    name, settings = "engine", {"model": "m", "optimizer": "o"}


def test_keys_of_vibrations_are_those_of_the_version_before_tasks() -> None:
    engine: Any = Plain()
    key = task_key(engine, Displacements(supercell=9.0, displacement=0.02), {"calculation": "a" * 64})
    assert key == "7e274568f4c0d0d78523b211547a54c32acb7731bc3449c79e57dc1aac9e92a7"


def test_documents_of_vibrations_from_before_tasks_are_read() -> None:
    old = {"key": "k", "engine": "e", "energy_scale": "s", "status": "converged", "frequencies_THz": [[1.0, 2.0, 3.0]]}
    assert VibrationDoc.model_validate(old).lowest_THz == 1.0


def test_what_is_missing_is_a_failed_document(store: JobStore) -> None:
    broken = {"ase": "support.spring_crystal:broken", "energy_scale": "springs"}
    job = DynamicsMaker(engine=broken, task={"steps": 2}).make(CELL, label="here")
    found = outcome(job, store)
    assert (found.status, found.label, found.task) == ("failed", "here", "dynamics")
    assert "no energy today" in found.error.message
    assert found.error.error_class == "EngineError"


_PROGRAM = """
import json, sys
from support.counted_springs import count
sys.path.insert(0, sys.argv[1])
from test_attempt import RELAXED, VibrationMaker, ENGINE
maker = VibrationMaker(engine=ENGINE, supercell=4.0)
found = maker.make.original(maker, RELAXED)
json.dump([found.status, found.frequencies_THz, found.optical_THz, found.n_steps], open("found.json", "w"))
"""


@pytest.mark.parametrize("killed_at", [1, pytest.param(5, marks=pytest.mark.slow)])
def test_a_killed_process_loses_one_evaluation(killed_at: int, project: Path) -> None:
    pytest.importorskip("phonopy", reason="needs the package phonopy")
    program = [sys.executable, "-c", _PROGRAM, str(Path(__file__).parent)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    killed = subprocess.run(program, env={**environment, "COUNTED_KILL": str(killed_at)}, check=False)
    assert killed.returncode == -signal.SIGKILL
    assert count() == killed_at
    assert not (project / "found.json").exists()
    subprocess.run(program, env=environment, check=True)
    resumed, evaluations = json.loads((project / "found.json").read_text()), count()
    (project / "evaluations").unlink()
    (project / "elsewhere" / ".hebe").mkdir(parents=True)
    subprocess.run(program, env=environment, check=True, cwd=project / "elsewhere")
    status, frequencies, optical, steps = json.loads((project / "elsewhere" / "found.json").read_text())
    assert evaluations == count() + 1
    assert resumed == [status, frequencies, optical, steps - killed_at + 1]
    assert status == "converged"

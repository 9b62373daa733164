"""Relaxations with VASP as jobs of a flow: what a limit or a kill leaves, and that the next run goes on from there."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from hebe.campaigns.api import project_store
from hebe.engines.vasp.results import read_text
from hebe.launchers import local
from hebe.makers import RelaxMaker
from hebe.makers.attempt import run_folder
from hebe.schemas.calculation import CalculationDoc
from support.vasp import distorted, outcomes, set_faults, use_stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow import Job

pytestmark = [pytest.mark.vasp, pytest.mark.slow]


@pytest.fixture
def faults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """File of the faults of the stand-in; an empty project folder is the working folder."""
    file = use_stand_in(tmp_path, monkeypatch)
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return file


def relaxation(**block: Any) -> Job:
    job: Job = RelaxMaker(engine={"name": "vasp", **block}).make(distorted(), label="cell")
    return job


def run(job: Job, root: Path) -> CalculationDoc:
    """Run a job as ``hebe run`` does, and read its output."""
    store = project_store(root)
    try:
        local.run(job, store=store, workers=1, progress=False, root=root)
        return CalculationDoc.model_validate(store.get_output(job.uuid, load=True))
    finally:
        store.close()


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CalculationDoc]:
    """The calculation in a project where nothing ends it."""
    folder = tmp_path_factory.mktemp("whole")
    with pytest.MonkeyPatch.context() as patch:
        use_stand_in(folder, patch)
        (folder / ".hebe").mkdir()
        patch.chdir(folder)
        yield run(relaxation(), folder)


def ionic_steps(document: CalculationDoc) -> int:
    """Steps that the program wrote in all attempts at a calculation."""
    logs = {path.with_suffix("") if path.suffix == ".gz" else path for path in folder_of(document).rglob("OSZICAR*")}
    return sum(len(re.findall(r" F= ", read_text(path))) for path in logs)


def folder_of(document: CalculationDoc) -> Path:
    return run_folder("vasp", document.key)


def agree(document: CalculationDoc, other: CalculationDoc) -> None:
    """One calculation, whatever happened on the way: the same key, and energy within 1 meV/atom."""
    assert document.status == other.status == "converged"
    assert document.key == other.key
    assert document.energy_per_atom == pytest.approx(other.energy_per_atom, abs=1e-3)
    assert document.input_structure == other.input_structure


def test_a_relaxation_out_of_time_goes_on_with_the_next_run(
    faults: Path, whole: CalculationDoc, monkeypatch: pytest.MonkeyPatch
) -> None:
    job = relaxation()
    monkeypatch.setenv("HEBE_VASP_WALLTIME_S", "1e5")
    set_faults(faults, {"fault": "wait-for-stop", "step": 3})
    cut = run(job, Path.cwd())
    assert (cut.status, cut.key) == ("cut", whole.key)
    assert cut.n_steps == ionic_steps(cut) < whole.n_steps
    monkeypatch.delenv("HEBE_VASP_WALLTIME_S")
    done = run(job, Path.cwd())
    agree(done, whole)
    assert done.n_steps == ionic_steps(done)
    assert done.n_steps - cut.n_steps < whole.n_steps, "fewer steps were left"
    assert [c.problem for c in done.corrections] == ["Walltime reached"]
    assert outcomes(folder_of(done)) == ["cut", "converged", "converged"]
    assert done.cpu_s > cut.cpu_s


def test_a_few_steps_at_a_time_lead_to_the_same_cell(faults: Path, whole: CalculationDoc) -> None:
    assert not faults.exists()
    job = relaxation(steps=8)
    documents = [run(job, Path.cwd())]
    while documents[-1].status == "cut" and len(documents) < whole.n_steps:
        documents.append(run(job, Path.cwd()))
    agree(documents[-1], whole)
    assert len(documents) > 1, "one run was not enough"
    steps = [document.n_steps for document in documents]
    assert steps[:-1] == [8 * n for n in range(1, len(steps))]
    assert steps[-1] == ionic_steps(documents[-1])
    assert documents[-1].corrections == []


def test_a_killed_worker_costs_nothing_but_its_last_step(faults: Path, whole: CalculationDoc) -> None:
    set_faults(faults, {"fault": "orphan", "step": 3})
    job = relaxation()
    document = run(job, Path.cwd())
    if document.status != "converged":
        document = run(job, Path.cwd())
    agree(document, whole)
    assert document.n_steps == ionic_steps(document)
    assert outcomes(folder_of(document)) == ["running", "converged", "converged"]
    assert "killed" in document.corrections[0].problem

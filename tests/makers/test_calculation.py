"""Calculations: identity that later versions keep, what enters a key, tasks, folders, cut and failed documents."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest
from jobflow import Job, JobStore, run_locally
from maggma.stores import MemoryStore
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineSpec
from hebe.engines import get_engine
from hebe.engines.ase import ASEEngine
from hebe.engines.protocol import Evaluation, Relaxation, static_result
from hebe.engines.tasks import Relax, Static
from hebe.exceptions import CalculationCutError
from hebe.makers import RelaxMaker, StaticMaker
from hebe.makers.attempt import run_folder
from hebe.makers.calculation import calculation_key
from hebe.makers.identity import stable
from hebe.makers.start import Start

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.engines.protocol import Engine
    from hebe.engines.tasks import Task
    from hebe.schemas.calculation import CalculationDoc

SPRINGS = {"ase": "support.spring_crystal:make", "energy_scale": "springs", "arguments": {"length": 2.25}}


def oxide() -> Structure:
    return Structure(Lattice.cubic(4.25), ["Mg", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))


def outcome(job: Job, store: JobStore | None = None) -> CalculationDoc:
    output: CalculationDoc = run_locally(job, store=store, log=False)[job.uuid][1].output
    return output


class Reader(ASEEngine):
    """An engine that reads initial moments and writes files."""

    reads: tuple[str, ...] = ("magmoms",)

    def __init__(self) -> None:
        super().__init__("support.spring_crystal:make", {}, "springs")
        self.name = "reader"

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:
        """One energy, of the initial moments; the first attempt in a folder is cut off."""
        assert folder is not None
        if not folder.is_dir():
            folder.mkdir(parents=True)
            raise CalculationCutError(self.name, "walltime", folder=folder, cpu_s=3.0)
        moments = np.array(structure.site_properties["magmom"])
        flat = np.zeros((len(structure), 3))
        return static_result(structure, Evaluation(float(moments.sum()), flat, np.zeros((3, 3)), moments), cpu_s=2.0)


class Plain(ASEEngine):
    """An engine whose settings no version of this package changes."""

    settings = {"model": "m", "optimizer": "o"}  # noqa: RUF012 - a property in other engines

    def __init__(self) -> None:
        super().__init__("support.spring_crystal:make", {}, "springs")
        self.name = "engine"


def test_keys_and_ids_are_those_of_the_first_version() -> None:
    """Recorded with the code that had only one maker; a change would make every store compute again."""
    recorded = "545baa845acde0ec45261415269f38e2520f2cd8309b716356514b6c0f7f0fc2"
    assert key(Plain(), 0.05, "relax", oxide()) == recorded
    block = {"name": "chgnet", "arguments": {}, "fmax": 0.05, "steps": 200}
    job = RelaxMaker(engine=block, displacement=0.02).make(oxide(), label="shared/MgO")
    stable(job, campaign="recorded", label="shared/MgO")
    assert job.uuid == "01b67bfc-d34b-550d-a1de-5a68cb891bf0"


def key(engine: Engine, fmax: float, task: str, structure: Structure) -> str:
    """Key of a calculation that starts from a structure and does not look for a minimum."""
    done: Task = Static() if task == "static" else Relax(cell=task == "relax", fmax=fmax)
    return calculation_key(engine, done, Start(structure))


def test_a_fixed_cell_is_another_job_and_another_task() -> None:
    jobs = [stable(RelaxMaker(cell=cell).make(oxide()), campaign="c", label="l") for cell in (True, False)]
    assert jobs[0].uuid != jobs[1].uuid
    assert [RelaxMaker(cell=cell).task.identity()["task"] for cell in (True, False)] == ["relax", "relax-ions"]


def test_the_threshold_enters_the_key_of_relaxations_alone() -> None:
    engine = get_engine(EngineSpec.model_validate(SPRINGS))
    keys = {(task, fmax): key(engine, fmax, task, oxide()) for task in TASKS for fmax in (0.1, 0.2)}
    assert len(set(keys.values())) == 5
    assert keys["static", 0.1] == keys["static", 0.2]


TASKS = ("relax", "relax-ions", "static")


def test_initial_moments_enter_the_key_of_engines_that_read_them() -> None:
    plain, magnetic, turned = oxide(), oxide(), oxide()
    magnetic.add_site_property("magmom", [1.0, -0.0])
    turned.add_site_property("magmom", [-1.0, 0.0])
    reader, springs = Reader(), get_engine(EngineSpec.model_validate(SPRINGS))
    assert len({key(reader, 0.1, "static", s) for s in (plain, magnetic, turned)}) == 3
    assert len({key(springs, 0.1, "static", s) for s in (plain, magnetic, turned)}) == 1
    magnetic.add_site_property("magmom", [1.0, 0.0])
    positive = key(reader, 0.1, "static", magnetic)
    magnetic.add_site_property("magmom", [1.00004, None])
    assert key(reader, 0.1, "static", magnetic) == positive


def test_a_static_calculation_moves_nothing() -> None:
    document = outcome(StaticMaker(engine=SPRINGS).make(oxide()))
    assert (document.task, document.status, document.n_steps) == ("static", "converged", 1)
    assert document.cell == oxide()
    assert document.energy == get_engine(EngineSpec.model_validate(SPRINGS)).evaluate(oxide()).energy_eV
    assert "fmax" not in document.settings
    assert document.run_dir is None, "this engine writes no files"


def test_a_cell_that_is_fixed_stays() -> None:
    document = outcome(RelaxMaker(engine=SPRINGS, cell=False, displacement=0.1).make(oxide()))
    assert (document.task, document.status) == ("relax-ions", "converged")
    assert np.array_equal(document.cell.lattice.matrix, oxide().lattice.matrix)


def test_a_cut_calculation_goes_on_in_its_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("hebe.makers.calculation.get_engine", lambda _: Reader())
    start = oxide()
    start.add_site_property("magmom", [2.0, 0.5])
    store = JobStore(MemoryStore())
    first, second = (outcome(StaticMaker().make(start), store) for _ in range(2))
    assert (first.status, second.status) == ("cut", "converged")
    assert first.error is not None
    assert first.run_dir == second.run_dir == str(run_folder("reader", first.key))
    assert first.run_dir == str(tmp_path / ".hebe" / "runs" / "reader" / first.key[:16])
    assert first.run_dir in first.error.message
    assert second.energy == 2.5, "the initial moments reached the engine"
    assert (first.cpu_s >= 3, second.cpu_s >= 5) == (True, True), "CPU time of other processes and attempts counts"


@pytest.mark.parametrize("wrong", ["energy", "stress", "moments", "energy corrections"])
def test_a_result_that_is_no_finite_number_is_a_failure(monkeypatch: pytest.MonkeyPatch, wrong: str) -> None:
    def broken(_self: object, structure: Structure, *, folder: Path | None = None) -> Relaxation:  # noqa: ARG001
        evaluation = Evaluation(-1.0, np.zeros((2, 3)), np.zeros((3, 3)), np.zeros(2))
        result = static_result(structure, evaluation)
        values = {
            "energy": {"energy_eV": float("nan")},
            "stress": {"stress": np.full((3, 3), np.inf)},
            "moments": {"magmoms": np.array([0.0, np.nan])},
            "energy corrections": {"energy_corrections": {"U": float("-inf")}},
        }
        return replace(result, **values[wrong])  # type: ignore[arg-type]

    monkeypatch.setattr(ASEEngine, "static", broken)
    document = outcome(StaticMaker(engine=SPRINGS).make(oxide()), JobStore(MemoryStore(wrong)))
    assert document.status == "failed"
    assert document.error is not None
    assert f"not a finite number: {wrong}" in document.error.message
    assert not document.usable

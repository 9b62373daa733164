"""Jobs that share a device: the results of each as if it were alone, whatever becomes of the others."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.config.settings import get_settings
from hebe.exceptions import HebeWarning
from hebe.launchers import local
from hebe.launchers.devices import might_have_cuda
from hebe.launchers.shared_pool import LANE, SharedPool, Sharing, is_batched
from hebe.launchers.worker_pool import WorkerPool
from hebe.makers import DynamicsMaker, RelaxMaker
from hebe.science.structures.configuration import displaced
from hebe.stores import open_store
from support import launcher_jobs as jobs
from support.batched_springs import KILLS, NO_ENERGY, installed, noted, oxide
from support.crystals import frames
from support.processes import kill_tree
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobflow import Job
    from jobflow.core.store import JobStore

    from hebe.launchers.summary import RunSummary

pytestmark = pytest.mark.filterwarnings("ignore:Some jobs are not connected:UserWarning:jobflow")

_LAUNCH = """
import sys
import tempfile
from pathlib import Path
from launchers.test_shared_pool import flow_of, launch
from hebe.stores import open_store
if __name__ == "__main__":
    root = Path(sys.argv[1])
    launch(flow_of(root, int(sys.argv[2])), open_store(root), root, batch=4)
"""


@pytest.fixture
def root(tmp_path: Path) -> Iterator[Path]:
    (tmp_path / ".hebe").mkdir()
    with installed(tmp_path / "site"):
        yield tmp_path


def relaxation(root: Path, number: int, *, element: str = "Mg", **block: Any) -> Job:
    engine = {"name": "batched-springs", "fmax": 1e-4, "passes": str(root / "passes"), **block}
    job: Job = RelaxMaker(engine=engine).make(oxide(number, element=element), label=f"{element} {number}")
    job.set_uuid(f"{element}-{number}")
    return job


def flow_of(root: Path, n_jobs: int) -> Flow:
    return Flow([relaxation(root, number) for number in range(n_jobs)], name="relaxations")


def launch(flow: Flow, store: JobStore, root: Path, *, batch: int, **more: Any) -> RunSummary:
    return local.run(flow, store=store, root=root, progress=False, workers=1, sharing=Sharing(batch), **more)


def documents(flow: Flow, store: JobStore) -> dict[str, dict[str, Any]]:
    return {job.uuid: store.get_output(job.uuid) for job, _ in flow.iterflow()}


def results(flow: Flow, store: JobStore) -> dict[str, Any]:
    """What must not depend on who computes it, nor with whom."""
    names = ("key", "status", "energy_eV", "n_steps", "structure", "stress_GPa", "minimum", "label", "job_id")
    return {uuid: {name: output[name] for name in names} for uuid, output in documents(flow, store).items()}


@pytest.mark.slow
def test_a_batch_gives_the_documents_of_its_members_one_by_one(root: Path, tmp_path_factory: Any) -> None:
    flow, store, events = flow_of(root, 4), open_store(root), list[tuple[str, str]]()
    summary = launch(flow, store, root, batch=3, on_event=lambda e: events.append((e["kind"], e["name"])))
    assert summary.status == "complete"
    assert summary.jobs["completed"] == summary.calculations["computed"] == 4
    assert sorted(kind for kind, _ in events) == 4 * ["completed"] + 4 * ["started"]
    assert max(map(len, noted(root / "passes"))) > 1, "no pass had several cells"
    assert sum(map(len, noted(root / "passes"))) == sum(one["n_steps"] for one in documents(flow, store).values())
    other = tmp_path_factory.mktemp("alone")
    (other / ".hebe").mkdir()
    alone, peer = flow_of(root, 4), open_store(other)
    local.run(alone, store=peer, root=other, progress=False)
    assert results(flow, store) == results(alone, peer)
    assert launch(flow_of(root, 4), store, root, batch=3).jobs["reused"] == 4
    assert not list((root / ".hebe").rglob("*.log")), "nothing was said, and no log is left"


@pytest.mark.slow
def test_runs_at_several_temperatures_go_side_by_side(root: Path, tmp_path_factory: Any) -> None:
    def run_at(temperature: float) -> Job:
        engine = {"name": "batched-springs", "passes": str(root / "passes")}
        task = {"steps": 60, "temperature": temperature, "thermostat": "bussi"}
        job: Job = DynamicsMaker(engine=engine, task=task).make(oxide(1))
        job.set_uuid(f"at-{temperature}")
        return job

    def runs() -> Flow:
        return Flow([run_at(temperature) for temperature in (300.0, 600.0, 900.0)], name="runs")

    store = open_store(root)
    names = ("key", "status", "n_steps", "temperature_K", "temperature_sd_K", "potential_eV")
    assert launch(runs(), store, root, batch=3).status == "complete"
    found = documents(runs(), store)
    assert max(map(len, noted(root / "passes"))) == 3, "no pass had a cell of each"
    other = tmp_path_factory.mktemp("alone")
    (other / ".hebe").mkdir()
    peer = open_store(other)
    local.run(runs(), store=peer, root=other, progress=False)
    alone = documents(runs(), peer)
    assert len({document["temperature_K"] for document in found.values()}) == 3
    for uuid, document in found.items():
        assert document["status"] == "converged"
        assert [document[name] for name in names] == [alone[uuid][name] for name in names]


@pytest.mark.slow
def test_members_fail_alone(root: Path) -> None:
    """One without an energy, one that is cut off by its limit, one that kills the process of the device.

    Jobs of no engine have workers of their own beside them.
    """
    good = [relaxation(root, number) for number in range(3)]
    bad = relaxation(root, 10, element=NO_ENERGY)
    endless = relaxation(root, 11, steps=2)
    killer = relaxation(root, 12, element=KILLS)
    others = [jobs.process() for _ in range(3)]
    flow, store = Flow([killer, bad, endless, *good, *others]), open_store(root)
    summary = launch(flow, store, root, batch=3)
    assert store.query_one({"uuid": killer.uuid}) is None, "nothing is known of a cell whose process died"
    assert "died 3 times" in str(summary.failures)
    found = {job.uuid: store.get_output(job.uuid) for job in flow.jobs if job is not killer}
    assert len({found.pop(job.uuid)["pid"] for job in others}) == 1, "as many at a time as there are workers"
    assert {uuid for uuid, one in found.items() if one["status"] == "converged"} == {job.uuid for job in good}
    assert found[endless.uuid]["status"] == "cut"
    assert found[endless.uuid]["n_steps"] == 2
    assert found[bad.uuid]["error"]["message"] == "batched-springs: there are no springs to this element"
    assert sorted(one["label"] for one in found.values() if one["status"] == "failed") == ["Xe 10"]
    (log,) = (root / ".hebe").rglob("device-0.log")
    assert log.read_text(encoding="utf-8").count("died (signal 9)") == 3
    again = launch(flow, store, root, batch=3)
    assert "died 3 times" in str(again.failures), "the next launch tries it again"


@pytest.mark.slow
def test_after_a_kill_in_the_middle_of_a_batch_nothing_finished_is_computed_again(root: Path) -> None:
    n_jobs, store, passes = 12, open_store(root), root / "passes"
    script = root / "launch.py"
    script.write_text(_LAUNCH, encoding="utf-8")
    path = os.pathsep.join(sys.path)
    process = subprocess.Popen(
        [sys.executable, str(script), str(root), str(n_jobs)], env={**os.environ, "PYTHONPATH": path}
    )
    until(lambda: store.count({"output.status": "converged"}) >= 3, "some members have ended", running=process)
    kill_tree(process)
    finished = {one["uuid"]: one["output"] for one in store.query({"output.status": "converged"})}
    assert len(finished) < n_jobs, "the launch was over before it was killed"
    passes.unlink()
    flow = flow_of(root, n_jobs)
    summary = launch(flow, store, root, batch=4)
    assert summary.status == "complete"
    assert summary.jobs["reused"] == summary.calculations["reused"] == len(finished)
    now = documents(flow, store)
    assert {uuid: now[uuid] for uuid in finished} == finished
    computed = sum(one["n_steps"] for uuid, one in now.items() if uuid not in finished)
    assert sum(map(len, noted(passes))) == computed


@pytest.mark.slow
def test_chgnet_in_batches_relaxes_to_the_energies_of_one_by_one(root: Path, tmp_path_factory: Any) -> None:
    """To 0.05 meV/atom, what one campaign may differ by between two machines: sums in float32 have another order."""
    cells = [displaced(cell, 0.05, name) for name, cell in frames().items() if 4 <= len(cell) <= 12]

    def flow() -> Flow:
        maker = RelaxMaker(engine={"name": "chgnet", "fmax": 0.01})
        made = [maker.make(cell, label=str(number)) for number, cell in enumerate(cells)]
        for number, job in enumerate(made):
            job.set_uuid(f"cell-{number}")
        return Flow([*made])

    other = tmp_path_factory.mktemp("alone")
    (other / ".hebe").mkdir()
    store, peer = open_store(root), open_store(other)
    launch(flow(), store, root, batch=4)
    local.run(flow(), store=peer, root=other, progress=False)
    together, alone = documents(flow(), store), documents(flow(), peer)
    assert len(cells) >= 8
    for uuid, one in alone.items():
        atoms = len(one["structure"]["sites"])
        assert together[uuid]["status"] == one["status"] == "converged"
        assert together[uuid]["key"] == one["key"]
        assert together[uuid]["energy_eV"] / atoms == pytest.approx(one["energy_eV"] / atoms, abs=5e-5)


def test_only_jobs_of_such_engines_share_a_device(root: Path) -> None:
    member, springs = relaxation(root, 1), {"ase": "support.spring_crystal:make", "energy_scale": "springs"}
    assert is_batched(member)
    assert is_batched(RelaxMaker(engine={"name": "chgnet"}).make(oxide(1)))
    assert not is_batched(RelaxMaker(engine=springs).make(oxide(1)))
    assert not is_batched(jobs.add(1, 2))


@pytest.mark.parametrize(
    ("settings", "worth"),
    [
        ("", False),
        ("batch: 1", False),
        ("batch: 8", True),
        ("batch: 8\ndevice: cpu", True),
        ("batch: 8\ndevice: cuda", True),
    ],
)
def test_processors_are_shared_where_that_is_said(root: Path, settings: str, worth: bool) -> None:  # noqa: FBT001
    (root / "hebe.yaml").write_text(settings, encoding="utf-8")
    sharing = Sharing.of(get_settings(root))
    if might_have_cuda():
        pytest.skip("there may be a CUDA device")
    assert sharing.is_worth_a_look == worth
    assert len(sharing.devices(3)) == (3 if worth and sharing.device != "cuda" else 0)


def test_a_device_whose_process_cannot_start_is_not_shared(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: Any) -> WorkerPool:
        raise AssertionError("a pool was made for a device that has no process")

    temporary = root / "temporary"
    temporary.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(temporary))
    (root / "logs").write_text("a file where the folder of logs should be", encoding="utf-8")
    pool = SharedPool(WorkerPool(2, {}, root / "logs", {}), Sharing(4, device="cpu"), refuse)
    with pytest.warns(HebeWarning, match="cannot start"):
        assert pool.has_room(LANE)
    assert pool.size_of(LANE) == 2
    assert not list(temporary.iterdir())


def test_where_no_device_is_found_workers_are_all_alike(root: Path) -> None:
    if might_have_cuda():
        pytest.skip("there may be a CUDA device")

    def refuse(*_: Any) -> WorkerPool:
        raise AssertionError("a pool was made for a device that is not there")

    pool = SharedPool(WorkerPool(2, {}, root / "logs", {}), Sharing(), refuse)
    assert pool.has_room(LANE)
    assert pool.has_room("")
    assert pool.size_of(LANE) == pool.size_of("") == pool.size == 2

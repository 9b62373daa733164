"""Workers that start before there is a flow: they prepare themselves, are the ones that run it, and end with it."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.campaigns import api
from hebe.config.engines.chgnet import CHGNetBlock
from hebe.config.settings import STORE_FOLDER
from hebe.flows.campaign import campaign_members
from hebe.launchers.campaign_jobs import remember_jobs
from hebe.launchers.early import StartsEarly
from hebe.launchers.inline import InlineLauncher
from hebe.launchers.launcher import Project, Wishes
from hebe.launchers.local import LocalLauncher
from hebe.launchers.preparation import Preparation
from hebe.launchers.records import Records
from hebe.launchers.running import run_flow
from hebe.makers.ready import get_ready
from hebe.stores import open_store
from support import launcher_jobs as jobs
from support.campaigns import rocksalt
from support.processes import workers_of
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobflow import JobStore

    from hebe.config.campaign import Campaign

QUIET = Wishes(workers=2, progress=False)


@pytest.fixture
def store(tmp_path: Path) -> Iterator[JobStore]:
    opened = open_store(tmp_path)
    yield opened
    opened.close()


@pytest.fixture
def launcher(tmp_path: Path, store: JobStore) -> LocalLauncher:
    return LocalLauncher(Project(tmp_path, store), None)


def marking(folder: Path) -> Preparation:
    return Preparation("support.launcher_jobs:mark_process", (str(folder),))


def marks(folder: Path) -> set[int]:
    return {int(path.name) for path in folder.iterdir()}


def launches(root: Path) -> list[Path]:
    return list((root / STORE_FOLDER / "runs").glob("*"))


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    found = tmp_path / "marks"
    found.mkdir()
    return found


def test_the_one_that_has_prepared_itself_runs_the_flow(launcher: LocalLauncher, store: JobStore, folder: Path) -> None:
    with launcher.started(QUIET, 1, marking(folder)):
        until(lambda: marks(folder), "a worker that is ready before there is a job")
        job = jobs.process()
        assert run_flow(launcher, Flow([job]), QUIET).status == "complete"
    assert {store.get_output(job.uuid)["pid"]} == marks(folder)
    assert not workers_of(os.getpid())


def test_further_ones_start_as_they_are_needed(launcher: LocalLauncher, store: JobStore, folder: Path) -> None:
    flow = Flow([jobs.process(pause_s=0.5) for _ in range(4)])
    with launcher.started(QUIET, 1, marking(folder)):
        assert run_flow(launcher, flow, QUIET).status == "complete"
    assert len({store.get_output(job.uuid)["pid"] for job in flow.jobs}) == 2
    assert len(marks(folder)) == 1


def test_those_that_no_flow_takes_end(launcher: LocalLauncher, tmp_path: Path, folder: Path) -> None:
    with launcher.started(QUIET, 5, marking(folder)):
        assert len(workers_of(os.getpid())) == 2, "as many as run at a time"
    assert not workers_of(os.getpid())
    assert not launches(tmp_path), "nothing is left of a launch that was none"


def test_one_that_has_died_is_replaced(launcher: LocalLauncher, store: JobStore, folder: Path) -> None:
    with launcher.started(QUIET, 1, marking(folder)):
        until(lambda: marks(folder), "the worker")
        os.kill(first := marks(folder).pop(), 9)
        until(lambda: not workers_of(os.getpid()), "its end")
        job = jobs.process()
        assert run_flow(launcher, Flow([job]), QUIET).status == "complete"
    assert store.get_output(job.uuid)["pid"] != first


def test_a_preparation_that_fails_costs_nothing(launcher: LocalLauncher, store: JobStore) -> None:
    for function in ("no.such.module:x", "math:no_such_name"):
        Preparation(function)()
    job = jobs.process()
    with launcher.started(QUIET, 1, Preparation("math:sqrt", ("text",))):
        assert run_flow(launcher, Flow([job]), QUIET).status == "complete"
    assert store.get_output(job.uuid)["pid"] != os.getpid()


class _LookedAtError(Exception):
    """The graph was to be built."""


def test_a_campaign_has_them_before_its_graph(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[int] = []

    def look(_campaign: Campaign) -> Flow:
        seen.append(len(workers_of(os.getpid())))
        raise _LookedAtError

    monkeypatch.setattr(api, "campaign_flow", look)
    path = rocksalt(tmp_path)
    with pytest.raises(_LookedAtError):
        api.run(path, workers=2, progress=False)
    with pytest.raises(_LookedAtError):
        api.run(path, workers=1, progress=False, launcher="inline")
    with open_store(tmp_path) as opened:
        remember_jobs(Records.beside(opened.docs_store, tmp_path), Flow([jobs.process()], name="rs"))
    with pytest.raises(_LookedAtError):
        api.run(path, workers=2, progress=False)  # perhaps everything is finished
    assert seen == [2, 0, 0]
    assert not workers_of(os.getpid())


def test_only_launchers_with_workers_start_early(tmp_path: Path) -> None:
    assert isinstance(LocalLauncher(Project(tmp_path), None), StartsEarly)
    assert not isinstance(InlineLauncher(Project(tmp_path), None), StartsEarly)


@pytest.mark.parametrize(("batch", "names"), [("1", ["chgnet"]), ("8", [])])
def test_only_engines_that_a_worker_needs_soon_are_made(tmp_path: Path, batch: str, names: list[str]) -> None:
    """Not that of a later stage, nor one that the process of a device has."""
    chgnet, later = CHGNetBlock(), CHGNetBlock(fmax=0.01)
    campaign = api.load_campaign(rocksalt(tmp_path))
    stages = tuple(campaign.stages[0].model_copy(update={"engine": engine}) for engine in (chgnet, later))
    (tmp_path / "hebe.yaml").write_text(f"batch: {batch}\n", encoding="utf-8")
    found = api._first_engines(campaign.model_copy(update={"stages": stages}), tmp_path)
    assert [block["name"] for block in found] == names


def test_a_campaign_is_prepared_for_from_plain_data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What a worker would swallow is raised here."""
    told: list[Any] = []

    def started(*given: Any) -> None:
        told.append(given[-1])
        raise _LookedAtError

    monkeypatch.setattr(LocalLauncher, "started", started)
    campaign = api.load_campaign(rocksalt(tmp_path))
    with pytest.raises(_LookedAtError):
        api.run(campaign, progress=False)
    assert told[0].function == "hebe.makers.ready:get_ready"
    engines, spec, shells = told[0].arguments
    assert spec["candidate_id"] in {member.candidate_id for member in campaign_members(campaign)}
    assert (len(engines), shells) == (1, campaign.structures.shells)
    get_ready(engines, spec, shells)

"""Campaigns whose host is a CIF with partial occupancies, from the file to ranked results."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from monty.json import MontyEncoder

from hebe.campaigns.api import results, run
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_flow
from support.campaigns import SPRINGS, STIFF
from support.cif_hosts import O3, P2, write

if TYPE_CHECKING:
    from pathlib import Path

TWO_STAGES = f"""stages:
  - {{engine: {SPRINGS}, x: [1, 1/3], window: 1..1/3, analyses: [voltage, volume_strain]}}
  - {{engine: {STIFF}, keep: all}}
"""
PRISMS = f"stages: [{{engine: {SPRINGS}, x: [1, 2/3, 1/3], window: 1..1/3, analyses: [voltage]}}]\n"
HOST = "host: {file: my.cif, working_ion: Na}"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_two_stages_run_to_the_end_in_workers_that_never_see_the_file(project: Path) -> None:
    path = write(project, HOST, O3, stages=TWO_STAGES)
    assert run(path, workers=1, progress=False).status == "complete"
    (candidate,) = results(path).candidates
    assert candidate["status"] == "complete"
    assert candidate["average_voltage_V"] is not None
    assert [state["x"] for state in candidate["x_states"]] == pytest.approx([1, 1 / 3])
    verdicts = {state["topology"] for state in candidate["x_states"]}
    assert verdicts <= {"host", "glide", "delaminated", "collapsed", "migrated"}


def test_no_two_ions_stand_on_neighbouring_prisms(project: Path) -> None:
    """P2 as made at 2/3, filled to 1: every state has room, and the nearest ions are a whole lattice vector apart."""
    path = write(project, HOST, P2, stages=PRISMS)
    assert run(path, workers=1, progress=False).status == "complete"
    (candidate,) = results(path).candidates
    assert [state["x"] for state in candidate["x_states"]] == pytest.approx([1, 2 / 3, 1 / 3])


def test_jobs_are_those_of_the_crystal_and_not_of_the_path(tmp_path: Path) -> None:
    def uuids(folder: str, file: str, text: str) -> list[str]:
        (tmp_path / folder).mkdir()
        host = HOST.replace("my.cif", file)
        flow = campaign_flow(load_campaign(write(tmp_path / folder, host, text, file=file, stages=TWO_STAGES)))
        assert file not in json.dumps(flow.as_dict(), cls=MontyEncoder)
        return [job.uuid for job in flow.jobs if job.metadata["candidate"]]

    first = uuids("a", "my.cif", O3)
    assert uuids("b", "other.cif", "# a remark\n" + O3) == first
    assert not set(uuids("c", "my.cif", O3.replace("0.266", "0.262"))) & set(first)

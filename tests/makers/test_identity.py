"""What job ids hold, and that a job which finds its own result never replaces it by a reference to itself."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from jobflow import CURRENT_JOB, Job, JobStore, OutputReference, run_locally
from maggma.stores import MemoryStore
from pymatgen.core import Lattice, Structure

from hebe.makers import RelaxMaker
from hebe.makers.caching import reuse
from hebe.makers.identity import stable
from hebe.schemas.calculation import CalculationDoc

if TYPE_CHECKING:
    from collections.abc import Iterator

SPRINGS = {"ase": "support.spring_crystal:make", "energy_scale": "springs", "arguments": {"length": 2.25}}


def oxide() -> Structure:
    return Structure(Lattice.cubic(4.25), ["Mg", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))


def job(**fields: Any) -> Job:
    return stable(RelaxMaker(engine=SPRINGS, **fields).make(oxide()), campaign="c", label="l")


@pytest.fixture
def store() -> JobStore:
    made = JobStore(MemoryStore())
    made.connect()
    return made


@pytest.fixture
def no_job_left() -> Iterator[None]:
    yield
    CURRENT_JOB.reset()


def test_a_new_version_of_a_maker_gives_other_jobs(monkeypatch: pytest.MonkeyPatch) -> None:
    before = job().uuid
    assert job().uuid == before
    monkeypatch.setattr(RelaxMaker, "version", RelaxMaker.version + 1)
    assert job().uuid != before


def test_campaign_label_fields_and_inputs_are_in_the_id() -> None:
    maker, larger = RelaxMaker(engine=SPRINGS), oxide()
    larger.scale_lattice(larger.volume * 1.01)
    found = [
        stable(RelaxMaker(engine=SPRINGS).make(oxide()), campaign="c", label="l"),
        stable(maker.make(oxide()), campaign="d", label="l"),
        stable(maker.make(oxide()), campaign="c", label="m"),
        stable(maker.make(larger), campaign="c", label="l"),
        job(displacement=0.1),
    ]
    assert len({one.uuid for one in found}) == len(found)


def test_a_flow_that_runs_twice_on_one_store_keeps_its_result(store: JobStore) -> None:
    first = run_locally(job(), store=store, log=False)
    uuid = job().uuid
    energy = first[uuid][1].output.energy
    run_locally(job(), store=store, log=False)
    again = CalculationDoc.model_validate(store.get_output(uuid, load=True))
    assert (again.energy, again.reused_from) == (energy, None), "it is the original"
    other = stable(RelaxMaker(engine=SPRINGS).make(oxide()), campaign="another", label="l")
    run_locally(other, store=store, log=False)
    assert CalculationDoc.model_validate(store.get_output(other.uuid, load=True)).energy == energy


@pytest.mark.usefixtures("no_job_left")
def test_only_the_result_of_another_job_is_taken_as_a_reference(store: JobStore) -> None:
    document = CalculationDoc(key="k", engine="e", energy_scale="s", task="relax", status="converged", energy_eV=-1.0)
    mine, other = job(), stable(RelaxMaker(engine=SPRINGS).make(oxide()), campaign="another", label="l")
    stored = {"uuid": mine.uuid, "index": 1, "output": document.model_dump(mode="json"), "completed_at": "2026"}
    store.update(stored)
    CURRENT_JOB.store = store
    CURRENT_JOB.job = mine
    own = reuse("k", CalculationDoc)
    assert isinstance(own, CalculationDoc)
    assert (own.energy_eV, own.reused_from) == (-1.0, None)
    CURRENT_JOB.job = other
    assert reuse("k", CalculationDoc) == OutputReference(mine.uuid)
    assert reuse("another key", CalculationDoc) is None

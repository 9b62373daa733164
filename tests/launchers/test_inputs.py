"""What jobs read: the objects that jobflow would make, each job its own, and always those of the latest output."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow, Job, JobStore, Maker, OnMissing, OutputReference, job
from jobflow.core.reference import find_and_resolve_references
from maggma.stores import MemoryStore
from monty.json import jsanitize
from pymatgen.core import Lattice, Structure

from hebe.campaigns import api
from hebe.launchers.graph import references
from hebe.launchers.inline import run
from hebe.launchers.inputs import Inputs, own_copy
from hebe.schemas.calculation import CalculationDoc, StartRecord
from hebe.stores import open_store
from hebe.stores.content import content_of
from support.campaigns import layered

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.filterwarnings("ignore:Not all sites have property")

CELL = Structure(
    Lattice.cubic(4), ["Na", "Cl"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]], site_properties={"magmom": [1.0, None]}
)


def calculation() -> CalculationDoc:
    """A document with all kinds of fields."""
    start = StartRecord(key="s", status="converged", energy_eV=-1.0)
    more: dict[str, Any] = {"stress_GPa": [[0.0] * 3] * 3, "settings": {"a": {"b": [1, 2.5, None]}}, "starts": [start]}
    return CalculationDoc(
        key="k", engine="e", energy_scale="s", task="relax", status="converged", structure=CELL, energy_eV=-8.0, **more
    )


@job
def make_calculation() -> CalculationDoc:
    return calculation()


@job
def make_mapping() -> dict[str, Any]:
    return {"cell": CELL, "list": [CELL, {"n": 1}], "n": 3}


@job
def read(*values: Any, **named: Any) -> None:
    """Nothing: its arguments are looked at."""


@pytest.fixture
def store(tmp_path: Path) -> JobStore:
    return open_store(tmp_path)


def outputs(store: JobStore, tmp_path: Path, *jobs: Job) -> dict[str, str]:
    """Run jobs; content of the output of each."""
    assert run(Flow(list(jobs)), store=store, root=tmp_path, progress=False).status == "complete"
    return {one.uuid: content_of(store.get_output(one.uuid)) for one in jobs}


def inputs_of(store: JobStore) -> Inputs:
    return Inputs(lambda uuid: store.get_output(uuid, load=True))


def test_are_those_of_jobflow(store: JobStore, tmp_path: Path) -> None:
    first, second = make_calculation(), make_mapping()
    contents = outputs(store, tmp_path, first, second)
    arguments = [
        first.output,
        (second.output, [first.output.energy_eV, {"x": second.output["list"]}]),
        first.output.cell,
        calculation(),
        {1: second.output["n"], "tuple": (1, 2)},
    ]
    reader = read(*arguments, plain=(1, 2), named=second.output["cell"])
    expected = [
        find_and_resolve_references(part, store, cache={}) for part in (reader.function_args, reader.function_kwargs)
    ]
    found = inputs_of(store)
    for _ in range(2):  # once decoded, once kept
        again = read(*arguments, plain=(1, 2), named=second.output["cell"])
        assert found.put_into(again, contents)
        assert again.function_args == tuple(expected[0])
        assert again.function_kwargs == expected[1]
        assert [type(one) for one in again.function_args] == [type(one) for one in expected[0]]
        assert again.function_args[0].model_dump() == expected[0][0].model_dump()


def test_belong_to_each_job_alone(store: JobStore, tmp_path: Path) -> None:
    first = make_calculation()
    contents = outputs(store, tmp_path, first)
    found, reader = inputs_of(store), read(first.output)
    assert found.put_into(reader, contents)
    spoilt = reader.function_args[0]
    spoilt.settings["a"]["b"].append("more")
    spoilt.stress_GPa[0][0] = 9.0
    spoilt.starts[0].energy_eV = 7.0
    spoilt.cell.translate_sites([0], [0.2, 0.2, 0.2])
    spoilt.cell[1].properties["magmom"] = 3.0
    spoilt.energy_eV = 0.0
    other = read(first.output)
    assert found.put_into(other, contents)
    assert repr(jsanitize(other.function_args[0], strict=True)) == repr(jsanitize(calculation(), strict=True))


def test_are_those_of_the_latest_content(store: JobStore, tmp_path: Path) -> None:
    first = make_mapping()
    contents = outputs(store, tmp_path, first)
    found, reader = inputs_of(store), read(first.output["n"])
    assert found.put_into(reader, contents)
    assert reader.function_args == (3,)
    document = store.docs_store.query_one({"uuid": first.uuid})
    document["output"]["n"] = 4
    store.docs_store.update([document], key=["uuid", "index"])
    reader = read(first.output["n"])
    assert found.put_into(reader, {first.uuid: content_of(document["output"])})
    assert reader.function_args == (4,)


def test_output_of_another_content_than_was_told_is_used_and_not_kept(store: JobStore, tmp_path: Path) -> None:
    first = make_mapping()
    outputs(store, tmp_path, first)
    found, reader = inputs_of(store), read(first.output["n"])
    assert found.put_into(reader, {first.uuid: "of another"})
    assert reader.function_args == (3,)
    assert found.missing({first.uuid: "of another"}) == [first.uuid]


@pytest.mark.parametrize("on_missing", [OnMissing.ERROR, OnMissing.NONE, OnMissing.PASS])
def test_what_is_missing_is_left_to_jobflow(on_missing: OnMissing) -> None:
    store = JobStore(MemoryStore())
    store.connect()
    reference = OutputReference("nobody")
    reader = read([reference], 5)
    reader.config.on_missing_references = on_missing
    assert not inputs_of(store).put_into(reader, {"nobody": ""})
    assert reader.function_args == ([reference], 5)


def test_attribute_that_is_not_there_is_left_to_jobflow(store: JobStore, tmp_path: Path) -> None:
    first = make_mapping()
    contents = outputs(store, tmp_path, first)
    reader = read(first.output["no such"])
    assert not inputs_of(store).put_into(reader, contents)


def test_copies_are_equal_and_other_objects() -> None:
    original: dict[str, Any] = {"d": calculation(), "l": [CELL, 1, None], "s": {1, 2}}
    copy = own_copy(original)
    assert copy == original
    assert copy["d"] is not original["d"]
    assert copy["d"].cell is not original["d"].cell
    assert copy["s"] is not original["s"]


@dataclass
class Reader(Maker):
    """Reads, and says that it does nothing else if it is asked to."""

    name: str = "reader"
    only_reads: bool = False

    @job
    def make(self, *values: Any) -> None:
        """Nothing."""


@pytest.mark.parametrize("only_reads", ["only reads", ""])
def test_who_only_reads_shares_what_is_kept(only_reads: str, store: JobStore, tmp_path: Path) -> None:
    first = make_calculation()
    contents = outputs(store, tmp_path, first)
    found = inputs_of(store)
    readers = [Reader(only_reads=bool(only_reads)).make(first.output) for _ in range(2)]
    assert all(found.put_into(reader, contents) for reader in readers)
    one, other = (reader.function_args[0] for reader in readers)
    assert one == other == calculation()
    assert (one is other) is bool(only_reads)
    last = read(first.output)
    assert found.put_into(last, contents)
    assert last.function_args[0] is not one, "nobody else shares it"


def test_plain_documents_are_copied_as_json_would_make_them(store: JobStore) -> None:
    plain = StartRecord(key="s", status="converged", energy_eV=-1.0)
    held, also = read(plain, make_mapping().output), read(plain)
    found = inputs_of(store)
    assert found._walked(plain, {}, {}) == find_and_resolve_references(plain, store)
    assert found._walked(plain, {}, {}) is not plain
    assert references(held.function_args)
    assert not references(also.function_args)
    assert references(calculation().model_copy(update={"settings": {"a": [held.output]}})) == {held.uuid}


@pytest.mark.slow
def test_analyses_change_nothing_of_what_they_share(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is kept is still what was stored, after all analyses of a candidate have read it."""
    kept: list[Inputs] = []
    made = Inputs.__init__

    def remembered(self: Inputs, fetch: Any) -> None:
        kept.append(self)
        made(self, fetch)

    monkeypatch.setattr(Inputs, "__init__", remembered)
    path = layered(tmp_path)
    text = (
        path.read_text().replace("method: all", "method: random, n: 1").replace("per_candidate: 2", "per_candidate: 1")
    )
    path.write_text(text)
    assert api.run(path, launcher="inline", progress=False).status == "complete"
    found = {content: value for one in kept for content, (value, _) in one._kept.items()}
    assert len(found) > 20
    for content, value in found.items():
        assert content_of(jsanitize(value, strict=True, enum_values=True, allow_bson=True)) == content

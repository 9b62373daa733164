"""Collections for other tools: emmet's own model reads the electrodes, the numbers are those of the candidates."""

from __future__ import annotations

import logging
from contextlib import closing
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import JobStore
from maggma.stores import MemoryStore

from hebe.campaigns.api import project_store, results, run
from hebe.campaigns.builders import BUILDERS, BUILT_FROM, ElectrodeBuilder, build, identifier_of
from hebe.stores.builders import build_candidates
from hebe.stores.copying import copy, open_place
from hebe.stores.factory import open_collection
from support.campaigns import layered, rocksalt
from support.command import hebe
from support.mongo_stand_in import stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

emmet = pytest.importorskip("emmet.core.electrode", reason="needs the package emmet-core")
NAMES = ("electrodes", "mixing", "phases")


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project with electrodes and one with mixing."""
    folder = tmp_path_factory.mktemp("built")
    (folder / ".hebe").mkdir()
    good = layered(folder)
    good.write_text(good.read_text().replace("volume_strain, mixing]", "volume_strain]"))
    for path in (good, rocksalt(folder, "Mg: [2], Ni: [2]")):
        run(path, launcher="inline", progress=False, start=folder)
    return folder


def collections(store: JobStore) -> dict[str, list[dict[str, Any]]]:
    """Documents of the collections in a stable order, without what differs between stores and times."""
    found: dict[str, list[dict[str, Any]]] = {}
    for kind in BUILDERS:
        with closing(open_collection(store, kind.name, kind.key)) as target:
            rows = [
                {k: v for k, v in one.items() if k not in ("_id", "last_updated", "builder_meta")}
                for one in target.query()
            ]
        found[kind.name] = sorted(rows, key=lambda row: str(row[kind.key]))
    return found


@pytest.fixture(scope="module")
def built(project: Path) -> dict[str, list[dict[str, Any]]]:
    """What was built in it."""
    with closing(project_store(project)) as store:
        written = build(store, project)
        assert all(written[name] for name in NAMES)
        return collections(store)


def test_emmet_reads_the_electrodes_and_finds_our_voltages(
    project: Path, built: dict[str, list[dict[str, Any]]]
) -> None:
    candidates = {one.candidate_id: one for one in results(project / "o3.yaml")}
    assert len(built["electrodes"]) == len(candidates)
    for document in built["electrodes"]:
        read = emmet.InsertionElectrodeDoc.model_validate(document)
        one = candidates[document["candidate_id"]]
        voltage, strain = (one.results[name][one.lowest or 0] or {} for name in ("voltage", "volume_strain"))
        assert read.average_voltage == pytest.approx(voltage["average_voltage_V"], abs=1e-6)
        steps = [step["voltage_V"] for step in voltage["voltage_profile"]]
        assert [pair.average_voltage for pair in read.adj_pairs][::-1] == pytest.approx(steps, abs=1e-6)
        assert read.max_delta_volume == pytest.approx(strain["max_delta_volume"], rel=1e-9)
        assert read.capacity_grav == pytest.approx(voltage["capacity_window_mAh_g"], rel=1e-6)
        assert str(read.working_ion) == "Na"
        assert set(document["calculations"].values()) <= set(one.calculations.values())
        assert set(document["material_ids"]) == set(document["calculations"])


def test_mixing_and_phases_have_the_numbers_of_the_store(project: Path, built: dict[str, list[dict[str, Any]]]) -> None:
    (one,) = results(project / "rs.yaml")
    (mixing,) = [row for row in built["mixing"] if row["campaign"] == "rs"]
    assert mixing["same_host"]["dH_eV_per_site"] == (one.results["mixing"][0] or {})["same_host"]["dH_eV_per_site"]
    with closing(project_store(project)) as store:
        for phase in built["phases"]:
            found = store.query_one({"output.key": phase["key"], "output.status": "converged"})
            assert found is not None
            output = found["output"]
            n = len(output["structure"]["sites"])
            assert phase["energy_eV_per_atom"] == pytest.approx(output["energy_eV"] / n, rel=1e-12)
    names = {row["phase"] for row in built["phases"]}
    assert {"MgO", "NiO"} <= names
    assert all(row["sources"] for row in built["phases"] if row["phase"] == "MgO" and not row["of_host"])


def test_a_second_build_writes_nothing_and_a_change_is_built_alone(
    project: Path, built: dict[str, list[dict[str, Any]]]
) -> None:
    with closing(project_store(project)) as store:
        assert build(store, project) == {"candidates": 0, **dict.fromkeys(NAMES, 0)}
        found = store.docs_store.query_one({"output.candidate_id": built["electrodes"][0]["candidate_id"]})
        found["output"]["warnings"] = [*found["output"]["warnings"], "one more"]
        store.docs_store.update([found], key=["uuid", "index"])
        assert build(store, project) == {"candidates": 1, "electrodes": 1, "mixing": 0, "phases": 0}
        after = collections(store)
    for before, now in zip(built["electrodes"], after["electrodes"], strict=True):
        same = {name: value for name, value in before.items() if name != BUILT_FROM}
        assert same == {name: value for name, value in now.items() if name != BUILT_FROM}


def test_mongodb_has_the_same(project: Path, built: dict[str, list[dict[str, Any]]], tmp_path: Path) -> None:
    del built
    with (
        stand_in(tmp_path) as server,
        closing(project_store(project)) as here,
        closing(open_place(server.uri)) as there,
    ):
        copy(here, there)
        written = build(there, tmp_path)
        assert all(written[name] for name in NAMES), written
        assert build(there, tmp_path) == {"candidates": 0, **dict.fromkeys(NAMES, 0)}
        ours, theirs = collections(here), collections(there)
    for name in NAMES:
        assert [drop(row) for row in theirs[name]] == [drop(row) for row in ours[name]]


def test_a_store_without_contents_reads_the_candidates_of_one_campaign(monkeypatch: pytest.MonkeyPatch) -> None:
    store: Any = JobStore(MemoryStore(), {})
    store.connect()
    for campaign in ("this", "that"):
        output = {"candidate_id": "one", "entropy_R": 1.0, "calculations": {}, "campaign": campaign, "stage": 0}
        store.docs_store.update([{"uuid": campaign, "index": 1, "output": output}], key=["uuid", "index"])
    read: list[str] = []
    query = store.docs_store.query

    def listening(criteria: Any = None, properties: Any = None, **options: Any) -> Any:
        for found in query(criteria, properties, **options):
            read.extend([found["uuid"]] if properties is None else [])
            yield found

    monkeypatch.setattr(store.docs_store, "query", listening)
    target = MemoryStore("candidates")
    target.connect()
    assert build_candidates(store, target, "this") == 1
    assert read == ["this"]
    assert build_candidates(store, target) == 1
    assert sorted(read) == ["that", "this", "this"]


def drop(row: dict[str, Any]) -> dict[str, Any]:
    """A document without what it was built from: stores may differ in how they give a time back."""
    return {name: value for name, value in row.items() if name != BUILT_FROM}


@pytest.fixture
def logging_as_it_was() -> Iterator[None]:
    """Builders of maggma write the log of everything to standard output from the first one that runs on."""
    root = logging.getLogger()
    handlers, level = list(root.handlers), root.level
    yield
    root.handlers[:] = handlers
    root.setLevel(level)


@pytest.mark.usefixtures("logging_as_it_was")
def test_a_damaged_candidate_costs_itself_alone(project: Path, built: dict[str, list[dict[str, Any]]]) -> None:
    with closing(project_store(project)) as store:
        candidates = open_collection(store, "candidates again", "candidate_id")
        target = open_collection(store, "electrodes again", "id")
        build_candidates(store, candidates, "o3")
        first = candidates.query_one({})
        candidates.update([{**first, "candidate_id": "damaged", "values": "none"}], key="candidate_id")
        builder: Any = ElectrodeBuilder(store.docs_store, candidates, target, "o3")
        builder.run()
        again = open_collection(store, "electrodes again", "id")
        assert again.count() == len(built["electrodes"]), "maggma runs it, too"


def test_the_command_says_what_was_written(
    project: Path,
    built: dict[str, list[dict[str, Any]]],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.chdir(project)
    assert hebe(capsys, "store", "build", "--json").json.keys() == {"candidates", *NAMES}
    assert "0 electrodes" in hebe(capsys, "store", "build", "--campaign", "o3").out
    assert built["mixing"][0]["id"] == identifier_of(built["mixing"][0])

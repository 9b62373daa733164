"""Summaries: what is read of them is what whole documents say, and they are made anew for what has changed."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pytest

from hebe.campaigns import ranked, summaries
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.ranked import RankedDocuments
from hebe.campaigns.results import Results, results_of
from hebe.campaigns.summaries import Keeping, Summaries
from hebe.cli.export import table_rows
from hebe.exceptions import BadInputError, HebeWarning, StoreError
from hebe.flows.campaign import campaign_members
from hebe.report.files import csv_text, frame
from hebe.stores import open_store
from support.campaigns import rocksalt
from support.forming import formation
from support.report_results import ranked as six

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from jobflow import JobStore

    from hebe.config.campaign import Campaign

RANK: Final = "rank: {minimize: [mixing_temperature_same_host, mixing_temperature, energy_above_hull]}"


@pytest.fixture
def campaign(tmp_path: Path) -> Campaign:
    """Ten rock salts, ranked by two quantities with draws and one without."""
    path = rocksalt(tmp_path)
    path.write_text(path.read_text().replace("rank: {minimize: [mixing_temperature_same_host]}", RANK))
    return load_campaign(path)


def document(number: int, name: str) -> dict[str, Any]:
    """Document of a candidate with draws of its mixing temperatures; every third has one configuration alone."""
    one = six()[number % 5]
    plain = one.model_dump(mode="json", exclude={"rank", "rank_low", "rank_high", "tied"})
    plain |= {"candidate_id": name, "campaign": "rs", "status": "complete"}
    noise = np.random.default_rng(number)
    drawn = 300 + 40 * number + 30 * noise.standard_normal(600)
    plain["results"]["mixing"][0]["formation"] = formation(
        noise.standard_normal(600) * 0.01, drawn, T_mix_same_host_draws_K=None
    ).model_dump(mode="json")
    for quantity, value in plain["values"].items():
        if value["mean"] is not None:
            value["mean"] *= 1 + 0.01 * number
            value |= {"se": None, "n": 1 if number % 3 == 0 else 2}
            value["sd_configurations"] = None if number % 3 == 0 else 0.01 * abs(value["mean"]) * (len(quantity) % 3)
    return plain


def put(store: JobStore, number: int, name: str, **changes: Any) -> None:
    body = {"metadata": {"campaign": "rs", "candidate": name}, "output": document(number, name) | changes}
    store.docs_store.update([{"uuid": f"job-{name}", "index": 1, **body}], key=["uuid", "index"])


def ids(campaign: Campaign) -> list[str]:
    return sorted(spec.candidate_id for spec in campaign_members(campaign))


@pytest.fixture
def store(tmp_path: Path, campaign: Campaign, monkeypatch: pytest.MonkeyPatch) -> Iterator[JobStore]:
    """Store with the ten; as many draws are kept as they are ranked in, in blocks of four."""
    monkeypatch.setattr(summaries, "KEPT_DRAWS", 2000)
    monkeypatch.setattr(summaries, "_ROWS", 4)
    monkeypatch.setattr(summaries, "_FEW", 1)
    opened = open_store(tmp_path)
    for number, name in enumerate(ids(campaign)):
        put(opened, number, name)
    yield opened
    opened.close()


def both(store: JobStore, campaign: Campaign, root: Path) -> tuple[Results, Results]:
    """Results of whole documents, and of summaries."""
    whole = results_of(store, campaign, ids(campaign))
    quick = results_of(store, campaign, ids(campaign), root=root)
    assert isinstance(quick.ranked, RankedDocuments)
    assert not isinstance(whole.ranked, RankedDocuments)
    return whole, quick


def watched(monkeypatch: pytest.MonkeyPatch, module: Any, name: str) -> list[str]:
    """Ids of the candidates whose documents a function of a module is given from now on."""
    seen, real = list[str](), getattr(module, name)

    def watching(document: dict[str, Any], *more: Any) -> Any:
        seen.append(document["candidate_id"])
        return real(document, *more)

    monkeypatch.setattr(module, name, watching)
    return seen


def test_summaries_and_documents_give_the_same_numbers(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    whole, quick = both(store, campaign, tmp_path)
    assert len({c.rank for c in whole.ranked}) > 3
    assert any(c.tied for c in whole.ranked)
    assert any(v.se for c in whole.ranked for v in c.values.values())
    assert any(v.median is not None for c in whole.ranked for v in c.values.values())
    assert [c.model_dump() for c in quick.ranked] == [c.model_dump() for c in whole.ranked]
    assert quick.candidates == whole.candidates
    assert quick[2] == whole[2]
    assert quick[-3:] == whole[-3:]


@pytest.mark.parametrize(
    "text",
    [
        "mixing_temperature < 500 K",
        "rank <= 4 and max_volume_strain > 6.2 %",
        "'Mg' not in elements or average_voltage_V_sd > 0.03",
        "mixing_temperature_K_median > 450",
        "mixing_temperature_K_high > 500",
        "mixing.competing.T_mix_K < 700",
    ],
)
def test_both_choose_alike(text: str, store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    whole, quick = both(store, campaign, tmp_path)
    chosen = [c.candidate_id for c in whole.where(text).ranked]
    assert [c.candidate_id for c in quick.where(text).ranked] == chosen
    assert 0 < len(chosen) < len(whole)
    for key in ("mixing_temperature", "voltage", "formula", "mixing_temperature_K_low"):
        first, second = (results.where(text).sort(key, reverse=True) for results in both(store, campaign, tmp_path))
        assert [c.candidate_id for c in first] == [c.candidate_id for c in second]
    assert quick.where(text).head(1)[0] == whole.where(text)[0]


def test_a_table_has_the_cells_of_documents(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    whole, quick = both(store, campaign, tmp_path)
    assert whole.table() is None
    for first, second in ((whole, quick), (whole.where("rank < 9"), quick.where("rank < 9").sort("rank"))):
        columns, rows = second.table(), table_rows(first.candidates)
        assert columns is not None
        assert any(name.endswith("_se") for name in columns), "standard errors are known when candidates are ranked"
        assert any(name.endswith("_median") for name in columns)
        assert frame(columns).dtypes.to_dict() == frame(rows).dtypes.to_dict()
        assert csv_text(columns) == csv_text(rows)


def test_a_table_of_lost_cells_is_made_of_documents(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    _, quick = both(store, campaign, tmp_path)
    kept = Summaries(store)
    kept._blocks.remove_docs({"block": "cells 1"})
    kept.close()
    assert quick.table() is None


def test_intervals_need_documents_only_where_means_have_errors(
    store: JobStore, campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number, name in enumerate(ids(campaign)):
        plain = document(number, name)["values"]
        put(store, number, name, values={k: v | {"n": 1, "sd_configurations": None} for k, v in plain.items()})
    whole, quick = both(store, campaign, tmp_path)
    expected = csv_text(table_rows(whole.candidates))
    monkeypatch.setattr(ranked, "candidate_of", lambda *_: pytest.fail("no mean has a standard error"))
    columns = quick.table()
    assert columns is not None
    assert csv_text(columns) == expected


def test_a_list_reads_only_the_documents_that_it_shows(
    store: JobStore, campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(store, campaign, tmp_path)
    seen = watched(monkeypatch, ranked, "candidate_of")
    monkeypatch.setattr(summaries, "whole_of", lambda *_: pytest.fail("summaries are there"))
    quick = results_of(store, campaign, ids(campaign), root=tmp_path)
    shown = quick.where("rank < 9").sort("mixing_temperature").ranked[:2]
    assert seen == [one.candidate_id for one in shown]


def test_only_what_is_new_is_summarised(
    store: JobStore, campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    both(store, campaign, tmp_path)
    made = watched(monkeypatch, summaries, "whole_of")
    name = ids(campaign)[3]
    put(store, 8, name)
    whole, quick = both(store, campaign, tmp_path)
    assert set(made) == {name}
    assert quick.candidates == whole.candidates
    assert len(quick) == 10
    store.docs_store.remove_docs({"uuid": f"job-{name}"})
    whole, quick = both(store, campaign, tmp_path)
    assert name not in {c.candidate_id for c in quick}
    assert quick.candidates == whole.candidates


def test_blocks_stay_few_however_often_somebody_looks(
    campaign: Campaign, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(summaries, "_ROWS", 6)
    monkeypatch.setattr(summaries, "_FEW", 3)
    store = open_store(tmp_path)
    for number, name in enumerate(ids(campaign)):
        put(store, number, name)
        kept = Summaries(store)
        assert [row.candidate_id for row in kept.rows] == ids(campaign)[: number + 1]
        kept.close()
    kept = Summaries(store)
    assert kept._number == 3, "four, four and two"
    assert {key["rank"] for key in kept.columns().rows(["rank"]).values()} == {None}
    assert len(kept.columns().rows(["formula"])) == 10
    kept.close()
    store.close()


def test_blocks_that_are_damaged_are_made_again(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    whole, _ = both(store, campaign, tmp_path)
    kept = Summaries(store)
    kept._blocks.update({"block": "rows 0", "fields": [], "numbers": 3}, key="block")
    kept.close()
    assert both(store, campaign, tmp_path)[1].candidates == whole.candidates


def test_a_damaged_document_is_told_each_time(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    name = ids(campaign)[0]
    put(store, 0, name, x_made="much")
    for _ in range(2):
        with pytest.warns(HebeWarning, match=f"{name} is left out, its document in the store is damaged: x_made"):
            found = results_of(store, campaign, ids(campaign), root=tmp_path)
        assert len(found) == 9


def test_a_document_that_is_gone_meanwhile_is_said_to_be(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    _, quick = both(store, campaign, tmp_path)
    store.docs_store.remove_docs({"uuid": f"job-{quick[0].candidate_id}"})
    with pytest.raises(StoreError, match="have changed meanwhile"):
        quick.ranked[0]


def test_an_unknown_key_is_refused_without_a_document(store: JobStore, campaign: Campaign, tmp_path: Path) -> None:
    for results in both(store, campaign, tmp_path):
        with pytest.raises(BadInputError, match="no key 'volts'"):
            results.where("volts > 1")
        with pytest.raises(BadInputError, match="no key 'volts'"):
            results.sort("volts")


def test_a_store_that_knows_no_contents_keeps_none(campaign: Campaign) -> None:
    from jobflow import JobStore as Jobs
    from maggma.stores import MemoryStore

    memory = Jobs(MemoryStore(key="uuid"))
    memory.connect()
    put(memory, 1, ids(campaign)[0])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert len(results_of(memory, campaign, ids(campaign))) == 1
    kept = Summaries(memory)
    assert not kept.are_kept
    assert not kept.has_draws_for(kept.rows)


def test_documents_that_are_gone_meanwhile_make_no_block(store: JobStore, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(summaries, "_documents", lambda *_: iter(()))
    assert Summaries(store).rows == []


def test_a_document_of_which_no_summary_can_be_made_ends_no_launch(
    store: JobStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = []

    def refuse(_document: object, job: object) -> None:
        asked.append(job)
        raise ArithmeticError("of an analysis of another package")

    monkeypatch.setattr(summaries, "whole_of", refuse)
    monkeypatch.setattr(summaries, "_ROWS", 1)
    Keeping(store)({"kind": "completed", "name": "one/s0/candidate"})
    assert asked

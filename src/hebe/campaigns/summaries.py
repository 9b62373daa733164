"""What lists and rankings need of finished candidates, in blocks beside their documents in the store.

A summary is of one content of one output: what the store says of an output without reading it tells whether it is
current. It is made once, of a document that was validated; blocks that are lost, damaged or of another version are made
again. A store that does not know the contents of its outputs keeps none.
"""

from __future__ import annotations

import base64
from collections import Counter
from contextlib import suppress
from itertools import repeat
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson

import hebe
from hebe.analyses.registry import all_quantities, analysis_names, own_analyses
from hebe.campaigns.cells import Cells, packed_cells
from hebe.campaigns.contract import INTERVAL, SE_OF_MIXING
from hebe.campaigns.summary import FIELDS, NUMBERS, Summary, whole_of
from hebe.exceptions import StoreError
from hebe.flows.wiring import CANDIDATE_LABEL
from hebe.science.choosing.sample import draws_for
from hebe.science.keys import content_hash
from hebe.stores.builders import candidate_document
from hebe.stores.content import CONTENT
from hebe.stores.factory import open_collection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence

    from jobflow import JobStore
    from maggma.core.store import Store

    from hebe.campaigns.summary import Array, Job, Whole

KEPT_DRAWS: Final = 500
"""Draws that are kept of each quantity: as many as rank 1,000 candidates."""

_VERSION: Final = 2
_ROWS: Final = 256
_FEW: Final = 64
"""Rows up to which the last block is made again with what is new."""

_INDEX: Final = "index"
_LATE: Final = ("_se", *(f"_{end}" for end in INTERVAL))


class Summaries:
    """Summaries of all candidate documents of a store, in the order in which these were stored.

    Parameters
    ----------
    store
        Connected store of outputs.

    Attributes
    ----------
    rows
        The summaries.
    """

    def __init__(self, store: JobStore) -> None:
        self._outputs = store.docs_store
        self._blocks = open_collection(store, "summaries", "block")
        self._number = 0
        self._last: list[Job] = []
        found = self._outputs.query({"output.candidate_id": {"$exists": True}}, ["uuid", "index", CONTENT])
        jobs: list[Job] = [(str(one["uuid"]), int(one["index"]), str(one.get(CONTENT) or "")) for one in found]
        self.are_kept = all(content for _, _, content in jobs)
        known = self._known() if self.are_kept else {}
        missing = [job for job in jobs if job not in known]
        if len(known) > 2 * (len(jobs) - len(missing)):  # most are of outputs that are gone
            known, missing, self._number = {}, jobs, 0
        elif missing and 0 < len(self._last) <= _FEW:  # blocks stay few, however often somebody looks
            again = set(self._last)
            missing, self._number = [job for job in jobs if job not in known or job in again], self._number - 1
        known |= self._added(missing)
        self.rows = [row for job in jobs if (row := known.get(job)) is not None and row.candidate_id]

    def has_draws_for(self, rows: Sequence[Summary]) -> bool:
        """Whether as many draws are kept as the candidates of each stage are ranked in."""
        stages = Counter(row.stage for row in rows)
        return self.are_kept and bool(stages) and all(draws_for(n) <= KEPT_DRAWS for n in stages.values())

    def close(self) -> None:
        """Close the collection of the blocks."""
        self._blocks.close()

    def columns(self) -> Columns:
        """Documents by printed keys, without lists and what is known only when candidates are ranked."""
        return Columns(list(self._read("keys")))

    def cells(self) -> Cells:
        """Documents as rows of a table."""
        numbers = range(self._number)
        pairs = ([self._blocks.query_one({"block": f"{part} {one}"}) for part in ("keys", "cells")] for one in numbers)
        return Cells((keys, cells) for keys, cells in pairs if keys is not None and cells is not None)

    def draws(self, quantity: str) -> dict[Job, Array]:
        """First draws of a quantity of those candidates that have some."""
        found: dict[Job, Array] = {}
        for block in self._read("draws"):
            kept = block["quantities"].get(quantity)
            if kept is not None:
                table = np.frombuffer(base64.b64decode(kept["data"]), dtype=kept["dtype"]).astype(np.float64)
                ends = np.cumsum(kept["sizes"])
                parts = np.split(table, ends[:-1])
                found |= {job: part for job, part in zip(_jobs(block), parts, strict=True) if len(part)}
        return found

    def _read(self, part: str) -> Iterator[dict[str, Any]]:
        for number in range(self._number):
            block = self._blocks.query_one({"block": f"{part} {number}"})
            if block is not None:
                yield block

    def _known(self) -> dict[Job, Summary]:
        """Summaries that are kept, current or not."""
        with suppress(StoreError, KeyError, TypeError, ValueError):
            index = self._blocks.query_one({"block": _INDEX}) or {}
            if index.get("version") == _version():
                self._number = int(index["number"])
                blocks = [list(_summaries(block)) for block in self._read("rows")]
                self._last = [row.job for row in blocks[-1]] if blocks else []
                return {row.job: row for block in blocks for row in block}
        self._number = 0
        return {}

    def _added(self, jobs: Sequence[Job]) -> dict[Job, Summary]:
        """Make summaries of documents and keep them, where contents are known and that can be written."""
        found: dict[Job, Summary] = {}
        for start in range(0, len(jobs), _ROWS):
            made = list(self._made(jobs[start : start + _ROWS]))
            if not made:  # all of them are gone meanwhile
                continue
            blocks = _blocks(self._number, made)
            found |= {row.job: row for row in _summaries(blocks[0])}
            if not self.are_kept:
                continue
            with suppress(StoreError):
                index = {"block": _INDEX, "version": _version(), "number": self._number + 1}
                self._blocks.update([*blocks, index], key="block")
                self._number += 1
        return found

    def _made(self, jobs: Sequence[Job]) -> Iterator[Whole]:
        """Summaries of documents, which are read for it; without an id of what is no candidate."""
        for job, document in _documents(self._outputs, jobs):
            yield whole_of(candidate_document(document) or {}, job)


class Keeping:
    """Keeps summaries while a campaign runs, so that nobody waits for those of thousands of candidates at its end.

    Parameters
    ----------
    store
        Connected store of outputs.
    """

    def __init__(self, store: JobStore) -> None:
        self._store = store
        self._new = 0

    def __call__(self, event: Mapping[str, Any]) -> None:
        """Count candidates of a launch by its events, and keep the summaries of as many as a block has."""
        self._new += event["kind"] == "completed" and str(event["name"]).endswith(CANDIDATE_LABEL)
        if self._new >= _ROWS:
            self._new = 0
            with suppress(Exception):  # whatever is wrong with one document, who reads it says so; the launch goes on
                Summaries(self._store).close()


class Columns:
    """Documents of candidates by printed keys, of which only those are read that are asked for."""

    def __init__(self, blocks: Sequence[Mapping[str, Any]]) -> None:
        self._blocks = blocks
        self.keys = dict.fromkeys(key for block in blocks for key in block["columns"])

    def rows(self, keys: Collection[str]) -> dict[Job, dict[str, Any]]:
        """Values of some keys, by the job of the document."""
        found: dict[Job, dict[str, Any]] = {}
        for block in self._blocks:
            names = [key for key in keys if key in block["columns"]]
            columns = [orjson.loads(block["columns"][key]) for key in names]
            rows = zip(*columns, strict=True) if columns else repeat(())
            found |= {job: dict(zip(names, row, strict=True)) for job, row in zip(_jobs(block), rows, strict=False)}
        return found


def read_documents(store: JobStore, jobs: Sequence[Job]) -> dict[Job, dict[str, Any]]:
    """Documents of candidates by their jobs; those that are gone are left out."""
    found = ((job, candidate_document(document)) for job, document in _documents(store.docs_store, jobs))
    return {job: document for job, document in found if document is not None}


def _documents(outputs: Store, jobs: Sequence[Job]) -> Iterator[tuple[Job, dict[str, Any]]]:
    for start in range(0, len(jobs), _ROWS):
        wanted = {(job[0], job[1]): job for job in jobs[start : start + _ROWS]}
        for document in outputs.query({"uuid": {"$in": sorted({uuid for uuid, _ in wanted})}}):
            job = wanted.get((document["uuid"], document["index"]))
            if job is not None:
                yield job, document


def with_late(keys: Iterable[str]) -> list[str]:
    """Keys of summaries, and those that their quantities may have when candidates are ranked."""
    of_quantities = {quantity.key for quantity in all_quantities().values()}
    return [one for key in keys for one in (key, *(f"{key}{end}" for end in _LATE if key in of_quantities))]


def is_late(key: str) -> bool:
    """Whether a printed key has its value only when candidates are ranked: standard errors, ends of intervals."""
    return key.endswith(_LATE) or key in SE_OF_MIXING


def _version() -> str:
    """What else decides what a summary holds: analyses, their quantities, and this package."""
    quantities = sorted((name, one.key) for name, one in all_quantities(own_analyses()).items())
    return content_hash([_VERSION, hebe.__version__, analysis_names(), quantities])


def _blocks(number: int, made: Sequence[Whole]) -> list[dict[str, Any]]:
    """Documents of one block: columns of summaries, of printed keys (as texts, read when asked for), and of draws."""
    uuids, indexes, contents = (list(column) for column in zip(*(whole.job for whole in made), strict=True))
    jobs = {"uuid": uuids, "index": indexes, "content": contents}
    numbers = {}
    for kind in NUMBERS:
        names = dict.fromkeys(name for whole in made for name in whole.numbers.get(kind, ()))
        numbers[kind] = {name: [whole.numbers.get(kind, {}).get(name) for whole in made] for name in names}
    keys = dict.fromkeys(key for whole in made for key in whole.keys)
    columns = {key: _text([whole.keys.get(key) for whole in made]) for key in keys}
    drawn = dict.fromkeys(name for whole in made for name in whole.draws)
    quantities = {name: _packed([whole.draws.get(name) for whole in made]) for name in drawn}
    fields = {name: [whole.fields[name] for whole in made] for name in FIELDS}
    return [
        {"block": f"rows {number}", **jobs, "fields": fields, "numbers": numbers},
        {"block": f"keys {number}", **jobs, "columns": columns},
        {"block": f"draws {number}", **jobs, "quantities": quantities},
        {"block": f"cells {number}", **jobs, **packed_cells(made)},
    ]


def _text(column: Sequence[Any]) -> str:
    """Column as a text of JSON; a number that is not finite is null, as it is where documents are printed."""
    return orjson.dumps(column).decode()


def _jobs(block: Mapping[str, Any]) -> Iterator[Job]:
    return zip(block["uuid"], block["index"], block["content"], strict=True)


def _summaries(block: Mapping[str, Any]) -> Iterator[Summary]:
    numbers = {kind: block["numbers"][kind] for kind in NUMBERS}
    fields = (block["fields"][name] for name in FIELDS)
    for at, (job, name, campaign, stage, status, engine, damaged) in enumerate(zip(_jobs(block), *fields, strict=True)):
        yield Summary(job, name, campaign, stage, status, engine, damaged, numbers, at)


def _packed(drawn: Sequence[Array | None]) -> dict[str, Any]:
    """Draws one after the other as bytes, in the shortest numbers that hold them exactly."""
    parts = [np.empty(0) if one is None else one[:KEPT_DRAWS] for one in drawn]
    table = np.concatenate(parts)
    short = table.astype("<f4")
    exact = np.array_equal(short.astype(np.float64), table, equal_nan=True)
    data = short if exact else table.astype("<f8")
    return {
        "dtype": "<f4" if exact else "<f8",
        "sizes": [len(part) for part in parts],
        "data": base64.b64encode(data.tobytes()).decode(),
    }

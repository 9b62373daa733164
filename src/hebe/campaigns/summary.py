"""What a list or a ranking needs of one finished candidate, cut out of its document."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import orjson
from numpy.typing import NDArray
from pydantic import ValidationError

from hebe.analyses.before import candidate_of
from hebe.analyses.errors import divisor_of
from hebe.analyses.registry import analysis_names, get_analysis
from hebe.analyses.samples import draws_of, interval_of
from hebe.campaigns.contract import contract
from hebe.campaigns.keys import LISTS, in_columns, searchable
from hebe.config.reading.wording import dotted
from hebe.schemas.candidate import RankedCandidate
from hebe.science.choosing.ranking import Entrants

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.ranking import Objective

Array = NDArray[np.float64]
Job = tuple[str, int, str]
"""Uuid of the job that made a document, the index of the document, and its content."""


FIELDS: Final = ("candidate_id", "campaign", "stage", "status", "engine", "damaged")
"""Fields of a summary that are columns."""

NUMBERS: Final = ("mean", "sd", "n", "divisor")
"""Kinds of numbers: mean, standard deviation over configurations and their number, and what errors are divided by."""


@dataclass(frozen=True, slots=True)
class Summary:
    """A finished candidate as far as it is ranked by.

    Parameters
    ----------
    job
        Where its document comes from, and which content it has.
    candidate_id, campaign, stage, status, engine
        As in the document.
    damaged
        What is wrong with the document; nothing else is known then.
    numbers, at
        Columns of numbers by quantity (see `NUMBERS`), and its place in them.
    """

    job: Job
    candidate_id: str
    campaign: str
    stage: int
    status: str
    engine: str
    damaged: str | None
    numbers: Mapping[str, Mapping[str, Sequence[Any]]]
    at: int


class Part:
    """Some summaries as columns.

    Parameters
    ----------
    rows
        The summaries.
    """

    def __init__(self, rows: Sequence[Summary]) -> None:
        self.rows = rows
        self._runs: list[tuple[Mapping[str, Mapping[str, Sequence[Any]]], list[int]]] = []
        for row in rows:
            if not self._runs or self._runs[-1][0] is not row.numbers:
                self._runs.append((row.numbers, []))
            self._runs[-1][1].append(row.at)

    @property
    def names(self) -> list[str]:
        """Quantities of which there may be a spread."""
        return list(dict.fromkeys(name for numbers, _ in self._runs for name in numbers["sd"]))

    def column(self, kind: str, name: str) -> list[Any]:
        """Numbers of a quantity, None where there is none; see `NUMBERS`."""
        found: list[Any] = []
        for numbers, places in self._runs:
            values = numbers[kind].get(name)
            found += [None] * len(places) if values is None else [values[at] for at in places]
        return found

    def entrants(self, objectives: Sequence[Objective]) -> Entrants:
        """What is ranked of them."""
        means = [np.array(self.column("mean", one.name), dtype=np.float64) for one in objectives]
        costs = [-mean if one.maximize else mean for mean, one in zip(means, objectives, strict=True)]
        table = np.array(costs, dtype=np.float64).reshape(len(objectives), len(self.rows)).T
        return Entrants([row.candidate_id for row in self.rows], [row.status for row in self.rows], table)


@dataclass(frozen=True)
class Whole:
    """What is kept of one document.

    Parameters
    ----------
    job
        Where it comes from, and which content it has.
    fields
        Those of `FIELDS`; without an id it is no document of a candidate.
    numbers
        Numbers by kind (see `NUMBERS`) and quantity.
    keys
        The document by printed keys, without most lists and what is known only when candidates are ranked.
    draws
        Draws of the quantities that have some.
    order, cells
        Columns of a table of the document in their order, and the lists and mappings among them as JSON.
    intervals
        Intervals of the quantities that have draws, without the standard errors of their means.
    """

    job: Job
    fields: Mapping[str, Any] = field(default_factory=dict)
    numbers: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    keys: Mapping[str, Any] = field(default_factory=dict)
    draws: Mapping[str, Array] = field(default_factory=dict)
    order: Sequence[str] = ()
    cells: Mapping[str, str] = field(default_factory=dict)
    intervals: Mapping[str, Mapping[str, float]] = field(default_factory=dict)


def readable(document: Mapping[str, Any]) -> CandidateDoc:
    """Candidate of a stored document, which is validated with the results of its analyses.

    Raises
    ------
    pydantic.ValidationError
        If it is damaged.
    """
    candidate = candidate_of(document)
    for name in set(analysis_names()).intersection(candidate.results):
        get_analysis(name).of(candidate)
    return candidate


def damage(error: ValidationError) -> str:
    """What is wrong with a document, in a line."""
    first = error.errors(include_url=False, include_input=False)[0]
    return f"{dotted(first['loc'])}: {first['msg']}"


def whole_of(document: Mapping[str, Any], job: Job) -> Whole:
    """What is kept of the document of a candidate; of a damaged one, what is wrong with it."""
    stage = document.get("stage", 0)
    named: dict[str, Any] = {name: str(document.get(name, "")) for name in ("candidate_id", "campaign")}
    named |= {"stage": stage if isinstance(stage, int) else 0, "status": "", "engine": "", "damaged": None}
    if not document:
        return Whole(job, named)
    try:
        candidate = readable(document)
    except ValidationError as err:
        return Whole(job, {**named, "damaged": damage(err)})
    values = candidate.values
    numbers: dict[str, dict[str, Any]] = {
        "mean": {name: value.mean for name, value in values.items()},
        "sd": {name: value.sd_configurations for name, value in values.items()},
        "n": {name: value.n for name, value in values.items()},
        "divisor": {},
    }
    drawn, intervals = dict[str, Array](), dict[str, dict[str, float]]()
    for analysis in (get_analysis(one) for one in candidate.results if one in analysis_names()):
        results = analysis.of(candidate)
        for quantity in analysis.quantities:
            divisor, draws = divisor_of(analysis, quantity, candidate), draws_of(quantity, results)
            numbers["divisor"] |= {} if divisor is None else {quantity.name: divisor}
            drawn |= {} if draws is None else {quantity.name: draws}
            if draws is not None and quantity.name in values:
                intervals[quantity.name] = interval_of(draws, candidate.candidate_id, quantity)
    row = in_columns(contract(RankedCandidate(**dict(candidate))))
    nested = {key: value for key, value in row.items() if isinstance(value, (list, dict))}
    keys = {k: v for k, v in searchable(row).items() if k in LISTS or k not in nested}
    cells = {key: cell_text(value) for key, value in nested.items()}
    whole = {**named, "status": candidate.status, "engine": candidate.engine}
    return Whole(job, whole, numbers, keys, drawn, list(row), cells, intervals)


def cell_text(value: Any) -> str:
    """List or mapping as a cell of a table has it: JSON, in which a number that is not finite is null."""
    return json.dumps(orjson.loads(orjson.dumps(value, option=orjson.OPT_NON_STR_KEYS)))

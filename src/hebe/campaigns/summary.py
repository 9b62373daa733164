"""What a list or a ranking needs of one finished candidate, cut out of its document."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from pydantic import ValidationError

from hebe.analyses.before import candidate_of
from hebe.analyses.errors import divisor_of
from hebe.analyses.registry import analysis_names, get_analysis
from hebe.analyses.samples import draws_of
from hebe.campaigns.contract import contract
from hebe.campaigns.keys import LISTS, flat
from hebe.config.reading.wording import dotted
from hebe.schemas.candidate import RankedCandidate

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc

Array = NDArray[np.float64]
Job = tuple[str, int, str]
"""Uuid of the job that made a document, the index of the document, and its content."""


@dataclass(frozen=True)
class Summary:
    """A finished candidate as far as it is ranked by.

    Parameters
    ----------
    job
        Where its document comes from, and which content it has.
    candidate_id, campaign, stage, status, engine
        As in the document.
    values
        Mean, standard deviation over configurations and their number of each quantity, by name.
    divisors
        Number of the result by which the standard error of a derived quantity follows from that of another.
    damaged
        What is wrong with the document; nothing else is known then.
    """

    job: Job
    candidate_id: str
    campaign: str = ""
    stage: int = 0
    status: str = ""
    engine: str = ""
    values: Mapping[str, tuple[float | None, float | None, int]] = field(default_factory=dict)
    divisors: Mapping[str, float] = field(default_factory=dict)
    damaged: str | None = None

    def mean(self, name: str) -> float | None:
        """Value of a quantity, None if there is none."""
        value = self.values.get(name)
        return None if value is None else value[0]

    def spread(self, name: str) -> tuple[float | None, int]:
        """Standard deviation of a quantity over configurations, None without one, and their number."""
        value = self.values.get(name)
        return (None, 0) if value is None else (value[1], value[2])


@dataclass(frozen=True)
class Whole:
    """A summary with what is kept beside it: the document by printed keys, and draws of quantities that have them."""

    summary: Summary
    keys: Mapping[str, Any]
    draws: Mapping[str, Array]


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


def summary_of(document: Mapping[str, Any], job: Job) -> Whole:
    """Summary of the document of a candidate; damaged ones say so, and what is no document of one has no id."""
    name, campaign = str(document.get("candidate_id", "")), str(document.get("campaign", ""))
    if not document:
        return Whole(Summary(job, ""), {}, {})
    try:
        candidate = readable(document)
    except ValidationError as err:
        stage = document.get("stage")
        known = Summary(job, name, campaign, stage if isinstance(stage, int) else 0, damaged=damage(err))
        return Whole(known, {}, {})
    values = {name: (v.mean, v.sd_configurations, v.n) for name, v in candidate.values.items()}
    divisors, drawn = dict[str, float](), dict[str, Array]()
    for analysis in (get_analysis(one) for one in candidate.results if one in analysis_names()):
        results = analysis.of(candidate)
        for quantity in analysis.quantities:
            divisor, draws = divisor_of(analysis, quantity, candidate), draws_of(quantity, results)
            divisors |= {} if divisor is None else {quantity.name: divisor}
            drawn |= {} if draws is None else {quantity.name: draws}
    keys = flat({k: v for k, v in contract(RankedCandidate(**dict(candidate))).items() if k != "results"})
    summary = Summary(job, name, campaign, candidate.stage, candidate.status, candidate.engine, values, divisors)
    return Whole(summary, {k: v for k, v in keys.items() if k in LISTS or not isinstance(v, list)}, drawn)

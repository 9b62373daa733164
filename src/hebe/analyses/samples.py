"""Samples of quantities: the errors of the engine that candidates share, and what each mean has of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from hebe.analyses.registry import get_analysis, source_of
from hebe.schemas.draws import quantiles_of
from hebe.science.choosing.sample import DRAWS, HIGH, LOW, Known, sample_table

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import CandidateDoc, RankedCandidate
    from hebe.schemas.result import ResultDoc, Value
    from hebe.science.choosing.sample import Array


def samples_of(candidates: Sequence[CandidateDoc], name: str, most: int = DRAWS) -> Array:
    """Draws of a quantity of candidates whose values have their standard errors, shape ``(candidates, draws)``.

    A quantity whose analysis gives no draws has its standard error alone: the documented error of an engine on it says
    how far single values are off, not how much of that all candidates share, and would make any order a coin toss.
    """
    source = source_of(name)
    if source is None:
        return samples_from([Known(c.candidate_id, c.mean(name)) for c in candidates], name, most)
    analysis = get_analysis(source)
    (quantity,) = (one for one in analysis.quantities if one.name == name)
    known = [_known(c, quantity, [] if quantity.draws is None else analysis.of(c)) for c in candidates]
    return samples_from(known, name, most)


def samples_from(known: Sequence[Known], name: str, most: int = DRAWS) -> Array:
    """Draws of a quantity from what is known of it, shape ``(candidates, draws)``."""
    source = source_of(name)
    quantities = () if source is None else get_analysis(source).quantities
    errors_of = next((_errors_of(one) for one in quantities if one.name == name), name)
    return sample_table(known, errors_of, most)


def with_intervals(candidates: Sequence[RankedCandidate]) -> list[RankedCandidate]:
    """Candidates whose values that have draws have their median and interval."""
    return [
        candidate.model_copy(update={"values": {**candidate.values, **_drawn(candidate)}}) for candidate in candidates
    ]


def _drawn(candidate: CandidateDoc) -> dict[str, Value]:
    """Values of a candidate that have draws, with their intervals."""
    found = {}
    for analysis in map(get_analysis, candidate.results):
        having = [q for q in analysis.quantities if q.draws is not None and q.name in candidate.values]
        results = analysis.of(candidate) if having else []
        for quantity in having:
            known = _known(candidate, quantity, results)
            if known.draws is not None:
                interval = interval_of(known.draws, candidate.candidate_id, quantity, known.se)
                found[quantity.name] = candidate.values[quantity.name].model_copy(update=interval)
    return found


def interval_of(draws: Array, candidate_id: str, quantity: Quantity[Any], se: float | None = None) -> dict[str, float]:
    """Values below which 16, 50 and 84 % of the draws of a quantity of a candidate lie, its standard error added."""
    (row,) = sample_table([Known(candidate_id, None, draws, se)], _errors_of(quantity))
    low, median, high = quantiles_of(row, (LOW, 0.5, HIGH))
    return {"low": low, "median": median, "high": high}


def _known(candidate: CandidateDoc, quantity: Quantity[Any], results: Sequence[ResultDoc | None]) -> Known:
    value = candidate.values.get(quantity.name)
    se = None if value is None else value.se
    return Known(candidate.candidate_id, candidate.mean(quantity.name), draws_of(quantity, results), se)


def draws_of(quantity: Quantity[Any], results: Sequence[ResultDoc | None]) -> Array | None:
    """Mean over the results of a candidate of the draws that they have."""
    if quantity.draws is None:
        return None
    drawn = [quantity.draws(result) for result in results if result is not None]
    known = [draws.values for draws in drawn if draws is not None]
    number = min(map(len, known), default=0)
    return np.mean([values[:number] for values in known], axis=0) if number else None


def _errors_of(quantity: Quantity[Any]) -> str:
    """Quantity from whose spread over configurations the standard error of another comes."""
    return quantity.name if quantity.derived is None else quantity.derived.of

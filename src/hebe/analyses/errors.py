"""Standard errors of the means of candidates that were computed alike, pooled where there are few configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.analyses.registry import get_analysis
from hebe.science.errors.spread import pooled_sd, standard_error

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.protocol import AnyAnalysis
    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import CandidateDoc, RankedCandidate


def with_errors(candidates: Sequence[RankedCandidate]) -> list[RankedCandidate]:
    """Candidates of one stage with the standard errors of their values.

    They come from the spread over configurations, pooled over the candidates where there are few; where the error of a
    quantity derives from that of another one, it is that divided by a number of the result.
    """
    errors, result = _standard_errors(candidates), []
    for i, candidate in enumerate(candidates):
        values = {
            name: value.model_copy(update={"se": errors[name][i] if name in errors else None})
            for name, value in candidate.values.items()
        }
        result.append(candidate.model_copy(update={"values": values}))
    return result


def _standard_errors(candidates: Sequence[CandidateDoc]) -> dict[str, list[float | None]]:
    made = [get_analysis(name) for name in dict.fromkeys(name for c in candidates for name in c.results)]
    found: dict[str, list[float | None]] = {}
    quantities = [(analysis, quantity) for analysis in made for quantity in analysis.quantities]
    for _, quantity in quantities:
        if quantity.derived is None:
            found[quantity.name] = _of_means(candidates, quantity.name)
    for analysis, quantity in quantities:
        if quantity.derived is not None:
            basis = found[quantity.derived.of]
            found[quantity.name] = [
                _derived(analysis, quantity, c, se) for c, se in zip(candidates, basis, strict=True)
            ]
    return found


def _of_means(candidates: Sequence[CandidateDoc], name: str) -> list[float | None]:
    spreads = [(None, 0) if (v := c.values.get(name)) is None else (v.sd_configurations, v.n) for c in candidates]
    pooled = pooled_sd(spreads)
    return [standard_error(sd, n, pooled) for sd, n in spreads]


def _derived(analysis: AnyAnalysis, quantity: Quantity[Any], candidate: CandidateDoc, se: float | None) -> float | None:
    result = analysis.best(candidate)
    if quantity.derived is None or result is None or se is None or candidate.mean(quantity.name) is None:
        return None
    divisor = quantity.derived.divisor(result)
    return None if not divisor else se / divisor

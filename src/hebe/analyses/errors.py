"""Standard errors of the means of candidates that were computed alike, pooled where there are few configurations."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

from hebe.analyses.registry import get_analysis, source_of
from hebe.science.errors.spread import pooled_sd, standard_error

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.analyses.protocol import AnyAnalysis
    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import CandidateDoc, RankedCandidate

    Pooled = Mapping[str, float | None]


class HasNumbers(Protocol):
    """Candidates as columns of what standard errors follow from."""

    def column(self, kind: str, name: str) -> Sequence[Any]:
        """Numbers of a quantity, None where there is none: ``mean``, ``sd`` over ``n`` configurations, ``divisor``."""


def with_errors(candidates: Sequence[RankedCandidate], pooled: Pooled | None = None) -> list[RankedCandidate]:
    """Candidates of one stage with the standard errors of their values.

    They come from the spread over configurations, pooled over the candidates where there are few; where the error of a
    quantity derives from that of another one, it is that divided by a number of the result.

    Parameters
    ----------
    pooled
        Standard deviations pooled over all that were computed alike, where the candidates are some of those.
    """
    errors, result = _standard_errors(candidates, pooled), []
    for i, candidate in enumerate(candidates):
        values = {
            name: value.model_copy(update={"se": errors[name][i] if name in errors else None})
            for name, value in candidate.values.items()
        }
        result.append(candidate.model_copy(update={"values": values}))
    return result


def pooled_spreads(candidates: HasNumbers, names: Sequence[str]) -> dict[str, float | None]:
    """Standard deviations of quantities over configurations, pooled over candidates."""
    return {name: pooled_sd(_spreads(candidates, name)) for name in names}


def _spreads(candidates: HasNumbers, name: str) -> Iterable[tuple[float | None, int]]:
    return zip(candidates.column("sd", name), (n or 0 for n in candidates.column("n", name)), strict=True)


def errors_from(candidates: HasNumbers, name: str, pooled: Pooled) -> list[float | None]:
    """Standard errors of one quantity, as `with_errors` gives them to whole candidates."""
    source = source_of(name)
    quantities = () if source is None else get_analysis(source).quantities
    derived = next((one.derived for one in quantities if one.name == name), None)
    basis = name if derived is None else derived.of
    errors = [standard_error(sd, n, pooled.get(basis)) for sd, n in _spreads(candidates, basis)]
    if derived is None:
        return errors
    means, divisors = (candidates.column(kind, name) for kind in ("mean", "divisor"))
    return [
        se / divisor if se is not None and mean is not None and divisor else None
        for se, mean, divisor in zip(errors, means, divisors, strict=True)
    ]


def _standard_errors(candidates: Sequence[CandidateDoc], pooled: Pooled | None) -> dict[str, list[float | None]]:
    made = [get_analysis(name) for name in dict.fromkeys(name for c in candidates for name in c.results)]
    found: dict[str, list[float | None]] = {}
    quantities = [(analysis, quantity) for analysis in made for quantity in analysis.quantities]
    for _, quantity in quantities:
        if quantity.derived is None:
            found[quantity.name] = _of_means(candidates, quantity.name, pooled)
    for analysis, quantity in quantities:
        if quantity.derived is not None:
            basis = found[quantity.derived.of]
            found[quantity.name] = [
                _derived(analysis, quantity, c, se) for c, se in zip(candidates, basis, strict=True)
            ]
    return found


def _of_means(candidates: Sequence[CandidateDoc], name: str, pooled: Pooled | None) -> list[float | None]:
    spreads = [(None, 0) if (v := c.values.get(name)) is None else (v.sd_configurations, v.n) for c in candidates]
    over_all = pooled_sd(spreads) if pooled is None else pooled.get(name)
    return [standard_error(sd, n, over_all) for sd, n in spreads]


def _derived(analysis: AnyAnalysis, quantity: Quantity[Any], candidate: CandidateDoc, se: float | None) -> float | None:
    if se is None or candidate.mean(quantity.name) is None:
        return None
    divisor = divisor_of(analysis, quantity, candidate)
    return None if divisor is None else se / divisor


def divisor_of(analysis: AnyAnalysis, quantity: Quantity[Any], candidate: CandidateDoc) -> float | None:
    """Number by which the standard error of a derived quantity follows from that of another; None without one."""
    result = analysis.best(candidate)
    if quantity.derived is None or result is None:
        return None
    return quantity.derived.divisor(result) or None

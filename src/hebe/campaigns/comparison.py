"""Two campaigns side by side: what they say of the candidates that both have, and which ones only one of them has.

A difference is second minus first. Its uncertainty is that of both means over configurations, in quadrature; where the
energies are on two scales, the errors of both engines are in it too, and where one of them is not known, neither is the
uncertainty. On one scale the error of the engine is in both values alike and cancels.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from hebe.analyses.quantity import Quantity
from hebe.analyses.registry import all_quantities
from hebe.campaigns.results import Results
from hebe.schemas.candidate import RankedCandidate
from hebe.science.choosing.promotion import agree

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.schemas.result import Value


@dataclass(frozen=True)
class Difference:
    """What two campaigns say of one quantity of a candidate, in the unit of the quantity.

    Parameters
    ----------
    difference
        Second minus first.
    error
        Its standard error; None where nothing is known of a spread, or of the error of one of two engines.
    """

    quantity: Quantity[Any]
    first: float
    second: float
    difference: float
    error: float | None


@dataclass(frozen=True)
class Comparison:
    """Two campaigns side by side.

    Parameters
    ----------
    first, second
        Their results.
    both
        Candidates that both have, in the order of the first, with their differences.
    only_first, only_second
        Candidates of one alone.
    """

    first: Results
    second: Results
    both: list[tuple[RankedCandidate, RankedCandidate, list[Difference]]]
    only_first: list[RankedCandidate]
    only_second: list[RankedCandidate]

    @property
    def document(self) -> dict[str, Any]:
        """As ``hebe compare --json`` prints it."""
        quantities = {d.quantity.name: d.quantity.unit or "1" for _, _, found in self.both for d in found}
        parity = agree([one for one, _, _ in self.both], [other for _, other, _ in self.both], quantities)
        return {
            "campaigns": [self.first.campaign, self.second.campaign],
            "both": [_document(*each) for each in self.both],
            "only_first": [candidate.candidate_id for candidate in self.only_first],
            "only_second": [candidate.candidate_id for candidate in self.only_second],
            "quantities": [
                one.model_dump(mode="json", exclude={"schema_version", "pairs"}) for one in parity.quantities
            ],
        }


def compare(first: Results, second: Results) -> Comparison:
    """Match the candidates of two campaigns by their ids, which are those of their compositions and hosts."""
    own, other = ({candidate.candidate_id: candidate for candidate in results.ranked} for results in (first, second))
    both = [(one, other[name], differences(one, other[name])) for name, one in own.items() if name in other]
    only_first = [one for name, one in own.items() if name not in other]
    only_second = [one for name, one in other.items() if name not in own]
    return Comparison(first, second, both, only_first, only_second)


def differences(first: RankedCandidate, second: RankedCandidate) -> list[Difference]:
    """Differences of the quantities that both have and that depend on what was computed."""
    shared = [name for name in first.results if name in second.results]
    same_scale = bool(first.energy_scale) and first.energy_scale == second.energy_scale
    found = []
    for quantity in all_quantities(shared).values():
        one, other = first.values.get(quantity.name), second.values.get(quantity.name)
        if one is None or other is None or one.mean is None or other.mean is None or not quantity.compared:
            continue
        error = _error(one, other, same_scale=same_scale)
        found.append(Difference(quantity, one.mean, other.mean, other.mean - one.mean, error))
    return found


def _error(one: Value, other: Value, *, same_scale: bool) -> float | None:
    parts = [one.se, other.se] if same_scale else [one.se or 0.0, other.se or 0.0, one.error, other.error]
    known = [part for part in parts if part is not None]
    return math.hypot(*known) if len(known) == len(parts) else None


def _document(one: RankedCandidate, other: RankedCandidate, found: Sequence[Difference]) -> dict[str, Any]:
    quantities = {
        d.quantity.key: {"first": d.first, "second": d.second, "difference": d.difference, "error": d.error}
        for d in found
    }
    ranks = {"first_rank": one.rank, "second_rank": other.rank}
    return {"candidate_id": one.candidate_id, "formula": one.formula, **ranks, "quantities": quantities}

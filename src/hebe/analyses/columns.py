"""Which quantities a table of candidates shows, and its cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.analyses.printing import quantity_text, rank_range, rank_text
from hebe.analyses.registry import all_quantities, get_analysis

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import CandidateDoc, RankedCandidate


def columns_of(candidates: Iterable[CandidateDoc], ranked_by: Collection[str] = ()) -> list[Quantity[Any]]:
    """Quantities that were asked for or ranked by, those of the composition first, then by analysis.

    Parameters
    ----------
    candidates
        What is shown.
    ranked_by
        Names of the objectives of the campaign.
    """
    made = list(dict.fromkeys(name for candidate in candidates for name in candidate.results))
    own = {q.name for name in made for q in _asked_for(get_analysis(name).quantities)}
    return [q for q in all_quantities(made).values() if q.name in own or q.name in ranked_by]


def _asked_for(quantities: tuple[Quantity[Any], ...]) -> list[Quantity[Any]]:
    """Those with a column of their own; the main one where none says so."""
    return [quantity for quantity in quantities if quantity.shown.column] or list(quantities[:1])


def title_of(quantity: Quantity[Any]) -> str:
    """Title of a column with its unit in brackets."""
    return f"{quantity.title} ({quantity.shown.unit})" if quantity.shown.unit else quantity.title


def printed_row(candidate: RankedCandidate, columns: Iterable[Quantity[Any]]) -> dict[str, str]:
    """Cells of the row of a candidate as tables print them, by their titles."""
    names = {"candidate": candidate.candidate_id, "formula": candidate.formula}
    values = {title_of(quantity): quantity_text(quantity, candidate) for quantity in columns}
    ranks = {"rank": rank_text(candidate), "range": rank_range(candidate)}
    return {**ranks, **names, **values, "marks": ", ".join(candidate.marks), "status": candidate.status}

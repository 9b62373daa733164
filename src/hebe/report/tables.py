"""Tables of the page: the ranking, and what is known about each candidate."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.columns import columns_of
from hebe.analyses.composition import QUANTITIES
from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import get_analysis
from hebe.report.figures import MAX_CURVES
from hebe.report.markup import Markup, details, html, table, tag, unordered
from hebe.report.sections import card_of
from hebe.report.svg import marker, style_of
from hebe.report.values import (
    ENGINE_ERROR,
    condition_of,
    engine_error,
    error_remarks,
    has_ranges,
    number,
    quantity_text,
    rank_range,
    rank_text,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.schemas.candidate import RankedCandidate

_CAPACITIES: Final = tuple(quantity for quantity in QUANTITIES if quantity.of_working_ion)


def ranking_table(candidates: Sequence[RankedCandidate], ranked_by: Collection[str] = ()) -> Markup:
    """Ranking with uncertainties; warnings unfold below the formula."""
    columns = columns_of(candidates, ranked_by)
    ranges = has_ranges(candidates)
    head = [
        _titled("rank", ""),
        *([_titled("range", "")] if ranges else []),
        _titled("candidate", ""),
        *(_titled(_title(q, candidates), q.shown.unit, engine_error(candidates, q)) for q in columns),
        _titled("marks", ""),
        _titled("status", ""),
    ]
    rows = [_ranking_row(i, candidate, columns, ranges=ranges) for i, candidate in enumerate(candidates)]
    first = 3 if ranges else 2
    remarks = [*error_remarks(candidates, columns), *(quantity.note for quantity in columns if quantity.note)]
    ranking = tag("div", table(head, rows, range(first, first + len(columns)), class_="ranking"), class_="scroll")
    return Markup(ranking + "".join(tag("p", remark, class_="note") for remark in remarks))


def _title(quantity: Quantity[Any], candidates: Sequence[RankedCandidate]) -> str:
    """Title of a quantity with the condition under which it holds."""
    return " ".join(filter(None, (quantity.title, condition_of(quantity, candidates))))


def _titled(name: str, unit: str, error: str | None = None) -> Markup:
    """Head of a column; `error` is that of the engine."""
    words = html(name).replace("T_mix", "T<sub>mix</sub>")
    below = "" if error is None else f"<br>{tag('span', error, class_='sd', title=ENGINE_ERROR)}"
    return Markup(words + f"<br>/ {html(unit)}" * bool(unit) + below)


def _ranking_row(
    position: int, candidate: RankedCandidate, columns: Sequence[Quantity[Any]], *, ranges: bool
) -> list[object]:
    status = candidate.status
    return [
        _rank(position, candidate),
        *([rank_range(candidate)] if ranges else []),
        _name(candidate),
        *(quantity_cell(quantity, candidate) for quantity in columns),
        _marks(candidate),
        status if status == "complete" else tag("span", status, class_=status),
    ]


def quantity_cell(quantity: Quantity[Any], candidate: RankedCandidate) -> Markup:
    """Quantity of a candidate; why it has no value appears under the pointer."""
    text = quantity_text(quantity, candidate, bound="≥ ")
    value = quantity.of(candidate)
    if value is None or (value.mean is None and value.median is None):
        return tag("span", text, title="no value" if value is None else value.why_null or "no value")
    for sign in (" ± ", " ("):
        head, found, error = text.partition(sign)
        if found:
            return Markup(f"{html(head)} {tag('span', sign.lstrip() + error, class_='sd')}")
    return html(text)


def _marks(candidate: RankedCandidate) -> Markup:
    texts = mark_texts()
    found = [(name, texts[name]) for name in candidate.marks if name in texts]
    return Markup("".join(tag("abbr", mark.letter, title=f"{name}: {mark.meaning}") for name, mark in found))


def _rank(position: int, candidate: RankedCandidate) -> Markup:
    rank = rank_text(candidate)
    if position >= MAX_CURVES:
        return html(rank)
    mark = marker(7.0, 7.0, style_of(position)).replace('class="mark"', 'class="key"')
    return Markup(f'<svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{mark}</svg> {html(rank)}')


def _name(candidate: RankedCandidate) -> Markup:
    warnings = candidate.warnings
    count = f"{len(warnings)} warning{'s' if len(warnings) != 1 else ''}"
    folded = details(count, unordered(warnings), class_="warnings") if warnings else Markup()
    name = tag("span", formula(candidate.formula), class_="formula")
    return Markup(f"{name}<br>{tag('code', candidate.candidate_id)}{folded}")


def formula(text: str) -> Markup:
    """Chemical formula with its amounts as subscripts."""
    parts: list[str] = []
    amount = ""
    for letter in text + " ":
        if letter.isdigit() or letter == ".":
            amount += letter
            continue
        if amount:
            parts.append(tag("sub", amount))
            amount = ""
        parts.append("<wbr>" * letter.isupper() + html(letter))
    return Markup("".join(parts).strip())


def candidate_card(candidate: RankedCandidate) -> Markup:
    """States, decompositions and calculations of one candidate, folded."""
    return details(
        Markup(f"{html(_place(candidate))}{formula(candidate.formula)} {tag('code', candidate.candidate_id)}"),
        _composition(candidate),
        *(card_of(get_analysis(name), candidate) for name in candidate.results),
        details(
            f"{len(candidate.calculations)} calculations (content keys)",
            table(["label", "key"], [[label, tag("code", key)] for label, key in candidate.calculations.items()]),
        ),
        class_="card",
    )


def _place(candidate: RankedCandidate) -> str:
    return "not ranked: " if candidate.rank is None else f"{rank_text(candidate)}. "


def _composition(candidate: RankedCandidate) -> Markup:
    parts = [
        f"{sub}: " + ", ".join(f"{ion} {amount:.4g}" for ion, amount in amounts.items())
        for sub, amounts in candidate.composition.items()
    ]
    values = [f"{q.title} {number(candidate.mean(q.name), 1)} {q.shown.unit}" for q in _CAPACITIES]
    return tag("p", "; ".join(parts), " (per formula unit); ", ", ".join(values), ".")

"""Tables of the page: the ranking, and what is known about each candidate."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.columns import columns_of
from hebe.analyses.composition import QUANTITIES
from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import get_analysis
from hebe.report.composition import fractions_of
from hebe.report.figures import MAX_CURVES
from hebe.report.formulas import formula, indexed
from hebe.report.markup import Markup, details, html, table, tag, unordered
from hebe.report.sections import card_of
from hebe.report.svg import marker, style_of
from hebe.report.values import (
    DASH,
    ENGINE_ERROR,
    NEVER,
    condition_of,
    engine_error,
    error_remarks,
    factor,
    has_ranges,
    number,
    percent,
    quantity_text,
    rank_range,
    rank_text,
)

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.report.data import Page
    from hebe.schemas.candidate import RankedCandidate

_CAPACITIES: Final = tuple(quantity for quantity in QUANTITIES if quantity.of_working_ion)


def ranking_table(page: Page) -> Markup:
    """Ranking with uncertainties; warnings of those that are shown in detail unfold below the formula.

    Every cell of a number holds it as ``data-v`` too, and every row its elements, so that the page sorts and filters.
    """
    candidates = page.candidates
    columns = columns_of(candidates, page.ranked_by)
    ranges = has_ranges(candidates)
    front = bool(page.objectives)
    head = [
        _titled("rank", ""),
        *([_titled("range", "")] if ranges else []),
        *([_titled("on front", "%")] if front else []),
        _titled("candidate", ""),
        *(_titled(_title(q, candidates), q.shown.unit, engine_error(candidates, q)) for q in columns),
        _titled("marks", ""),
        _titled("status", ""),
    ]
    shown = {candidate.candidate_id for candidate in page.detailed}
    rows = (
        _ranking_row(i, one, columns, page, ranges=ranges, detailed=one.candidate_id in shown)
        for i, one in enumerate(candidates)
    )
    body = Markup(f"<tbody>{''.join(rows)}</tbody>")
    first = 1 + ranges + front
    right = range(first + 1, first + 1 + len(columns))
    heads = (tag("th", cell, **({"class_": "n"} if at in right else {})) for at, cell in enumerate(head))
    ranking = tag("table", tag("thead", tag("tr", *heads)), body, class_="ranking")
    remarks = [*error_remarks(candidates, columns), *(quantity.note for quantity in columns if quantity.note)]
    remarks += [_ON_FRONT] if front else []
    return Markup(tag("div", ranking, class_="scroll") + "".join(tag("p", one, class_="note") for one in remarks))


_ON_FRONT: Final = (
    "on front: share of the draws of the errors in which no other one is better in one objective and worse in none."
)


def _title(quantity: Quantity[Any], candidates: Sequence[RankedCandidate]) -> str:
    """Title of a quantity with the condition under which it holds."""
    return " ".join(filter(None, (quantity.title, condition_of(quantity, candidates))))


def _titled(name: str, unit: str, error: str | None = None) -> Markup:
    """Head of a column; `error` is that of the engine."""
    words = indexed(name)
    below = "" if error is None else f"<br>{tag('span', error, class_='sd', title=ENGINE_ERROR)}"
    return Markup(words + f"<br>/ {html(unit)}" * bool(unit) + below)


def _ranking_row(
    position: int,
    candidate: RankedCandidate,
    columns: Sequence[Quantity[Any]],
    page: Page,
    *,
    ranges: bool,
    detailed: bool,
) -> Markup:
    status, share = candidate.status, page.front_shares.get(candidate.candidate_id)
    cells = [
        _cell(_rank(position, candidate), candidate.rank),
        *([_cell(rank_range(candidate), candidate.rank_low)] if ranges else []),
        *([_cell(DASH if share is None else percent(share), share)] if page.objectives else []),
        _cell(_name(candidate, detailed=detailed)),
        *(_cell(quantity_cell(q, candidate), _sorted_by(q, candidate), number=True) for q in columns),
        _cell(_marks(candidate, explained=detailed)),
        _cell(status if status == "complete" else tag("span", status, class_=status)),
    ]
    elements = " ".join(sorted({element for _, element in fractions_of(candidate)}))
    return tag("tr", *cells, data_id=candidate.candidate_id, data_el=elements)


def _cell(content: object, value: float | None = None, *, number: bool = False) -> Markup:
    look = {"class_": "n"} if number else {}
    return tag("td", content, **look, **({} if value is None else {"data_v": f"{value:.7g}"}))


def _sorted_by(quantity: Quantity[Any], candidate: RankedCandidate) -> float | None:
    """Number by which a column is sorted, that which is printed: infinite where a phase never forms."""
    value = quantity.of(candidate)
    if value is None:
        return None
    found = value.median if value.median is not None else value.mean if value.signed is None else value.signed
    if found is None:
        return math.inf if value.why_null == NEVER else None
    return found * factor(quantity)


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


def _marks(candidate: RankedCandidate, *, explained: bool) -> Markup:
    texts = mark_texts()
    found = [(name, texts[name]) for name in candidate.marks if name in texts]
    if not explained:
        return html("".join(mark.letter for _, mark in found))
    return Markup("".join(tag("abbr", mark.letter, title=f"{name}: {mark.meaning}") for name, mark in found))


def _rank(position: int, candidate: RankedCandidate) -> Markup:
    rank = rank_text(candidate)
    if position >= MAX_CURVES:
        return html(rank)
    mark = marker(7.0, 7.0, style_of(position)).replace('class="mark"', 'class="key"')
    return Markup(f'<svg viewBox="0 0 14 14" width="14" height="14" aria-hidden="true">{mark}</svg> {html(rank)}')


def _name(candidate: RankedCandidate, *, detailed: bool) -> Markup:
    warnings = candidate.warnings
    count = f"{len(warnings)} warning{'s' if len(warnings) != 1 else ''}"
    folded = Markup()
    if warnings:
        folded = details(count, unordered(warnings), class_="warnings") if detailed else tag("span", count, class_="sd")
    name = tag("span", formula(candidate.formula), class_="formula")
    return Markup(f"{name}{identity(candidate.candidate_id)} {folded}")


def identity(candidate_id: str) -> Markup:
    """Id of a candidate; its last four digits, by which figures name it, stand out."""
    return tag("code", candidate_id[:-4], tag("b", candidate_id[-4:]))


def candidate_card(candidate: RankedCandidate) -> Markup:
    """States, decompositions and calculations of one candidate, folded."""
    return details(
        Markup(f"{html(_place(candidate))}{formula(candidate.formula)} {identity(candidate.candidate_id)}"),
        _composition(candidate),
        *(card_of(get_analysis(name), candidate) for name in candidate.results),
        details(
            f"{len(candidate.calculations)} calculations (content keys)",
            table(["label", "key"], [[label, tag("code", key)] for label, key in candidate.calculations.items()]),
        ),
        class_="card",
        data_id=candidate.candidate_id,
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

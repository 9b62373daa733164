"""Chosen candidates side by side: their values, voltage profiles and structures."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.analyses.registry import all_quantities, get_analysis
from hebe.browse.frame import address, link, page
from hebe.browse.pages.candidate import has_value, row_of
from hebe.exceptions import BadInputError
from hebe.report.figures import MAX_CURVES
from hebe.report.formulas import formula
from hebe.report.markup import Markup, table, tag
from hebe.report.sections import figures_of
from hebe.report.tables import quantity_cell
from hebe.report.values import rank_text

if TYPE_CHECKING:
    from hebe.browse.guard import Request
    from hebe.browse.response import Response
    from hebe.browse.source import Source
    from hebe.browse.table import Row
    from hebe.schemas.candidate import RankedCandidate

_MOST: Final = MAX_CURVES


def compare(source: Source, request: Request) -> Response:
    """Page of several candidates."""
    names = request.every("row")
    shown = source.place.shown
    if len(names) < 2 or len(names) > _MOST:
        hint = f"Choose 2 to {_MOST} candidates in the table; {len(names)} are chosen."
        return page("Compare", tag("h1", "Compare"), tag("p", hint), here="/candidates", shown=shown)
    rows = [row_of(source, *_parts(name)) for name in names]
    found = [row for row in rows if row is not None]
    if len(found) < len(rows):
        note = tag("p", "The candidates are being read.", class_="lead", data_again="1500")
        return page("Compare", note, here="/candidates", shown=shown)
    content = [tag("h1", "Compare"), *_remark(found), _values(found), *_figures([row.candidate for row in found])]
    return page("Compare", *content, here="/candidates", shown=shown)


def _parts(name: str) -> tuple[str, str]:
    campaign, slash, identifier = name.rpartition("/")
    if not slash:
        raise BadInputError("a candidate is named by campaign and id")
    return campaign, identifier


def _remark(rows: list[Row]) -> list[Markup]:
    scales = sorted({f"{row.candidate.energy_scale}, stage {row.candidate.stage + 1}" for row in rows})
    if len(scales) < 2:
        return []
    reason = "; ".join(scales)
    return [tag("p", f"Numbers of different engines or stages are not comparable: {reason}.", class_="wrong")]


def _values(rows: list[Row]) -> Markup:
    """A line for each quantity, a column for each candidate."""
    several = len({row.campaign for row in rows}) > 1
    heads = [_head(row, several=several) for row in rows]
    asked = dict.fromkeys(name for row in rows for name in row.candidate.results)
    lines: list[list[object]] = [["rank", *(rank_text(row.candidate) for row in rows)]]
    lines.append(["status", *(row.candidate.status for row in rows)])
    for quantity in all_quantities(asked).values():
        if any(has_value(quantity, row.candidate) for row in rows):
            unit = f" / {quantity.shown.unit}" if quantity.shown.unit else ""
            lines.append([f"{quantity.title}{unit}", *(quantity_cell(quantity, row.candidate) for row in rows)])
    for element in sorted({ion for row in rows for ion in _amounts(row.candidate)}):
        amounts = [_amounts(row.candidate).get(element) for row in rows]
        lines.append([element, *("" if amount is None else f"{amount:.4g}" for amount in amounts)])
    return tag("div", table(["", *heads], lines, range(1, len(rows) + 1), class_="compared"), class_="scroll")


def _head(row: Row, *, several: bool) -> Markup:
    one = row.candidate
    place = address("/candidate", {"campaign": row.campaign, "id": one.candidate_id})
    campaign = f"<br>{tag('span', row.campaign, class_='note')}" if several else ""
    return Markup(f"{link(formula(one.formula), place)}<br>{tag('code', one.candidate_id)}{campaign}")


def _amounts(one: RankedCandidate) -> dict[str, float]:
    """Amount of each ion per formula unit, summed over the sublattices."""
    found: dict[str, float] = {}
    for ions in one.composition.values():
        for ion, amount in ions.items():
            found[ion] = found.get(ion, 0.0) + amount
    return found


def _figures(candidates: list[RankedCandidate]) -> list[Markup]:
    made = []
    for name in dict.fromkeys(name for one in candidates for name in one.results):
        for figure in figures_of(get_analysis(name)):
            drawn = figure.draw(candidates)
            if drawn is not None:
                made.append(tag("figure", tag("h3", figure.title), Markup(drawn), tag("figcaption", figure.caption)))
    return [tag("h2", "Figures"), tag("div", *made, class_="figures")] if made else []

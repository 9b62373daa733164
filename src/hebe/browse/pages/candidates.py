"""The table of candidates of one or several campaigns, filtered by an expression and by elements."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any, Final

from hebe.browse.elements import element_filter
from hebe.browse.frame import address, field, link, page, part
from hebe.browse.pages.loop import link_to
from hebe.browse.table import Wanted
from hebe.browse.words import several
from hebe.exceptions import BadInputError
from hebe.report.formulas import formula
from hebe.report.markup import Markup, details, tag, unordered
from hebe.report.tables import quantity_cell
from hebe.report.values import condition_of, engine_error, rank_range, rank_text

if TYPE_CHECKING:
    from hebe.analyses.quantity import Quantity
    from hebe.browse.guard import Request
    from hebe.browse.response import Response
    from hebe.browse.source import Source
    from hebe.browse.table import Row, Table
    from hebe.schemas.candidate import RankedCandidate

PAGE_ROWS: Final = 100
"""Rows on a page."""

_EXAMPLES: Final = "average_voltage > 2.8 and max_volume_strain < 0.03"


def candidates(source: Source, request: Request) -> Response:
    """Table page, or the part of it that a filter changes."""
    everything = source.campaigns()
    names = [name for name in request.every("campaign") if name in everything] or everything
    found = source.table(names) if names else None
    shown = source.place.shown
    if not names:
        return page("Candidates", tag("p", "There is no candidate in this store yet."), here="/candidates", shown=shown)
    if found is None:
        return _being_read(shown, request)
    asked = Asked(names, _wanted(request), _number(request.one("page")))
    results = _results(found, asked)
    if request.one("part"):
        return part(*results)
    form = tag("form", *_fields(asked, everything), method="get", action="/candidates", id="filter")
    body = tag("section", *results, id="results", aria_live="polite")
    return page("Candidates", tag("h1", "Candidates"), form, body, here="/candidates", shown=shown)


class Asked:
    """What a request asks of the table; `address` makes the one that asks for something else."""

    def __init__(self, campaigns: list[str], wanted: Wanted, number: int) -> None:
        self.campaigns, self.wanted, self.number = campaigns, wanted, number

    def address(self, wanted: Wanted | None = None, number: int = 0) -> str:
        """Address of the same table with another filter or page."""
        chosen = self.wanted if wanted is None else wanted
        return address("/candidates", {"campaign": self.campaigns, **_query(chosen), "page": number or ""})


def _query(wanted: Wanted) -> dict[str, Any]:
    return {
        "where": wanted.where,
        "with": list(wanted.having),
        "without": list(wanted.lacking),
        "sort": wanted.sort,
        "order": "down" if wanted.descending else "",
    }


def _wanted(request: Request) -> Wanted:
    having, lacking = request.every("with"), request.every("without")
    where, sort = request.one("where"), request.one("sort")
    return Wanted(where, tuple(having), tuple(lacking), sort, request.one("order") == "down")


def _number(text: str) -> int:
    return int(text) if text.isdecimal() and len(text) < 7 else 0


def _being_read(shown: str, request: Request) -> Response:
    """What stands there while thousands of candidates are read for the first time."""
    note = tag("p", "The candidates are being read; this page asks again.", class_="lead", data_again="1500")
    if request.one("part"):
        return part(note)
    return page("Candidates", tag("h1", "Candidates"), note, here="/candidates", shown=shown)


def _fields(asked: Asked, everything: list[str]) -> list[Markup]:
    wanted = asked.wanted
    boxes = [
        tag("label", field("checkbox", "campaign", name, **({"checked": ""} if name in asked.campaigns else {})), name)
        for name in everything
    ]
    hidden = [field("hidden", "with", one) for one in wanted.having]
    hidden += [field("hidden", "without", one) for one in wanted.lacking]
    hidden += [field("hidden", "sort", wanted.sort)] if wanted.sort else []
    hidden += [field("hidden", "order", "down")] if wanted.descending else []
    where = field(
        "search", "where", wanted.where, id="where", placeholder=_EXAMPLES, autocomplete="off", spellcheck="false"
    )
    campaigns = tag("fieldset", tag("legend", "Campaigns"), *boxes) if len(everything) > 1 else Markup()
    submit = tag("button", "Show", type="submit")
    return [campaigns, tag("label", "Where", for_="where"), where, *hidden, submit]


def _results(found: Table, asked: Asked) -> list[Markup]:
    try:
        rows = found.chosen(asked.wanted)
    except BadInputError as err:
        return [tag("p", err.message, class_="wrong", role="alert"), *_elements(found, asked)]
    count = f"{len(rows):,} of {several(len(found.rows), 'candidate')}"
    return [
        *_elements(found, asked),
        tag("p", tag("strong", count), id="count"),
        *_remarks(found),
        *map(link_to, found.holdings),
        _table(found, rows, asked),
        *_pages(rows, asked),
    ]


def _elements(found: Table, asked: Asked) -> list[Markup]:
    wanted = asked.wanted

    def turned(element: str) -> str:
        """Address in which an element is wanted, then unwanted, then neither."""
        having = tuple(one for one in wanted.having if one != element)
        lacking = tuple(one for one in wanted.lacking if one != element)
        if element in wanted.having:
            lacking = (*lacking, element)
        elif element not in wanted.lacking:
            having = (*having, element)
        return asked.address(replace(wanted, having=having, lacking=lacking))

    return [element_filter(found.elements, wanted.having, wanted.lacking, turned)]


def _remarks(found: Table) -> list[Markup]:
    remarks = [remark for one in found.holdings for remark in one.remarks]
    if not remarks:
        return []
    if len(remarks) == 1:
        return [tag("p", remarks[0], class_="wrong")]
    return [details(several(len(remarks), "remark"), unordered(remarks[:PAGE_ROWS]), class_="warnings")]


def _table(found: Table, rows: list[Row], asked: Asked) -> Markup:
    first = asked.number * PAGE_ROWS
    part_of = rows[first : first + PAGE_ROWS]
    several_campaigns = len(found.holdings) > 1
    heads = [tag("th", tag("span", "compare", class_="hidden")), *_fixed_heads(asked, several=several_campaigns)]
    heads += [_head(asked, quantity, found) for quantity in found.columns]
    heads += [_sorting(asked, "status", "status", "", scope="col")]
    whole = _whole(part_of)
    body = [
        tag("tr", *_cells(row, one, found, several=several_campaigns)) for row, one in zip(part_of, whole, strict=True)
    ]
    made = tag("table", tag("thead", tag("tr", *heads)), tag("tbody", *body), class_="ranking")
    button = tag("button", "Compare chosen", type="submit", id="compare")
    form = tag("form", tag("div", made, class_="scroll"), button, method="get", action="/compare", id="choice")
    return form if part_of else tag("p", "No candidate fits.")


def _fixed_heads(asked: Asked, *, several: bool) -> list[Markup]:
    made = [_sorting(asked, "rank", "rank", ""), tag("th", "range", class_="n")]
    made += [_sorting(asked, "campaign", "campaign", "")] if several else []
    return [*made, _sorting(asked, "formula", "candidate", "")]


def _head(asked: Asked, quantity: Quantity[Any], found: Table) -> Markup:
    shown = found.first
    error, condition = engine_error(shown, quantity), condition_of(quantity, shown)
    title = " ".join(filter(None, (quantity.title, condition)))
    unit = " ".join(filter(None, (quantity.shown.unit, error)))
    return _sorting(asked, quantity.key, title, unit, class_="n")


def _sorting(asked: Asked, key: str, title: str, unit: str, **attributes: str) -> Markup:
    """Head of a column that sorts by it; asked again, the other way round."""
    wanted = asked.wanted
    here = wanted.sort == key
    turned = asked.address(replace(wanted, sort=key, descending=here and not wanted.descending))
    state = {"aria_sort": "descending" if wanted.descending else "ascending"} if here else {}
    below = Markup(f"<br>{tag('span', unit, class_='sd')}") if unit else Markup()
    return tag("th", link(title, turned, class_="sort"), below, **state, **attributes)


def _whole(rows: list[Row]) -> list[RankedCandidate]:
    """Candidates of some rows, those of one campaign read together."""
    found: dict[str, RankedCandidate] = {}
    for holdings in {id(row.holdings): row.holdings for row in rows}.values():
        mine = [row for row in rows if row.holdings is holdings]
        found |= {row.name: one for row, one in zip(mine, holdings.some([row.position for row in mine]), strict=True)}
    return [found[row.name] for row in rows]


def _cells(row: Row, one: RankedCandidate, found: Table, *, several: bool) -> list[Markup]:
    place = address("/candidate", {"campaign": row.campaign, "id": one.candidate_id})
    label = f"compare {one.candidate_id}"
    name = Markup(f"{link(formula(one.formula), place, class_='formula')}<br>{tag('code', one.candidate_id)}")
    return [
        tag("td", field("checkbox", "row", row.name, aria_label=label)),
        tag("td", rank_text(one), class_="n"),
        tag("td", rank_range(one), class_="n"),
        *([tag("td", row.campaign)] if several else []),
        tag("td", name),
        *(tag("td", quantity_cell(quantity, one), class_="n") for quantity in found.columns),
        tag("td", one.status, class_=one.status),
    ]


def _pages(rows: list[Row], asked: Asked) -> list[Markup]:
    last = (len(rows) - 1) // PAGE_ROWS
    if last < 1:
        return []
    here = min(asked.number, last)
    links: list[object] = []
    if here > 0:
        links.append(link("previous", asked.address(number=here - 1), class_="turn", rel="prev"))
    links.append(tag("span", f"page {here + 1:,} of {last + 1:,}"))
    if here < last:
        links.append(link("next", asked.address(number=here + 1), class_="turn", rel="next"))
    return [tag("p", *links, class_="pages")]

"""The page of a campaign that learns: its loop round by round, as the report tells it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.browse.frame import address, link, page
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.report.data import Page
from hebe.report.markup import Markup, tag
from hebe.report.sections.rounds import SECTION

if TYPE_CHECKING:
    from hebe.browse.guard import Request
    from hebe.browse.holdings import Holdings
    from hebe.browse.response import Response
    from hebe.browse.source import Source


def loop(source: Source, request: Request) -> Response:
    """Page of a loop.

    Raises
    ------
    BadInputError
        If the store has no such campaign, or it does not learn.
    """
    name, shown = request.one("campaign"), source.place.shown
    found = source.table([name]) if name in source.campaigns() else None
    if found is None and name in source.campaigns():
        note = tag("p", "The candidates are being read.", class_="lead", data_again="1500")
        return page("Loop", note, here="/candidates", shown=shown)
    holdings = None if found is None else found.holdings[0]
    if holdings is None or holdings.loop is None or holdings.file is None:
        raise BadInputError("there is no campaign of that name that learns", suggestion="the overview lists campaigns")
    whole = Page(load_campaign(holdings.file), holdings.candidates, loop=holdings.loop, learned=holdings.learned)
    back = link("its candidates", address("/candidates", {"campaign": name}))
    content = [tag("h1", f"{name}: {SECTION.title.lower()}"), tag("p", back, class_="lead"), *SECTION.render(whole)]
    return page(f"{name}, round by round", *content, here="/candidates", shown=shown)


def link_to(holdings: Holdings) -> Markup:
    """Link to the loop of a campaign; empty where it has none."""
    if holdings.loop is None:
        return Markup()
    words = f"How {holdings.campaign} chose its candidates, round by round"
    return tag("p", link(words, address("/loop", {"campaign": holdings.campaign})))

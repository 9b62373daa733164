"""The ranking: every candidate with its values, their uncertainties, marks and status."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.report.formulas import indexed
from hebe.report.markup import Markup, tag
from hebe.report.sections.asked import objectives_text
from hebe.report.sections.section import Section
from hebe.report.tables import ranking_table

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page

_ORDER = "Sorted by non-dominated front, then by the sum of ranks per objective."


def _render(page: Page) -> Iterable[Markup]:
    text = f"Ranked by {objectives_text(page.campaign)}."
    yield tag("p", indexed(f"{text} {_ORDER}" if page.ranked_by else text), class_="note")
    yield ranking_table(page)


SECTION = Section(title="Ranking", render=_render)

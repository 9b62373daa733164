"""Every candidate that is shown in detail: composition, states, decompositions, calculations."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.report.markup import Markup, tag
from hebe.report.sections.section import Section
from hebe.report.tables import candidate_card

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page


def _render(page: Page) -> Iterable[Markup]:
    shown = page.detailed
    if len(shown) < len(page.candidates):
        words = f"The best {len(shown)} of {len(page.candidates):,}, with those on the front; hebe show has all."
        yield tag("p", words, class_="note")
    yield from (candidate_card(candidate) for candidate in shown)


SECTION = Section(title="Candidates in detail", render=_render)

"""What the numbers mean: conventions of entropy, voltage, hull, errors and ranks."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.report.conventions import conventions
from hebe.report.markup import Markup, definitions
from hebe.report.sections.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page


def _render(page: Page) -> Iterable[Markup]:
    yield definitions(conventions(page.campaign, page.detailed))


SECTION = Section(title="Conventions", render=_render)

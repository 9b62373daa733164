"""Relaxed structures that turn in the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.report.markup import Markup, tag
from hebe.report.scripts import data
from hebe.report.sections.section import Section
from hebe.report.values import rank_text

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page

_KEYS = "Drag or arrow keys turn, wheel or + and - zoom, p shows polyhedra or bonds, 0 puts it back."


def _render(page: Page) -> Iterable[Markup]:
    shown = [c for c in page.detailed if page.crystals.get(c.candidate_id)]
    if not shown:
        return
    listed = [
        {
            "id": candidate.candidate_id,
            "title": f"{rank_text(candidate)}  {candidate.formula}",
            "states": [{"name": name, "cell": cell} for name, cell in page.crystals[candidate.candidate_id].items()],
        }
        for candidate in shown
    ]
    yield data("hebe-crystals", listed)
    yield tag("p", "Turning needs scripts; hebe export writes these structures as CIF.", class_="no-script note")
    yield tag("div", id="hebe-crystal", class_="crystal")
    yield tag("p", f"Configuration of lowest energy of each candidate, relaxed. {_KEYS}", class_="note needs-script")


SECTION = Section(title="Structures", render=_render)

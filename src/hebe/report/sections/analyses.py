"""What each analysis found: its figures, and a table of all candidates where it has one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.registry import get_analysis
from hebe.report.figures import MAX_CURVES
from hebe.report.markup import Markup, tag
from hebe.report.sections import figures_of, table_of
from hebe.report.sections.section import Section, figure
from hebe.report.values import capital

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.analyses.protocol import AnyAnalysis
    from hebe.report.data import Page


def analyses_of(page: Page) -> list[AnyAnalysis]:
    """Analyses that candidates have results of, in the order in which they were asked for."""
    return [get_analysis(name) for name in dict.fromkeys(n for c in page.candidates for n in c.results)]


def _render(page: Page) -> Iterable[Markup]:
    some = "" if len(page.candidates) <= MAX_CURVES else f"; the best {MAX_CURVES} are drawn"
    anything = False
    for analysis in analyses_of(page):
        drawn = [(one, svg) for one in figures_of(analysis) if (svg := one.draw(page.detailed)) is not None]
        made = [figure(one.name, one.title, svg, f"{one.caption}{some}.") for one, svg in drawn]
        table = table_of(analysis, page.detailed)
        if made or table:
            anything = True
            yield tag("h3", capital(analysis.title), class_="part")
            yield tag("div", *made, class_="figures") if made else Markup()
            yield table
    if not anything:
        yield tag("p", "There is nothing to draw yet.", class_="note")


SECTION = Section(title="Properties", render=_render)

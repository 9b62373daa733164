"""Low-entropy controls: what the best candidates gain by each of their elements."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.report.controls import HEAD, NOTE, ControlTables, control_tables, headline
from hebe.report.formulas import formula
from hebe.report.markup import Markup, table, tag, unordered
from hebe.report.sections.section import Section
from hebe.schemas.controls import ControlsDoc
from hebe.science.chemistry.leave_one_out import RULES

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page


def _render(page: Page) -> Iterable[Markup]:
    used: dict[str, None] = {}
    for plain in page.controls:
        document = ControlsDoc.model_validate(plain)
        used |= dict.fromkeys(control.rule for control in document.controls if control.rule)
        yield tag("p", headline(plain))
        for tables in control_tables(document):
            yield from _of_candidate(tables)
    if used:
        words = f"{NOTE}. Rules by which a control is balanced, in the order in which they are tried:"
        yield tag("p", words, class_="note")
        yield unordered(f"{name}: {words}." for name, words in RULES.items() if name in used)


def _of_candidate(tables: ControlTables) -> Iterable[Markup]:
    yield tag("h3", formula(tables.formula))
    rows = [[element, formula(made), *rest] for element, made, *rest in tables.controls]
    yield tag("div", table(HEAD, rows, (3,)), class_="scroll")
    if tables.differences:
        columns = range(1, len(tables.head))
        yield tag("div", table(tables.head, tables.differences, columns), class_="scroll")
    if tables.over_content:
        head = [tables.head[0], "x", *tables.head[1:]]
        yield tag("div", table(head, tables.over_content, range(1, len(head))), class_="scroll")


SECTION = Section(title="Controls", render=_render)

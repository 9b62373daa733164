"""Failures and warnings: what did not work, and what to know before trusting a number."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Final

from hebe.analyses.marks import mark_texts
from hebe.report.markup import Markup, details, table, tag, unordered
from hebe.report.sections.section import Section

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page

_LISTED: Final = 60
_NAMED: Final = 6


def _render(page: Page) -> Iterable[Markup]:
    yield from _failures(page)
    yield from _marks(page)
    said: dict[str, list[str]] = defaultdict(list)
    for candidate in page.candidates:
        for warning in dict.fromkeys(candidate.warnings):
            said[warning].append(candidate.candidate_id)
    if said:
        most = sorted(said.items(), key=lambda pair: -len(pair[1]))
        rows = [[warning, len(ids), _names(ids)] for warning, ids in most[:_LISTED]]
        more = f" The {_LISTED} most frequent ones are listed." if len(most) > _LISTED else ""
        words = f"{len(said)} different warnings of {sum(map(bool, (c.warnings for c in page.candidates)))} candidates."
        body = tag("div", table(["warning", "candidates", "of"], rows, [1]), class_="scroll")
        yield details(words + more, body)


def _names(ids: list[str]) -> str:
    return ", ".join(ids[:_NAMED]) + (f" and {len(ids) - _NAMED} more" if len(ids) > _NAMED else "")


def _failures(page: Page) -> Iterable[Markup]:
    failed = [candidate for candidate in page.candidates if candidate.status == "failed"]
    if failed:
        reasons = [
            f"{c.formula}: {c.error.error_class}, {c.error.message}" if c.error else f"{c.formula}: no reason is known"
            for c in failed[:_LISTED]
        ]
        yield tag("p", f"{len(failed)} candidates failed:")
        yield unordered(reasons)
    if page.failures:
        rows = [[one["error_class"], one["message"], one["count"]] for one in page.failures[:_LISTED]]
        yield tag("p", "Failed jobs by reason; hebe rerun --failed has them run again.")
        yield tag("div", table(["error", "message", "jobs"], rows, [2]), class_="scroll")


def _marks(page: Page) -> Iterable[Markup]:
    texts = mark_texts()
    count = {name: sum(name in candidate.marks for candidate in page.candidates) for name in texts}
    rows = [[texts[name].letter, texts[name].meaning, number] for name, number in count.items() if number]
    if rows:
        yield tag("div", table(["mark", "meaning", "candidates"], rows, [2]), class_="scroll")


SECTION = Section(title="Failures and warnings", render=_render)

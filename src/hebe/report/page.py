"""The report: one HTML page with everything in it and no request to anywhere; it reads without scripts too."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Final

from hebe.report.markup import Markup, tag
from hebe.report.scripts import asset, policy, script
from hebe.report.sections.asked import lead

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page
    from hebe.report.sections.section import Section

SECTIONS: Final = (
    "asked",
    "funnel",
    "ranking",
    "pareto",
    "weights",
    "analyses",
    "elements",
    "effects",
    "controls",
    "spread",
    "rounds",
    "agreement",
    "calibration",
    "literature",
    "structures",
    "candidates",
    "problems",
    "meaning",
    "methods",
    "provenance",
)
"""Modules with a section each, in the order of the page."""

FIRST: Final = ("first.js",)
"""Scripts that run before anything is laid out: long tables are then cut until they are ready."""

SCRIPTS: Final = ("table.js", "viewer.js", "figures.js", "page.js")
"""Scripts that run when the page is there."""


def sections() -> dict[str, Section]:
    """Sections by the names of their modules."""
    return {name: import_module(f"hebe.report.sections.{name}").SECTION for name in SECTIONS}


def report_page(page: Page) -> str:
    """Text of the page."""
    shown = [(name, one.title, parts) for name, one in sections().items() if (parts := list(one.render(page)))]
    title = f"{page.campaign.name}: high-entropy candidates"
    head = tag(
        "head",
        Markup('<meta charset="utf-8">'),
        Markup('<meta name="viewport" content="width=device-width, initial-scale=1">'),
        policy(FIRST, SCRIPTS),
        tag("title", title),
        Markup(f"<style>{asset('page.css')}</style>"),
        script(*FIRST),
    )
    body = tag(
        "body",
        tag("header", tag("h1", page.campaign.name), lead(page), _contents(shown)),
        tag("main", *(tag("section", tag("h2", title), *parts, id=name) for name, title, parts in shown)),
        script(*SCRIPTS),
    )
    return f'<!DOCTYPE html>\n<html lang="en">{head}{body}</html>\n'


def _contents(shown: Iterable[tuple[str, str, list[Markup]]]) -> Markup:
    links = (tag("a", title, href=f"#{name}") for name, title, _ in shown)
    return tag("nav", *links, aria_label="sections")

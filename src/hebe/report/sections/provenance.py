"""Where the numbers come from: engines, energy scales, calculations, versions, the campaign itself."""

from __future__ import annotations

from typing import TYPE_CHECKING

import hebe
from hebe.flows.campaign import selection_key
from hebe.report.markup import Markup, definitions, tag
from hebe.report.sections.section import Section
from hebe.report.versions import package_versions

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page


def _render(page: Page) -> Iterable[Markup]:
    pairs = sorted({(c.engine, c.energy_scale) for c in page.candidates if c.engine})
    keys = {key for candidate in page.candidates for key in candidate.calculations.values()}
    facts = [
        ("Engines", "; ".join(f"{engine}, energy scale {scale}" for engine, scale in pairs) or "none"),
        ("Calculations", f"{len(keys):,} with content keys; hebe show KEY has each with its settings and its input"),
        ("Selection", selection_key(page.campaign)),
        *package_versions(page.campaign).items(),
    ]
    yield definitions(facts)
    yield tag("p", f"Written by hebe {hebe.__version__}" + (f", {page.written}" if page.written else ""), class_="note")


SECTION = Section(title="Provenance", render=_render)

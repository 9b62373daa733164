"""Numbers of the literature beside the computed ones, for candidates that articles report on."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.campaigns.contract import contract
from hebe.report.formulas import formula
from hebe.report.markup import Markup, html, table, tag
from hebe.report.sections.section import Section
from hebe.report.values import DASH
from hebe.science.literature.measured import materials_like
from hebe.science.literature.score import score_line
from hebe.science.literature.system import about, targets_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from hebe.report.data import Page
    from hebe.schemas.candidate import RankedCandidate
    from hebe.science.literature.system import System, Target


def reported(page: Page) -> list[tuple[RankedCandidate, System]]:
    """Candidates that are a material of the literature, with that material."""
    return [(c, system) for c in page.detailed for system in materials_like(c.formula, c.family)]


def _render(page: Page) -> Iterable[Markup]:
    found = reported(page)
    rows = [row for candidate, system in found for row in _rows(candidate, system)]
    if not found:
        return
    head = ["candidate", "material", "quantity", "printed", "condition", "computed", "verdict", "source"]
    yield tag("p", "What reviews of high-entropy battery materials print of these compositions.", class_="note")
    yield tag("div", table(head, rows, [3, 5]), class_="scroll")
    cited = {part.partition(":")[0] for _, system in found for target in targets_of(system) for part in target.source}
    cited |= {part.partition(":")[0] for _, system in found for part in system.sources}
    reviews = about().reviews
    listed = [f"{number}: {reviews[number]}" for number in sorted(cited) if number in reviews]
    yield tag("p", f"Sources are the number of a review and a line of its text. {'; '.join(listed)}.", class_="note")


def _rows(candidate: RankedCandidate, system: System) -> Iterable[Sequence[object]]:
    targets = targets_of(system)
    results = {system.system_id: contract(candidate)}
    for target in targets:
        yield [formula(candidate.formula), system.label, target.quantity, *_beside(target, results)]
    if not targets:
        nothing = [DASH, system.claims or DASH, DASH, "no number is printed", ", ".join(system.sources)]
        yield [formula(candidate.formula), system.label, DASH, *nothing]


def _beside(target: Target, results: dict[str, dict[str, object]]) -> list[object]:
    """Printed and computed value with the verdict; what only an experiment gives has no verdict."""
    printed = f"{target.value} {target.unit}".strip()
    if target.level == "X":
        return [printed, html(target.condition), DASH, "only an experiment gives it", ", ".join(target.source)]
    line = score_line(target, results)
    computed = DASH if line.computed is None else f"{line.computed:.3g} {target.unit}".strip()
    return [printed, html(target.condition), computed, line.verdict, ", ".join(target.source)]


SECTION = Section(title="Beside the literature", render=_render)

"""Weighted scores, where somebody chose weights: never by default."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hebe.analyses.registry import all_quantities
from hebe.analyses.samples import samples_of
from hebe.report.formulas import formula
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.section import Section
from hebe.report.values import number, percent
from hebe.science.choosing.sample import MIDDLE, draws_for
from hebe.science.choosing.weights import Score, weighted_scores

if TYPE_CHECKING:
    from collections.abc import Iterable

    from hebe.report.data import Page
    from hebe.schemas.candidate import RankedCandidate

_LISTED = 50


def scored(page: Page) -> list[tuple[RankedCandidate, Score]]:
    """Candidates of the latest stage with their scores, the highest first."""
    most = draws_for(len(page.latest))
    samples = {one.name: samples_of(page.latest, one.name, most) for one in page.objectives}
    found = weighted_scores(page.latest, page.objectives, page.weights, samples)
    pairs = [(c, score) for c, score in zip(page.latest, found, strict=True) if score is not None]
    return sorted(pairs, key=lambda pair: (-pair[1].value, pair[0].candidate_id))


def _render(page: Page) -> Iterable[Markup]:
    if not page.weights:
        return
    known = all_quantities()
    listed = ", ".join(f"{known[name].title} {weight:g}" for name, weight in page.weights.items())
    words = (
        f"Weights chosen by whoever made this report: {listed}. Every objective counts 1 at the best and 0 at the "
        f"worst candidate of this campaign and linearly between; the interval holds the middle {MIDDLE} of the draws. "
        "Other weights, and other candidates beside them, give other scores."
    )
    yield tag("p", words, class_="note")
    rows = [
        [formula(c.formula), number(s.value, 2), f"{number(s.low, 2)} to {number(s.high, 2)}", percent(s.best)]
        for c, s in scored(page)[:_LISTED]
    ]
    yield tag("div", table(["candidate", "score", "interval", "best in % of draws"], rows, [1, 2, 3]), class_="scroll")


SECTION = Section(title="Weighted scores", render=_render)

"""Agreement between engines: who went on to the next stage, and how far its numbers are those of the one before."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.registry import all_quantities
from hebe.report.markup import Markup, html, table, tag
from hebe.report.parity import parity
from hebe.report.sections.section import Picture, Section, figure
from hebe.report.values import DASH, capital, number

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from hebe.report.data import Page
    from hebe.schemas.candidate import RankedCandidate

_FEWEST: Final = 2


def _render(page: Page) -> Iterable[Markup]:
    if len(page.campaign.stages) == 1:
        return
    words = "Candidates of a later stage are ranked before the others; numbers of two stages are not comparable."
    yield tag("p", words, class_="note")
    yield from map(_border, page.promotions)
    for document in page.agreement:
        yield from _agreement(document, page.candidates)


def _border(promotion: Mapping[str, Any]) -> Markup:
    rows = promotion["candidates"]
    promoted = [row for row in rows if row["promoted"]]
    number_ = promotion["stage"]
    last = "" if promotion["cut_off"] is None else f", down to rank {promotion['cut_off']}"
    text = (
        f"Stage {number_} to {number_ + 1} (keep: {promotion['keep']}): {len(promoted)} of {len(rows)} went on{last}."
    )
    if promotion.get("stopped"):
        text += f" Rounds: {max((row['round'] for row in rows), default=0)}; {promotion['stopped']}."
    behind = [f"{row['formula']} ({row['reason']})" for row in rows if row["rank"] is None]
    if behind:
        text += f" Without a rank: {', '.join(behind)}."
    return tag("p", text)


def _agreement(document: Mapping[str, Any], candidates: Sequence[RankedCandidate]) -> list[Markup]:
    number_ = document["stage"]
    before, after = f"stage {number_}", f"stage {number_ + 1}"
    head = ["quantity", "n", "mean difference", "mean absolute difference", "Spearman", "Kendall"]
    body = [_row(quantity) for quantity in document["quantities"]]
    known = all_quantities()
    drawn = [q for q in document["quantities"] if q["quantity"] in known and len(q["pairs"]) >= _FEWEST]
    figures = [
        figure(
            f"parity_{q['quantity']}",
            capital(known[q["quantity"]].title),
            parity(q, before, after, candidates),
            f"{len(q['pairs'])} candidates; dashed: both agree.",
        )
        for q in drawn
    ]
    title = tag("h3", f"Agreement: {after} ({document['after']}) minus {before} ({document['before']})")
    return [title, tag("div", table(head, body, range(1, 6)), class_="scroll"), tag("div", *figures, class_="figures")]


def _row(quantity: Mapping[str, Any]) -> list[object]:
    unit = "" if quantity["unit"] == "1" else f" {quantity['unit']}"
    means = [quantity["mean_difference"], quantity["mean_absolute_difference"]]
    return [
        html(quantity["quantity"].replace("_", " ")),
        len(quantity["pairs"]),
        *(DASH if mean is None else f"{mean:.4g}{unit}" for mean in means),
        number(quantity["spearman"], 2),
        number(quantity["kendall"], 2),
    ]


def _draw(page: Page) -> str | None:
    """Parity of the first quantity of the last border."""
    known = all_quantities()
    for document in reversed(page.agreement):
        for quantity in document["quantities"]:
            if quantity["quantity"] in known and len(quantity["pairs"]) >= _FEWEST:
                names = (f"stage {document['stage']}", f"stage {document['stage'] + 1}")
                return parity(quantity, *names, page.candidates)
    return None


SECTION = Section(
    title="Agreement between engines",
    render=_render,
    pictures=(
        Picture(
            name="agreement",
            title="Agreement of two stages",
            caption="The first quantity of the last border; dashed: both agree",
            draw=_draw,
        ),
    ),
)

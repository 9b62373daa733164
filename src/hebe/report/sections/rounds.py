"""How a campaign that learns went: its rounds, why each candidate was chosen, what was predicted and what was found."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.analyses.registry import all_quantities
from hebe.report.formulas import indexed
from hebe.report.markup import Markup, table, tag
from hebe.report.sections.section import Section
from hebe.report.values import DASH

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hebe.report.data import Page
    from hebe.schemas.candidate import RankedCandidate


def _render(page: Page) -> Iterable[Markup]:
    if not page.rounds:
        return
    last = page.rounds[-1]
    yield tag("p", f"After {last['known']} candidates {last['stopped'] or 'it goes on'}.")
    yield _rounds(page)
    rows = _chosen(page)
    if rows:
        names = list(page.rounds[0]["objectives"])
        heads = [f"{_title(name)}, {what}" for name in names for what in ("predicted", "found")]
        numbers = range(3, 4 + len(heads))
        yield table(["round", "candidate", "ions that are new", "expected gain", *heads], rows, numbers)
        held = _held(page)
        if held is not None:
            inside, of = held
            words = f"{inside} of {of} values that were found lie inside the intervals of 90 % that were predicted."
            yield tag("p", words, class_="note")


def _rounds(page: Page) -> Markup:
    rows = []
    for one in page.rounds:
        chosen = 0 if one["stopped"] else len(one["candidates"])
        rows.append([str(one["round"]), str(one["known"]), f"{one['hypervolume']:.3g}", str(chosen or DASH)])
    return table(["round", "candidates known", "hypervolume of the front", "chosen next"], rows, range(4))


def _title(name: str) -> str:
    quantity = all_quantities().get(name)
    unit = "" if quantity is None or not quantity.unit else f" / {quantity.unit}"
    return f"{name.replace('_', ' ')}{unit}"


def _chosen(page: Page) -> list[list[object]]:
    """A row for each candidate that a round chose and somebody may have computed."""
    known = {one.candidate_id: one for one in page.candidates}
    rows: list[list[object]] = []
    for number, one in (
        (found["round"], c) for found in page.rounds if not found["stopped"] for c in found["candidates"]
    ):
        cells = [text for name in page.rounds[0]["objectives"] for text in _compared(one, known, name)]
        gain = f"{one['gain']:.2g}" if one["gain"] else DASH
        rows.append([str(number + 1), indexed(one["formula"]), ", ".join(one["new"]) or DASH, gain, *cells])
    return rows


def _compared(one: Mapping[str, Any], known: Mapping[str, RankedCandidate], name: str) -> tuple[str, str]:
    """Interval of 90 % that was predicted of a quantity, and what was found."""
    told = one["predicted"].get(name) or {}
    predicted = DASH if told.get("low") is None else f"{told['low']:.4g} to {told['high']:.4g}"
    found = known.get(one["candidate_id"])
    value = None if found is None else found.mean(name)
    return predicted, DASH if value is None else f"{value:.4g}"


def _held(page: Page) -> tuple[int, int] | None:
    """How many values that were found lie inside what was predicted, of how many; None without any."""
    known, inside = {one.candidate_id: one for one in page.candidates}, list[bool]()
    for one in (c for found in page.rounds if not found["stopped"] for c in found["candidates"]):
        for name, told in one["predicted"].items():
            found = known.get(one["candidate_id"])
            value = None if found is None else found.mean(name)
            if value is not None and told.get("low") is not None:
                inside.append(told["low"] <= value <= told["high"])
    return (sum(inside), len(inside)) if inside else None


SECTION = Section(title="What was learned on the way", render=_render)

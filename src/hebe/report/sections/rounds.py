"""How a campaign that learns went: its rounds, why each candidate was chosen, what was predicted and what was found."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import all_quantities
from hebe.report.formulas import formula
from hebe.report.learned import learning, predictions
from hebe.report.loop import (
    compared,
    course,
    front,
    learned_in,
    reference_text,
    round_heads,
    round_rows,
    titled,
    volume_scale,
    volume_text,
    why_text,
)
from hebe.report.markup import Markup, details, table, tag, unordered
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.values import DASH, capital, factor, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hebe.analyses.quantity import Quantity
    from hebe.report.data import Page
    from hebe.schemas.learned import LearnedDoc, LearnedQuantity
    from hebe.schemas.loop import Coverage, Forecast, LoopDoc, LoopMember

_MOST_PAIRS: Final = 3
_MOST_PARITIES: Final = 4
_MOST_ROWS: Final = 500
_FEW_ROWS: Final = 40
_EFFECTS: Final = 5

_HOW: Final = (
    "Expected gain: growth of the hypervolume that was expected when it was chosen. As predicted: the part of that "
    "which is there if it is found exactly as predicted. With at least half of it a candidate is predicted to be "
    "better than the front, with less it is exploration: it may be better, too little is known of it. Little is left "
    "to gain where less than a thousandth of the hypervolume was expected. Where no model could be made, candidates "
    "are chosen as at the start. Predicted: the interval that holds 90 % of values. "
    "Computed: with its standard error, where one is known."
)


def _render(page: Page) -> Iterable[Markup]:
    if page.loop is None:
        return
    yield from _story(page.loop)
    yield from figures(SECTION.pictures, page)
    yield from _predicted(page.loop)
    yield from _chosen(page.loop)
    yield from _remarks(page.loop)
    if page.learned is not None:
        yield from _learned(page.learned)


def _story(loop: LoopDoc) -> Iterable[Markup]:
    """What the loop was for, how far it is, and a line for each round."""
    number, over = len(loop.course), loop.stopped
    of = f" of a space of {loop.of:,} compositions" if loop.of else ""
    end = f"The loop has ended: {over}" if over else "The loop goes on"
    yield tag("p", f"{number} candidates are computed{of}, in {len(loop.rounds)} rounds. {end}.")
    known = all_quantities()
    ways = [f"{known[name].title} {'high' if way == 'maximize' else 'low'}" for name, way in loop.objectives.items()]
    words = f"Wanted: {', '.join(ways)}" + "".join(f", {text}" for text in map(_limit, loop.constraints)) + ". "
    if loop.reference:
        words += (
            f"The hypervolume is what the front dominates beyond the reference, {reference_text(loop)}: the medians of "
            "what the first model knew."
        )
    yield tag("p", words, class_="note")
    yield tag("div", table(round_heads(loop), round_rows(loop), range(7)), class_="scroll")


def _limit(text: str) -> str:
    """A constraint in the words and the unit of tables."""
    name, sign, number, *_ = text.split()
    quantity = all_quantities()[name]
    return f"{quantity.title} {sign} {float(number) * factor(quantity):g} {quantity.shown.unit}".strip()


def _predicted(loop: LoopDoc) -> Iterable[Markup]:
    """How far predictions held that were made before the calculation."""
    if not loop.coverage:
        return
    yield tag("h3", "Predicted before, computed after", class_="part")
    heads = ["quantity", "predicted and computed", "inside 50 %", "inside 90 %", "root mean square error", "mean error"]
    yield tag("div", table(heads, [_held(one) for one in loop.coverage], range(1, 6)), class_="scroll")
    words = (
        "Inside: of as many, how many computed values lie inside the interval that was predicted, with their own "
        "standard errors counted in. Errors are computed less predicted. Candidates are chosen for what is expected of "
        "them, so that these are no random sample."
    )
    yield tag("p", words, class_="note")


def _held(one: Coverage) -> list[object]:
    quantity = all_quantities()[one.quantity]
    shares = (f"{count} ({100 * count / one.n:.0f} %)" for count in (one.inside_50, one.inside_90))
    return [titled(one.quantity), str(one.n), *shares, _size(quantity, one.rmse), _size(quantity, one.mean_off)]


def _size(quantity: Quantity[Any], value: float | None) -> str:
    """An error or a spread in the unit of tables."""
    return DASH if value is None else f"{factor(quantity) * value:.3g}"


def _chosen(loop: LoopDoc) -> Iterable[Markup]:
    """A row for each candidate, in the order of choice."""
    names = list(loop.members[0].forecasts) if loop.members else []
    scale, unit = volume_scale(loop)
    heads = [
        "round",
        "candidate",
        "front",
        "marks",
        "why",
        "new ions",
        f"expected gain / {unit}" if unit else "expected gain",
    ]
    heads += ["as predicted / %", *(["in limits / %"] if loop.constraints else [])]
    first = len(heads)
    heads += [f"{titled(name)}, {what}" for name in names for what in ("predicted", "computed")]
    rows = [_member(one, loop, scale) for one in loop.members[:_MOST_ROWS]]
    made = tag("div", table(heads, rows, (0, *range(6, first), *range(first, len(heads)))), class_="scroll")
    more = len(loop.members) - len(rows)
    yield tag("h3", "Why each candidate was chosen", class_="part")
    notes = [_HOW, *_marks(loop), *([f"The other {more:,} are in hebe results --json."] if more else [])]
    yield tag("p", " ".join(notes), class_="note")
    yield made if len(rows) <= _FEW_ROWS else details(f"{len(rows):,} candidates in the order of their choice", made)


def _marks(loop: LoopDoc) -> list[str]:
    """What the marks of candidates mean."""
    used = {name for one in loop.members for name in one.marks}
    told = [f"{text.letter}: {text.meaning}" for name, text in mark_texts().items() if name in used]
    return [f"Marks: {'; '.join(told)}."] if told else []


def _member(one: LoopMember, loop: LoopDoc, scale: float) -> list[object]:
    front = "yes" if one.on_front else ""
    texts = mark_texts()
    marks = " ".join(texts[name].letter for name in one.marks if name in texts)
    cells: list[object] = [str(one.round), formula(one.formula), front, marks, why_text(loop, one)]
    cells.append(", ".join(one.new) or DASH)
    share = None if not one.gain or one.gain_as_predicted is None else one.gain_as_predicted / one.gain
    cells += [volume_text(one.gain, scale), DASH if share is None else percent(share)]
    if loop.constraints:
        cells.append(DASH if one.probability is None else percent(one.probability))
    return [*cells, *(text for name, told in one.forecasts.items() for text in _pair(name, told, one))]


def _pair(name: str, told: Forecast, one: LoopMember) -> tuple[str, str]:
    """What was predicted and computed of a quantity, or why there is nothing."""
    before, after = compared(all_quantities()[name], told)
    if told.value is not None:
        return before, after
    return before, "not computed" if one.status is None else "failed" if one.status == "failed" else DASH


def _remarks(loop: LoopDoc) -> Iterable[Markup]:
    """What was said of the loop and its choices: who could not be built, what no model was made of."""
    said = [*loop.remarks]
    said += [f"after round {one.round}: {remark}" for one in loop.rounds for remark in one.remarks]
    if said:
        yield tag("h3", "Remarks", class_="part")
        yield unordered(said)


def _learned(learned: LearnedDoc) -> Iterable[Markup]:
    """What ``hebe learn`` said of the errors of its models, and of what matters in them."""
    known = all_quantities()
    quantities = {name: one for name, one in learned.quantities.items() if name in known}
    count = max((len(one.candidates) for one in quantities.values()), default=0)
    yield tag("h3", f"What hebe learn found, from {count} candidates", class_="part")
    heads = ["quantity", "candidates", "spread", "error", "explained / %", "inside 50 % / %", "inside 90 % / %"]
    made = table(heads, [_model(name, one) for name, one in quantities.items()], range(1, 7))
    yield tag("div", made, class_="scroll")
    words = "Error: root mean square of candidates that were left out together with all others of the same elements."
    yield tag("p", words, class_="note")
    rows = [row for name, one in quantities.items() for row in _effects(name, one)]
    if rows:
        heads = ["quantity", "ion", "with 10 % more of it", "of what is predicted / %"]
        yield tag("div", table(heads, rows, (2, 3)), class_="scroll")
    told = [f"{capital(known[name].title)}: {_said(one)}" for name, one in quantities.items()]
    yield unordered([*told, *learned.remarks])


def _model(name: str, one: LearnedQuantity) -> list[object]:
    quantity = all_quantities()[name]
    shares = (
        DASH if value is None else f"{100 * value:.0f}" for value in (one.explained, one.coverage_50, one.coverage_90)
    )
    scale, unit = learned_in(quantity)
    sizes = (DASH if value is None else f"{scale * value:.3g}" for value in (one.spread, one.rmse))
    return [f"{quantity.title} / {unit}" if unit else quantity.title, str(len(one.candidates)), *sizes, *shares]


def _effects(name: str, one: LearnedQuantity) -> Iterable[list[object]]:
    quantity = all_quantities()[name]
    scale, unit = learned_in(quantity)
    for effect in one.effects[:_EFFECTS]:
        change = f"{scale * effect.per_tenth:+.2g} {unit}".strip()
        yield [quantity.title, f"{effect.ion} on {effect.sublattice}", change, f"{100 * effect.explained:.0f}"]


def _said(one: LearnedQuantity) -> str:
    """Why there is no model, or what it weighs most."""
    if one.refused:
        return f"no model: {one.refused}"
    weights = sorted(one.weights.items(), key=lambda pair: (-pair[1], pair[0]))[:_EFFECTS]
    return "largest weights of descriptors: " + ", ".join(f"{name} {weight:.2g}" for name, weight in weights)


def _pairs(page: Page) -> list[tuple[str, str]]:
    return [] if page.loop is None else list(combinations(page.loop.objectives, 2))


def _course(page: Page) -> str | None:
    return None if page.loop is None else course(page.loop)


def _front(at: int) -> Callable[[Page], str | None]:
    def draw(page: Page) -> str | None:
        pairs = _pairs(page)
        return front(page.loop, *pairs[at]) if page.loop is not None and at < len(pairs) else None

    return draw


def _parity(at: int) -> Callable[[Page], str | None]:
    def draw(page: Page) -> str | None:
        held = page.loop.coverage if page.loop is not None else []
        return predictions(page.loop, held[at]) if page.loop is not None and at < len(held) else None

    return draw


def _titled_front(at: int) -> Callable[[Page], str]:
    def titled_(page: Page) -> str:
        x, y = (all_quantities()[name].title for name in _pairs(page)[at])
        return f"{capital(y)} against {x}, round by round"

    return titled_


def _titled_parity(at: int) -> Callable[[Page], str]:
    def titled_(page: Page) -> str:
        name = page.loop.coverage[at].quantity if page.loop is not None else ""
        return f"{capital(all_quantities()[name].title)}: computed against predicted"

    return titled_


def _curve(page: Page) -> str | None:
    return None if page.loop is None or page.learned is None else learning(page.learned)


_OF_PAIR: Final = (
    "Areas: what the first round (dashed) and all rounds have beyond the reference in these two. Numbers: rounds of "
    "candidates on the front of all objectives. Hollow: misses a constraint"
)

SECTION = Section(
    title="The loop round by round",
    render=_render,
    pictures=(
        Picture(
            name="loop_hypervolume",
            title="Hypervolume of the front over calculations",
            caption="Dotted: ends of rounds",
            draw=_course,
        ),
        *(
            Picture(
                name="loop_front" if at == 0 else f"loop_front_{at + 1}",
                title="two objectives round by round" if at == 0 else f"two objectives round by round, pair {at + 1}",
                caption=_OF_PAIR,
                draw=_front(at),
                titled=_titled_front(at),
            )
            for at in range(_MOST_PAIRS)
        ),
        *(
            Picture(
                name="loop_predicted" if at == 0 else f"loop_predicted_{at + 1}",
                title="computed against predicted" if at == 0 else f"computed against predicted, quantity {at + 1}",
                caption="Bars: the interval of 90 % that was predicted; dashed: computed as predicted",
                draw=_parity(at),
                titled=_titled_parity(at),
            )
            for at in range(_MOST_PARITIES)
        ),
        Picture(
            name="learning_curve",
            title="Error of predictions over the number of candidates",
            caption="Of candidates that the model does not know, by hebe learn; dashed: no better than the mean",
            draw=_curve,
        ),
    ),
)

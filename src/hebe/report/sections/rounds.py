"""How a campaign that learns went: its rounds, why each candidate was chosen, what was predicted and what was found."""

from __future__ import annotations

from itertools import combinations
from typing import TYPE_CHECKING, Final

from hebe.analyses.registry import all_quantities
from hebe.report.formulas import formula
from hebe.report.learned import learning, predictions
from hebe.report.loop import course, front, reference_text, shown, titled, volume_scale
from hebe.report.markup import Markup, details, table, tag, unordered
from hebe.report.sections.section import Picture, Section, figures
from hebe.report.values import DASH, capital, factor, percent

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from hebe.report.data import Page
    from hebe.schemas.learned import LearnedDoc, LearnedQuantity
    from hebe.schemas.loop import Coverage, Forecast, LoopDoc, LoopMember, LoopRound, Why

_MOST_PAIRS: Final = 3
_MOST_PARITIES: Final = 4
_MOST_ROWS: Final = 500
_FEW_ROWS: Final = 40
_EFFECTS: Final = 5

WHY: Final[dict[Why, str]] = {
    "start": "start",
    "no_model": "no model yet: chosen as the start is",
    "as_predicted": "predicted to extend the front",
    "exploration": "exploration: may extend the front, too little is known of it",
    "gain": "expected gain",
}
"""Reasons by which candidates are chosen, in words."""

_HOW: Final = (
    "Expected gain: growth of the hypervolume that was expected when it was chosen; as predicted: the part of it that is "
    "there if it is found exactly as predicted. Below half of it the choice is called exploration."
)


def _render(page: Page) -> Iterable[Markup]:
    if page.loop is None:
        return
    yield from story(page.loop)
    yield from figures(SECTION.pictures, page)
    yield from _predicted(page.loop)
    yield from _chosen(page.loop)
    yield from _remarks(page.loop)
    if page.learned is not None:
        yield from _learned(page.learned)


def story(loop: LoopDoc) -> Iterable[Markup]:
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
    scale, unit = volume_scale(loop)
    per = f" / {unit}" if unit else ""
    heads = ["round", "chosen", "computed", "on the front", f"hypervolume{per}", f"grew by{per}", f"expected{per}"]
    yield tag("div", table(heads, [_round(one, scale) for one in loop.rounds], range(7)), class_="scroll")


def _limit(text: str) -> str:
    """A constraint in the words and the unit of tables."""
    name, sign, number, *_ = text.split()
    quantity = all_quantities()[name]
    return f"{quantity.title} {sign} {float(number) * factor(quantity):g} {quantity.shown.unit}".strip()


def _round(one: LoopRound, scale: float) -> list[object]:
    volumes = (_volume(value, scale) for value in (one.hypervolume, one.grown, one.expected))
    return [str(one.round), str(one.chosen), str(one.computed), str(one.on_front), *volumes]


def _volume(value: float | None, scale: float) -> str:
    return DASH if value is None else f"{scale * value:.3g}"


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
    shares = (f"{count} ({percent(count / one.n)} %)" for count in (one.inside_50, one.inside_90))
    return [titled(one.quantity), str(one.n), *shares, shown(quantity, one.rmse), shown(quantity, one.mean_off)]


def _chosen(loop: LoopDoc) -> Iterable[Markup]:
    """A row for each candidate, in the order of choice."""
    names = list(loop.members[0].forecasts) if loop.members else []
    scale, unit = volume_scale(loop)
    heads = ["round", "candidate", "why", "ions that are new", f"expected gain / {unit}" if unit else "expected gain"]
    heads += ["as predicted / %", *(["in limits / %"] if loop.constraints else [])]
    first = len(heads)
    heads += [f"{titled(name)}, {what}" for name in names for what in ("predicted", "computed")]
    rows = [_member(one, loop, scale) for one in loop.members[:_MOST_ROWS]]
    made = tag("div", table(heads, rows, (0, *range(4, first), *range(first, len(heads)))), class_="scroll")
    more = len(loop.members) - len(rows)
    yield tag("h3", "Why each candidate was chosen", class_="part")
    notes = [_HOW, "Predicted: interval that holds 90 % of values; computed: with its standard error; front: marked *."]
    notes += [f"The other {more:,} are in hebe results --json."] if more else []
    yield tag("p", " ".join(notes), class_="note")
    yield made if len(rows) <= _FEW_ROWS else details(f"{len(rows):,} candidates in the order of their choice", made)


def _member(one: LoopMember, loop: LoopDoc, scale: float) -> list[object]:
    share = None if not one.gain or one.gain_as_predicted is None else one.gain_as_predicted / one.gain
    cells: list[object] = [str(one.round), _name(one), _why(one, loop), ", ".join(one.new) or DASH]
    cells += [_volume(one.gain, scale), DASH if share is None else percent(share)]
    if loop.constraints:
        cells.append(DASH if one.probability is None else percent(one.probability))
    return [*cells, *(text for name, told in one.forecasts.items() for text in _compared(name, told, one))]


def _name(one: LoopMember) -> Markup:
    return Markup(f"{formula(one.formula)}{' *' if one.on_front else ''}")


def _why(one: LoopMember, loop: LoopDoc) -> str:
    return f"{WHY[one.why]}, {loop.start}" if one.why == "start" else WHY[one.why]


def _compared(name: str, told: Forecast, one: LoopMember) -> tuple[str, str]:
    """Interval of 90 % that was predicted of a quantity, and what was computed."""
    quantity = all_quantities()[name]
    predicted = DASH if told.low is None else f"{shown(quantity, told.low)} to {shown(quantity, told.high)}"
    if told.value is not None:
        return predicted, shown(quantity, told.value, told.error)
    return predicted, "not computed" if one.status is None else "failed" if one.status == "failed" else DASH


def _remarks(loop: LoopDoc) -> Iterable[Markup]:
    """What was said of the choices: who could not be built, what no model was made of."""
    said = [f"after round {one.round}: {remark}" for one in loop.rounds for remark in one.remarks]
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
    return [titled(name), str(len(one.candidates)), shown(quantity, one.spread), shown(quantity, one.rmse), *shares]


def _effects(name: str, one: LearnedQuantity) -> Iterable[list[object]]:
    quantity = all_quantities()[name]
    for effect in one.effects[:_EFFECTS]:
        change = f"{factor(quantity) * effect.per_tenth:+.2g} {quantity.shown.unit}".strip()
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
    "Filled areas: what the first round (dashed) and all rounds have beyond the reference in these two; numbers: rounds "
    "of candidates on the front of all objectives; hollow: misses a constraint"
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

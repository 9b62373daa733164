"""The page of one candidate: values, structures that turn, voltage profile, correlations, provenance."""

from __future__ import annotations

import shlex
from typing import TYPE_CHECKING, Any

from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import all_quantities, get_analysis
from hebe.analyses.voltage import ANALYSIS as VOLTAGE
from hebe.browse.frame import address, link, page
from hebe.browse.origin import origin_of
from hebe.browse.viewing import viewer
from hebe.browse.words import several
from hebe.exceptions import BadInputError
from hebe.report.formulas import formula
from hebe.report.loop import choice_text
from hebe.report.markup import Markup, definitions, details, table, tag, unordered
from hebe.report.sections import card_of, figures_of
from hebe.report.tables import quantity_cell
from hebe.report.values import DASH, quantity_text, rank_range, rank_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from hebe.analyses.quantity import Quantity
    from hebe.browse.guard import Request
    from hebe.browse.response import Response
    from hebe.browse.source import Source
    from hebe.browse.table import Row
    from hebe.schemas.candidate import RankedCandidate


def candidate(source: Source, request: Request) -> Response:
    """Page of one candidate."""
    row = row_of(source, request.one("campaign"), request.one("id"))
    shown = source.place.shown
    if row is None:
        return page("Candidate", tag("p", "The candidates are being read.", class_="lead", data_again="1500"))
    one = row.candidate
    with source.place.opened() as store:
        origin = origin_of(store.docs_store, one)
    content = [
        tag("h1", formula(one.formula)),
        tag("p", *_lead(row), class_="lead"),
        tag("p", _composition(one)),
        *_choice(row),
        *_marks(one),
        tag("div", _values(one), tag("div", *_crystal(one)), class_="beside"),
        *_figures(one),
        *_cards(one),
        *origin,
        *_keys(one),
        *_commands(source, row),
    ]
    return page(one.formula, *content, here="/candidates", shown=shown)


def row_of(source: Source, campaign: str, identifier: str) -> Row | None:
    """Row of a candidate; None while its campaign is being read.

    Raises
    ------
    BadInputError
        If the store has no such candidate.
    """
    found = source.table([campaign]) if campaign in source.campaigns() else None
    if found is None and campaign in source.campaigns():
        return None
    row = None if found is None else found.row(f"{campaign}/{identifier}")
    if row is None:
        reason = "the store has no such candidate, or its document is damaged"
        raise BadInputError(reason, suggestion="the table lists those that it has")
    return row


def _lead(row: Row) -> list[object]:
    one = row.candidate
    rank = "not ranked" if one.rank is None else f"rank {rank_text(one)}"
    span = f", {rank_range(one)} within the errors" if one.rank_low != one.rank_high else ""
    place = address("/candidates", {"campaign": row.campaign})
    parts = [f"{rank}{span}", f"stage {one.stage + 1}", one.status, f"{one.engine} ({one.energy_scale})"]
    return [tag("code", one.candidate_id), " in ", link(row.campaign, place), ": ", ", ".join(parts), "."]


def _marks(one: RankedCandidate) -> Iterator[Markup]:
    texts = mark_texts()
    lines = [f"{texts[name].letter}: {texts[name].meaning}" for name in one.marks if name in texts]
    lines += [f"left the host, {text}" for text in one.states_left]
    if lines:
        yield unordered(lines)
    if one.warnings:
        yield details(several(len(one.warnings), "warning"), unordered(one.warnings), class_="warnings")


def _choice(row: Row) -> Iterator[Markup]:
    """Why a campaign that learns chose it."""
    loop = row.holdings.loop
    if loop is None:
        return
    place = address("/loop", {"campaign": row.campaign})
    for one in (member for member in loop.members if member.candidate_id == row.candidate.candidate_id):
        yield tag("p", f"{choice_text(loop, one)} ", link("All rounds", place))


def _composition(one: RankedCandidate) -> str:
    parts = [
        f"{sublattice}: {', '.join(f'{ion} {amount:.4g}' for ion, amount in ions.items())}"
        for sublattice, ions in one.composition.items()
    ]
    return f"Per formula unit, {'; '.join(parts)}."


def _values(one: RankedCandidate) -> Markup:
    """Every quantity that has a value."""
    quantities = [quantity for quantity in all_quantities(one.results).values() if quantity.of(one) is not None]
    rows = [[q.title, quantity_cell(q, one), q.shown.unit] for q in quantities if has_value(q, one)]
    lacking = [q for q in quantities if not has_value(q, one)]
    reasons = {q.title: getattr(q.of(one), "why_null", None) or "nothing gave a value" for q in lacking}
    lines = (f"{title}: {reason}" for title, reason in reasons.items())
    folded = details(f"{several(len(lacking), 'quantity', 'quantities')} without a value", unordered(lines))
    found = table(["quantity", "value", "unit"], rows, [1])
    return tag("div", found, folded if lacking else "", class_="scroll values")


def has_value(quantity: Quantity[Any], one: RankedCandidate) -> bool:
    """Whether there is something to print: a number, or that it is never."""
    return quantity_text(quantity, one) != DASH


def _crystal(one: RankedCandidate) -> list[Markup]:
    """Relaxed cells of the configuration of lowest energy, from full to empty."""
    profile = VOLTAGE.best(one)
    states = [] if profile is None else profile.x_states
    keys = [(f"x = {state.x:.3g}", state.calculation) for state in sorted(states, key=lambda state: -state.x)]
    own = one.calculations.get(one.configuration or "")
    found = [(name, key) for name, key in keys if key] or ([("as made", own)] if own else [])
    return [viewer(found, one.working_ion)] if found else [tag("p", "No cell was relaxed.", class_="note")]


def _figures(one: RankedCandidate) -> list[Markup]:
    made = []
    for name in one.results:
        for figure in figures_of(get_analysis(name)):
            drawn = figure.draw([one])
            if drawn is not None:
                made.append(tag("figure", tag("h3", figure.title), Markup(drawn), tag("figcaption", figure.caption)))
    return [tag("h2", "Figures"), tag("div", *made, class_="figures")] if made else []


def _cards(one: RankedCandidate) -> list[Markup]:
    cards = [card for name in one.results if (card := card_of(get_analysis(name), one))]
    return [tag("h2", "States and decompositions"), *cards] if cards else []


def _keys(one: RankedCandidate) -> list[Markup]:
    rows = [
        [label, link(tag("code", key), address("/document", {"id": key})), one.calculation_status.get(label, "")]
        for label, key in one.calculations.items()
    ]
    return (
        [details(several(len(rows), "calculation"), tag("div", table(["label", "key", "status"], rows)))]
        if rows
        else []
    )


def _commands(source: Source, row: Row) -> list[Markup]:
    one = row.candidate
    name = shlex.quote(one.candidate_id)
    pairs = [
        ("everything that is known", tag("code", f"hebe show {name}")),
        ("its structure as a file", tag("code", f"hebe export {name} --format cif -o {name}.cif")),
    ]
    file = source.place.files.get(row.campaign)
    if file is not None:
        pairs.append(("a larger cell", tag("code", f"hebe check sqs {name} {shlex.quote(file.name)}")))
    return [tag("h2", "Commands"), definitions(pairs)]

"""The page of one candidate: values, structures that turn, voltage profile, correlations, provenance."""

from __future__ import annotations

import shlex
from contextlib import suppress
from typing import TYPE_CHECKING, Any

from hebe.analyses.marks import mark_texts
from hebe.analyses.registry import all_quantities, get_analysis
from hebe.analyses.voltage import ANALYSIS as VOLTAGE
from hebe.browse.frame import address, link, page
from hebe.browse.graph import drawing
from hebe.browse.provenance import provenance
from hebe.browse.viewing import viewer
from hebe.browse.words import several
from hebe.exceptions import BadInputError, HebeError
from hebe.report.markup import Markup, definitions, details, table, tag, unordered
from hebe.report.sections import card_of, figures_of
from hebe.report.tables import formula, quantity_cell
from hebe.report.values import DASH, quantity_text, rank_range, rank_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from jobflow.core.store import JobStore

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
        correlations = list(_correlations(store, one))
        graph = _graph(store, row)
    content = [
        tag("h1", formula(one.formula)),
        tag("p", *_lead(row), class_="lead"),
        tag("p", _composition(one)),
        *_marks(one),
        tag("div", _values(one), tag("div", *_crystal(one)), class_="beside"),
        *_figures(one),
        *_cards(one),
        *correlations,
        *graph,
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
    lines = (f"{q.title}: {(value := q.of(one)) and value.why_null or 'nothing gave a value'}" for q in lacking)
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


def _correlations(store: JobStore, one: RankedCandidate) -> Iterator[Markup]:
    """How far the pair correlations of each configuration are from random."""
    labels = sorted({label.split("/")[1] for label in one.calculations if label.count("/") > 1})
    rows = []
    for name in labels:
        criteria = {"metadata.label": f"{one.candidate_id}/{name}/build", "metadata.campaign": one.campaign}
        found = _built(store, criteria)
        for sublattice, quality in (found.get("quality") or {}).items():
            rows.append(_quality(name, str(sublattice), quality, found))
    if rows:
        head = ["configuration", "sublattice", "sites", "shells / Å", "largest |α|", "sum |α|", "sum in random cells", "search"]
        yield tag("h2", "Correlations")
        yield tag("div", table(head, rows, [2, 4, 5, 6]), class_="scroll")
        text = "α = 1 − P_ij / (N/(N−1) x_i x_j) of unlike pairs within the shells; 0 is random, all for a cell of N sites."
        yield tag("p", text, class_="note")


def _built(store: JobStore, criteria: dict[str, Any]) -> dict[str, Any]:
    """What the job that builds a configuration has left."""
    behind = [one for one in store.docs_store.query(criteria, ["output.quality", "output.search"], limit=1)]
    output = behind[0].get("output") if behind else None
    return output if isinstance(output, dict) else {}


def _quality(name: str, sublattice: str, quality: dict[str, Any], found: dict[str, Any]) -> list[object]:
    search = found.get("search") or {}
    ended = "optimal" if search.get("certified") else "converged" if search.get("converged") else "cut off"
    shells = ", ".join(f"{shell:.2f}" for shell in quality["shells"])
    numbers = (f"{quality[key]:.3g}" for key in ("largest", "total", "random_total"))
    return [name, sublattice, str(quality["n_sites"]), shells, *numbers, ended if search else ""]


def _graph(store: JobStore, row: Row) -> list[Markup]:
    """What the document of the candidate was computed from."""
    one = row.candidate
    criteria = {"output.candidate_id": one.candidate_id}
    names = ["uuid", "metadata", "output.stage", "output.entropy_R"]
    found = [
        document
        for document in store.docs_store.query(criteria, names)
        if (document.get("metadata") or {}).get("campaign") == one.campaign
        and (document.get("output") or {}).get("stage") == one.stage
        and (document.get("output") or {}).get("entropy_R") is not None
    ]
    if not found:
        return []
    with suppress(HebeError):
        nodes = provenance(store.docs_store, str(found[-1]["uuid"]))
        drawn = tag("div", Markup(drawing(nodes, one.candidate_id)), class_="scroll graphs")
        note = tag("p", "Each box is a job, or several starts of one cell, and leads to its document.", class_="note")
        return [tag("h2", "Provenance"), drawn, note]
    return []


def _keys(one: RankedCandidate) -> list[Markup]:
    rows = [
        [label, link(tag("code", key), address("/document", {"id": key})), one.calculation_status.get(label, "")]
        for label, key in one.calculations.items()
    ]
    return [details(several(len(rows), "calculation"), tag("div", table(["label", "key", "status"], rows)))] if rows else []


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

"""The ranking as a table of the terminal."""

from __future__ import annotations

import re
import textwrap
from typing import TYPE_CHECKING, Any, Final

from hebe.analyses.columns import columns_of
from hebe.analyses.marks import mark_texts
from hebe.analyses.printing import (
    DASH,
    ENGINE_ERROR,
    condition_of,
    engine_error,
    error_remarks,
    has_ranges,
    quantity_text,
    rank_range,
    rank_text,
)
from hebe.cli.output import LIMIT, new_table, terminal_width, write_line, write_plain, write_table
from hebe.report.calibration import calibration_text
from hebe.report.controls import HEAD, NOTE, control_tables, headline
from hebe.schemas.controls import ControlsDoc
from hebe.science.choosing.sample import MIDDLE
from hebe.science.choosing.standing import CERTAIN

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.analyses.quantity import Quantity
    from hebe.campaigns.results import Results
    from hebe.schemas.candidate import RankedCandidate

_WIDE: Final = 160
_NARROW: Final = 92
_LISTED: Final = 10
_MANY: Final = 200
"""Candidates above which a table is plain lines, as wide as they are."""

_SHORTEST_NAME: Final = 21


def write_results(results: Results, columns: Sequence[Quantity[Any]] = (), limit: int | None = LIMIT) -> None:
    """Print the first candidates of a campaign in their order, with what belongs to the ranking.

    Parameters
    ----------
    columns
        Quantities that are shown; those that were asked for and ranked by without any.
    limit
        At most so many candidates; all when None.
    """
    shown = list(results.ranked[:limit])
    columns = columns or columns_of(shown, (*results.rank.maximize, *results.rank.minimize))
    write_ranking(shown, columns)
    if len(shown) < len(results):
        write_line(f"{len(shown)} of {len(results):,} candidates: --all shows all, --json and hebe export write them")
    write_calibrations(results.calibrations)
    write_controls(results, columns)
    write_agreement(results.agreement)


def write_ranking(candidates: Sequence[RankedCandidate], columns: Sequence[Quantity[Any]]) -> None:
    """Print the ranking; a narrow terminal has id and status below the formula, a very narrow one no spreads.

    Parameters
    ----------
    columns
        Quantities that are shown.
    """
    width = terminal_width()
    many = len(candidates) > _MANY
    wide, spread = many or width >= _WIDE, many or width >= _NARROW
    ranks = ["rank", *(["range"] if has_ranges(candidates) else [])]
    heads = [*(_head(quantity, candidates) for quantity in columns), "marks"]
    rows = [
        (
            [rank_text(candidate), *([rank_range(candidate)] if len(ranks) > 1 else [])],
            [*(quantity_text(quantity, candidate, spread=spread) for quantity in columns), _letters(candidate)],
        )
        for candidate in candidates
    ]
    room = max(_SHORTEST_NAME, width - _width([ranks, *(row[0] for row in rows)], [heads, *(row[1] for row in rows)]))
    names = ["id", "formula"] if wide else ["candidate"]
    first = len(ranks) + len(names)
    ends = ["status"] if wide else []
    right = (*range(len(ranks)), *range(first, first + len(columns)))
    cells = []
    for candidate, (own, values) in zip(candidates, rows, strict=True):
        name = [candidate.candidate_id, candidate.formula] if wide else [_name(candidate, room)]
        cells.append([*own, *name, *values, *([candidate.status] if wide else [])])
    if many:
        write_plain([*ranks, *names, *heads, *ends], cells, right=right)
    else:
        table = new_table([*ranks, *names, *heads, *ends], right=right)
        for row in cells:
            table.add_row(*row)
        write_table(table)
    for note in _notes(candidates, columns, spread=spread):
        for line in textwrap.wrap(note, width, break_long_words=False, break_on_hyphens=False):
            write_line(line)


def _width(*parts: Sequence[Sequence[str]]) -> int:
    """Columns that the cells of a table take, with one between two of them."""
    cells = [column for part in parts for column in zip(*part, strict=True)]
    return sum(1 + max(len(line) for cell in column for line in cell.split("\n")) for column in cells) + 1


def _head(quantity: Quantity[Any], candidates: Sequence[RankedCandidate]) -> str:
    """Head of a column: title, condition, unit, and the documented error of the engine where all have the same."""
    error, condition = engine_error(candidates, quantity), condition_of(quantity, candidates)
    parts = [*quantity.title.split(" ", 1), condition or "", quantity.shown.unit, error or ""]
    return "\n".join(part for part in parts if part)


def _letters(candidate: RankedCandidate) -> str:
    texts = mark_texts()
    return "".join(texts[name].letter for name in candidate.marks if name in texts)


def _name(candidate: RankedCandidate, room: int) -> str:
    status = [] if candidate.status == "complete" else [candidate.status]
    return "\n".join([*broken_formula(candidate.formula, room), candidate.candidate_id, *status])


def broken_formula(formula: str, room: int) -> list[str]:
    """Formula in lines of at most `room` columns, broken between elements."""
    lines = [""]
    for part in re.split(r"(?=[A-Z(\[])", formula):
        if len(lines[-1]) + len(part) > room and lines[-1]:
            lines.append("")
        lines[-1] += part
    return lines


def write_calibrations(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print how far what small cells told is what was predicted, a line for each calibration."""
    for document in documents:
        write_line(calibration_text(document))


def write_controls(results: Results, columns: Sequence[Quantity[Any]]) -> None:
    """Print the controls of the best candidates, and how far these differ from them."""
    for plain in results.controls:
        document = ControlsDoc.model_validate(plain)
        write_line(headline(plain))
        for tables in control_tables(document, {quantity.name for quantity in columns}):
            write_line(tables.formula)
            for head, rows, right in ((HEAD, tables.controls, (3,)), (tables.head, tables.differences, ())):
                table = new_table(list(head), right=right or range(1, len(head)))
                for row in rows:
                    table.add_row(*row)
                if rows:
                    write_table(table)
            write_line(f"{NOTE}.")


def write_agreement(documents: Sequence[Mapping[str, Any]]) -> None:
    """Print how far each stage agrees with the one before, a line for each quantity."""
    for document in documents:
        if not document["quantities"]:
            continue
        number = document["stage"]
        write_line(f"Stage {number + 1} ({document['after']}) minus stage {number} ({document['before']}):")
        table = new_table(["quantity", "n", "mean", "mean absolute", "Spearman", "Kendall"], right=(1, 2, 3, 4, 5))
        for parity in document["quantities"]:
            unit = "" if parity["unit"] == "1" else f" {parity['unit']}"
            means = [f"{parity[name]:+.4g}{unit}" for name in ("mean_difference",)]
            means += [f"{parity['mean_absolute_difference']:.4g}{unit}"]
            rhos = [DASH if parity[name] is None else f"{parity[name]:.2f}" for name in ("spearman", "kendall")]
            table.add_row(parity["quantity"].replace("_", " "), str(len(parity["pairs"])), *means, *rhos)
        write_table(table)


def _notes(candidates: Sequence[RankedCandidate], columns: Sequence[Quantity[Any]], *, spread: bool) -> list[str]:
    notes = []
    stages = sorted({(candidate.stage, candidate.engine) for candidate in candidates}, reverse=True)
    if len(stages) > 1:
        listed = ", then ".join(f"stage {number + 1} ({engine})" for number, engine in stages)
        notes.append(f"Ranked stage by stage: {listed}; numbers of two stages are not comparable.")
    texts = [quantity_text(quantity, candidate) for candidate in candidates for quantity in columns]
    notes += _of_errors(candidates, columns, texts, spread=spread)
    if any(engine_error(candidates, quantity) is not None for quantity in columns):
        notes.append(f"± in the head: {ENGINE_ERROR}.")
    notes += error_remarks(candidates, columns)
    if any(text.startswith(">=") for text in texts):
        notes.append(
            ">=: lower bound, the hull lacks known phases (coverage below grade B) or compositions of the host."
        )
    notes += [quantity.note for quantity in columns if quantity.note]
    found = {name for candidate in candidates for name in candidate.marks}
    notes += [f"{text.letter}: {text.meaning}." for name, text in mark_texts().items() if name in found]
    left = [(c.candidate_id, text) for c in candidates for text in c.states_left]
    return notes + [f"{name} left the host, {text}." for name, text in left[:_LISTED]]


def _of_errors(
    candidates: Sequence[RankedCandidate], columns: Sequence[Quantity[Any]], texts: Sequence[str], *, spread: bool
) -> list[str]:
    """What stands for uncertainties in a table: shared ranks, intervals, standard errors, errors that nobody knows."""
    notes = []
    if has_ranges(candidates):
        share = f"{100 * CERTAIN:.0f} %"
        notes.append(f"range: ranks in the middle {MIDDLE} of the draws of the errors.")
        notes.append(f"=: the order is not known; the first is before each other of that rank with less than {share}.")
    if spread and any(" (" in text for text in texts):
        notes.append(f"(a to b): the middle {MIDDLE} of the draws, errors of the engine and of the mean together.")
    if spread and any("±" in text for text in texts):
        totals = [q.symbol for q in columns if q.shown.total and any(_has_total(q, c) for c in candidates)]
        also = f"; of {totals[0]} with that of the engine" if totals else ""
        notes.append(f"±: standard error over configurations{also}.")
    return notes


def _has_total(quantity: Quantity[Any], candidate: RankedCandidate) -> bool:
    """Whether the error of the engine is part of what stands behind ± of a value."""
    value = quantity.of(candidate)
    return value is not None and value.median is None and value.mean is not None and value.error is not None

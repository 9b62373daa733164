"""``hebe learn`` and ``hebe propose``: what the results teach, and what is worth computing next."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.cli.arguments import Parser, add_campaign, add_json, positive, wants_json
from hebe.cli.output import new_table, percent, write_json, write_line, write_table

if TYPE_CHECKING:
    import argparse

    from hebe.campaigns.learning import Data
    from hebe.cli.arguments import Commands
    from hebe.schemas.learned import LearnedDoc, LearnedQuantity, Predicted, ProposalDoc
    from hebe.schemas.loop import LoopDoc

_EFFECTS: Final = 5
_BAR: Final = 40
"""Signs of the longest bar of a learning curve."""


def add_commands(commands: Commands) -> None:
    """Declare ``learn`` and ``propose``."""
    learn = commands.add(
        "learn",
        show_learned,
        "what the results teach: models of their quantities, with errors that left-out candidates tell",
        "Errors are those of candidates left out together with all others of the same elements.",
    )
    _add_data(learn)
    learn.add_argument(
        "--predict", metavar="FORMULA", action="append", default=[], help="predict this composition instead"
    )
    add_json(learn)
    propose = commands.add(
        "propose",
        show_proposal,
        "what is worth computing, or making, next: by the expected gain over the whole space; nothing is run",
    )
    _add_data(propose)
    propose.add_argument("-n", "--number", metavar="N", type=positive, default=8, help="candidates (default: 8)")
    propose.add_argument(
        "--where",
        metavar="CONSTRAINT",
        action="append",
        default=[],
        help="such as 'formation_probability > 0.8'; may be given several times",
    )
    propose.add_argument(
        "--seed", metavar="N", type=positive, default=1, help="of the sample of a space beyond 20 million"
    )
    add_json(propose)


def _add_data(parser: Parser) -> None:
    add_campaign(parser)
    parser.add_argument("--stage", metavar="N", type=positive, default=1, help="whose values (default: 1)")
    parser.add_argument(
        "--with",
        dest="others",
        metavar="NAME",
        action="append",
        default=[],
        help="learn from another campaign of the project too, whose candidates were computed alike",
    )
    parser.add_argument(
        "--measured", metavar="FILE", help="table (CSV) of measured values: formula, average_voltage (mV), ..."
    )


def _data(options: argparse.Namespace) -> Data:
    from hebe.campaigns.learning import Data

    measured = None if options.measured is None else Path(options.measured)
    return Data(options.stage, tuple(options.others), measured)


def show_learned(options: argparse.Namespace) -> int:
    """Print the models of a campaign, or predictions by them."""
    from hebe.campaigns.contract import without_versions
    from hebe.campaigns.learning import learn, predict

    if options.predict:
        found = predict(options.campaign, options.predict, _data(options))
        if wants_json(options):
            write_json(
                {
                    formula: {name: without_versions(one.model_dump(mode="json")) for name, one in part.items()}
                    for formula, part in found.items()
                }
            )
        else:
            for formula, part in found.items():
                _print_predictions(formula, part)
        return 0
    document = learn(options.campaign, _data(options))
    if wants_json(options):
        write_json(without_versions(document.model_dump(mode="json")))
    else:
        _print_learned(document)
    return 0


def _print_learned(document: LearnedDoc) -> None:
    heads = ["quantity", "unit", "candidates", "spread", "error", "explained / %", "in 50 % / %", "in 90 % / %"]
    table = new_table(heads, right=range(2, 8))
    for name, one in document.quantities.items():
        shares = (percent(value) for value in (one.explained, one.coverage_50, one.coverage_90))
        table.add_row(name, one.unit, str(len(one.candidates)), _short(one.spread), _short(one.rmse), *shares)
    write_table(table)
    write_line("error: root mean square, all candidates of the same elements left out; in 50 %: share of them inside.")
    for name, one in document.quantities.items():
        if one.refused is not None:
            write_line(f"{name}: no model: {one.refused}")
        else:
            _print_quantity(name, one)
    for remark in document.remarks:
        write_line(remark)


def _print_quantity(name: str, one: LearnedQuantity) -> None:
    if one.factor > 1:
        write_line(f"{name}: intervals are {one.factor:g} times those of the fit, as left-out candidates ask for")
    if one.slope is not None:
        write_line(f"{name}: linked to {len(one.measured)} measured values, {one.slope:.3g} times the computed ones")
    _print_curve(name, one)
    effects = [f"{e.ion} {e.per_tenth:+.2g} ({percent(e.explained)} %)" for e in one.effects[:_EFFECTS]]
    if effects:
        write_line(f"{name} with 10 % more of an ion (share of what is predicted): {', '.join(effects)}")


def _print_curve(name: str, one: LearnedQuantity) -> None:
    """Error of the others after a number of candidates, as bars that share a scale with the spread of the values."""
    if not one.learning_curve:
        return
    write_line(f"{name}: error{f' ({one.unit})' if one.unit else ''} of the others after a number of candidates")
    rows = [(str(step.n), step.rmse) for step in one.learning_curve]
    rows += [] if one.spread is None else [("spread", one.spread)]
    most = max(value for _, value in rows)
    for label, value in rows:
        bar = "#" * round(_BAR * value / most) if most else ""
        write_line(f"  {label:>6}  {_short(value):<8}  {bar}".rstrip())


def _print_predictions(formula: str, predictions: dict[str, Predicted]) -> None:
    table = new_table([formula, "mean", "90 % interval"], right=(1,))
    for name, one in predictions.items():
        table.add_row(name, _short(one.mean), one.refused or _interval(one))
    write_table(table)


def _interval(one: Predicted) -> str:
    return f"{_short(one.low)} to {_short(one.high)}"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{value:.3g}"


def show_proposal(options: argparse.Namespace) -> int:
    """Print what is worth computing next."""
    from hebe.campaigns.contract import without_versions
    from hebe.campaigns.learning import propose

    document = propose(options.campaign, options.number, options.where, _data(options), seed=options.seed)
    if wants_json(options):
        write_json(without_versions(document.model_dump(mode="json")))
    else:
        _print_proposal(document)
    return 0


def _print_proposal(document: ProposalDoc) -> None:
    names = [*document.objectives, *_limited(document)]
    limits = ["in limits / %"] if document.constraints else []
    table = new_table(["formula", *names, "gain", *limits, "new"], right=range(1, len(names) + len(limits) + 2))
    for one in document.candidates:
        values = [_interval(one.predicted[name]) for name in names]
        shares = [percent(one.probability)] if limits else []
        table.add_row(one.formula, *values, _short(one.gain), *shares, ", ".join(one.new))
    write_table(table)
    if not document.candidates:
        write_line("Nothing is expected to improve on what is known.")
    else:
        write_line("a to b: the interval that holds 90 % of what would be found.")
    edges = ", ".join(f"{name} {_short(value)}" for name, value in document.reference.items())
    write_line(f"gain: expected growth of the hypervolume beyond {edges}, now {_short(document.hypervolume)}.")
    write_line(f"Scored {document.looked_at:,} of {document.of:,} compositions.")
    for remark in document.remarks:
        write_line(remark)


def write_loop(loop: LoopDoc) -> None:
    """Print how a loop went, a line for each round."""
    from hebe.analyses.registry import all_quantities
    from hebe.report.loop import reference_text, round_heads, round_rows

    table = new_table(round_heads(loop), right=range(7))
    for row in round_rows(loop):
        table.add_row(*row)
    write_table(table)
    if loop.reference:
        write_line(f"hypervolume: beyond {reference_text(loop)}, the medians of what the first model knew.")
    for remark in loop.remarks:
        write_line(remark)
    for one in loop.coverage:
        inside = f"{one.inside_50} inside intervals of 50 %, {one.inside_90} inside those of 90 %"
        write_line(f"{all_quantities()[one.quantity].title}: of {one.n} values that were predicted {inside}.")
    for number, remark in ((one.round, remark) for one in loop.rounds for remark in one.remarks):
        write_line(f"round {number}: {remark}")
    end = (
        f"The loop has ended: {loop.stopped}."
        if loop.stopped
        else "The loop goes on: hebe run computes what was chosen."
    )
    write_line(end)


def _limited(document: ProposalDoc) -> list[str]:
    """Quantities of constraints that are no objectives."""
    names = [text.split()[0] for text in document.constraints]
    return [name for name in dict.fromkeys(names) if name not in document.objectives]

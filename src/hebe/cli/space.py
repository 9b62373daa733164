"""``hebe space`` and ``hebe enumerate``: the composition space, counted and listed."""

from __future__ import annotations

import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_campaign, add_json, seconds, wants_json
from hebe.cli.output import calibration_cost_text, new_table, write_json, write_line, write_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hebe.cli.arguments import Commands
    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.candidate import Candidate
    from hebe.science.chemistry.survey import Estimate


def add_commands(commands: Commands) -> None:
    """Declare ``space`` and ``enumerate``."""
    space = commands.add("space", count_space, "size of the space, how many pass each filter, what a run would cost")
    add_campaign(space)
    space.add_argument(
        "--budget",
        metavar="SECONDS",
        type=seconds,
        default=0.7,
        help="time for exact counts after the filters; then they are estimated from a sample (default: 0.7)",
    )
    add_json(space)
    listing = commands.add(
        "enumerate",
        list_candidates,
        "compositions that pass the filters, with every descriptor",
        "Without a file a table is printed.",
    )
    add_campaign(listing)
    listing.add_argument("-o", "--output", metavar="FILE", help="write to FILE (.csv, .parquet or .jsonl)")
    listing.add_argument("--selected", action="store_true", help="only those that the campaign selects")
    add_json(listing, "print one JSON object per line and nothing else")


def count_space(options: argparse.Namespace) -> int:
    """Print the exact size of a campaign's space, what the filters leave, and an estimate of the cost."""
    from hebe.campaigns.loading import load_campaign

    begin = time.perf_counter()
    campaign = load_campaign(options.campaign)
    from hebe.campaigns.remarks import remarks
    from hebe.cli.bar import bar
    from hebe.flows.campaign import members_of
    from hebe.flows.estimate import estimate
    from hebe.flows.member_checks import check_members
    from hebe.science.chemistry.survey import survey

    json = wants_json(options)
    with bar("compositions", shown=not json) as tell:
        found = survey(campaign, options.budget, counted=None if json else _print_size, tell=tell)
    taken = time.perf_counter() - begin
    cost = estimate(campaign, found.candidates)
    members = members_of(campaign, found.selected or ())
    check_members(campaign, members)
    calibrations: list[dict[str, Any]] = []
    if campaign.calibrates and members:
        from hebe.flows.calibration_cost import calibration_costs

        calibrations = calibration_costs(campaign, members)
    said = remarks(campaign, found.selected or ())
    document = {
        "campaign": campaign.name,
        "size": found.size,
        "by_filter": {name: _plain(remaining) for name, remaining in found.by_filter.items()},
        "candidates": found.candidates,
        **({"refused": f"{found.refused.reason} ({found.refused.suggestion})"} if found.refused else {}),
        "jobs_estimate": cost["jobs"],
        "cpu_hours_estimate": cost["cpu_hours"],
        **({"not_counted": cost["not_counted"]} if cost["not_counted"] else {}),
        **({"calibrations": calibrations} if calibrations else {}),
        **({"remarks": said} if said else {}),
        "seconds": taken,
    }
    if json:
        write_json(document)
    else:
        _print_space(document, options.budget)
    return 0


def _plain(remaining: int | Estimate) -> int | dict[str, Any]:
    return remaining if isinstance(remaining, int) else remaining.document()


def _print_size(size: int) -> None:
    write_line(f"{size:,} charge-neutral compositions within the bounds")
    sys.stdout.flush()


def _print_space(document: dict[str, Any], budget_s: float) -> None:
    table = new_table([f"campaign {document['campaign']}", "compositions"], right=(1,))
    table.add_row("charge-neutral within the bounds", f"{document['size']:,}")
    estimates = False
    for name, remaining in document["by_filter"].items():
        if isinstance(remaining, dict):
            estimates = True
            value, low, high = (_rounded(remaining[part]) for part in ("estimate", "low", "high"))
            text = f"about {value} ({low} to {high})"
        else:
            text = f"{remaining:,}"
        table.add_row(f"after the filter {name}", text)
    table.add_row("selected", f"{document['candidates']:,}")
    write_table(table)
    if estimates:
        write_line(f"Estimates with 95 % limits, from a uniform sample: --budget {budget_s:g} s is too short.")
    if "refused" in document:
        write_line(f"A run is refused: {document['refused']}")
        return
    hours = document["cpu_hours_estimate"]
    cost = f"{hours:.1f} CPU hours" if hours >= 1 else f"{60 * hours:.0f} CPU minutes"
    beside = f", beside those of {', '.join(document['not_counted'])}" if "not_counted" in document else ""
    write_line(f"A run would take about {document['jobs_estimate']:,} jobs and {cost}{beside}.")
    for calibration in document.get("calibrations", ()):
        write_line(calibration_cost_text(calibration))
    for remark in document.get("remarks", ()):
        write_line(f"  {remark}")


def _rounded(number: int) -> str:
    """A large number to four digits, as its error is larger than that."""
    digits = max(len(str(number)) - 4, 0)
    return f"{round(number, -digits):,}" if number < 10**15 else f"{float(number):.3e}"


def list_candidates(options: argparse.Namespace) -> int:
    """Print or write the candidates with their descriptors."""
    from hebe.campaigns.loading import load_campaign
    from hebe.report.files import write_documents, writer_of

    output = None if options.output is None else Path(options.output)
    if output is not None:
        writer_of(output)
    campaign = load_campaign(options.campaign)
    candidates = _listed(campaign, selected=options.selected)
    if wants_json(options):
        for candidate in candidates:
            write_json(candidate.document(), indent=None)
    if output is not None:
        write_documents([candidate.document() for candidate in candidates], output)
        if not wants_json(options):
            write_line(f"{len(candidates)} compositions written to {output}")
    elif not wants_json(options):
        _print_candidates(candidates)
        from hebe.campaigns.remarks import remarks

        for remark in remarks(campaign, candidates):
            write_line(f"  {remark}")
    return 0


def _listed(campaign: Campaign, *, selected: bool) -> Sequence[Candidate]:
    """Compositions that pass the filters, or those that are selected."""
    from hebe.campaigns.place import start_of
    from hebe.campaigns.selection import selected_candidates
    from hebe.cli.bar import bar
    from hebe.science.chemistry.screening import passing

    with bar("compositions") as tell:
        if selected:
            return selected_candidates(campaign, start_of(campaign, None), tell)
        return passing(campaign, tell)


def _print_candidates(candidates: Sequence[Candidate]) -> None:
    from hebe.analyses.printing import number

    table = new_table(["id", "formula", "S / R", "size mism. / %", "Q redox / mAh/g"], right=(2, 3, 4))
    for candidate in candidates:
        mismatch = candidate.descriptors["size_mismatch"]
        table.add_row(
            candidate.candidate_id,
            candidate.composition.formula,
            number(candidate.entropy_R["mixed-site"], 3),
            number(None if mismatch is None else 100 * mismatch, 2),
            number(candidate.descriptors["capacity_redox_mAh_g"], 1),
        )
    write_table(table)
    name = candidates[0].primary
    write_line(f"{len(candidates)} compositions; S: ideal entropy per site of {name} (mixed-site), R the gas constant")

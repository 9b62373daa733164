"""``hebe results`` and ``hebe show``: ranked candidates, and one document with all that is known about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_campaign, add_json, wants_json
from hebe.cli.output import write_json, write_line, write_warning

if TYPE_CHECKING:
    import argparse

    from hebe.analyses.quantity import Quantity
    from hebe.campaigns.results import Results
    from hebe.cli.arguments import Commands
    from hebe.config.campaign import Campaign


def add_commands(commands: Commands) -> None:
    """Declare ``results`` and ``show``."""
    results = commands.add(
        "results",
        print_results,
        "ranked candidates",
        "EXPR compares keys of --json with numbers or texts, joined by and, or, not: "
        "average_voltage_V > 3 and mixing.competing.T_mix_K < 1000. A null compares false.",
    )
    add_campaign(results)
    results.add_argument("--where", metavar="EXPR", help="only candidates for which EXPR is true")
    results.add_argument("--sort", metavar="KEY", help="smallest value first (default: by rank); nulls come last")
    results.add_argument("--columns", metavar="NAMES", help="quantities in the table, joined by commas")
    results.add_argument("--reverse", action="store_true", help="with --sort: largest value first")
    add_json(results)
    show = commands.add(
        "show",
        show_document,
        "one candidate, calculation or job with its provenance",
        "At least 8 leading digits of a calculation's key or a job's id are enough.",
    )
    show.add_argument("identifier", metavar="ID", help="id of a candidate, key of a calculation, or id of a job")
    add_json(show)


def print_results(options: argparse.Namespace) -> int:
    """Print the ranked candidates of a campaign."""
    from hebe.campaigns.loading import load_campaign
    from hebe.cli.expression import Expression, sort_candidates

    wanted = None if options.where is None else Expression.parse(options.where)
    campaign = load_campaign(options.campaign)
    columns = _columns(campaign, options.columns)
    from hebe.campaigns import api

    everything = api.results(campaign)
    write_warning(everything.edited)
    as_ranked = wanted is None and options.sort is None and not wants_json(options)
    found: list[dict[str, Any]] = [] if as_ranked else everything.candidates
    chosen = found if wanted is None else wanted.choose(found)
    if options.sort is not None:
        chosen = sort_candidates(chosen, options.sort, found, reverse=options.reverse)
    if wants_json(options):
        borders = {"promotions": everything.promotions, "agreement": everything.agreement}
        borders |= {"calibrations": everything.calibrations} if everything.calibrations else {}
        write_json({"campaign": campaign.name, "candidates": chosen, **(borders if len(campaign.stages) > 1 else {})})
    elif chosen or (as_ranked and everything.ranked):
        _write_table(everything, None if as_ranked else chosen, columns, campaign)
    elif found:
        write_line(f"none of {len(found)} candidates fits --where")
    else:
        write_line(f"no finished candidate: hebe run {options.campaign} computes them")
    return 0


def _write_table(
    everything: Results, chosen: list[dict[str, Any]] | None, columns: list[Quantity[Any]], campaign: Campaign
) -> None:
    """Print the chosen candidates in their order, or all of them as they are ranked."""
    from hebe.analyses.columns import columns_of
    from hebe.cli.ranking import write_agreement, write_calibrations, write_ranking

    shown = everything.ranked
    if chosen is not None:
        kept = {candidate["candidate_id"]: i for i, candidate in enumerate(chosen)}
        shown = sorted((c for c in shown if c.candidate_id in kept), key=lambda c: kept[c.candidate_id])
    write_ranking(shown, columns or columns_of(shown, (*campaign.rank.maximize, *campaign.rank.minimize)))
    write_calibrations(everything.calibrations)
    write_agreement(everything.agreement)


def _columns(campaign: Campaign, names: str | None) -> list[Quantity[Any]]:
    """Quantities of a table by their names."""
    from hebe.analyses.registry import all_quantities
    from hebe.config.reading.wording import shown, suggest
    from hebe.exceptions import BadInputError

    known = all_quantities(dict.fromkeys(name for stage in campaign.stages for name in stage.analyses))
    wanted = [] if names is None else [name.strip() for name in names.split(",") if name.strip()]
    for name in wanted:
        if name not in known:
            reason = f"--columns: the campaign has no quantity {shown(name)}"
            raise BadInputError(reason, suggestion=suggest(name, known))
    return [known[name] for name in wanted]


def show_document(options: argparse.Namespace) -> int:
    """Print one document."""
    from hebe.campaigns import api

    document = api.show(options.identifier)
    if wants_json(options):
        write_json(document)
    else:
        from hebe.cli.details import write_details
        from hebe.report.formation import formation_lines

        for result in (document.get("results") or {}).get("mixing", []):
            for line in formation_lines((result or {}).get("formation")):
                write_line(line)
        write_details(document)
    return 0

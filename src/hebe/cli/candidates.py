"""``hebe results`` and ``hebe show``: ranked candidates, and one document with all that is known about it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_json, positive, wants_json
from hebe.cli.output import LIMIT, write_json, write_line, write_warning

if TYPE_CHECKING:
    import argparse

    from hebe.analyses.quantity import Quantity
    from hebe.cli.arguments import Commands
    from hebe.config.campaign import Campaign


def add_commands(commands: Commands) -> None:
    """Declare ``results`` and ``show``."""
    results = commands.add(
        "results",
        print_results,
        "ranked candidates",
        "EXPR compares keys of --json, or the titles of the table, with numbers or texts, joined by and, or, not: "
        "average_voltage > 3 V and volume strain < 3 %% and 'Co' not in elements. A null compares false.",
    )
    results.add_argument(
        "campaigns", metavar="CAMPAIGN", nargs="+", help="path of a campaign file; several side by side"
    )
    results.add_argument("--where", metavar="EXPR", help="only candidates for which EXPR is true")
    results.add_argument("--sort", metavar="KEY", help="smallest value first (default: by rank); nulls come last")
    results.add_argument("--columns", metavar="NAMES", help="quantities in the table, joined by commas")
    results.add_argument("--reverse", action="store_true", help="with --sort: largest value first")
    some = results.add_mutually_exclusive_group()
    some.add_argument("--limit", metavar="N", type=positive, default=LIMIT, help=f"most rows (default: {LIMIT})")
    some.add_argument("--all", action="store_true", help="all rows in the table")
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
    """Print the ranked candidates of campaigns."""
    from hebe.campaigns.expression import Expression
    from hebe.campaigns.loading import load_campaign

    if options.where is not None:
        Expression.parse(options.where)
    campaigns = [load_campaign(file) for file in options.campaigns]
    columns = [_columns(campaign, options.columns) for campaign in campaigns]
    documents = [_one(*each, options) for each in zip(options.campaigns, campaigns, columns, strict=True)]
    if wants_json(options):
        write_json(documents[0] if len(documents) == 1 else documents)
    return 0


def _one(file: str, campaign: Campaign, columns: list[Quantity[Any]], options: argparse.Namespace) -> dict[str, Any]:
    """Print the table of one campaign, or return its document."""
    from hebe.campaigns import api

    found = api.results(campaign)
    write_warning(found.edited)
    chosen = found if options.where is None else found.where(options.where)
    if options.sort is not None:
        chosen = chosen.sort(options.sort, reverse=options.reverse)
    if wants_json(options):
        borders = {"promotions": found.promotions, "agreement": found.agreement}
        rounds: dict[str, Any] = {"rounds": found.rounds} if found.rounds else {}
        rounds |= {"loop": found.loop} if found.loop else {}
        borders |= {"calibrations": found.calibrations} if found.calibrations else {}
        several = borders if len(campaign.stages) > 1 else {}
        several |= {"controls": found.controls} if found.controls else {}
        return {"campaign": campaign.name, "candidates": chosen.candidates, **several, **rounds}
    if len(options.campaigns) > 1:
        write_line(f"{campaign.name} ({file})")
    if chosen:
        from hebe.cli.ranking import write_results

        write_results(chosen, columns, None if options.all else options.limit)
        if found.loop is not None:
            from hebe.cli.learning import write_loop
            from hebe.schemas.loop import LoopDoc

            write_loop(LoopDoc.model_validate(found.loop))
    elif found:
        write_line(f"none of {len(found)} candidates fits --where")
    else:
        write_line(f"no finished candidate: hebe run {file} computes them")
    return {}


def _columns(campaign: Campaign, names: str | None) -> list[Quantity[Any]]:
    """Quantities of a table by their names, titles or keys."""
    from hebe.analyses.registry import all_quantities
    from hebe.campaigns.keys import keys_of_titles
    from hebe.config.reading.wording import shown, suggest
    from hebe.exceptions import BadInputError

    known = all_quantities(dict.fromkeys(name for stage in campaign.stages for name in stage.analyses))
    by_key = {quantity.key: name for name, quantity in known.items()}
    found = []
    for name in _listed(names or "", keys_of_titles()):
        own = name if name in known else by_key.get(name, keys_of_titles().get(name.casefold(), name))
        if own not in known:
            reason = f"--columns: the campaign has no quantity {shown(name)}"
            raise BadInputError(reason, suggestion=suggest(name, known))
        found.append(known[own])
    return found


def _listed(text: str, titles: dict[str, str]) -> list[str]:
    """Names that are joined by commas; a title may hold one."""
    parts = [part.strip() for part in text.split(",")]
    found: list[str] = []
    while parts:
        together = f"{parts[0]}, {parts[1]}" if len(parts) > 1 else ""
        taken = 2 if together.casefold() in titles else 1
        found.append(together if taken == 2 else parts[0])
        del parts[:taken]
    return [name for name in found if name]


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

"""``hebe compare``: what two campaigns say of the candidates that both have, and which only one of them has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.cli.arguments import add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table, write_warning

if TYPE_CHECKING:
    import argparse
    from collections.abc import Sequence

    from hebe.campaigns.comparison import Comparison
    from hebe.cli.arguments import Commands
    from hebe.schemas.candidate import RankedCandidate

_LISTED: Final = 50


def add_commands(commands: Commands) -> None:
    """Declare ``compare``."""
    parser = commands.add(
        "compare",
        compare_campaigns,
        "two campaigns side by side: differences of candidates that both have, and those of one alone",
        "A difference is second minus first, with its standard error.",
    )
    parser.add_argument("first", metavar="A", help="path of a campaign file")
    parser.add_argument("second", metavar="B", help="path of another")
    add_json(parser)


def compare_campaigns(options: argparse.Namespace) -> int:
    """Print the comparison of two campaigns."""
    from hebe.campaigns.loading import load_campaign

    campaigns = [load_campaign(file) for file in (options.first, options.second)]
    from hebe.campaigns import api

    found = api.compare(*campaigns)
    for results in (found.first, found.second):
        write_warning(results.edited)
    if wants_json(options):
        write_json(found.document)
        return 0
    if found.both:
        _write_differences(found)
    else:
        write_line("no candidate is finished in both campaigns")
    _write_alone(found.first.campaign, found.only_first)
    _write_alone(found.second.campaign, found.only_second)
    return 0


def _write_differences(found: Comparison) -> None:
    from hebe.analyses.columns import columns_of, title_of
    from hebe.analyses.printing import DASH, difference_text, rank_text

    names = (found.first.campaign, found.second.campaign)
    both = [one for pair in found.both for one in pair[:2]]
    known = {difference.quantity.name for _, _, differences in found.both for difference in differences}
    columns = [quantity for quantity in columns_of(both) if quantity.name in known]
    heads = ["candidate", "formula", "rank", *map(title_of, columns)]
    write_line(f"{names[1]} minus {names[0]}, {len(found.both)} candidates of both:")
    table = new_table(heads, right=range(2, len(heads)))
    for one, other, differences in found.both[:_LISTED]:
        texts = {d.quantity.name: difference_text(d.quantity, d.difference, d.error) for d in differences}
        cells = [texts.get(quantity.name, DASH) for quantity in columns]
        table.add_row(one.candidate_id, one.formula, f"{rank_text(one)} to {rank_text(other)}", *cells)
    write_table(table)
    if len(found.both) > _LISTED:
        write_line(f"{_LISTED} of {len(found.both):,} candidates: --json has all")
    if any(d.error is not None for _, _, differences in found.both for d in differences):
        write_line("±: standard error over configurations; of energies on two scales with the errors of both engines.")


def _write_alone(campaign: str, candidates: Sequence[RankedCandidate]) -> None:
    if candidates:
        write_line(f"Only in {campaign}: {len(candidates):,} candidates")
        for candidate in candidates[:_LISTED]:
            write_line(f"  {candidate.candidate_id}  {candidate.formula}")
        if len(candidates) > _LISTED:
            write_line(f"  and {len(candidates) - _LISTED:,} more: --json has all")

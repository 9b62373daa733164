"""``hebe series``: a property of the entropy series of a campaign against entropy."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_campaign, add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from hebe.cli.arguments import Commands
    from hebe.config.campaign import Campaign


def add_commands(commands: Commands) -> None:
    """Declare ``series``."""
    parser = commands.add(
        "series", show_series, "a property of the campaign's entropy series against entropy, with spread and trend"
    )
    add_campaign(parser)
    parser.add_argument("--of", metavar="KEY", default="mixing_temperature", help="a name by which campaigns rank")
    parser.add_argument("--convention", metavar="NAME", default="mixed-site", help="of the entropy")
    add_json(parser)


def show_series(options: argparse.Namespace) -> int:
    """Print the series."""
    from hebe.campaigns.loading import load_campaign

    campaign = load_campaign(options.campaign)
    _check(campaign, options)
    from hebe.campaigns import api
    from hebe.science.chemistry.screening import series_candidates
    from hebe.science.chemistry.space import CompositionSpace
    from hebe.science.choosing.series import series_points, trend

    finished = {candidate.candidate_id: candidate for candidate in api.results(campaign).ranked}
    space = CompositionSpace.from_campaign(campaign)
    document: dict[str, Any] = {"campaign": campaign.name, "of": options.of, "convention": options.convention}
    document["series"] = []
    for name in campaign.series:
        wanted = [candidate.candidate_id for candidate in series_candidates(campaign, space, name)]
        points = series_points([finished[i] for i in wanted if i in finished], options.of, options.convention)
        found = trend(points)
        document["series"].append(
            {
                "name": name,
                "points": [asdict(point) for point in points],
                "unfinished": [i for i in wanted if i not in finished],
                "trend": None if found is None else asdict(found),
            }
        )
    if wants_json(options):
        write_json(document)
    else:
        _print(document["series"], options.of)
    return 0


def _check(campaign: Campaign, options: argparse.Namespace) -> None:
    from typing import get_args

    from hebe.analyses.registry import all_quantities
    from hebe.config.campaign import EntropyConvention
    from hebe.config.reading.wording import suggest

    if not campaign.series:
        raise BadInputError("the campaign has no series", file=options.campaign, suggestion="add a block series")
    if options.of not in all_quantities():
        hint = suggest(options.of, all_quantities())
        raise BadInputError(f"{options.of!r} is no name by which campaigns rank", suggestion=hint)
    known = get_args(EntropyConvention)
    if options.convention not in known:
        hint = suggest(options.convention, known)
        raise BadInputError(f"no convention of entropy is called {options.convention!r}", suggestion=hint)


def _print(series: Sequence[Mapping[str, Any]], quantity: str) -> None:
    for entry in series:
        table = new_table([str(entry["name"]), "S / R", quantity, "spread"], right=(1, 2, 3))
        for point in entry["points"]:
            table.add_row(point["formula"], f"{point['entropy_R']:.3f}", _text(point["value"]), _text(point["sd"]))
        write_table(table)
        if entry["unfinished"]:
            write_line(f"{len(entry['unfinished'])} not finished")
        if entry["trend"] is not None:
            found = entry["trend"]
            write_line(f"rank correlation {found['spearman']:.2f} over {found['n']} points, p = {found['p_value']:.2g}")


def _text(value: float | None) -> str:
    return "–" if value is None else f"{value:.4g}"

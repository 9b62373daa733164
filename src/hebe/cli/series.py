"""``hebe series``: a property of the entropy series of a campaign against entropy."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_campaign, add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping, Sequence

    from hebe.cli.arguments import Commands


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
    from hebe.campaigns import api
    from hebe.campaigns.series import series_document

    document = series_document(campaign, api.results(campaign).ranked, options.of, options.convention)
    if wants_json(options):
        write_json(document)
    else:
        _print(document["series"], options.of)
    return 0


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

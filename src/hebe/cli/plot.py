"""``hebe plot``: one figure of a campaign as SVG, PNG or PDF."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hebe.cli.arguments import add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse

    from hebe.cli.arguments import Commands


def add_commands(commands: Commands) -> None:
    """Declare ``plot``."""
    parser = commands.add(
        "plot",
        write_plot,
        "one figure of a campaign as SVG, PNG or PDF",
        "Without a name it lists the figures; the name of an analysis stands for its first one.",
    )
    parser.add_argument("name", metavar="NAME", nargs="?", help="figure")
    parser.add_argument("campaign", metavar="CAMPAIGN", nargs="?", help="campaign file (YAML)")
    parser.add_argument("-o", "--output", metavar="FILE", help=".svg, .png or .pdf (default: NAME.svg)")
    add_json(parser)


def write_plot(options: argparse.Namespace) -> int:
    """Write a figure, or list those that there are."""
    if options.name is None:
        return _list(options)
    if options.campaign is None:
        raise BadInputError("hebe plot: the campaign is missing", suggestion="hebe plot NAME CAMPAIGN -o FILE.svg")
    from hebe.report.drawing import check_suffix

    path = Path(f"{options.name}.svg" if options.output is None else options.output)
    if options.output is not None:
        check_suffix(path)
    from hebe.campaigns.loading import load_campaign

    campaign = load_campaign(options.campaign)
    from hebe.report.gallery import plot

    drawing = plot(options.name, campaign)
    drawing.save(path)
    if wants_json(options):
        write_json({"campaign": campaign.name, "figure": drawing.name, "file": str(path.absolute())})
    else:
        write_line(f"{path} written: {drawing.title}")
    return 0


def _list(options: argparse.Namespace) -> int:
    from hebe.report.gallery import all_pictures

    pictures = all_pictures()
    if wants_json(options):
        write_json({"figures": [{"name": one.name, "title": one.title} for one in pictures.values()]})
        return 0
    table = new_table(["figure", "what it shows"])
    for one in pictures.values():
        table.add_row(one.name, one.title)
    write_table(table)
    write_line("hebe plot NAME CAMPAIGN -o FILE.svg (or .png, .pdf)")
    return 0

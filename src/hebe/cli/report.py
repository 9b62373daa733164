"""``hebe report``: the ranked candidates as one self-contained HTML page."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.cli.arguments import add_campaign, add_json, wants_json
from hebe.cli.output import write_json, write_line, write_warning
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse

    from hebe.cli.arguments import Commands


_PAGES: Final = ("", ".html", ".htm", ".xhtml")


def add_commands(commands: Commands) -> None:
    """Declare ``report``."""
    parser = commands.add(
        "report",
        write_report,
        "one self-contained HTML page with ranking and figures",
        "The page needs no network and no script.",
    )
    add_campaign(parser)
    parser.add_argument("-o", "--output", metavar="FILE", default="report.html", help="page (default: report.html)")
    add_json(parser)


def write_report(options: argparse.Namespace) -> int:
    """Write the page."""
    from hebe.campaigns.loading import load_campaign
    from hebe.report.files import check_target, unwritable

    path = Path(options.output)
    if path.suffix.lower() not in _PAGES:
        hint = f"-o {path.with_suffix('.html')}, which a browser prints to PDF"
        raise BadInputError(f"a page is HTML, not {path.suffix}", file=path, suggestion=hint)
    check_target(path)
    campaign = load_campaign(options.campaign)
    from hebe.campaigns import api
    from hebe.report.page import report_page

    results = api.results(campaign)
    write_warning(results.edited)
    candidates = results.ranked
    if not candidates:
        raise BadInputError(
            "no candidate of this campaign is finished",
            file=options.campaign,
            suggestion=f"hebe run {options.campaign}",
        )
    try:
        today = datetime.now(tz=UTC).date().isoformat()
        borders = {"promotions": results.promotions, "agreement": results.agreement}
        borders |= {"calibrations": results.calibrations}
        path.write_text(report_page(campaign, candidates, **borders, written=today), encoding="utf-8")
    except OSError as err:
        raise unwritable(path, err) from err
    if wants_json(options):
        write_json({"campaign": campaign.name, "report": str(path.absolute()), "candidates": len(candidates)})
    else:
        write_line(f"{path} written: {len(candidates)} candidates")
    return 0

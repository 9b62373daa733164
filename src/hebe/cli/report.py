"""``hebe report``: the ranked candidates as one self-contained page, as HTML, PDF or Markdown."""

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
    from hebe.config.campaign import Campaign

_SUFFIXES: Final = {
    "": "html",
    ".html": "html",
    ".htm": "html",
    ".xhtml": "html",
    ".pdf": "pdf",
    ".md": "md",
    ".markdown": "md",
}
FORMATS: Final = ("html", "pdf", "md")


def add_commands(commands: Commands) -> None:
    """Declare ``report``."""
    parser = commands.add(
        "report",
        write_report,
        "one self-contained page with ranking, figures and structures, as HTML, PDF or Markdown",
        "The page needs no network, and can be read with scripts off. PDF is printed by chromium or Chrome.",
    )
    add_campaign(parser)
    parser.add_argument("-o", "--output", metavar="FILE", help="page (default: report.html)")
    parser.add_argument("--format", metavar="F", choices=FORMATS, help=f"{', '.join(FORMATS)} (default: from FILE)")
    parser.add_argument(
        "--weights", metavar="NAMES", help="weights of objectives for scores: average_voltage=2,mixing_temperature=1"
    )
    add_json(parser)


def write_report(options: argparse.Namespace) -> int:
    """Write the page."""
    from hebe.campaigns.loading import load_campaign
    from hebe.report.files import check_target, unwritable

    kind, path = _target(options)
    check_target(path)
    if kind == "pdf":
        from hebe.report.printing import browser

        browser()
    campaign = load_campaign(options.campaign)
    weights = _weights(options.weights, campaign)
    from hebe.campaigns import api
    from hebe.report.collect import page_of

    results = api.results(campaign)
    write_warning(results.edited)
    if not results.ranked:
        raise BadInputError(
            "no candidate of this campaign is finished",
            file=options.campaign,
            suggestion=f"hebe run {options.campaign}",
        )
    today = datetime.now(tz=UTC).date().isoformat()
    page = page_of(campaign, results, weights=weights, written=today, crystals=kind != "md")
    from hebe.report.page import report_page

    try:
        _write(report_page(page), kind, path)
    except OSError as err:
        raise unwritable(path, err) from err
    if wants_json(options):
        write_json({"campaign": campaign.name, "report": str(path.absolute()), "candidates": len(page.candidates)})
    else:
        write_line(f"{path} written: {len(page.candidates)} candidates")
    return 0


def _target(options: argparse.Namespace) -> tuple[str, Path]:
    """Format and path of the page."""
    path = Path(f"report.{options.format or 'html'}" if options.output is None else options.output)
    kind = options.format or _SUFFIXES.get(path.suffix.lower())
    if kind is None:
        hint = f"-o {path.with_suffix('.html')}, or --format {', '.join(FORMATS)}"
        raise BadInputError(f"a report is HTML, PDF or Markdown, not {path.suffix}", file=path, suggestion=hint)
    return kind, path


def _write(page: str, kind: str, path: Path) -> None:
    if kind == "pdf":
        from hebe.report.printing import print_page

        print_page(page, path)
    elif kind == "md":
        from hebe.report.markdown import markdown

        path.write_text(markdown(page), encoding="utf-8")
    else:
        path.write_text(page, encoding="utf-8")


def _weights(text: str | None, campaign: Campaign) -> dict[str, float]:
    """Weights as they are written: ``average_voltage=2,mixing_temperature=1``.

    Raises
    ------
    BadInputError
        If one is no objective of the campaign, or no positive number.
    """
    from hebe.config.reading.wording import shown, suggest

    objectives = (*campaign.rank.maximize, *campaign.rank.minimize)
    found: dict[str, float] = {}
    for part in filter(None, (part.strip() for part in (text or "").split(","))):
        name, _, value = (piece.strip() for piece in part.partition("="))
        if name not in objectives:
            reason = f"--weights: the campaign does not rank by {shown(name)}"
            raise BadInputError(reason, suggestion=suggest(name, objectives))
        if name in found:
            raise BadInputError(f"--weights: {name} is given twice")
        found[name] = _positive(name, value)
    return found


def _positive(name: str, text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.0 < value < 1e9:
        raise BadInputError(f"--weights: expected a number above 0 for {name}, got {text!r}", suggestion=f"{name}=1")
    return value

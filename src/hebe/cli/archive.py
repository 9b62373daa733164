"""``hebe export CAMPAIGN --format ro-crate``: a campaign with everything that a repository wants to have."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.cli.arguments import wants_json
from hebe.cli.output import write_json, write_line
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable

    from hebe.campaigns.results import Results
    from hebe.cli.arguments import Parser
    from hebe.report.files import Table

    Cells = Callable[[Results], Table]

FORMAT: Final = "ro-crate"
_LICENCE: Final = "CC-BY-4.0"


def add_options(parser: Parser) -> None:
    """Declare the options that only a crate has."""
    parser.add_argument(
        "--license", metavar="L", default=_LICENCE, help=f"of a crate: SPDX name or address (default: {_LICENCE})"
    )
    parser.add_argument("--author", metavar="NAME", action="append", default=[], help="of a crate: may be repeated")


def export_crate(options: argparse.Namespace, table: Cells) -> int:
    """Write the crate; `table` makes one of the results of the campaign."""
    from hebe.campaigns.archive import campaign_crate
    from hebe.campaigns.loading import load_campaign
    from hebe.report.files import unwritable
    from hebe.report.versions import package_versions

    file = Path(options.what)
    if options.output is None:
        raise BadInputError("hebe export: a crate goes to a folder or a zip", suggestion="-o FOLDER")
    if not file.is_file():
        raise BadInputError("a crate is made of a campaign, not of one document", suggestion="name a campaign file")
    target = Path(options.output)
    campaign = load_campaign(file)
    crate = campaign_crate(
        file,
        versions=package_versions(campaign),
        licence=options.license,
        authors=options.author,
        today=datetime.now(tz=UTC).date().isoformat(),
        table=_table(file, table),
    )
    try:
        crate.write(target)
    except OSError as err:
        raise unwritable(target, err) from err
    if wants_json(options):
        write_json({"format": FORMAT, "output": str(target.absolute()), "documents": len(crate.files)})
    else:
        write_line(f"{target} written: {len(crate.files)} files, licence {options.license} (--license names another)")
    return 0


def _table(file: Path, table: Cells) -> str | None:
    """Candidates as CSV, None without pandas."""
    from importlib.util import find_spec

    if find_spec("pandas") is None:
        return None
    from hebe.campaigns.api import results
    from hebe.report.files import csv_text

    return csv_text(table(results(file)))

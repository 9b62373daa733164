"""``hebe rerun``: have failed jobs run again, with what follows from them."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import add_campaign, add_json, duration, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from hebe.cli.arguments import Commands


def add_commands(commands: Commands) -> None:
    """Declare ``rerun``."""
    parser = commands.add(
        "rerun",
        rerun_failed,
        "have failed jobs run again, with their descendants, at the next hebe run or by hebe launch",
        "Conditions are joined by and. Without a campaign: everything in the project's store.",
    )
    add_campaign(parser, optional=True)
    parser.add_argument("--failed", action="store_true", help="rerun failed jobs (nothing else can be rerun)")
    parser.add_argument("--error", metavar="REGEX", help="only those whose error (class: message) matches")
    parser.add_argument("--candidate", metavar="ID", help="only those of one candidate")
    parser.add_argument("--older-than", metavar="AGE", type=duration, help="only failures of this age: 2d, 3h, 10min")
    parser.add_argument("--since", metavar="AGE", type=duration, help="only failures of the last 2d, 3h, 10min")
    parser.add_argument("--dry-run", action="store_true", help="only say which jobs they are")
    add_json(parser)


def rerun_failed(options: argparse.Namespace) -> int:
    """Choose failed jobs and take back what they left."""
    if not options.failed:
        raise BadInputError("hebe rerun: say what to rerun", suggestion="--failed")
    error = None if options.error is None else _pattern(options.error)
    campaign = None
    if options.campaign is not None:
        from hebe.campaigns.loading import load_campaign

        campaign = load_campaign(options.campaign)
    from hebe.campaigns import api

    document = api.rerun(
        campaign,
        error=error,
        candidate=options.candidate,
        older_than_s=options.older_than,
        within_s=options.since,
        dry_run=options.dry_run,
    )
    if wants_json(options):
        write_json(document)
    else:
        _print(document, options.campaign)
    return 0


def _pattern(text: str) -> re.Pattern[str]:
    try:
        return re.compile(text)
    except (re.error, OverflowError, RecursionError) as err:
        raise BadInputError(
            f"--error: {text!r} is no regular expression: {err}", suggestion="quote it: 'a.*b'"
        ) from err


def _print(document: Mapping[str, Any], campaign: str | None) -> None:
    jobs, kept = document["jobs"], document["kept"]
    others = f" ({kept} other failed jobs are left as they are)" if kept else ""
    if not jobs:
        write_line(f"no failed job fits{others}" if kept else "there is no failed job")
        return
    table = new_table(["failures", "jobs", "message"], right=(1,))
    for failure in document["failures"]:
        table.add_row(failure["error_class"], str(failure["count"]), failure["message"])
    write_table(table)
    follow = (
        "those that read from them" if document["descendants"] is None else f"{document['descendants']} descendants"
    )
    if document["dry_run"]:
        write_line(f"{len(jobs)} failed jobs would run again, and {follow}{others}; nothing was changed.")
    else:
        how = document["goes_on"].replace("CAMPAIGN", campaign or "CAMPAIGN")
        write_line(f"{len(jobs)} failed jobs will run again, and {follow}{others}: {how}")

"""Campaigns that a launcher keeps (``submit``, ``launch``); ``pause``, ``resume`` and ``cancel`` on any launcher."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, Final

from hebe.cli.arguments import add_campaign, add_json, duration, wants_json
from hebe.cli.output import new_table, write_by_hand, write_json, write_line, write_table
from hebe.config.reading.hiding import printable

if TYPE_CHECKING:
    import argparse
    from collections.abc import Callable, Mapping

    from hebe.cli.arguments import Commands, Parser

_CONTROLS: Final = {
    "pause": ("paused", "let what runs finish, and start nothing more until hebe resume"),
    "resume": (None, "go on after hebe pause or hebe cancel"),
    "cancel": ("cancelled", "end what runs and start nothing more; hebe run or hebe submit begins again"),
}


def add_commands(commands: Commands) -> None:
    """Declare ``submit``, ``launch``, ``pause``, ``resume`` and ``cancel``."""
    parser = commands.add(
        "submit",
        submit_campaign,
        "hand a campaign over to a queue, as a LaunchPad is; again: adds only what is new",
        "hebe launch then runs it through the batch queue.",
    )
    add_campaign(parser)
    _add_launcher(parser)
    parser.add_argument("--dry-run", action="store_true", help="only say what would be added")
    add_json(parser)
    parser = commands.add(
        "launch",
        launch,
        "keep queue jobs in flight until nothing is left to do; start it again whenever it ended",
        "Finds dead workers and reruns what they had. One process per project. Ctrl-C ends it; queue jobs go on.",
    )
    _add_launcher(parser)
    parser.add_argument(
        "--interval", metavar="TIME", type=duration, default=5.0, help="between looks at the queue (5s)"
    )
    parser.add_argument(
        "--idle", metavar="TIME", type=duration, default=10.0, help="a queue job without work ends (10s)"
    )
    parser.add_argument("--stay", action="store_true", help="wait for further campaigns when nothing is left")
    add_json(parser, "print the last report as one JSON document")
    for name, (status, summary) in _CONTROLS.items():
        parser = commands.add(name, _controller(status), summary, "Works the same whatever runs the campaign.")
        add_campaign(parser)
        add_json(parser)


def _add_launcher(parser: Parser) -> None:
    parser.add_argument("--launcher", metavar="NAME", help="launcher that keeps what is submitted (that of hebe.yaml)")


def submit_campaign(options: argparse.Namespace) -> int:
    """Put a campaign onto a LaunchPad."""
    from hebe.campaigns.loading import load_campaign

    campaign = load_campaign(options.campaign)
    from hebe.campaigns import queue as clusters

    document = clusters.submit(campaign, launcher=options.launcher, dry_run=options.dry_run)
    if wants_json(options):
        write_json(document)
    else:
        _print_submission(document, options.campaign)
    return 0


def launch(options: argparse.Namespace) -> int:
    """Drive the queue."""
    from hebe.campaigns import queue as clusters

    last = ""

    def tell(text: str) -> None:
        nonlocal last
        if text != last:
            sys.stderr.write(f"{printable(text)}\n")
            sys.stderr.flush()
            last = text

    times = {"interval_s": options.interval, "idle_s": options.idle}
    report = clusters.launch(tell, launcher=options.launcher, stay=options.stay, **times)
    if wants_json(options):
        write_json(report.as_dict())
    return 0 if report.status == "complete" else 1


def _controller(status: str | None) -> Callable[[argparse.Namespace], int]:
    def control(options: argparse.Namespace) -> int:
        from hebe.campaigns.loading import load_campaign

        campaign = load_campaign(options.campaign)
        from hebe.campaigns import queue as clusters

        document = clusters.control(campaign, status)
        if wants_json(options):
            write_json(document)
        else:
            write_line(f"{document['campaign']}: {document['control'] or 'goes on'}")
            write_by_hand(document)
        return 1 if document.get("lpad") else 0

    return control


def _print_submission(document: Mapping[str, Any], campaign: str) -> None:
    table = new_table(["resources", "jobs", "calculations", "cores each", "core hours"], right=(1, 2, 3, 4))
    for row in document["resources"]:
        hours = f"{row['core_hours_estimate']:.1f}"
        table.add_row(row["name"], str(row["jobs"]), str(row["calculations"]), str(row["cores"]), hours)
    if document["resources"]:
        write_table(table)
    added = "would be added" if document["dry_run"] else "added"
    write_line(
        f"{document['campaign']}: {document['jobs']} jobs in {document['workflows']} workflows {added}, "
        f"{document['known']} were there, {document['finished']} are finished, {document['again']} run again."
    )
    if not document["dry_run"]:
        write_line(f"{document['goes_on']} runs them; hebe status {campaign} says how far they are.")

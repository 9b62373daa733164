"""``hebe doctor``: is everything there that a run needs, and how to get what is missing."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.cli.arguments import add_campaign, add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table

if TYPE_CHECKING:
    import argparse

    from hebe.cli.arguments import Commands

_MARKS: Final = {"ok": "ok", "absent": "not there", "failed": "FAILED"}


def add_commands(commands: Commands) -> None:
    """Declare ``doctor``."""
    parser = commands.add(
        "doctor",
        examine,
        "check store, engines, packages and workers; say what is missing and how to get it",
        "With a campaign its engines are checked, else all. Exits 1 when something needed is missing.",
    )
    add_campaign(parser, optional=True)
    add_json(parser)


def examine(options: argparse.Namespace) -> int:
    """Check and print what was found."""
    campaign = None
    if options.campaign is not None:
        from hebe.campaigns.loading import load_campaign

        campaign = load_campaign(options.campaign)
    from hebe.doctor.health import examine as checks

    found = [check.as_dict() for check in checks(campaign)]
    broken = [check for check in found if check["needed"] and check["status"] != "ok"]
    if wants_json(options):
        write_json({"healthy": not broken, "checks": found})
    else:
        _print(found, broken)
    return 1 if broken else 0


def _print(found: list[dict[str, Any]], broken: list[dict[str, Any]]) -> None:
    table = new_table(["check", "", "found"])
    for check in found:
        optional = "" if check["needed"] or check["status"] == "ok" else " (optional)"
        table.add_row(check["name"], _MARKS[check["status"]] + optional, check["detail"])
    write_table(table)
    for check in found:
        if check["status"] != "ok" and check["advice"]:
            write_line(f"{check['name']}: {check['advice']}")
    names = ", ".join(check["name"] for check in broken)
    write_line(f"needed and not in order: {names}" if broken else "everything that a run needs is there")

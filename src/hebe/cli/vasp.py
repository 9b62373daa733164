"""``hebe inputs`` and ``hebe adopt``: VASP's folders out of a campaign, and finished ones into the store."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.cli.arguments import Commands, add_campaign, add_json, wants_json
from hebe.cli.output import write_json, write_line

if TYPE_CHECKING:
    import argparse

_SHOWN = 20


def add_commands(commands: Commands) -> None:
    """Declare ``inputs`` and ``adopt``."""
    parser = commands.add(
        "inputs",
        write_inputs,
        "write VASP's input folders without running anything",
        "One folder for each calculation whose start is known; hebe adopt takes the finished ones in.",
    )
    add_campaign(parser)
    parser.add_argument("-o", "--output", metavar="DIR", required=True, help="where the folders are made")
    add_json(parser)
    parser = commands.add(
        "adopt",
        adopt,
        "take finished VASP folders into the store, so that they are never run again",
        "Only what is converged, with the settings of its key. Exits 1 if a folder was refused.",
    )
    parser.add_argument("directory", metavar="DIR", help="a folder with output, or one that holds such folders")
    parser.add_argument("--campaign", metavar="CAMPAIGN", help="whose VASP settings folders without hebe.json have")
    parser.add_argument("--dry-run", action="store_true", help="only say what would be taken in")
    add_json(parser)


def write_inputs(options: argparse.Namespace) -> int:
    """Write folders and say what is still to come."""
    from hebe.campaigns import vasp_folders

    found = vasp_folders.write_inputs(options.campaign, Path(options.output))
    if wants_json(options):
        write_json(found)
        return 0
    write_line(f"{len(found['written'])} folders written below {options.output}")
    for name, words in (
        ("finished", "are finished"),
        ("failed", "have failed: hebe rerun --failed takes them back"),
        ("with_output", "have output: hebe adopt takes it in"),
        ("waiting", "wait for calculations that come before them"),
    ):
        if found[name]:
            write_line(f"{found[name]} {words}")
    if found["missing_potcars"]:
        names = ", ".join(found["missing_potcars"])
        write_line(f"POTCARs that are missing here: {names}; POTCAR.spec lists what each folder needs")
    return 0


def adopt(options: argparse.Namespace) -> int:
    """Take folders in and say which were refused, and why."""
    from hebe.campaigns import vasp_folders

    engine = start = None
    if options.campaign is not None:
        from hebe.campaigns.loading import load_campaign
        from hebe.campaigns.place import start_of

        campaign = load_campaign(options.campaign)
        engine, start = vasp_folders.engine_of(campaign), start_of(campaign, None)
    found = vasp_folders.adopt(Path(options.directory), engine=engine, dry_run=options.dry_run, start=start)
    if wants_json(options):
        write_json(found)
    else:
        _print(found, dry_run=options.dry_run)
    return 1 if found["refused"] else 0


def _print(found: dict[str, Any], *, dry_run: bool) -> None:
    for entry in found["refused"][:_SHOWN]:
        hint = f" ({entry['suggestion']})" if entry["suggestion"] else ""
        write_line(f"refused {entry['folder']}: {entry['reason']}{hint}")
    more = len(found["refused"]) - _SHOWN
    if more > 0:
        write_line(f"and {more} more")
    verb = "could be taken in" if dry_run else "taken in"
    write_line(f"{len(found['adopted'])} {verb}, {len(found['known'])} known before, {len(found['refused'])} refused")

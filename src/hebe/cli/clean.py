"""``hebe clean``: what run folders hold, and their removal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.cli.arguments import add_json, wants_json
from hebe.cli.output import new_table, write_json, write_line, write_table
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse
    from collections.abc import Mapping

    from hebe.cli.arguments import Commands

_SHOWN: Final = 10


def add_commands(commands: Commands) -> None:
    """Declare ``clean``."""
    parser = commands.add(
        "clean",
        clean_folders,
        "say what run folders hold; --remove removes those that nothing needs",
        "Outputs are in the store and stay. Folders that a failure names, or that a calculation which was cut off goes"
        " on from, are kept without --all; what a launch uses now always.",
    )
    parser.add_argument("--remove", action="store_true", help="remove run folders that nothing needs")
    parser.add_argument("--all", action="store_true", help="with --remove: also those of failures and cut calculations")
    add_json(parser)


def clean_folders(options: argparse.Namespace) -> int:
    """Print what run folders hold, and remove them when asked."""
    if options.all and not options.remove:
        raise BadInputError("hebe clean: --all goes with --remove", suggestion="hebe clean --remove --all")
    from hebe.campaigns.cleaning import clean

    document = clean(remove=options.remove, everything=options.all)
    if wants_json(options):
        write_json(document)
    else:
        _print(document, removed=options.remove)
    return 0


def _print(document: Mapping[str, Any], *, removed: bool) -> None:
    if not document["folders"]:
        write_line(f"{document['runs']} holds nothing")
        return
    table = new_table(["campaign", "folders", "size"], right=(1, 2))
    for one in document["campaigns"]:
        table.add_row(one["campaign"] or "not known", f"{one['folders']:,}", size_text(one["bytes"]))
    write_table(table)
    for one in document["needed"][:_SHOWN]:
        write_line(f"  kept  {one['path']}: {one['reason']}")
    if len(document["needed"]) > _SHOWN:
        write_line(f"  kept  {len(document['needed']) - _SHOWN:,} more, hebe clean --json names them")
    if removed:
        gone = document["removed"]
        write_line(f"{gone['folders']:,} folders with {size_text(gone['bytes'])} were removed from {document['runs']}.")
    else:
        free = document["removable"]
        write_line(f"{document['runs']} holds {size_text(document['bytes'])} in {document['folders']:,} folders;")
        write_line(f"hebe clean --remove would remove {free['folders']:,} with {size_text(free['bytes'])}.")


def size_text(n_bytes: int) -> str:
    """Number of bytes in a decimal unit that gives at least one."""
    for unit, factor in (("GB", 10**9), ("MB", 10**6), ("kB", 10**3)):
        if n_bytes >= factor:
            return f"{n_bytes / factor:.1f} {unit}"
    return f"{n_bytes} bytes"

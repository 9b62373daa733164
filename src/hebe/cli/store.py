"""``hebe store``: is the store whole, a backup, healing, giving space back, and moving campaigns between stores."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hebe.cli.arguments import Commands, add_json, wants_json
from hebe.cli.output import write_json, write_line
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse


def add_commands(commands: Commands) -> None:
    """Declare ``store`` with ``check``, ``heal``, ``backup``, ``compact``, ``copy`` and ``build``."""
    group = commands.add("store", describe_store, "care of the store: check, heal, backup, compact, copy, build")
    add_json(group)
    inner = Commands(group, required=False)
    checking = inner.add("check", check_store, "read everything in the store and say whether it is sound")
    saving = inner.add(
        "backup", backup_store, "copy the store into a new file, also while it is in use", "The copy is checked."
    )
    saving.add_argument("target", metavar="FILE", help="the new file")
    compacting = inner.add("compact", compact_store, "rewrite the store without unused space")
    healing = inner.add(
        "heal",
        heal_store,
        "take out calculations that are called converged and have no energy; they are computed again",
    )
    healing.add_argument("--dry-run", action="store_true", help="only say which they are")
    add_json(healing)
    for parser in (checking, saving, compacting):
        parser.add_argument("--store", metavar="PATH", help="store file (default: the one of the project)")
        add_json(parser)
    copying = inner.add(
        "copy",
        copy_store,
        "copy a campaign, or everything, from store A to store B and verify it",
        "A and B are project folders, .db files, descriptions as in jobflow.yaml, or mongodb:// URIs.",
    )
    copying.add_argument("source", metavar="A", help="from this store")
    copying.add_argument("target", metavar="B", help="to this store")
    copying.add_argument("--campaign", metavar="NAME", help="only this campaign and what its outputs refer to")
    add_json(copying)
    building = inner.add(
        "build",
        build_store,
        "bring the collections candidates, electrodes, mixing and phases up to date, for other tools that query them",
        "Only what has changed is built; electrodes are documents of emmet.",
    )
    building.add_argument("--campaign", metavar="NAME", help="only this campaign")
    add_json(building)


def build_store(options: argparse.Namespace) -> int:
    """Build and say how much was written."""
    from hebe.campaigns.api import existing_store
    from hebe.campaigns.builders import build
    from hebe.config.settings import project_folder

    store = existing_store(None)
    try:
        written = build(store, project_folder(), options.campaign)
    finally:
        store.close()
    if wants_json(options):
        write_json(written)
    else:
        write_line("written: " + ", ".join(f"{count:,} {name}" for name, count in written.items()))
    return 0


def describe_store(options: argparse.Namespace) -> int:
    """Print which store the project uses."""
    from hebe.config.settings import get_settings, project_folder
    from hebe.stores.factory import embedded_path

    root = project_folder()
    kind, path = get_settings(root).store.kind, embedded_path(root)
    if wants_json(options):
        write_json({"kind": kind, "path": path, "project": root})
        return 0
    write_line(f"{kind}: {path}" if path is not None else f"{kind}, named in the settings of {root}")
    return 0


def check_store(options: argparse.Namespace) -> int:
    """Print what a check has found; 1 if something is wrong."""
    from hebe.stores.care import check

    health = check(_file(options))
    if wants_json(options):
        write_json(health.as_dict())
    else:
        write_line(f"{health.path}: {'sound' if health.is_sound else 'NOT sound'}, {health.bytes / 1e6:.1f} MB")
        inside = ", ".join(f"{count:,} in {name}" for name, count in health.collections.items())
        write_line(f"  documents  {health.documents:,} ({inside})" if inside else "  documents  0")
        write_line(f"  blobs      {health.blobs:,}")
        for problem in health.problems:
            write_line(f"  problem    {problem}")
    return 0 if health.is_sound else 1


def backup_store(options: argparse.Namespace) -> int:
    """Write a backup and say what is in it."""
    from hebe.stores.care import backup

    health = backup(_file(options), Path(options.target))
    if wants_json(options):
        write_json(health.as_dict())
    else:
        write_line(
            f"{health.path}: {health.documents:,} documents, {health.blobs:,} blobs, {health.bytes / 1e6:.1f} MB"
        )
    return 0 if health.is_sound else 1


def compact_store(options: argparse.Namespace) -> int:
    """Compact the store and say what that gave."""
    from hebe.stores.care import compact

    path = _file(options)
    before, after = compact(path)
    if wants_json(options):
        write_json({"path": path, "bytes_before": before, "bytes_after": after})
    else:
        write_line(f"{path}: {before / 1e6:.1f} MB before, {after / 1e6:.1f} MB now")
    return 0


def heal_store(options: argparse.Namespace) -> int:
    """Take out what is no result and say how much it was."""
    from hebe.campaigns.api import existing_store
    from hebe.stores.healing import heal

    store = existing_store(None)
    try:
        found = heal(store, dry_run=options.dry_run)
    finally:
        store.close()
    if wants_json(options):
        write_json(found)
        return 0
    for one in found["calculations"]:
        write_line(f"{one['name'] or one['uuid']}: called converged, and its energy is not a number")
    verb = "would be taken out" if options.dry_run else "taken out"
    write_line(
        f"{len(found['calculations'])} calculations {verb}, with {found['followers']} outputs that stand for them"
    )
    return 0


def copy_store(options: argparse.Namespace) -> int:
    """Copy and say how much."""
    from hebe.stores.copying import copy, open_place

    source = open_place(options.source, must_exist=True)
    try:
        target = open_place(options.target)
        try:
            done = copy(source, target, options.campaign)
        finally:
            target.close()
    finally:
        source.close()
    if wants_json(options):
        write_json(done.as_dict())
    else:
        blobs = "".join(f", {count:,} blobs of {name}" for name, count in done.blobs.items())
        write_line(f"{done.outputs:,} outputs{blobs} copied and verified: {done.source} -> {done.target}")
    return 0


def _file(options: argparse.Namespace) -> Path:
    """File of the embedded store that is meant."""
    from hebe.config.settings import project_folder
    from hebe.stores.factory import embedded_path

    path = Path(options.store) if options.store is not None else embedded_path(project_folder())
    if path is None:
        raise BadInputError(
            "the settings name a store that is no file", key="store.kind", suggestion="--store PATH names one"
        )
    if not path.is_file():
        raise BadInputError("there is no such store", file=path, suggestion="--store PATH names another")
    return path

"""``hebe init``: a commented campaign file to start from."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from hebe.cli.output import write_line
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse

    from hebe.cli.arguments import Commands

_FILE = "campaign.yaml"
_FAMILY = "layered-o3"


def add_commands(commands: Commands) -> None:
    """Declare ``init``."""
    parser = commands.add(
        "init",
        write_campaign,
        "write a commented campaign file",
        f"The file is DIR/{_FILE}; the folder is made if it does not exist. It runs as it is.",
    )
    parser.add_argument("directory", metavar="DIR", nargs="?", default=".", help="folder (default: this one)")
    parser.add_argument("--family", metavar="F", help=f"host family (default: {_FAMILY})")
    parser.add_argument("--ion", metavar="X", help="working ion (default: the first that the family lists)")
    parser.add_argument("--like", metavar="ID", help="a material of the literature, see hebe systems")
    parser.add_argument("--force", action="store_true", help="overwrite a campaign file that exists")


def write_campaign(options: argparse.Namespace) -> int:
    """Write the file and say what to do next."""
    from hebe.report.files import unwritable

    folder = Path(options.directory)
    path = folder / _FILE
    text = _text(options, folder)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with path.open("w" if options.force else "x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError as err:
        if path.exists():
            raise BadInputError("the file exists", file=path, suggestion="--force overwrites it") from err
        raise BadInputError("expected a folder", file=folder) from err
    except OSError as err:
        raise unwritable(path, err) from err
    write_line(f"{path} written: edit it, then")
    write_line(f"  hebe space {path}   # how many compositions there are")
    write_line(f"  hebe run {path}     # computes the selected ones")
    return 0


def _text(options: argparse.Namespace, folder: Path) -> str:
    """Campaign of a family, or of a material of the literature."""
    from hebe.campaigns.literature import campaign_of_system
    from hebe.cli.template import campaign_text
    from hebe.config.family import load_family

    if options.like is None:
        return campaign_text(load_family(options.family or _FAMILY), options.ion, _campaign_name(folder))
    if options.family is not None or options.ion is not None:
        given = "--family" if options.family is not None else "--ion"
        raise BadInputError(
            "a material of the literature has its family and ion", key=given, suggestion="leave it away"
        )
    return campaign_of_system(options.like, _FILE)


def _campaign_name(folder: Path) -> str:
    """Name of the folder as far as it can name a campaign."""
    kept = "".join(c if c.isascii() and (c.isalnum() or c in "._-") else "-" for c in folder.absolute().name)
    return kept.strip("._-")[:64] or "campaign"

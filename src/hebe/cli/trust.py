"""``hebe trust``: which code named by campaigns and settings may run here."""

from __future__ import annotations

import re
from pathlib import Path
from typing import TYPE_CHECKING

from hebe.cli.arguments import add_json, wants_json
from hebe.cli.output import write_json, write_line
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    import argparse

    from hebe.cli.arguments import Commands


def add_commands(commands: Commands) -> None:
    """Declare ``trust``."""
    parser = commands.add(
        "trust",
        trust,
        "let code that a campaign or the settings name run in a project",
        "Without an argument: what is trusted here. It is written in the home folder, for this user alone.",
    )
    parser.add_argument("modules", metavar="MODULE", nargs="*", help="module or package, as Python imports it")
    parser.add_argument("--project", metavar="DIR", help="project in which it counts (default: that of this folder)")
    parser.add_argument(
        "--weights", metavar="FILE", action="append", default=[], help="weights (a file or folder) that may be opened"
    )
    parser.add_argument("--folder", metavar="DIR", help="trust hebe.yaml in DIR, although it is another user's")
    add_json(parser)


def trust(options: argparse.Namespace) -> int:
    """Record what is trusted, and say what is."""
    from hebe.config.trust import record, trusted_modules
    from hebe.stores.factory import find_project

    for name in options.modules:
        if not re.fullmatch(r"[A-Za-z_]\w*(\.[A-Za-z_]\w*)*", name):
            raise BadInputError(
                f"hebe trust: {name!r} is no name of a module", suggestion="hebe trust my_package.engine"
            )
    for given in (options.project, options.folder):
        if given is not None and not Path(given).is_dir():
            raise BadInputError("there is no such folder", file=given)
    project = find_project(Path.cwd()) if options.project is None else Path(options.project).absolute()
    if options.folder is not None:
        record(Path(options.folder), whole=True)
    trusted = [*options.modules, *map(_content, options.weights)]
    if trusted:
        record(project, *trusted)
    found = sorted(trusted_modules(project))
    if wants_json(options):
        write_json({"project": project, "modules": found})
    else:
        write_line(f"{project}: " + (", ".join(found) if found else "nothing beyond Hebe is trusted"))
    return 0


def _content(path: str) -> str:
    from hebe.config.engines.fingerprint import fingerprint
    from hebe.config.trust import of_content

    try:
        return of_content(fingerprint(path))
    except OSError as err:
        raise BadInputError(f"the weights cannot be read: {err.strerror}", file=path) from err

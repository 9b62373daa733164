"""``hebe browse``: a web page of this machine alone over a store."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from hebe.cli.arguments import Commands, add_json, wants_json
from hebe.cli.output import write_json, write_line

if TYPE_CHECKING:
    from hebe.browse.place import Place
    from hebe.browse.server import BrowseServer


def add_commands(commands: Commands) -> None:
    """Declare ``browse``."""
    parser = commands.add(
        "browse",
        browse,
        "a web page over a store: progress, candidates, structures, failures; read-only",
        "Only this machine is served, and only a browser that knows the token of the printed address. Ctrl-C ends it.",
    )
    parser.add_argument(
        "place",
        metavar="PLACE",
        nargs="?",
        help="project folder, store (.db, mongodb://) or campaign file (default: the project of this folder)",
    )
    parser.add_argument("--port", metavar="N", type=port, default=0, help="port (default: one that is free)")
    parser.add_argument("--open", action="store_true", help="open the page in the browser")
    parser.add_argument(
        "--optimade",
        action="store_true",
        help="serve the relaxed structures to clients of OPTIMADE instead of the page",
    )
    add_json(parser, "print the address as JSON")


def browse(options: argparse.Namespace) -> int:
    """Serve until Ctrl-C."""
    from hebe.browse.place import find_place
    from hebe.browse.routes import Routes
    from hebe.browse.server import BrowseServer
    from hebe.browse.source import Source

    place = find_place(options.place)
    if options.optimade:
        return _serve_structures(place, options)
    source = Source(place)
    server = BrowseServer(Routes(source), port=options.port)
    if wants_json(options):
        write_json({"address": server.address, "project": source.place.root, "store": source.place.store})
    else:
        write_line(f"{source.place.shown}: {server.address}")
        write_line("Ctrl-C ends it.")
    _serve(server, opens=options.open)
    return 0


def _serve(server: BrowseServer, *, opens: bool) -> None:
    import sys

    sys.stdout.flush()
    if opens:
        import webbrowser

        webbrowser.open(server.address)
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        write_line("ended")
    finally:
        server.server_close()


def _serve_structures(place: Place, options: argparse.Namespace) -> int:
    """Serve structures until Ctrl-C."""
    import sys

    from hebe.browse.optimade import free_port, optimade_app, serve_optimade

    number = options.port or free_port()
    app = optimade_app(place, number)
    address = f"http://127.0.0.1:{number}/"
    if wants_json(options):
        write_json({"address": address, "project": place.root, "store": place.store})
    else:
        write_line(f"{place.shown} for clients of OPTIMADE: {address}")
        write_line("Every program of this machine may ask it. Ctrl-C ends it.")
    sys.stdout.flush()
    serve_optimade(app, number)
    return 0


def port(text: str) -> int:
    """Port number.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is something else.
    """
    if text.isdecimal() and len(text) < 6 and 0 <= int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a port between 0 and 65535, got {text!r}")

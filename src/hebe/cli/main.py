"""Entry point of the command ``hebe``: reads the command line, calls the command, turns errors into exit codes.

Exit codes: 0 done, 1 something failed, 2 bad input, 130 interrupted.
"""

from __future__ import annotations

import contextlib
import io
import os
import sys
import warnings
from typing import TYPE_CHECKING, Final, TextIO

import hebe
from hebe.cli import (
    browse,
    candidates,
    check,
    clean,
    cluster,
    compare,
    doctor,
    export,
    families,
    learning,
    maps,
    plot,
    project,
    report,
    rerun,
    running,
    series,
    space,
    store,
    systems,
    trust,
    vasp,
)
from hebe.cli.arguments import Commands, Parser, unknown_command
from hebe.config.reading.hiding import printable, without_passwords
from hebe.exceptions import BadInputError, HebeError, HebeWarning

if TYPE_CHECKING:
    from collections.abc import Sequence

GROUPS: Final = (
    project,
    families,
    systems,
    space,
    running,
    cluster,
    rerun,
    clean,
    candidates,
    compare,
    check,
    series,
    learning,
    maps,
    report,
    plot,
    browse,
    export,
    store,
    vasp,
    trust,
    doctor,
)
"""Modules with commands, in the order of ``hebe --help``."""

_INTERRUPTED: Final = 130


def build_parser() -> Parser:
    """Command line of ``hebe`` with all commands."""
    parser = Parser(
        prog="hebe",
        description="High-Entropy Battery Engine: one campaign file in, ranked candidate materials out.",
        epilog="Start with: hebe init, hebe space campaign.yaml, hebe run campaign.yaml. "
        "Exit codes: 0 done, 1 something failed, 2 bad input.",
    )
    parser.add_argument("--version", action="version", version=f"hebe {hebe.__version__}", help="print the version")
    commands = Commands(parser)
    for group in GROUPS:
        group.add_commands(commands)
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one command.

    Parameters
    ----------
    arguments
        Words after ``hebe``; those of the process if not given.

    Returns
    -------
    int
        The exit code.
    """
    _replace_unprintable()
    warnings.showwarning = _show_warning
    try:
        code = _dispatch(list(sys.argv[1:] if arguments is None else arguments))
        sys.stdout.flush()
    except BrokenPipeError:
        _silence_stdout()
        return 0
    except KeyboardInterrupt:
        return _complain("interrupted", _INTERRUPTED)
    except BadInputError as err:
        return _complain(err.message, 2)
    except HebeError as err:
        return _complain(str(err), 1)
    return code


def _dispatch(words: list[str]) -> int:
    parser = build_parser()
    if not words:
        sys.stderr.write(parser.format_help())
        return 2
    unknown = unknown_command(parser, words)
    if unknown is not None:
        raise unknown
    try:
        options = parser.parse(words)
    except SystemExit as stop:  # --help and --version end like this
        sys.stdout.flush()
        return int(stop.code or 0)
    code: int = options.command(options)
    return code


def _complain(message: str, code: int) -> int:
    line = printable(without_passwords(" ".join(message.split())))
    with contextlib.suppress(BrokenPipeError):
        sys.stderr.write(f"error: {line}\n")
    return code


def _show_warning(
    message: Warning | str,
    category: type[Warning],
    filename: str,
    lineno: int,
    file: TextIO | None = None,
    line: str | None = None,
) -> None:
    """Print a warning of Hebe as one line, others as Python does."""
    if issubclass(category, HebeWarning):
        with contextlib.suppress(BrokenPipeError):
            sys.stderr.write(f"warning: {printable(' '.join(str(message).split()))}\n")
    else:
        (file or sys.stderr).write(warnings.formatwarning(message, category, filename, lineno, line))


def _replace_unprintable() -> None:
    """Print a question mark for what the terminal's encoding does not have."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")


def _silence_stdout() -> None:
    """Let the interpreter's last flush go nowhere; see the note on SIGPIPE in the Python documentation."""
    with contextlib.suppress(OSError, ValueError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())

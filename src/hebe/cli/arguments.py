"""Command lines on top of argparse: mistakes are `BadInputError` with the nearest valid word, never usage texts."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Any, Final, NoReturn

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


class _Formatter(argparse.HelpFormatter):
    """Help in two columns; argparse forgets that names of commands are indented further."""

    def __init__(self, prog: str) -> None:
        super().__init__(prog, max_help_position=28)

    def format_help(self) -> str:
        self._action_max_length += 2
        return super().format_help()


class Parser(argparse.ArgumentParser):
    """A parser that never abbreviates and that raises what is wrong instead of leaving the process."""

    def __init__(self, **settings: Any) -> None:
        super().__init__(allow_abbrev=False, formatter_class=_Formatter, **settings)
        self.options: list[str] = ["--help"]
        """Long options that it knows."""
        self.arguments: list[argparse.Action] = self.__dict__.get("arguments", [])
        """What it knows, in the order in which it was declared."""
        self.commands: dict[str, Parser] = {}
        """Commands of its own."""
        self.outer: Parser | None = None
        """The parser whose command it is."""

    def add_argument(self, *names: str, **settings: Any) -> argparse.Action:
        """Declare an argument and remember it and its long name."""
        self.__dict__.setdefault("options", []).extend(name for name in names if name.startswith("--"))
        action = super().add_argument(*names, **settings)
        self.__dict__.setdefault("arguments", []).append(action)
        return action

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Read a command line.

        Raises
        ------
        BadInputError
            If a word is unknown, missing or of the wrong kind.
        """
        options, extra = self.parse_known_args(list(words))
        if extra:
            inner: Parser = getattr(options, "parser", self)
            word = extra[0].partition("=")[0]
            kind = "option" if word.startswith("-") else "argument"
            raise BadInputError(f"{inner.prog}: unknown {kind} {word!r}", suggestion=inner.hint(word))
        _refuse_unused(options)
        return options

    def hint(self, word: str) -> str:
        """Ask for the nearest option, or point at the help."""
        from hebe.config.reading.wording import nearest

        if word in self.options:
            return f"it stands behind {self.prog}"
        near = nearest(word, self.options) if word.startswith("-") else None
        return f"did you mean {near}?" if near else f"see {self.prog} --help"

    def error(self, message: str) -> NoReturn:
        """Raise `message` as bad input."""
        raise BadInputError(f"{self.prog}: {message}", suggestion=f"see {self.prog} --help")


def _refuse_unused(options: argparse.Namespace) -> None:
    """Refuse an option of a command that one of its own commands, which was given, does not have."""
    inner: Parser | None = getattr(options, "parser", None)
    outer = None if inner is None else inner.outer
    if inner is None or outer is None or outer.get_default("command") is None:
        return  # options before all commands are for all of them
    known = {action.dest for action in inner.arguments}
    for action in (one for one in outer.arguments if one.option_strings and one.dest not in known):
        if getattr(options, action.dest, action.default) != action.default:
            text = f"{inner.prog}: {action.option_strings[0]} is an option of {outer.prog} alone"
            raise BadInputError(text, suggestion=f"see {inner.prog} --help")


class Commands:
    """Commands of a parser.

    Parameters
    ----------
    parser
        The parser that gets commands.
    required
        Whether it needs one.
    """

    def __init__(self, parser: Parser, *, required: bool = True) -> None:
        self._parser = parser
        self._action = parser.add_subparsers(
            title="commands", metavar="COMMAND", required=required, parser_class=Parser
        )

    def add(self, name: str, call: Callable[[argparse.Namespace], int], summary: str, details: str = "") -> Parser:
        """Declare a command.

        Parameters
        ----------
        call
            Takes the parsed command line, returns the exit code.
        summary
            One line for the list of commands.
        details
            More for the command's own help.
        """
        description = f"{summary[:1].upper()}{summary[1:]}. {details}".strip()
        parser = self._action.add_parser(name, help=summary, description=description)
        parser.set_defaults(command=call, parser=parser)
        parser.outer, self._parser.commands[name] = self._parser, parser
        return parser


def unknown_command(parser: Parser, words: Sequence[str]) -> BadInputError | None:
    """Error to raise when the first word that is no option names no command."""
    from hebe.config.reading.wording import suggest

    word = next((word for word in words if not word.startswith("-")), None)
    if word is None or word in parser.commands or any(option in words for option in ("--help", "-h", "--version")):
        return None
    return BadInputError(f"no command is called {word!r}", suggestion=suggest(word, parser.commands, known="commands"))


def add_campaign(parser: Parser, *, optional: bool = False) -> None:
    """Declare the argument CAMPAIGN."""
    if optional:
        parser.add_argument("campaign", metavar="CAMPAIGN", nargs="?", help="campaign file; everything if not given")
    else:
        parser.add_argument("campaign", metavar="CAMPAIGN", help="campaign file (YAML)")


def add_json(parser: Parser, what: str = "print one JSON document and nothing else") -> None:
    """Declare the option ``--json``."""
    parser.add_argument("--json", action="store_true", default=argparse.SUPPRESS, help=what)


def wants_json(options: argparse.Namespace) -> bool:
    """Whether ``--json`` was given anywhere."""
    return bool(getattr(options, "json", False))


def positive(text: str) -> int:
    """Whole number of at least 1.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is something else.
    """
    if text.isdecimal() and len(text) < 10 and int(text) > 0:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a whole number of at least 1, got {text!r}")


def seconds(text: str) -> float:
    """Time in seconds, above 0.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is something else.
    """
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if 0.0 < value < 1e9:
        return value
    raise argparse.ArgumentTypeError(f"expected a number of seconds above 0, got {text!r}")


_SECONDS: Final = {"s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0, "w": 604800.0}


def duration(text: str) -> float:
    """Read a time such as ``2d``, ``1.5 h``, ``10min`` or ``30s`` in seconds.

    Raises
    ------
    argparse.ArgumentTypeError
        If the text is something else.
    """
    import re

    found = re.fullmatch(r"\s*(\d{1,9}(?:\.\d{1,9})?)\s*([a-z]+)\s*", text)
    if found is None or found[2] not in _SECONDS:
        raise argparse.ArgumentTypeError(f"expected a time like 2d, 3h, 10min or 30s, got {text!r}")
    return float(found[1]) * _SECONDS[found[2]]

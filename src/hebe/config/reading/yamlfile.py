"""YAML as Hebe reads it: plain data with the line of every key, nothing that could run or explode.

The scalars are those of the YAML 1.2 core schema (so ``No`` is nobelium and ``1:30`` is text); tags, anchors,
aliases, duplicate keys and second documents are refused. Models are checked in `hebe.config.reading.mistakes`.
"""

from __future__ import annotations

import errno
import os
import re
import stat
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, TypeVar

import yaml
from pydantic import BaseModel, ValidationError

from hebe.config.reading.mistakes import first_mistake
from hebe.config.reading.wording import KeyPath, dotted, kind_of, nearest, shown
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from io import BufferedReader

MAX_BYTES: Final = 1_000_000
MAX_DEPTH: Final = 20
MAX_VALUES: Final = 50_000
MAX_DIGITS: Final = 18

_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_INTEGER = re.compile(r"[+-]?(?:0|[1-9][0-9]*)")
_FLOAT = re.compile(r"[+-]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][+-]?[0-9]+)?")
_NOT_FINITE = re.compile(r"[+-]?\.inf|\.nan", re.IGNORECASE)
_LEADING_ZERO = re.compile(r"[+-]?0[0-9]+")
_CONTROL = re.compile("[^\t\n\r\x20-\x7e\x85\xa0-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_CONSTANTS: Final[dict[str, bool | None]] = {
    "": None,
    "~": None,
    **dict.fromkeys(("null", "Null", "NULL"), None),
    **dict.fromkeys(("true", "True", "TRUE"), True),
    **dict.fromkeys(("false", "False", "FALSE"), False),
}

ModelT = TypeVar("ModelT", bound=BaseModel)


@dataclass(frozen=True)
class Source:
    """Where something was read: the file and the line of every key path, lines counted from 1.

    Sources never make two models differ: all compare equal.
    """

    file: str | None = field(default=None, compare=False)
    lines: Mapping[KeyPath, int] = field(default_factory=dict, compare=False, repr=False)

    def line(self, path: KeyPath) -> int | None:
        """Line of `path`, or of the nearest mapping or list around it that was written."""
        for end in range(len(path), -1, -1):
            if path[:end] in self.lines:
                return self.lines[path[:end]]
        return None

    def mistake(self, path: KeyPath, reason: str, suggestion: str | None = None) -> BadInputError:
        """Error to raise for the value at `path`."""
        return BadInputError(
            reason, file=self.file, line=self.line(path), key=dotted(path) or None, suggestion=suggestion
        )


@dataclass(frozen=True)
class Document:
    """A YAML mapping as plain data, with its source."""

    data: dict[str, Any]
    source: Source


def parse_yaml(data: bytes, *, file: str, may_be_empty: bool = False, secret: bool = False) -> Document:
    """Plain data of one YAML mapping.

    Parameters
    ----------
    data
        The bytes of the file, UTF-8.
    file
        What messages call it.
    may_be_empty
        Read a file without any key as an empty mapping.
    secret
        Whether it may hold passwords: messages show nothing of it.

    Raises
    ------
    BadInputError
        If the bytes are not UTF-8, more than `MAX_BYTES`, no YAML, no mapping, nested deeper than `MAX_DEPTH`,
        more than `MAX_VALUES` values, or use a tag, an anchor, an alias, a directive, a key twice or a number
        that no computer holds; names the line.
    """
    show = kind_of if secret else shown
    text = _decoded(data, file, show)
    reader = _Reader(text, file, show)
    try:
        plain = reader.document()
    except yaml.MarkedYAMLError as err:
        raise _syntax_mistake(err, text, file, secret=secret) from err
    except yaml.YAMLError as err:
        reason = type(err).__name__ if secret else str(err)[:200]
        raise BadInputError(f"not valid YAML: {reason}", file=file) from err
    if plain is None and may_be_empty:
        plain = {}
    if not isinstance(plain, dict):
        reason = "the file is empty" if plain is None else f"expected a mapping of keys at the top, got {show(plain)}"
        raise BadInputError(reason, file=file, line=reader.lines.get((), 1))
    return Document(plain, Source(file, reader.lines))


def load_model(model_class: type[ModelT], document: Document, *, secret: Collection[str] = ()) -> ModelT:
    """Model of a document.

    Parameters
    ----------
    secret
        Keys at the top of which messages show no values.

    Raises
    ------
    BadInputError
        If the data does not fit; describes the first mistake in the file and counts the others.
    """
    try:
        return model_class.model_validate(document.data)
    except ValidationError as err:
        mistake = first_mistake(err, model_class, document.data, document.source.line, secret)
        raise document.source.mistake(mistake.path, mistake.reason, mistake.suggestion) from err


def _decoded(data: bytes, file: str, show: Callable[[object], str]) -> str:
    if len(data) > MAX_BYTES:
        raise BadInputError(f"the file is larger than {MAX_BYTES} bytes", file=file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as err:
        line = data.count(b"\n", 0, err.start) + 1
        reason = f"not UTF-8: byte 0x{data[err.start]:02x} at offset {err.start}"
        raise BadInputError(reason, file=file, line=line, suggestion="save the file as UTF-8 text") from err
    bad = _CONTROL.search(text)
    if bad is not None:
        line = text.count("\n", 0, bad.start()) + 1
        raise BadInputError(f"a control character, U+{ord(bad[0]):04X}, in a text file", file=file, line=line)
    for number, row in enumerate(text.splitlines(), start=1):
        if row.startswith("%"):
            raise BadInputError(f"directives are not read, got {show(row)}", file=file, line=number)
        if row.strip() and not row.lstrip().startswith("#"):
            break
    return text


def _syntax_mistake(err: yaml.MarkedYAMLError, text: str, file: str, *, secret: bool) -> BadInputError:
    mark = err.problem_mark or err.context_mark
    line = None if mark is None else mark.line + 1
    lines = text.splitlines()
    around = lines[line - 1] if line is not None and line <= len(lines) else ""
    if "\t" in around[: len(around) - len(around.lstrip())]:
        return BadInputError(
            "not valid YAML: a tab indents this line", file=file, line=line, suggestion="indent with spaces"
        )
    context = f" {err.context}" if err.context else ""
    opened = err.context_mark
    if opened is not None and opened.line + 1 != line:
        context += f" that starts in line {opened.line + 1}"
    hint = f"the line reads {shown(around.strip())}" if around.strip() and not secret else None
    problem = "" if secret and "'" in str(err.problem) else f": {err.problem}{context}"
    return BadInputError(f"not valid YAML{problem}", file=file, line=line, suggestion=hint)


class _Reader:
    """Turns the parser's events into data one by one, so that refusing costs nothing."""

    def __init__(self, text: str, file: str, show: Callable[[object], str] = shown) -> None:
        self._show = show
        self.lines: dict[KeyPath, int] = {}
        self._file = file
        self._values = 0
        self._events: Iterator[yaml.Event] = yaml.parse(text, Loader=_Loader)

    def document(self) -> Any:
        """Read the one document of the stream; None if there is none."""
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.DocumentStartEvent):
            return None
        data = self._value(next(self._events), ())
        next(self._events)
        event = next(self._events)
        if not isinstance(event, yaml.StreamEndEvent):
            raise self._refuse(_line(event), (), "a second document starts here, expected one per file")
        return data

    def _refuse(self, line: int, path: KeyPath, reason: str, suggestion: str | None = None) -> BadInputError:
        return BadInputError(reason, file=self._file, line=line, key=dotted(path) or None, suggestion=suggestion)

    def _value(self, event: yaml.Event, path: KeyPath) -> Any:
        line = _line(event)
        self.lines.setdefault(path, line)
        if isinstance(event, yaml.AliasEvent) or getattr(event, "anchor", None) is not None:
            name = getattr(event, "anchor", "")
            reason = f"anchors and aliases are not read, got {self._show(name)}"
            raise self._refuse(line, path, reason, "write the value out")
        tag = getattr(event, "tag", None)
        if tag is not None:
            raise self._refuse(line, path, f"tags are not read, got {self._show(tag)}", "write the plain value")
        self._values += 1
        if self._values > MAX_VALUES:
            raise BadInputError(f"more than {MAX_VALUES} values", file=self._file, line=line)
        if len(path) >= MAX_DEPTH:
            raise BadInputError(f"nested deeper than {MAX_DEPTH} levels", file=self._file, line=line)
        if isinstance(event, yaml.MappingStartEvent):
            return self._mapping(path)
        if isinstance(event, yaml.SequenceStartEvent):
            return self._sequence(path)
        assert isinstance(event, yaml.ScalarEvent)  # noqa: S101 - the four kinds of node events are complete
        return event.value if not event.implicit[0] else self._plain(event.value, line, path)

    def _sequence(self, path: KeyPath) -> list[Any]:
        items: list[Any] = []
        while not isinstance(event := next(self._events), yaml.SequenceEndEvent):
            items.append(self._value(event, (*path, len(items))))
        return items

    def _mapping(self, path: KeyPath) -> dict[str, Any]:
        items: dict[str, Any] = {}
        while not isinstance(event := next(self._events), yaml.MappingEndEvent):
            line = _line(event)
            key = self._key(event, path)
            inner = (*path, key)
            if key in items:
                raise self._refuse(line, inner, f"the key stands twice, first in line {self.lines[inner]}")
            self.lines[inner] = line
            items[key] = self._value(next(self._events), inner)
        return items

    def _key(self, event: yaml.Event, path: KeyPath) -> str:
        line = _line(event)
        if not isinstance(event, yaml.ScalarEvent):
            kind = "an alias" if isinstance(event, yaml.AliasEvent) else "a list or mapping"
            raise self._refuse(line, path, f"expected a name as key, got {kind}")
        if event.tag is not None or event.anchor is not None:
            raise self._refuse(line, path, "expected a name as key, got a tag or an anchor")
        key = self._plain(event.value, line, path) if event.implicit[0] else event.value
        if not isinstance(key, str):
            raise self._refuse(line, path, f"expected a name as key, got {self._show(key)}", "put it in quotes")
        return key

    def _plain(self, text: str, line: int, path: KeyPath) -> str | int | float | bool | None:
        if text in _CONSTANTS:
            return _CONSTANTS[text]
        if _INTEGER.fullmatch(text):
            if len(text) > MAX_DIGITS:
                reason = f"expected a whole number of at most {MAX_DIGITS} digits, got one of {len(text)}"
                raise self._refuse(line, path, reason)
            return int(text)
        if _LEADING_ZERO.fullmatch(text):
            return text
        if _FLOAT.fullmatch(text):
            number = float(text)
            if abs(number) == float("inf"):
                raise self._refuse(line, path, f"expected a number that a computer can hold, got {self._show(text)}")
            return number
        if _NOT_FINITE.fullmatch(text):
            raise self._refuse(line, path, f"expected a finite number, got {self._show(text)}")
        return text


def _line(event: yaml.Event) -> int:
    return 1 if event.start_mark is None else int(event.start_mark.line) + 1


def read_bytes(path: str | Path) -> bytes:
    """Read a small text file; of a large one no more than shows that it is too large.

    Raises
    ------
    BadInputError
        If there is no such file or it cannot be read.
    """
    try:
        with open_regular(path) as file:
            return file.read(MAX_BYTES + 1)
    except FileNotFoundError as err:
        folder = Path(path).parent
        others = [entry.name for entry in folder.glob("*.y*ml")] if folder.is_dir() else []
        near = nearest(Path(path).name, others)
        hint = None if near is None else f"did you mean {folder / near}?"
        raise BadInputError("there is no such file", file=path, suggestion=hint) from err
    except IsADirectoryError as err:
        raise BadInputError("expected a file, got a folder", file=path) from err
    except (OSError, ValueError) as err:
        reason = err.strerror if isinstance(err, OSError) else str(err)
        raise BadInputError(f"the file cannot be read: {reason}", file=path) from err


def open_regular(path: str | Path) -> BufferedReader:
    """Open a file for reading; what is none, a named pipe or a device, would keep the reader waiting for ever.

    Raises
    ------
    BadInputError
        If it is no regular file.
    OSError
        If it cannot be opened.
    """
    descriptor = os.open(path, os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
    mode = os.fstat(descriptor).st_mode
    if stat.S_ISREG(mode):
        return os.fdopen(descriptor, "rb")
    os.close(descriptor)
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(path))
    raise BadInputError(f"expected a regular file, got {kind_of_file(mode)}", file=path)


def kind_of_file(mode: int) -> str:
    """What something in the file system is that is no regular file, by its mode."""
    if stat.S_ISDIR(mode):
        return "a folder"
    return "a named pipe" if stat.S_ISFIFO(mode) else "a device" if not stat.S_ISSOCK(mode) else "a socket"

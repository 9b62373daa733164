"""Blocks of a CIF with their tags and values.

The grammar is that of Hall, Allen and Brown, Acta Cryst. A47, 655 (1991).

Tags are lower-case with ``_`` where the newer dictionaries write ``.``.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator

MAX_BYTES: Final = 20_000_000
"""Largest structure file that is read; those with lists of reflections have some megabytes."""

_TOKEN: Final = re.compile(
    r"(?:^;(?P<text>.*?)^;)|#[^\n]*|'(?P<single>(?:[^'\n]|'(?=\S))*)'(?=\s|\Z)"
    r"|\"(?P<double>(?:[^\"\n]|\"(?=\S))*)\"(?=\s|\Z)|(?P<bare>\S+)",
    re.MULTILINE | re.DOTALL,
)
_RESERVED: Final = ("loop_", "global_", "stop_")


@dataclass
class CifBlock:
    """A block: values of single tags and columns of loops, by tag."""

    name: str
    values: dict[str, str] = field(default_factory=dict)
    columns: dict[str, list[str]] = field(default_factory=dict)

    def first(self, *tags: str) -> str | None:
        """Value of the first tag that says something; None where all are missing, ``.`` or ``?``."""
        for tag in tags:
            value = self.values.get(tag) or next(iter(self.columns.get(tag, ())), None)
            if value is not None and value.strip() not in ("", ".", "?"):
                return " ".join(value.split())
        return None

    def column(self, *tags: str) -> list[str]:
        """Column of the first tag that there is; one value where it stands outside a loop."""
        for tag in tags:
            if tag in self.columns:
                return self.columns[tag]
            if tag in self.values:
                return [self.values[tag]]
        return []


def decoded(content: bytes) -> str:
    """Text of a structure file: UTF-8, else Latin-1, in which older files write the names of authors.

    Raises
    ------
    BadInputError
        If it is no text, or too large.
    """
    if len(content) > MAX_BYTES:
        raise BadInputError(f"it is larger than {MAX_BYTES} bytes", suggestion="the block with the crystal alone")
    if content.startswith((b"\xff\xfe", b"\xfe\xff")):
        try:
            return content.decode("utf-16")
        except UnicodeDecodeError as err:
            raise BadInputError("it is no text") from err
    if b"\0" in content:
        raise BadInputError("it is no text")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError:
        return content.decode("latin-1")


def read_content(path: str | Path) -> str:
    """Text of a structure file.

    Raises
    ------
    BadInputError
        If it cannot be read, is no plain file, no text, or too large.
    """
    try:
        if not Path(path).is_file():
            raise BadInputError("there is no such file" if not Path(path).exists() else "it is no plain file")
        with Path(path).open("rb") as file:
            return decoded(file.read(MAX_BYTES + 1))
    except (OSError, ValueError) as err:
        raise BadInputError(f"it cannot be read: {getattr(err, 'strerror', None) or err}") from err


def crystal_block(text: str) -> CifBlock:
    """The block that has atom sites.

    Raises
    ------
    BadInputError
        If there is none or more than one, or the file does not follow the grammar.
    """
    blocks = [block for block in cif_blocks(text) if block.column("_atom_site_fract_x", "_atom_site_cartn_x")]
    if not blocks:
        raise BadInputError("it cannot be read as a CIF: no block has atom sites", suggestion="one with atom sites")
    if len(blocks) > 1:
        names = ", ".join(block.name or "(no name)" for block in blocks[:8])
        more = f" and {len(blocks) - 8} more" if len(blocks) > 8 else ""
        raise BadInputError(
            f"it holds {len(blocks)} crystals: {names}{more}", suggestion="a file with the block of one of them"
        )
    return blocks[0]


def cif_blocks(text: str) -> list[CifBlock]:
    """Blocks of a text.

    Raises
    ------
    BadInputError
        If values and tags do not go together, or a tag has two different values.
    """
    blocks: list[CifBlock] = []
    block = CifBlock("")
    tokens = _Tokens(text.replace("\r\n", "\n").replace("\r", "\n"))
    while (token := tokens.take()) is not None:
        quoted, value = token
        low = value.lower()
        if not quoted and low.startswith("data_"):
            block = CifBlock(value[5:])
            blocks.append(block)
        elif not quoted and low == "loop_":
            _read_loop(tokens, block)
        elif not quoted and value.startswith("_"):
            _read_pair(tokens, block, value)
        elif quoted or not low.startswith(("save_", *_RESERVED)):
            raise BadInputError(f"it cannot be read as a CIF: the value {value[:40]!r} has no tag")
    if not blocks and (block.values or block.columns):
        blocks.append(block)
    return blocks


class _Tokens:
    """Tokens of a text, one ahead."""

    def __init__(self, text: str) -> None:
        self._rest = self._all(text)
        self._next = next(self._rest, None)

    @staticmethod
    def _all(text: str) -> Iterator[tuple[bool, str]]:
        for match in _TOKEN.finditer(text):
            kind = match.lastgroup
            if kind is not None:
                yield kind != "bare", match[kind]

    def take(self) -> tuple[bool, str] | None:
        """The next token, and whether it was quoted."""
        token, self._next = self._next, next(self._rest, None)
        return token

    def take_value(self) -> str | None:
        """The next token if it is a value."""
        if self._next is None or not _is_value(*self._next):
            return None
        token = self.take()
        return None if token is None else token[1]

    def take_tag(self) -> str | None:
        """The next token if it is a tag."""
        if self._next is None or self._next[0] or not self._next[1].startswith("_"):
            return None
        token = self.take()
        return None if token is None else _tag(token[1])


def _tag(text: str) -> str:
    return text.lower().replace(".", "_")


def _is_value(quoted: bool, text: str) -> bool:  # noqa: FBT001 - a token is such a pair
    return quoted or not (text.startswith("_") or text.lower().startswith(("data_", "save_", *_RESERVED)))


def _read_pair(tokens: _Tokens, block: CifBlock, name: str) -> None:
    value = tokens.take_value()
    if value is None:
        raise BadInputError(f"it cannot be read as a CIF: {name[:60]} has no value", suggestion="? for unknown")
    tag = _tag(name)
    if " ".join(block.values.get(tag, value).split()) != " ".join(value.split()):
        raise BadInputError(f"{name[:60]} is given twice: {block.values[tag][:30]!r} and {value[:30]!r}")
    block.values[tag] = value


def _read_loop(tokens: _Tokens, block: CifBlock) -> None:
    tags, values = [], []
    while (tag := tokens.take_tag()) is not None:
        tags.append(tag)
    while (value := tokens.take_value()) is not None:
        values.append(value)
    if not tags:
        raise BadInputError("it cannot be read as a CIF: a loop_ without tags")
    if len(values) % len(tags):
        reason = f"the loop of {tags[0]} has {len(values)} values for {len(tags)} columns"
        raise BadInputError(f"it cannot be read as a CIF: {reason}", suggestion="a value in every column")
    again = [tag for tag in tags if tag in block.columns or tags.count(tag) > 1]
    if again:
        raise BadInputError(f"it cannot be read as a CIF: {again[0]} is given twice")
    for number, tag in enumerate(tags):
        block.columns[tag] = values[number :: len(tags)]

"""The language that chooses candidates: keys compared with numbers, texts and one another; in, and, or, not.

    average_voltage > 3.2 V and volume strain < 3 % and 'Co' not in elements

It is read by rules of its own: nothing in an expression can be evaluated as code.
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hebe.campaigns.keys import in_unit, key_of, keys_of_titles
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from hebe.campaigns.keys import Names

Row = Mapping[str, Any]

_LONGEST: Final = 1000
_DEEPEST: Final = 20
_WORDS: Final = {"true": True, "false": False}
_JOINING: Final = frozenset({"and", "or", "not", "in"})
_ORDERED: Final[dict[str, Callable[[Any, Any], bool]]] = {
    "<": operator.lt,
    "<=": operator.le,
    ">": operator.gt,
    ">=": operator.ge,
    "==": operator.eq,
    "!=": operator.ne,
}
_UNIT: Final = r"%|(?!(?:and|or|not|in)\b)[A-Za-z]+(?:/[A-Za-z]+)*(?:[ ]per[ ][a-z]+)?"
_TOKEN: Final = re.compile(
    rf"""(?P<number>[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{{1,3}})?)(?:[ ]*(?P<unit>{_UNIT}))?(?![\w.])
    |(?P<text>'[^'\r\n]*'|"[^"\r\n]*")
    |(?P<sign><=|>=|==|!=|<|>|\(|\))
    |(?P<word>[^\W\d][\w.]*)""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class _Token:
    kind: str
    text: str
    at: int
    unit: str = ""


@dataclass(frozen=True)
class _Number:
    value: float
    unit: str = ""


@dataclass(frozen=True)
class _Key:
    name: str


_Value = _Number | _Key | str | bool


@dataclass(frozen=True)
class _Comparison:
    """Values with the signs between two of them; a single key stands for itself."""

    values: tuple[_Value, ...]
    signs: tuple[str, ...]


@dataclass(frozen=True)
class _Joined:
    """Parts of which all (``and``), one (``or``) or none (``not``) must hold."""

    word: str
    parts: tuple[_Node, ...]


_Node = _Comparison | _Joined


@dataclass(frozen=True)
class Expression:
    """An expression that was read; ``text`` is what the user wrote."""

    text: str
    tree: _Node

    @classmethod
    def parse(cls, text: str) -> Expression:
        """Read an expression.

        Raises
        ------
        BadInputError
            If it is none; says where, and what an expression looks like.
        """
        if len(text) > _LONGEST:
            raise _refused(f"longer than {_LONGEST} characters", text)
        return cls(text, _Reader(text, _tokens(text)).whole())

    def keys(self, known: Names) -> set[str]:
        """Keys that its names stand for.

        Raises
        ------
        BadInputError
            If there is no such key; names the nearest.
        """
        return {key_of(name, known) for name in _names(self.tree)}

    def holding(self, rows: Sequence[Row], known: Names) -> list[int]:
        """Positions of the rows for which it is true, in their order.

        Raises
        ------
        BadInputError
            If it names a key that candidates do not have, compares a text with a number, or one unit with another.
        """
        bound = _bound(self.tree, known, self.text)
        return [position for position, row in enumerate(rows) if _holds(bound, row, self.text)]


def in_order_of(rows: Sequence[Row], key: str, *, reverse: bool = False) -> list[int]:
    """Positions of rows by the value of a key, smallest first (or largest); those without a value last."""
    values: list[Any] = [row.get(key) for row in rows]
    having = [i for i, value in enumerate(values) if value is not None]
    lacking = [i for i, value in enumerate(values) if value is None]
    texts = any(isinstance(values[i], str | list) for i in having)
    having.sort(key=lambda i: str(values[i]) if texts else values[i], reverse=reverse)
    return having + lacking


def _tokens(text: str) -> list[_Token]:
    titles = keys_of_titles()
    found, at = list[_Token](), 0
    while at < len(text):
        if text[at] in " \t":
            at += 1
            continue
        title = next((t for t in titles if _begins(text, at, t)), None)
        match = _TOKEN.match(text, at)
        if title is not None:
            found.append(_Token("word", titles[title], at))
            at += len(title)
        elif match is not None and match.lastgroup is not None:
            kind = "number" if match["number"] is not None else match.lastgroup
            found.append(_Token(kind, match[kind], at, match["unit"] or ""))
            at = match.end()
        else:
            raise _refused(f"{shown(text)} cannot be read at character {at + 1}", text)
    return found


def _begins(text: str, at: int, title: str) -> bool:
    end = at + len(title)
    return text[at:end].casefold() == title and not re.match(r"[\w.]", text[end : end + 1])


class _Reader:
    """Reads tokens by the rules of the language: or, and, not, comparison, value."""

    def __init__(self, text: str, tokens: Sequence[_Token]) -> None:
        self._text = text
        self._tokens = tokens
        self._at = 0
        self._depth = 0

    def whole(self) -> _Node:
        found = self._joined("or")
        if self._at < len(self._tokens):
            raise self._unreadable()
        return found

    def _unreadable(self) -> BadInputError:
        at = self._tokens[self._at].at if self._at < len(self._tokens) else len(self._text)
        return _refused(f"{shown(self._text)} cannot be read at character {at + 1}", self._text)

    def _next_is(self, *texts: str) -> bool:
        if self._at >= len(self._tokens):
            return False
        token = self._tokens[self._at]
        return token.kind in ("word", "sign") and token.text in texts

    def _took(self, *texts: str) -> str | None:
        if not self._next_is(*texts):
            return None
        self._at += 1
        return self._tokens[self._at - 1].text

    def _joined(self, word: str) -> _Node:
        read = self._negated if word == "and" else lambda: self._joined("and")
        parts = [read()]
        while self._took(word):
            parts.append(read())
        return parts[0] if len(parts) == 1 else _Joined(word, tuple(parts))

    def _negated(self) -> _Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise _refused("nested too deeply", self._text)
        if self._took("not"):
            found: _Node = _Joined("not", (self._negated(),))
        elif self._took("("):
            found = self._joined("or")
            if not self._took(")"):
                raise self._unreadable()
        else:
            found = self._comparison()
        self._depth -= 1
        return found

    def _comparison(self) -> _Node:
        values, signs = [self._value()], list[str]()
        while sign := self._sign():
            signs.append(sign)
            values.append(self._value())
        if not signs and not isinstance(values[0], _Key):
            raise _refused(f"{shown(self._text)} holds a value that is compared with nothing", self._text)
        return _Comparison(tuple(values), tuple(signs))

    def _sign(self) -> str | None:
        if self._next_is("not"):
            self._at += 1
            if not self._took("in"):
                raise self._unreadable()
            return "not in"
        return self._took(*_ORDERED, "in")

    def _value(self) -> _Value:
        if self._at >= len(self._tokens):
            raise self._unreadable()
        token = self._tokens[self._at]
        if token.kind == "sign" or (token.kind == "word" and token.text in _JOINING):
            raise self._unreadable()
        self._at += 1
        if token.kind == "text":
            return token.text[1:-1]
        if token.kind == "number":
            value = float(token.text)
            if not math.isfinite(value):
                raise _refused(f"{token.text} is no finite number", self._text)
            return _Number(value, token.unit)
        return _WORDS[token.text] if token.text in _WORDS else _Key(token.text)


def _names(node: _Node) -> set[str]:
    if isinstance(node, _Joined):
        return set().union(*map(_names, node.parts))
    return {value.name for value in node.values if isinstance(value, _Key)}


def _bound(node: _Node, known: Names, text: str) -> _Node:
    """The same with keys for names, and plain numbers in the units of the keys that they are compared with."""
    if isinstance(node, _Joined):
        return _Joined(node.word, tuple(_bound(part, known, text) for part in node.parts))
    values = [_Key(key_of(value.name, known)) if isinstance(value, _Key) else value for value in node.values]
    found: list[_Value] = []
    for at, value in enumerate(values):
        if not isinstance(value, _Number) or not value.unit:
            found.append(value)
            continue
        beside = [one.name for one in values[max(0, at - 1) : at + 2] if isinstance(one, _Key)]
        if not beside:
            raise _refused(f"{value.value:g} {value.unit} is compared with no key", text)
        found.append(_Number(in_unit(value.value, value.unit, beside[0])))
    return _Comparison(tuple(found), node.signs)


def _holds(node: _Node, row: Row, text: str) -> bool:
    if isinstance(node, _Joined):
        told = (_holds(part, row, text) for part in node.parts)
        return all(told) if node.word == "and" else any(told) if node.word == "or" else not any(told)
    values = [_of(value, row) for value in node.values]
    if node.signs:
        return all(_compare(s, a, b, text) for s, a, b in zip(node.signs, values[:-1], values[1:], strict=True))
    if values[0] is not None and not isinstance(values[0], bool):
        name = getattr(node.values[0], "name", "")
        raise _refused(f"{name} is {_kind(values[0])}, compare it with something", text)
    return bool(values[0])


def _of(value: _Value, row: Row) -> Any:
    if isinstance(value, _Key):
        return row.get(value.name)
    return value.value if isinstance(value, _Number) else value


def _compare(sign: str, left: Any, right: Any, text: str) -> bool:
    """One comparison; false where a value is missing."""
    if left is None or right is None:
        return False
    if sign in ("in", "not in"):
        if not isinstance(left, str) or not isinstance(right, list):
            raise _refused(f"{_kind(left)} is looked for in {_kind(right)}, not a text in a list", text)
        return (left in right) == (sign == "in")
    if isinstance(left, list) or isinstance(right, list):
        raise _refused("a list cannot be compared: write 'Co' in elements", text)
    if isinstance(left, str) != isinstance(right, str):
        raise _refused(f"{_kind(left)} is compared with {_kind(right)}", text)
    return _ORDERED[sign](left, right)


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "a number"


def _refused(reason: str, text: str) -> BadInputError:
    example = "write comparisons such as average_voltage > 3.2 V and 'Co' not in elements"
    return BadInputError(reason, key=f"--where {shown(text)}", suggestion=example)

"""The language of ``hebe results --where``: keys of a candidate compared with numbers or texts, and, or, not.

Python's grammar reads it, a white list of node types decides what it may hold; nothing is ever evaluated as Python.
"""

from __future__ import annotations

import ast
import operator
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError
from hebe.report.values import flat

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Candidate = Mapping[str, Any]
Names = Mapping[str, str]

_LONGEST: Final = 1000
_OPERATORS: Final[dict[type[ast.cmpop], Callable[[Any, Any], bool]]] = {
    ast.Lt: operator.lt,
    ast.LtE: operator.le,
    ast.Gt: operator.gt,
    ast.GtE: operator.ge,
    ast.Eq: operator.eq,
    ast.NotEq: operator.ne,
}
_WORDS: Final = {"true": True, "false": False}


@dataclass(frozen=True)
class Expression:
    """A parsed expression; ``text`` is what the user wrote."""

    text: str
    tree: ast.expr

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
        try:
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", SyntaxWarning)
                tree = ast.parse(text.strip(), mode="eval").body
        except (SyntaxError, ValueError, RecursionError, MemoryError) as err:
            where = f" at character {err.offset}" if isinstance(err, SyntaxError) and err.offset else ""
            raise _refused(f"{shown(text)} cannot be read{where}", text) from err
        try:
            _check(tree, text)
        except RecursionError as err:
            raise _refused("nested too deeply", text) from err
        return cls(text, tree)

    def choose(self, candidates: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
        """Candidates for which the expression is true, in their order.

        Raises
        ------
        BadInputError
            If it names a key that candidates do not have, or compares a text with a number.
        """
        known = key_names(candidates)
        self._check_names(known)
        return [candidate for candidate in candidates if _truth(self.tree, _Scope(flat(candidate), known, self.text))]

    def _check_names(self, known: Names) -> None:
        pending: list[ast.AST] = [self.tree]
        while pending:
            node = pending.pop()
            if _is_name(node):
                resolve(_dotted(node, self.text), known)
            else:
                pending.extend(ast.iter_child_nodes(node))


@dataclass(frozen=True)
class _Scope:
    values: Mapping[str, Any]
    known: Names
    text: str


def key_names(candidates: Sequence[Candidate]) -> dict[str, str]:
    """Names that an expression may hold, each with its key: keys of candidates and names of quantities.

    In a key, what cannot stand in a name is written ``_``: ``entropy_R.mixed_site``.
    """
    from hebe.campaigns.contract import contract_keys, keys_of_quantities

    names = keys_of_quantities()
    keys = dict.fromkeys(contract_keys())
    for candidate in candidates:
        keys |= {key: None for key, value in flat(candidate).items() if not isinstance(value, list)}
    return {_identifier(key): key for key in keys} | {name: path for name, path in names.items() if name not in keys}


def resolve(name: str, known: Names) -> str:
    """Key that `name` stands for.

    Raises
    ------
    BadInputError
        If there is none; names the nearest.
    """
    key = known.get(_identifier(name))
    if key is None:
        raise BadInputError(f"candidates have no key {shown(name)}", suggestion=suggest(_identifier(name), known))
    return key


def sort_candidates(
    candidates: Sequence[dict[str, Any]], name: str, everything: Sequence[Candidate], *, reverse: bool = False
) -> list[dict[str, Any]]:
    """Candidates by the value of a key, smallest first; those without a value last.

    Parameters
    ----------
    everything
        Candidates whose keys may be named.
    reverse
        Largest first.

    Raises
    ------
    BadInputError
        If candidates have no such key.
    """
    key = resolve(name, key_names(everything))
    values: list[Any] = [flat(candidate).get(key) for candidate in candidates]
    having = [i for i, value in enumerate(values) if value is not None]
    lacking = [i for i, value in enumerate(values) if value is None]
    texts = any(isinstance(values[i], str) for i in having)
    having.sort(key=lambda i: str(values[i]) if texts else values[i], reverse=reverse)
    return [candidates[i] for i in having + lacking]


def _identifier(key: str) -> str:
    return "".join(c if c.isalnum() or c in "._" else "_" for c in key)


def _is_name(node: ast.AST) -> bool:
    return isinstance(node, ast.Attribute) or (isinstance(node, ast.Name) and node.id not in _WORDS)


def _dotted(node: ast.AST, text: str) -> str:
    parts: list[str] = []
    while isinstance(node, ast.Attribute):
        parts.append(node.attr)
        node = node.value
    if not isinstance(node, ast.Name):
        raise _refused("a name is made of words joined by dots", text)
    return ".".join([node.id, *reversed(parts)])


def _check(node: ast.AST, text: str) -> None:
    """Refuse whatever is no comparison joined by and, or, not."""
    match node:
        case ast.BoolOp(values=values):
            for value in values:
                _check(value, text)
        case ast.UnaryOp(op=ast.Not(), operand=operand):
            _check(operand, text)
        case ast.Compare(left=left, ops=ops, comparators=right):
            if not all(type(op) in _OPERATORS for op in ops):
                raise _refused("comparisons are <, <=, >, >=, == and !=", text)
            for value in (left, *right):
                _check_value(value, text)
        case ast.Attribute() | ast.Name():
            _dotted(node, text)
        case _:
            raise _refused(f"{shown(ast.unparse(node))} is no comparison", text)


def _check_value(node: ast.AST, text: str) -> None:
    match node:
        case ast.Constant(value=bool() | int() | float() | str()):
            return
        case ast.UnaryOp(op=ast.USub() | ast.UAdd(), operand=ast.Constant(value=int() | float())):
            return
        case ast.Attribute() | ast.Name():
            _dotted(node, text)
        case _:
            raise _refused(f"{shown(ast.unparse(node))} is neither a key, a number nor a text", text)


def _truth(node: ast.AST, scope: _Scope) -> bool:
    match node:
        case ast.BoolOp(op=ast.And(), values=values):
            return all(_truth(value, scope) for value in values)
        case ast.BoolOp(values=values):
            return any(_truth(value, scope) for value in values)
        case ast.UnaryOp(operand=operand):
            return not _truth(operand, scope)
        case ast.Compare(left=left, ops=ops, comparators=right):
            values = [_value(item, scope) for item in (left, *right)]
            pairs = zip(ops, values[:-1], values[1:], strict=True)
            return all(_compare(type(op), a, b, scope) for op, a, b in pairs)
        case _:
            return _flag(node, scope)


def _flag(node: ast.AST, scope: _Scope) -> bool:
    value = _value(node, scope)
    if value is not None and not isinstance(value, bool):
        raise _refused(f"{_dotted(node, scope.text)} is {_kind(value)}, compare it with something", scope.text)
    return bool(value)


def _compare(kind: type[ast.cmpop], left: object, right: object, scope: _Scope) -> bool:
    if left is None or right is None:
        return False
    if isinstance(left, str) != isinstance(right, str):
        raise _refused(f"{_kind(left)} is compared with {_kind(right)}", scope.text)
    if isinstance(left, list) or isinstance(right, list):
        raise _refused("a list cannot be compared", scope.text)
    return _OPERATORS[kind](left, right)


def _value(node: ast.AST, scope: _Scope) -> Any:
    match node:
        case ast.Constant(value=value):
            return value
        case ast.UnaryOp(op=op, operand=ast.Constant(value=int() | float() as value)):
            return -value if isinstance(op, ast.USub) else value
        case ast.Name(id=word) if word in _WORDS:
            return _WORDS[word]
        case _:
            return scope.values.get(resolve(_dotted(node, scope.text), scope.known))


def _kind(value: object) -> str:
    if isinstance(value, bool):
        return "true or false"
    return "a text" if isinstance(value, str) else "a list" if isinstance(value, list) else "a number"


def _refused(reason: str, text: str) -> BadInputError:
    example = "write comparisons such as average_voltage_V > 3 and max_volume_strain < 0.05"
    return BadInputError(reason, key=f"--where {shown(text)}", suggestion=example)

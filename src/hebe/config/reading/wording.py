"""How messages show what a user wrote: short values, dotted keys, the nearest valid name."""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING, Final

from hebe.config.reading.hiding import given_text

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

KeyPath = tuple[str | int, ...]
"""Where a value stands in a file: keys of mappings and positions in lists, from the top."""

_LONGEST: Final = 40
_LISTED: Final = 30


class RefusedValueError(ValueError):
    """What a validator raises; `load_model` makes it a `BadInputError`.

    Parameters
    ----------
    reason
        What was given and what was expected.
    key
        The key at fault below the value that is validated.
    suggestion
        What would do.
    """

    def __init__(self, reason: str, *, key: str | None = None, suggestion: str | None = None) -> None:
        self.key = key
        self.suggestion = suggestion
        super().__init__(reason)


def shown(value: object) -> str:
    """`value` as a message shows it: never longer than a few words, nothing of a URI but its scheme."""
    match value:
        case None:
            text = "nothing"
        case bool():
            text = str(value).lower()
        case str() if (safe := given_text(value)) != value:
            text = repr(safe)
        case str():
            text = repr(value) if len(value) <= _LONGEST else f"{value[:_LONGEST]!r}... ({len(value)} characters)"
        case dict():
            text = "a mapping"
        case list() | tuple():
            text = f"a list of {len(value)}"
        case int() if abs(value) >= 10**_LONGEST:
            text = f"a whole number of more than {_LONGEST} digits"
        case _:
            text = str(value)[: 2 * _LONGEST]
    return text


def kind_of(value: object) -> str:
    """What `value` is, in place of a value that may be secret."""
    match value:
        case None | dict() | list() | tuple() | bool():
            return shown(value)
        case str():
            return f"a text of {len(value)} characters"
        case _:
            return "a number"


def dotted(path: Sequence[str | int]) -> str:
    """Key path as text: ``host.sublattices.TM.grid``, ``stages[0].x[2]``."""
    text = ""
    for part in path:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = given_text(part)
            name = name if len(name) <= _LONGEST else f"{name[:_LONGEST]}..."
            name = name if name.isprintable() else repr(name)[1:-1]
            text += f".{name}" if text else name
    return text


def nearest(name: object, names: Iterable[str]) -> str | None:
    """Find which of `names` was probably meant by `name`, if any is near; case does not count."""
    text = str(name)[: 2 * _LONGEST].casefold()
    by_fold = {known.casefold(): known for known in names}
    cutoff = 0.5 if len(text) <= 2 else 0.6
    close = difflib.get_close_matches(text, by_fold, n=1, cutoff=cutoff)
    return by_fold[close[0]] if close else None


def suggest(name: object, names: Iterable[str], *, known: str = "known") -> str:
    """Ask ``did you mean ...?`` for the nearest of `names`; list them if none is near."""
    names = list(names)
    near = nearest(name, names)
    if near is not None:
        return f"did you mean {near}?"
    more = ", ..." if len(names) > _LISTED else ""
    return f"{known}: {', '.join(names[:_LISTED])}{more}" if names else f"{known}: none"

"""The language in which rows are chosen: that of ``hebe results --where``, which the command line brings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Protocol

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence


class Language(Protocol):
    """Reads expressions; whatever is wrong in one is a `BadInputError` that says what would do."""

    def names(self, rows: Sequence[Mapping[str, Any]]) -> dict[str, str]:
        """Names that an expression may hold, each with its key in the rows."""

    def key(self, name: str, names: Mapping[str, str]) -> str:
        """Key that a name stands for."""

    def test(self, text: str, names: Mapping[str, str]) -> Callable[[Mapping[str, Any]], bool]:
        """Whether an expression holds for a row, whose values stand under dotted keys."""

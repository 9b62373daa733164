"""Which classes stored data may be made objects of: monty imports whatever module a document names.

Documents of a store, structure files of a campaign and what run folders hold may come from somebody else. Their classes
are those of packages that only describe data, of code that this process has imported already, or of what is trusted.
"""

from __future__ import annotations

import re
import sys
from typing import TYPE_CHECKING, Any, Final

import orjson

from hebe.config.reading.hiding import printable
from hebe.config.trust import is_trusted, trust_command
from hebe.exceptions import UntrustedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PACKAGES: Final = frozenset(
    {
        *("hebe", "jobflow", "pymatgen", "emmet", "atomate2", "monty", "custodian", "ase", "phonopy"),
        *("numpy", "pandas", "torch", "pint", "bson", "datetime", "uuid", "pathlib"),
    }
)
"""Packages whose classes documents of materials science hold."""

_MODULE: Final = b'"@module"'
_NAMED: Final = re.compile(rb'"@module":"([\w.]*)"')
_OPTIONS: Final = orjson.OPT_NON_STR_KEYS | orjson.OPT_SERIALIZE_NUMPY


def require_data(document: object, what: str, folder: Path | None = None) -> None:
    """Refuse plain data that would be made objects of classes that nobody knows; nothing is imported.

    Parameters
    ----------
    document
        Nested plain data.
    what
        What it is, for the message.
    folder
        Anywhere in the project; the working folder by default.

    Raises
    ------
    UntrustedError
        Names the module, and the command that trusts it.
    """
    if _is_known_at_once(document):
        return
    for node in named(document):
        module = str(node["@module"])
        if not (_is_harmless(module, is_call="@callable" in node) or is_trusted(module, folder)):
            reason = f"{what} holds an object of {module!r}, which would be imported and is not trusted here"
            raise UntrustedError(printable(reason), trust_command(module, folder))


def _is_known_at_once(document: object) -> bool:
    """Whether only classes of known packages are named, as the text of the document shows faster than a walk."""
    try:
        text = orjson.dumps(document, default=str, option=_OPTIONS)
    except (TypeError, ValueError):  # it has what JSON lacks: large numbers, halves of characters
        return False
    modules = _NAMED.findall(text)
    if len(modules) != text.count(_MODULE) or b'"@callable"' in text:
        return False
    return all(_is_harmless(module.decode(), is_call=False) for module in set(modules))


def named(value: object) -> Iterator[dict[str, Any]]:
    """All mappings in nested plain data that name a module."""
    if isinstance(value, dict):
        if "@module" in value:
            yield value
        for inner in value.values():
            yield from named(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from named(inner)


def _is_harmless(module: str, *, is_call: bool) -> bool:
    """Whether a class may be made, or a function named, although nobody has said that its module is trusted."""
    top, *below = module.split(".")
    if "__main__" in below:
        return False
    if top in PACKAGES:
        return not is_call
    return top in sys.modules and top not in sys.stdlib_module_names

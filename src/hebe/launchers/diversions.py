"""Flows that a store has for the jobs of a campaign: those of others run makers of Hebe alone, unless trusted."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import orjson
from monty.json import MontyDecoder

from hebe.config.reading.hiding import printable
from hebe.config.trust import MAKERS, is_signed, is_trusted, trust_command
from hebe.exceptions import UntrustedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

_DATA: Final = (
    *("jobflow.core", "pymatgen.core", "pymatgen.electronic_structure.core", "pymatgen.symmetry"),
    *("numpy", "datetime", "uuid", "pathlib", "bson.objectid"),
)
"""Modules of the classes that flows are described with; they only hold data."""


def signed_content(diversion: object) -> bytes:
    """What of a diversion is signed, the same for all orders of its keys."""
    return orjson.dumps(diversion, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)


def flows_of(record: Mapping[str, Any]) -> list[Any]:
    """Decoded flows of a record.

    Raises
    ------
    UntrustedError
        If it was not written by this user and names code that is neither of Hebe nor trusted.
    """
    diversion = record.get("diversion") or {}
    if not is_signed(signed_content(diversion), record.get("signature")):
        _check(diversion)
    return [MontyDecoder().process_decoded(flow) for flow in diversion.values()]


def _check(diversion: object) -> None:
    """Refuse what decoding would import or a job would call; nothing is imported of what is not known."""
    for node in _nodes(diversion):
        module = str(node["@module"])
        called = node.get("@callable")
        if is_trusted(module):
            continue
        if called is None and (_below(module, MAKERS) or _below(module, _DATA)):
            continue
        if called is not None and _is_maker(node.get("@bound"), str(called)):
            continue
        named = printable(f"{module}:{called or node.get('@class')}")
        reason = f"the store has a job that runs {named}; this user did not write it there, and it is no maker of Hebe"
        raise UntrustedError(reason, trust_command(module))


def _nodes(value: object) -> Iterator[dict[str, Any]]:
    """All that names a module."""
    if isinstance(value, dict):
        if "@module" in value:
            yield value
        for inner in value.values():
            yield from _nodes(inner)
    elif isinstance(value, list):
        for inner in value:
            yield from _nodes(inner)


def _below(module: str, packages: Iterable[str]) -> bool:
    """Whether a module is one of some packages or inside one."""
    return any(module == package or module.startswith(f"{package}.") for package in packages)


def _is_maker(bound: object, called: str) -> bool:
    """Whether a function is the ``make`` of a maker, of a class that its module defines and has not only imported.

    monty looks a function up by the names behind the first dot, on what it is bound to.
    """
    from jobflow import Maker

    if not isinstance(bound, dict) or called.split(".")[1:] != ["make"]:
        return False
    module, name = str(bound.get("@module")), str(bound.get("@class"))
    if not _below(module, MAKERS) or "@callable" in bound:
        return False
    try:
        found = getattr(importlib.import_module(module), name, None)
    except ImportError:
        return False
    return isinstance(found, type) and issubclass(found, Maker) and found.__module__ == module

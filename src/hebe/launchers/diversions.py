"""Jobs and flows that a store or a LaunchPad has: those of others run makers of Hebe alone, unless trusted."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any, Final

import orjson
from monty.json import MontyDecoder

from hebe.config.decoding import named
from hebe.config.reading.hiding import printable
from hebe.config.trust import MAKERS, is_signed, is_trusted, trust_command
from hebe.exceptions import UntrustedError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_DATA: Final = (
    *("jobflow.core", "pymatgen.core", "pymatgen.electronic_structure.core", "pymatgen.symmetry"),
    *("numpy", "datetime", "uuid", "pathlib", "bson.objectid"),
)
"""Modules of the classes that flows are described with; they only hold data."""


def signed_content(content: object) -> bytes:
    """What of a job or of flows is signed, the same for all orders of keys."""
    return orjson.dumps(content, option=orjson.OPT_SORT_KEYS | orjson.OPT_NON_STR_KEYS, default=str)


def flows_of(record: Mapping[str, Any]) -> dict[str, Any]:
    """Decoded flows of a record: what a job asked for, by how.

    Raises
    ------
    UntrustedError
        As `require_trust`.
    """
    diversion = record.get("diversion") or {}
    require_trust(diversion, record.get("signature"))
    return {name: MontyDecoder().process_decoded(flow) for name, flow in diversion.items()}


def require_trust(content: object, signature: object) -> None:
    """Refuse jobs that this user did not write and that name code which is neither of Hebe nor trusted.

    Raises
    ------
    UntrustedError
        Names the code, and the command that trusts it.
    """
    if not is_signed(signed_content(content), signature):
        _check(content)


def _check(content: object) -> None:
    """Refuse what decoding would import or a job would call; nothing is imported of what is not known."""
    for node in named(content):
        module = str(node["@module"])
        called = node.get("@callable")
        if is_trusted(module):
            continue
        if called is None and (_below(module, MAKERS) or _below(module, _DATA)):
            continue
        if called is not None and _is_maker(node.get("@bound"), str(called)):
            continue
        code = printable(f"{module}:{called or node.get('@class')}")
        reason = f"the store has a job that runs {code}; this user did not write it there, and it is no maker of Hebe"
        raise UntrustedError(reason, trust_command(module))


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

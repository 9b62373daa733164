"""What other installed packages add: entry points by group and name."""

from __future__ import annotations

from functools import lru_cache
from importlib.metadata import EntryPoint, entry_points
from typing import Any, Literal

from hebe.exceptions import BadInputError

Group = Literal["hebe.analyses", "hebe.engines", "hebe.families", "hebe.launchers"]


@lru_cache(maxsize=8)
def plugins(group: Group) -> dict[str, EntryPoint]:
    """Entry points of a group by name, in alphabetical order.

    Raises
    ------
    BadInputError
        If two packages give the same name.
    """
    found: dict[str, EntryPoint] = {}
    for point in sorted(entry_points(group=group), key=lambda p: p.name):
        known = found.get(point.name)
        if known is not None and known.value != point.value:
            reason = f"two packages add {point.name!r} to {group}: {_package(known)} and {_package(point)}"
            raise BadInputError(reason, suggestion="uninstall one of them")
        found[point.name] = point
    return found


def load_plugin(group: Group, name: str) -> Any:
    """What an entry point names.

    Raises
    ------
    KeyError
        If no package adds that name.
    BadInputError
        If it cannot be imported.
    """
    point = plugins(group)[name]
    try:
        return point.load()
    except Exception as err:
        reason = f"{name!r} of the package {_package(point)} cannot be loaded: {type(err).__name__}: {err}"
        raise BadInputError(reason, suggestion=f"mend {point.value} or uninstall {_package(point)}") from err


def _package(point: EntryPoint) -> str:
    return point.dist.name if point.dist is not None else point.value

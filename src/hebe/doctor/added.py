"""What other packages add, and whether it can be used."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from hebe.config.plugins import Group, plugins
from hebe.exceptions import HebeError
from hebe.launchers.check import Check

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


def _analysis(name: str) -> object:
    from hebe.analyses.registry import get_analysis

    return get_analysis(name)


def _engine(name: str) -> object:
    from hebe.config.engines.base import block_of

    return block_of(name)


def _family(name: str) -> object:
    from hebe.config.family import load_family

    return load_family(name)


def _launcher(name: str) -> object:
    from hebe.launchers.registry import launcher_class

    return launcher_class(name)


_KINDS: Final[dict[Group, tuple[str, Callable[[str], object]]]] = {
    "hebe.analyses": ("analysis", _analysis),
    "hebe.engines": ("engine", _engine),
    "hebe.families": ("family", _family),
    "hebe.launchers": ("launcher", _launcher),
}


def added_checks() -> Iterator[Check]:
    """One check for each thing that an installed package adds."""
    for group, (kind, use) in _KINDS.items():
        try:
            found = plugins(group)
        except HebeError as err:
            yield Check(group, "failed", str(err), "uninstall one of the packages")
            continue
        for name, point in found.items():
            package = point.value if point.dist is None else f"{point.dist.name} {point.dist.version}"
            try:
                use(name)
            except (HebeError, ValueError) as err:
                yield Check(f"added {kind} {name}", "failed", f"{package}: {err}", "mend or uninstall that package")
            else:
                yield Check(f"added {kind} {name}", "ok", f"of the package {package}", needed=False)

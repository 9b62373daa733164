"""The analyses that there are: one module of this package each, and those of other packages."""

from __future__ import annotations

import pkgutil
from functools import lru_cache
from importlib import import_module
from typing import TYPE_CHECKING

import hebe.analyses
from hebe.analyses import composition
from hebe.analyses.protocol import Analysis
from hebe.config.plugins import load_plugin, plugins
from hebe.config.reading.wording import shown, suggest
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable
    from importlib.metadata import EntryPoint
    from typing import Any

    from hebe.analyses.protocol import AnyAnalysis
    from hebe.analyses.quantity import Quantity
    from hebe.config.ranking import Rank
    from hebe.science.choosing.ranking import Objective


@lru_cache(maxsize=1)
def own_analyses() -> dict[str, AnyAnalysis]:
    """Analyses of this package by name."""
    found: dict[str, AnyAnalysis] = {}
    for module in pkgutil.iter_modules(hebe.analyses.__path__):
        one = getattr(import_module(f"{hebe.analyses.__name__}.{module.name}"), "ANALYSIS", None)
        if one is not None:
            found[one.name] = one
    return found


def analysis_names() -> list[str]:
    """Names of all analyses; those of other packages are not loaded for it."""
    return [*own_analyses(), *(name for name in plugins("hebe.analyses") if name not in own_analyses())]


def get_analysis(name: str) -> AnyAnalysis:
    """Analysis of a name.

    Raises
    ------
    BadInputError
        If there is none, or the package that has it cannot be loaded.
    """
    own = own_analyses().get(name)
    if own is not None:
        return own
    point = plugins("hebe.analyses").get(name)
    if point is None:
        raise BadInputError(f"no analysis is called {shown(name)}", suggestion=suggest(name, analysis_names()))
    return _loaded(name, point)


@lru_cache(maxsize=64)
def _loaded(name: str, point: EntryPoint) -> AnyAnalysis:
    found = load_plugin("hebe.analyses", name)
    if not isinstance(found, Analysis) or found.name != name:
        reason = f"{point.value} is no analysis called {name!r}"
        raise BadInputError(reason, suggestion="an object of a class derived from hebe.analyses.Analysis")
    taken = set(all_quantities(own_analyses())) & {quantity.name for quantity in found.quantities}
    if taken:
        raise BadInputError(f"the analysis {name} has a quantity {min(taken)!r}, which Hebe has already")
    return found


def all_quantities(analyses: Iterable[str] | None = None) -> dict[str, Quantity[Any]]:
    """Quantities by name: those of the composition, and of analyses (all by default)."""
    names = analysis_names() if analyses is None else analyses
    found: dict[str, Quantity[Any]] = {quantity.name: quantity for quantity in composition.QUANTITIES}
    for name in names:
        found |= {quantity.name: quantity for quantity in get_analysis(name).quantities}
    return found


def source_of(quantity: str) -> str | None:
    """Analysis from which a quantity comes, None for those of the composition.

    Raises
    ------
    BadInputError
        If there is no such quantity.
    """
    if any(quantity == one.name for one in composition.QUANTITIES):
        return None
    for name in analysis_names():
        if any(quantity == one.name for one in get_analysis(name).quantities):
            return name
    known = all_quantities()
    raise BadInputError(f"no quantity is called {shown(quantity)}", suggestion=suggest(quantity, known))


def objectives_of(chosen: Rank, analyses: Collection[str]) -> list[Objective]:
    """Objectives of a ranking that a stage with these analyses computes."""
    from hebe.science.choosing.ranking import Objective

    wanted = [(name, True) for name in chosen.maximize] + [(name, False) for name in chosen.minimize]
    made = all_quantities(analyses)
    return [Objective(name, maximize=maximize) for name, maximize in wanted if name in made]

"""Sections of the report, one module each; a module of the name of an analysis has the figures that it is drawn in.

A section is an object ``SECTION`` (`hebe.report.sections.section.Section`). For an analysis, ``FIGURES`` lists its
figures, ``overview`` makes a table of all candidates, and ``card`` what the details of a candidate say about it.
Analyses of other packages bring their own figures.
"""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING

from hebe.report.markup import Markup

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import ModuleType

    from hebe.analyses.protocol import AnyAnalysis, Figure
    from hebe.schemas.candidate import RankedCandidate


def figures_of(analysis: AnyAnalysis) -> Sequence[Figure]:
    """Figures of an analysis."""
    module = _section(analysis.name)
    own: Sequence[Figure] = getattr(module, "FIGURES", ())
    return (*own, *analysis.figures)


def card_of(analysis: AnyAnalysis, candidate: RankedCandidate) -> Markup:
    """What the details of a candidate say about an analysis; empty where it says nothing."""
    card = getattr(_section(analysis.name), "card", None)
    found: Markup = Markup() if card is None else card(candidate)
    return found


def table_of(analysis: AnyAnalysis, candidates: Sequence[RankedCandidate]) -> Markup:
    """Table of what an analysis gives for all candidates; empty where it has none."""
    overview = getattr(_section(analysis.name), "overview", None)
    found: Markup = Markup() if overview is None else overview(candidates)
    return found


def _section(name: str) -> ModuleType | None:
    found = find_spec(f"{__name__}.{name}")
    return None if found is None else import_module(found.name)

"""Marks: what a reader has to know before trusting the numbers of a candidate, as short names."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from hebe.analyses.registry import analysis_names, get_analysis

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.analyses.protocol import Results
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.candidate import CandidateDoc

_RIDGE: Final = -0.01  # eV/A^2


@dataclass(frozen=True)
class MarkText:
    """Letter of a mark in tables, and what it means."""

    letter: str
    meaning: str


LEFT_HOST: Final = "left-host"
RIDGE: Final = "ridge"
OUTSIDE_TRAINING: Final = "outside-training"
LOST_MOMENTS: Final = "lost-moments"
_OF_CELLS: Final = {
    LEFT_HOST: MarkText("L", "a cell is no longer the host and is left out"),
    RIDGE: MarkText("R", "a cell is no minimum: its energy falls along a direction"),
    OUTSIDE_TRAINING: MarkText("T", "a cell lies outside what the potential was trained on"),
    LOST_MOMENTS: MarkText("Z", "a calculation that started with moments of unpaired electrons ended without any"),
}


def mark_texts() -> dict[str, MarkText]:
    """All marks: those of cells, then those of each analysis."""
    found = dict(_OF_CELLS)
    for name in analysis_names():
        for mark in get_analysis(name).marks:
            found.setdefault(mark.name, MarkText(mark.letter, mark.meaning))
    return found


def marks_of(document: CandidateDoc, results: Results, calculations: Sequence[CalculationDoc]) -> list[str]:
    """Marks of a candidate, in the order of `mark_texts`.

    Parameters
    ----------
    document
        The candidate, filled but for its marks.
    results
        Results of its analyses.
    calculations
        Its calculations.
    """
    found = {LEFT_HOST} if document.states_left else set[str]()
    if any(c.minimum is not None and c.minimum.curvature_eV_per_A2 < _RIDGE for c in calculations):
        found.add(RIDGE)
    if any(c.outside_training and c.usable for c in calculations):
        found.add(OUTSIDE_TRAINING)
    if any(c.lost_moments and c.usable for c in calculations):
        found.add(LOST_MOMENTS)
    for name, documents in results.items():
        for mark in get_analysis(name).marks:
            if any(result is not None and mark.holds(result, document) for result in documents):
                found.add(mark.name)
    return [name for name in mark_texts() if name in found]

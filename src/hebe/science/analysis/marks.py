"""Marks: what a reader has to know before trusting the numbers of a candidate, as short names."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.candidate import CandidateDoc

MARKS: Final[Mapping[str, tuple[str, str]]] = {
    "left-host": ("L", "a cell is no longer the host and is left out"),
    "electrons": ("E", "the window takes more electrons than the cations can give"),
    "bound": ("B", "the hull lacks known phases: its T_mix is a lower bound"),
    "doubtful-phase": ("D", "a phase that decides is a model or has unverified data"),
    "upper-end": ("U", "stable only up to a second temperature"),
    "approximate": ("A", "the cells only approximate the composition"),
    "ridge": ("R", "a cell is no minimum: its energy falls along a direction"),
}
"""Mark -> its letter in tables, and what it means."""

_RIDGE: Final = -0.01  # eV/A^2
_MORE: Final = 1e-6
_COMPLETE: Final = ("A", "B")


def marks_of(document: CandidateDoc, calculations: Sequence[CalculationDoc]) -> list[str]:
    """Marks of a candidate, in the order of `MARKS`.

    Parameters
    ----------
    document
        The candidate, filled but for its marks.
    calculations
        Its calculations.
    """
    mixing = document.mixing
    window, redox = document.capacity_window_mAh_g, document.capacity_redox_mAh_g
    holds = {
        "left-host": bool(document.states_left or mixing.left_out),
        "electrons": window is not None and redox is not None and window > redox * (1 + _MORE),
        "bound": mixing.competing.T_mix_K is not None and mixing.hull_grade not in _COMPLETE,
        "doubtful-phase": bool(mixing.doubtful_phases),
        "upper-end": any(part.T_stable_up_to_K is not None for part in (mixing.competing, mixing.same_host)),
        "approximate": mixing.deviation > _MORE,
        "ridge": any(c.minimum is not None and c.minimum.curvature_eV_per_A2 < _RIDGE for c in calculations),
    }
    return [name for name in MARKS if holds[name]]

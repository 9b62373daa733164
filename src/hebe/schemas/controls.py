"""Low-entropy controls of the best candidates of a stage, and how far they differ."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document


class Difference(Document):
    """One quantity of a candidate less that of its control, in the unit of the quantity; ``1`` without one.

    ``sd`` is the standard deviation of the difference over pairs of configurations, None where either has a single one;
    ``se`` the standard error of the difference of the means, with spreads pooled where configurations are few.
    """

    quantity: str
    unit: str
    candidate: float
    control: float
    difference: float
    sd: float | None = None
    se: float | None = None


class CurveDifference(Difference):
    """A difference at one content x (ions per formula unit of the candidate)."""

    x: float


class ControlDoc(Document):
    """One control of a candidate ``of``: without an element, balanced by a rule.

    ``moved`` says how much of the sites of each sublattice ions, or elements under the rule ``redox``, gain, as exact
    fractions. ``status`` is that of its document, ``none`` where there is no such host or it was not computed, with the
    reason. ``curves`` are differences over the content of the working ion. ``n_fu`` and ``of_n_fu`` are the formula
    units in a cell of the control and of the candidate; ``warnings`` say what to know before trusting a difference.
    """

    of: str
    of_formula: str
    element: str
    candidate_id: str | None = None
    formula: str | None = None
    rule: str = ""
    moved: dict[str, dict[str, str]] = Field(default_factory=dict)
    entropy_R: float | None = None
    n_fu: int | None = None
    of_n_fu: int | None = None
    status: Literal["complete", "partial", "failed", "none"] = "none"
    reason: str = ""
    differences: list[Difference] = Field(default_factory=list)
    curves: list[CurveDifference] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class ControlsDoc(Document):
    """Controls of the best candidates of a stage, candidates best first, elements in alphabetical order."""

    campaign: str
    stage: int
    method: str
    engine: str = ""
    controls: list[ControlDoc] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)

"""What an analysis leaves behind, and the values that are read from it."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document


class ResultDoc(Document):
    """Result of an analysis of one configuration, or of a candidate: its label, and what to know about it."""

    label: str = ""
    warnings: list[str] = Field(default_factory=list)


class Value(Document):
    """One quantity of a candidate, in the unit of the quantity.

    Parameters
    ----------
    mean
        Mean over the configurations that have a value; None with the reason in ``why_null``.
    sd_configurations, n
        Standard deviation over those configurations, None for fewer than two, and their number.
    sd_starts
        Standard deviation over the starts of their cells, root mean square over the configurations.
    se
        Standard error of the mean, pooled over the candidates of a stage where n is small; known when they are ranked.
    error
        Documented error of the engine.
    low, median, high
        Values below which 16, 50 and 84 % of the draws lie, of a quantity that has draws of the errors that candidates
        share; with the standard error, known when they are ranked. Infinite where no finite value does.
    signed
        Mean with its sign, of quantities that are absolute.
    lower_bound
        Whether the true value can only be higher.
    """

    mean: float | None = None
    sd_configurations: float | None = None
    sd_starts: float | None = None
    n: int = 0
    se: float | None = None
    error: float | None = None
    low: float | None = None
    median: float | None = None
    high: float | None = None
    signed: float | None = None
    lower_bound: bool = False
    why_null: str | None = None

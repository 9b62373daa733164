"""One candidate with everything that is known about it: what people query and rank."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field

from hebe.schemas.base import Document, ErrorInfo
from hebe.schemas.result import Value


class CandidateDoc(Document):
    """A candidate after one stage.

    Parameters
    ----------
    composition
        Sublattice -> species -> amount per formula unit.
    entropy_R
        Ideal entropies (R) by convention.
    configuration, lowest
        Label and position of the configuration of lowest energy as made that is still the host.
    n_configurations
        How many configurations are the host as made.
    values
        Quantities of the analyses that were asked for, and of the composition, by name.
    results
        Results of each analysis: one per configuration, in their order, or a single one of the candidate.
    marks
        What to know before trusting the numbers, as short names.
    states_left
        States that left the host.
    calculations, calculation_status
        Label -> content key; label -> status.
    """

    candidate_id: str
    campaign: str
    stage: int = 0
    status: Literal["complete", "partial", "failed"]
    formula: str
    family: str
    working_ion: str | None = None
    x_made: float
    composition: dict[str, dict[str, float]]
    entropy_R: dict[str, float]
    descriptors: dict[str, float | bool | None] = Field(default_factory=dict)
    engine: str
    energy_scale: str
    configuration: str | None = None
    lowest: int | None = None
    n_configurations: int = 0
    values: dict[str, Value] = Field(default_factory=dict)
    results: dict[str, list[dict[str, Any] | None]] = Field(default_factory=dict)
    marks: list[str] = Field(default_factory=list)
    states_left: list[str] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)
    error: ErrorInfo | None = None
    calculations: dict[str, str] = Field(default_factory=dict)
    calculation_status: dict[str, str] = Field(default_factory=dict)

    def mean(self, name: str) -> float | None:
        """Value of a quantity, None if there is none."""
        value = self.values.get(name)
        return None if value is None else value.mean


class RankedCandidate(CandidateDoc):
    """A candidate with its place in the ranking, None without one; 1 is best.

    Parameters
    ----------
    rank
        That of all whose order cannot be told, as in competitions: 1, 1, 3.
    rank_low, rank_high
        Best and worst rank of 68 % of the draws of the errors.
    tied
        Whether others have its rank.
    """

    rank: int | None = None
    rank_low: int | None = None
    rank_high: int | None = None
    tied: bool = False

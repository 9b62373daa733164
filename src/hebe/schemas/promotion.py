"""Between two stages: who goes on and why, and how far the stages agree."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.learned import Predicted


class Promoted(Document):
    """One candidate at the border of two stages; ``reason`` says why it does not go on."""

    candidate_id: str
    formula: str
    rank: int | None = None
    promoted: bool = False
    reason: str | None = None
    objectives: dict[str, float | None] = Field(default_factory=dict)


class PromotionDoc(Document):
    """Which candidates of a stage go on to the next.

    ``stage`` is the number of the next stage, ``keep`` the rule as the campaign file has it, ``candidates`` are all
    candidates of the stage before, best first; ``cut_off`` is the rank of the last one that goes on.
    """

    campaign: str
    stage: int
    keep: str
    maximize: list[str] = Field(default_factory=list)
    minimize: list[str] = Field(default_factory=list)
    cut_off: int | None = None
    candidates: list[Promoted] = Field(default_factory=list)

    @property
    def promoted(self) -> list[str]:
        """Ids of the candidates that go on, best first."""
        return [candidate.candidate_id for candidate in self.candidates if candidate.promoted]


class Parity(Document):
    """One quantity of the same candidates after two stages.

    ``pairs`` holds candidate id, value before and value after; a candidate that lacks either is left out.
    ``mean_difference`` and ``mean_absolute_difference`` are of after minus before, in the unit of the quantity;
    ``spearman`` and ``kendall`` are rank correlations, None for fewer than three pairs or equal values.
    """

    quantity: str
    unit: str
    pairs: list[tuple[str, float, float]] = Field(default_factory=list)
    mean_difference: float | None = None
    mean_absolute_difference: float | None = None
    spearman: float | None = None
    kendall: float | None = None


class AgreementDoc(Document):
    """How far two stages of a campaign agree about the candidates that both computed.

    Only results are compared, each made within one stage; energies of two scales never meet. ``round`` is that after
    which candidates were compared, 0 where all went on at once.
    """

    campaign: str
    stage: int
    before: str
    after: str
    round: int = 0
    quantities: list[Parity] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)


class PromotedByGain(Promoted):
    """One candidate at the border of two stages where these go on in rounds.

    Parameters
    ----------
    round
        In which it went on, from 1; 0 if it did not.
    cpu_s
        Estimated CPU time (s) of its calculations in the next stage.
    gain
        Expected growth of the hypervolume of the front of the next stage by it alone; when it was chosen, beside those
        chosen with it. In the units of the objectives multiplied.
    probability
        That it meets the constraints, which is in the gain; None without any.
    predicted
        Objectives and quantities of constraints as the next stage is expected to find them, where it has not.
    """

    round: int = 0
    cpu_s: float = 0.0
    gain: float | None = None
    probability: float | None = None
    predicted: dict[str, Predicted] = Field(default_factory=dict)


class GainPromotionDoc(PromotionDoc):
    """Which candidates went on to the next stage by a round, this one included.

    Parameters
    ----------
    round
        From 1.
    candidates
        In the order of the ranking.
    stopped
        Why no more go on.
    constraints
        Of the selection, on what the stage before computes.
    slopes
        Factor between the values of both stages by objective, where there are enough of them to tell.
    reference, hypervolume
        Value of each objective that has to be surpassed to count, and the hypervolume of the front of the next stage,
        of probabilities in probits.
    spent_s
        Estimated CPU time (s) of all that went on.
    """

    round: int = 1
    candidates: list[PromotedByGain] = Field(default_factory=list)  # type: ignore[assignment]
    stopped: str | None = None
    constraints: list[str] = Field(default_factory=list)
    slopes: dict[str, float] = Field(default_factory=dict)
    reference: dict[str, float] = Field(default_factory=dict)
    hypervolume: float = 0.0
    spent_s: float = 0.0
    remarks: list[str] = Field(default_factory=list)

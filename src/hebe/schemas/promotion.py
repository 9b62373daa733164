"""Between two stages: who goes on and why, and how far the stages agree."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document


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

    Only results are compared, each made within one stage; energies of two scales never meet.
    """

    campaign: str
    stage: int
    before: str
    after: str
    quantities: list[Parity] = Field(default_factory=list)
    warnings: list[str] = Field(default_factory=list)

"""AgreeMaker: how far two stages of a campaign agree."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from jobflow import JobConfig, Maker, OnMissing, job

from hebe.analyses.registry import all_quantities
from hebe.makers.identity import ADDED_LATER
from hebe.science.choosing.promotion import agree

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.promotion import AgreementDoc


@dataclass(kw_only=True)
class AgreeMaker(Maker):
    """Compare the results of the candidates that two stages computed.

    Parameters
    ----------
    campaign, stage
        Campaign and number of the later stage.
    only
        Analyses whose quantities are compared; all without any.
    round
        Of a promotion in rounds.
    """

    name: str = "agree"
    campaign: str = ""
    stage: int = 1
    only: tuple[str, ...] = field(default=(), metadata=ADDED_LATER)
    round: int = field(default=0, metadata=ADDED_LATER)
    version: ClassVar[int] = 1

    @job(config=JobConfig(on_missing_references=OnMissing.NONE))
    def make(self, before: list[CandidateDoc | None], after: list[CandidateDoc | None]) -> AgreementDoc:
        """Parity and rank correlation of every quantity that both stages have."""
        first, second = ([c for c in stage if c is not None] for stage in (before, after))
        made = {name for candidate in (*first, *second) for name in candidate.results}
        made = made & set(self.only) if self.only else made
        compared = {name: q.unit or "1" for name, q in all_quantities(sorted(made)).items() if q.compared}
        found = {"campaign": self.campaign, "stage": self.stage, "round": self.round}
        return agree(first, second, compared).model_copy(update=found)

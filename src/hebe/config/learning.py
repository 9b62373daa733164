"""Keys of a selection that learns: it computes some candidates, and lets them say which ones come next."""

from __future__ import annotations

from typing import Final, Literal

from pydantic import Field, field_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Ratio, Whole
from hebe.config.reading.wording import RefusedValueError

LEARNING_KEYS: Final = ("batch", "rounds", "budget", "start", "where", "least_gain", "prior")


class LearningKeys(ConfigModel):
    """How candidates are chosen round by round.

    Parameters
    ----------
    batch
        Candidates of a round.
    rounds
        Rounds at most, the first included.
    budget
        Candidates in all rounds together, at most.
    start
        How those of the first round are chosen.
    where
        Constraints on quantities, such as ``formation_probability > 0.8``.
    least_gain
        The loop ends when no candidate is expected to add this share to the hypervolume of the front.
    prior
        What is learned from beside its own candidates: what the project's ``store`` holds when the loop starts that was
        computed alike, also of other campaigns; ``none`` by default.
    """

    batch: Whole | None = Field(default=None, ge=1, le=1000)
    rounds: Whole | None = Field(default=None, ge=1, le=1000)
    budget: Whole | None = Field(default=None, ge=1, le=100_000)
    start: Literal["diverse", "random"] | None = None
    where: tuple[str, ...] | None = None
    least_gain: Ratio | None = None
    prior: Literal["store", "none"] | None = None

    @field_validator("prior")
    @classmethod
    def _as_by_default(cls, value: str | None) -> str | None:
        return None if value == "none" else value

    @property
    def takes_prior(self) -> bool:
        """Whether it learns from what the project holds when it starts."""
        return self.prior == "store"

    def check_learning(self, *, learns: bool) -> None:
        """Refuse keys of a loop without one, and a loop that has no end.

        Raises
        ------
        RefusedValueError
            Names the key.
        """
        given = [key for key in LEARNING_KEYS if getattr(self, key) is not None]
        if not learns and given:
            raise RefusedValueError(f"{given[0]} belongs to method learn", key=given[0], suggestion="method: learn")
        if learns and self.batch is None:
            reason = "method learn needs batch, the number of candidates of a round"
            raise RefusedValueError(reason, suggestion="add batch: 8")
        if learns and self.rounds is None and self.budget is None:
            reason = "method learn needs rounds or budget, the number of candidates in all"
            raise RefusedValueError(reason, suggestion="add rounds: 12")
        if self.least_gain is not None and not 0 <= self.least_gain < 1:
            raise RefusedValueError("least_gain is a share from 0 to below 1", key="least_gain")

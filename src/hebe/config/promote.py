"""The block `promote` of a later stage: candidates go on in rounds, by expected gain for their cost."""

from __future__ import annotations

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.units import Ratio, Seconds, Whole
from hebe.config.reading.wording import RefusedValueError


class PromoteSpec(ConfigModel):
    """How candidates are promoted round by round.

    Parameters
    ----------
    batch
        Candidates of a round.
    budget
        Candidates in all rounds together, at most.
    cpu_time
        Estimated CPU time (s) of all that are promoted, at most.
    least_gain
        Promotion ends when no candidate is expected to add this share to the hypervolume of the front.
    """

    batch: Whole = Field(ge=1, le=1000)
    budget: Whole | None = Field(default=None, ge=1, le=100_000)
    cpu_time: Seconds | None = Field(default=None, gt=0)
    least_gain: Ratio | None = None

    @model_validator(mode="after")
    def _ends(self) -> PromoteSpec:
        if self.budget is None and self.cpu_time is None:
            reason = "promote needs budget, the number of candidates in all, or cpu_time"
            raise RefusedValueError(reason, suggestion="add budget: 12")
        if self.least_gain is not None and not 0 <= self.least_gain < 1:
            raise RefusedValueError("least_gain is a share from 0 to below 1", key="least_gain")
        return self

    def __str__(self) -> str:
        """In words."""
        most = [] if self.budget is None else [f"at most {self.budget}"]
        most += [] if self.cpu_time is None else [f"for {self.cpu_time / 3600:g} h"]
        return f"{self.batch} at a time by expected gain per cost, {', '.join(most)}"

"""How a campaign that learns went: its rounds, its candidates, what was predicted of them and what was found."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document

Why = Literal["start", "no_model", "as_predicted", "exploration", "little", "gain"]
"""Why a candidate was chosen.

``start``: one of those that the loop began with. ``no_model``: too little was known for a model. ``as_predicted``: at
least half of its expected gain is there if it is found exactly as predicted. ``exploration``: less than half is, what
is not known of it makes the rest. ``little``: less than a thousandth of the hypervolume was expected. ``gain``: by its
expected gain, of which the parts were not kept.
"""


class Forecast(Document):
    """One quantity of a candidate, as predicted before it was computed and as computed.

    Parameters
    ----------
    mean, low, high
        Predicted, with the interval that holds 90 % of values that have no error of their own; None without a model.
    value, error
        Computed, with its standard error; None where there is none.
    off
        Standard deviations between both, the standard error of the value counted in; of a probability in probits.
    """

    mean: float | None = None
    low: float | None = None
    high: float | None = None
    value: float | None = None
    error: float | None = None
    off: float | None = None


class LoopMember(Document):
    """A candidate of a loop.

    Parameters
    ----------
    round
        In which it was computed, from 1.
    why, gain, gain_as_predicted, probability, new
        Why it was chosen, as its proposal says; see `hebe.schemas.learned.Proposed`.
    status, marks
        Of its document; None and none while it has none.
    forecasts
        Objectives and quantities of constraints by name.
    counts
        Whether it has all objectives and meets the constraints.
    on_front
        Whether no other one that counts is better in one objective and worse in none.
    """

    candidate_id: str
    formula: str
    round: int
    why: Why
    gain: float | None = None
    gain_as_predicted: float | None = None
    probability: float | None = None
    new: list[str] = Field(default_factory=list)
    status: str | None = None
    marks: list[str] = Field(default_factory=list)
    forecasts: dict[str, Forecast] = Field(default_factory=dict)
    counts: bool = False
    on_front: bool = False


class LoopStep(Document):
    """State after a number of computed candidates.

    Parameters
    ----------
    n
        How many are computed, failed ones included.
    hypervolume
        Of the front of those, None without a reference.
    on_front
        How many of them are on that front.
    """

    n: int
    round: int
    candidate_id: str
    hypervolume: float | None = None
    on_front: int = 0


class LoopRound(Document):
    """One round: who was computed in it, and what came of it.

    Parameters
    ----------
    chosen, computed
        How many candidates it has, and how many of them are computed.
    known
        Computed candidates when it ended.
    expected, grown
        Growth of the hypervolume that was expected of it, and that came; None where there was no model, where it was
        expected beyond a front that holds other candidates than those of the loop, and for the first round.
    hypervolume, on_front
        When it ended.
    decided
        Whether it is over, and has chosen the next one or ended the loop.
    stopped, remarks
        Why the loop ended then, and what was said of the choice of the next round.
    """

    round: int
    chosen: int
    computed: int
    known: int
    expected: float | None = None
    grown: float | None = None
    hypervolume: float | None = None
    on_front: int = 0
    decided: bool = False
    stopped: str | None = None
    remarks: list[str] = Field(default_factory=list)


class Coverage(Document):
    """How many values that were predicted, and then computed, lie inside the intervals.

    Parameters
    ----------
    n
        Values that were predicted and computed.
    inside_50, inside_90
        How many of them lie inside intervals of 50 and 90 %, with their own standard errors counted in.
    rmse, mean_off
        Root mean square and mean of computed minus predicted.
    """

    quantity: str
    unit: str = ""
    n: int = 0
    inside_50: int = 0
    inside_90: int = 0
    rmse: float | None = None
    mean_off: float | None = None


class LoopDoc(Document):
    """A loop so far.

    Parameters
    ----------
    start
        How its first candidates were chosen.
    objectives
        Name and ``maximize`` or ``minimize`` of each.
    reference
        Value of each objective that has to be surpassed to count: the median of what the first model knew.
    unit
        Of hypervolumes and gains: those of the objectives multiplied, of a probability the probit.
    looked_at, of
        Compositions that were scored for the last choice, and compositions of the space.
    course
        State after each computed candidate, in the order in which they were chosen.
    remarks
        What is to be said of them.
    """

    campaign: str
    start: str = ""
    objectives: dict[str, str] = Field(default_factory=dict)
    constraints: list[str] = Field(default_factory=list)
    reference: dict[str, float] = Field(default_factory=dict)
    unit: str = ""
    looked_at: int = 0
    of: int = 0
    stopped: str | None = None
    rounds: list[LoopRound] = Field(default_factory=list)
    members: list[LoopMember] = Field(default_factory=list)
    course: list[LoopStep] = Field(default_factory=list)
    coverage: list[Coverage] = Field(default_factory=list)
    remarks: list[str] = Field(default_factory=list)

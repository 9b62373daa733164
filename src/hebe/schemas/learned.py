"""What was learned from computed candidates, with the ids of the data, and what that says to compute next."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document


class CurvePoint(Document):
    """Error after a number of candidates."""

    n: int
    rmse: float


class IonEffect(Document):
    """What an ion goes along with, over the neutral members of the space.

    Parameters
    ----------
    per_tenth
        Change of predictions from members to others that have 10 % more of it on its sublattice, whatever else differs
        between them.
    explained
        Share of the variance of predictions that its share alone explains.
    """

    sublattice: str
    ion: str
    per_tenth: float
    explained: float


class LearnedQuantity(Document):
    """Model of one quantity.

    Parameters
    ----------
    unit
        Of values and errors.
    candidates
        Ids of the candidates that it knows, in the order of their values.
    values, errors
        What it was fitted to, and the standard errors of that.
    measured
        Ids of the candidates whose measured values it is linked to.
    slope
        Factor between computed and measured values.
    rmse, explained, coverage_50, coverage_90
        Of left-out groups of candidates that share their elements: root mean square error, share of the variance that
        is explained, shares of the values inside intervals of 50 and 90 %. None where there are too few candidates.
    factor
        By which intervals are wider than the fit says, so that they hold.
    spread
        Standard deviation of the values.
    scatter
        Standard deviation that no descriptor tells.
    mixture, departure, weights
        Parameters of `hebe.science.learning.gaussian_process`, weights by descriptor.
    refused
        Why there is no model.
    """

    unit: str = ""
    candidates: list[str] = Field(default_factory=list)
    values: list[float] = Field(default_factory=list)
    errors: list[float] = Field(default_factory=list)
    measured: list[str] = Field(default_factory=list)
    slope: float | None = None
    rmse: float | None = None
    explained: float | None = None
    coverage_50: float | None = None
    coverage_90: float | None = None
    factor: float = 1.0
    spread: float | None = None
    scatter: float | None = None
    mixture: float | None = None
    departure: float | None = None
    weights: dict[str, float] = Field(default_factory=dict)
    effects: list[IonEffect] = Field(default_factory=list)
    learning_curve: list[CurvePoint] = Field(default_factory=list)
    refused: str | None = None


class LearnedDoc(Document):
    """Models of the quantities of a campaign.

    Parameters
    ----------
    key
        Of the data and of everything that decides what is learned from it.
    jobs
        Ids of the jobs whose documents were learned from.
    stage
        Stage of the campaign whose values these are, from 0.
    """

    key: str
    campaign: str
    family: str
    working_ion: str | None = None
    stage: int = 0
    energy_scale: str = ""
    jobs: list[str] = Field(default_factory=list)
    quantities: dict[str, LearnedQuantity] = Field(default_factory=dict)
    remarks: list[str] = Field(default_factory=list)


class Predicted(Document):
    """Prediction of one quantity; without a mean ``refused`` says why.

    Parameters
    ----------
    mean, sd
        Mean and standard deviation of what descriptors tell; of a probability its median, and the deviation about that.
    low, high
        Interval that holds 90 % of new values: with the scatter that no descriptor tells, without errors of theirs.
    """

    mean: float | None = None
    sd: float | None = None
    low: float | None = None
    high: float | None = None
    refused: str | None = None


class Proposed(Document):
    """A candidate that is worth computing.

    Parameters
    ----------
    gain
        Expected growth of the hypervolume of the front when it is chosen, those before it in the batch found as
        expected; in the units of the objectives multiplied.
    gain_as_predicted
        The part of that which needs no luck: the growth were it found exactly as predicted, times the probability. The
        rest comes from what is not known of it. None where there was no model.
    probability
        Probability to meet the constraints.
    predicted
        Quantities by name.
    new
        Ions that no candidate before it has.
    """

    candidate_id: str
    formula: str
    gain: float
    gain_as_predicted: float | None = None
    probability: float = 1.0
    predicted: dict[str, Predicted] = Field(default_factory=dict)
    new: list[str] = Field(default_factory=list)


class ProposalDoc(Document):
    """What to compute next.

    Parameters
    ----------
    model
        Key of the models that say so.
    objectives
        Name and ``maximize`` or ``minimize`` of each.
    reference
        Value of each objective that has to be surpassed to count: the median of what is known.
    hypervolume
        Of the front as known, in the units of the objectives multiplied.
    looked_at, of
        How many compositions were scored, and how many there are.
    round, known
        Round of a loop that is over, from 1, and how many candidates are known by then; 0 outside of one.
    stopped
        Why the loop ends here.
    """

    campaign: str
    model: str = ""
    round: int = 0
    known: int = 0
    stopped: str | None = None
    objectives: dict[str, str] = Field(default_factory=dict)
    constraints: list[str] = Field(default_factory=list)
    reference: dict[str, float] = Field(default_factory=dict)
    hypervolume: float = 0.0
    looked_at: int = 0
    of: int = 0
    candidates: list[Proposed] = Field(default_factory=list)
    remarks: list[str] = Field(default_factory=list)

"""What a calibration found: true less computed mixing enthalpies of small cells, and the errors that follow."""

from __future__ import annotations

from typing import Literal

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.spec import MemberSpec


class ChosenVertex(Document):
    """A vertex of a small cell; ``amount`` is an exact fraction, formula units per one of the cell."""

    spec: MemberSpec
    amount: str


class ChosenCell(Document):
    """A small cell that is to be computed."""

    spec: MemberSpec
    vertices: list[ChosenVertex]
    fitted: bool = True


class ChoiceDoc(Document):
    """Small cells that a calibration computes, the most telling first.

    ``pairs`` are those of which the candidates' margins know; ``cost_s`` is the estimated CPU time of all calculations
    with the reference.
    """

    campaign: str
    stage: int
    cells: list[ChosenCell] = Field(default_factory=list)
    pairs: list[str] = Field(default_factory=list)
    cost_s: float = 0.0
    warnings: list[str] = Field(default_factory=list)


class CalibrationRow(Document):
    """One small cell.

    Parameters
    ----------
    cell, formula
        Its name and formula.
    value
        True less computed mixing enthalpy (eV per mixed site).
    computed
        Mixing enthalpy with the engine that is calibrated (eV per mixed site).
    terms, members
        As in `hebe.science.errors.pair_fit.Difference`.
    predicted, sd
        The value from the other cells, and its standard deviation (eV per mixed site); None where nothing was fitted.
    fitted
        Whether the errors were fitted to it.
    """

    cell: str
    formula: str
    value: float
    computed: float
    terms: dict[str, float] = Field(default_factory=dict)
    members: dict[str, float] = Field(default_factory=dict)
    predicted: float | None = None
    sd: float | None = None
    fitted: bool = True


class ErrorsDoc(Document):
    """`hebe.science.errors.entry_errors.EntryErrors` as a document, eV per mixed site and eV per atom."""

    bias: float
    sd: float
    remainder: float
    bias_sd: float = 0.0
    phase_bias: float = 0.0
    phase_sd: float = 0.0
    pairs: list[str] = Field(default_factory=list)
    mean: list[float] = Field(default_factory=list)
    covariance: list[list[float]] = Field(default_factory=list)
    freedom: float | None = None
    source: Literal["documented", "given", "calibrated"] = "calibrated"


class CommitteeDoc(Document):
    """Mean logarithm of the predicted density of cells that were left out, without and with a committee.

    ``used`` says whether the committee decided how the prior is spread over pairs.
    """

    plain: float
    committee: float
    used: bool


class CalibrationDoc(Document):
    """Errors of an energy scale after a calibration.

    Parameters
    ----------
    campaign, stage
        Where it belongs.
    engine, energy_scale
        What is calibrated.
    reference, reference_scale
        What computed the energies that count as true.
    errors
        None where too few cells have energies.
    rows
        The cells.
    scale, scale_interval
        Root mean square of residuals over their predicted spread, with its interval from 10 to 90 %.
    n
        Cells that were fitted.
    note
        In words, how far the residuals are what was predicted.
    cpu_s
        CPU time of all calculations with the reference.
    committee
        What a committee of engines was worth, None without one.
    """

    campaign: str
    stage: int
    engine: str = ""
    energy_scale: str = ""
    reference: str = ""
    reference_scale: str = ""
    errors: ErrorsDoc | None = None
    rows: list[CalibrationRow] = Field(default_factory=list)
    scale: float | None = None
    scale_interval: tuple[float, float] | None = None
    n: int = 0
    note: str = ""
    cpu_s: float = 0.0
    committee: CommitteeDoc | None = None
    warnings: list[str] = Field(default_factory=list)

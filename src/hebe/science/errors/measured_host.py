"""Hosts whose voltages and volumes were measured: data with sources, against which engines are checked."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Annotated

from pydantic import Field, model_validator

from hebe.config.model import ConfigModel
from hebe.config.reading.packaged import packaged
from hebe.config.reading.units import ExactFraction
from hebe.science.hulls.competing import load_phases
from hebe.science.hulls.phase import Phase, PhaseFile

if TYPE_CHECKING:
    from fractions import Fraction

_FILE = "measured_hosts.yaml"

Row = tuple[int, int, int]
Supercell = Row | tuple[Row, Row, Row]


class MeasuredState(ConfigModel):
    """A host at one content of the working ion, and its measured volume.

    ``x`` is working ions per formula unit. ``volume`` (A^3 per formula unit, room temperature) is None where only the
    energy is wanted. ``phase`` names another structure than the host's, where sites were filled or moved;
    ``supercells`` are the cells, in multiples of the primitive one, over which the ions are ordered.
    """

    x: ExactFraction
    volume: float | None = Field(default=None, gt=0)
    phase: str | None = None
    supercells: tuple[Supercell, ...] = ()
    source: str | None = None
    note: str | None = None

    @model_validator(mode="after")
    def _sourced(self) -> MeasuredState:
        if self.volume is not None and self.source is None:
            raise ValueError(f"x = {self.x}: a measured volume needs a source")
        return self


class MeasuredVoltage(ConfigModel):
    """Average voltage (V against the metal) between two contents of the working ion.

    Where charge and discharge differ it is the mean of both.
    """

    x_high: ExactFraction
    x_low: ExactFraction
    value: float
    source: str
    note: str | None = None

    @model_validator(mode="after")
    def _falling(self) -> MeasuredVoltage:
        if self.x_high <= self.x_low:
            raise ValueError(f"a voltage from x = {self.x_high} to {self.x_low}: x must fall")
        return self


class MeasuredHost(ConfigModel):
    """A host with measured voltages or volumes.

    Parameters
    ----------
    formula
        As made; ``states`` begins with that content.
    kind
        Sort of structure, as ``layered O3``.
    phase
        Id of its structure with all sites of the working ion, in this file or among the competing phases.
    replace
        Species that take the sites of an element of the phase in turn, in the order of the sites of the supercell.
    redox
        Element that takes up the charge of ions that are removed, for the electrostatics of orderings.
    exclusion
        Sites of the working ion closer than this (A) are never occupied together.
    """

    formula: str
    working_ion: str
    kind: str
    phase: str
    supercells: tuple[Supercell, ...] = ((1, 1, 1),)
    replace: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = Field(default_factory=dict)
    redox: str
    exclusion: float = Field(default=0.0, ge=0)
    states: tuple[MeasuredState, ...] = Field(min_length=1)
    voltages: tuple[MeasuredVoltage, ...] = ()
    note: str | None = None

    @model_validator(mode="after")
    def _complete(self) -> MeasuredHost:
        known = {state.x for state in self.states}
        if len(known) != len(self.states):
            raise ValueError(f"{self.formula}: an x stands twice")
        for voltage in self.voltages:
            if not {voltage.x_high, voltage.x_low} <= known:
                raise ValueError(f"{self.formula}: a voltage between contents that are not among its states")
        return self

    def state(self, x: Fraction) -> MeasuredState:
        """State at a content of the working ion.

        Raises
        ------
        KeyError
            If there is none.
        """
        return {state.x: state for state in self.states}[x]


class MeasuredFile(ConfigModel):
    """The file ``measured_hosts.yaml``: structures that are not among the competing phases, and hosts."""

    structures: PhaseFile
    hosts: tuple[MeasuredHost, ...]


@cache
def measured_hosts() -> tuple[MeasuredHost, ...]:
    """Hosts with measured values, in the order of the file."""
    return _file().hosts


@cache
def measured_phases() -> dict[str, Phase]:
    """Structures by id: those of the file, and the competing phases of the package."""
    return {phase.id: phase for phase in (*load_phases(), *_file().structures.all())}


@cache
def _file() -> MeasuredFile:
    return packaged(MeasuredFile, "hebe.science.errors", _FILE)

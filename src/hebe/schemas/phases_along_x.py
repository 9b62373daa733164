"""Stackings and polymorphs of one configuration over the content of the working ion."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.electrode import VoltageStep  # noqa: TC001 - pydantic reads it
from hebe.schemas.result import ResultDoc


class PhaseState(Document):
    """Lowest cell of a stacking or polymorph at one x, in ions and eV per formula unit of the host.

    ``stacking`` is what the relaxed cell is, ``started_as`` what it was before; ``relative_eV_per_fu`` is its energy
    above the host's own stacking at that x (free energy where a temperature was asked for), None where that has none;
    ``*_sd_starts`` is the standard deviation over the starts of the cell. ``on_hull`` refers to all stackings within
    the window.
    """

    x: float
    stacking: str
    started_as: str
    energy_eV_per_fu: float
    energy_sd_starts_eV_per_fu: float | None = None
    volume_A3_per_fu: float
    relative_eV_per_fu: float | None = None
    on_hull: bool = False
    calculation: str | None = None


class Transition(Document):
    """Contents between which two stackings coexist on the hull, and the voltage (V) of that step."""

    x_high: float
    x_low: float
    from_stacking: str
    to_stacking: str
    voltage_V: float | None = None


class PhasesDoc(ResultDoc):
    """Stackings and polymorphs of one configuration along x; both are called stackings here.

    Parameters
    ----------
    own
        Stacking of the host, or the polymorph that its as-made cell became.
    states
        Lowest cell of each stacking at each x, highest x first.
    preference_eV_per_fu
        Least energy of another stacking above the host's own within the window: negative where another one is lower.
    preference_x, preference_stacking
        Where and which that is.
    onsets
        Content at which a stacking becomes lower than the host's own on charging, linear between the contents; None
        where it does not within the window.
    first_transition_x
        Highest of the onsets.
    transitions
        Two-phase regions of the hull over all stackings.
    voltage_profile, topotactic_profile
        Voltage over the hull of all stackings, and of the host's own alone.
    temperature_K
        Of the free energy, None for energies.
    """

    own: str
    states: list[PhaseState] = Field(default_factory=list)
    preference_eV_per_fu: float | None = None
    preference_sd_starts_eV_per_fu: float | None = None
    preference_x: float | None = None
    preference_stacking: str | None = None
    onsets: dict[str, float | None] = Field(default_factory=dict)
    first_transition_x: float | None = None
    transitions: list[Transition] = Field(default_factory=list)
    voltage_profile: list[VoltageStep] = Field(default_factory=list)
    topotactic_profile: list[VoltageStep] = Field(default_factory=list)
    temperature_K: float | None = None

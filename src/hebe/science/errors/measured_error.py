"""What an engine makes of hosts with measured values: voltages, volumes and strains beside the measured ones."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from hebe.science.chemistry.space import working_charge
from hebe.science.electrodes.voltage import EnergyPoint, voltage
from hebe.science.errors.measured_host import MeasuredHost, MeasuredState, MeasuredVoltage

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from fractions import Fraction


@dataclass(frozen=True)
class Computed:
    """Energy (eV) and volume (A^3) per formula unit of a relaxed cell."""

    energy: float
    volume: float


@dataclass(frozen=True)
class Comparison:
    """One measured value and what an engine gives for it.

    ``x`` is a content, or two as in ``1 to 1/2``. Voltages in V; volumes in A^3 per formula unit; strains are changes
    of the volume relative to that as made. ``difference`` is computed less measured, of a volume relative to the
    measured one. ``record`` has the source.
    """

    quantity: Literal["voltage", "volume", "strain"]
    host: MeasuredHost
    x: str
    measured: float
    computed: float
    difference: float
    record: MeasuredState | MeasuredVoltage


@dataclass(frozen=True)
class Deviation:
    """Root mean square about zero, mean and number of differences."""

    rms: float
    mean: float
    n: int


def deviation(differences: Sequence[float]) -> Deviation:
    """Root mean square (about zero, so that it holds the mean), mean and number of differences.

    Raises
    ------
    ValueError
        If there are none.
    """
    n = len(differences)
    if not n:
        raise ValueError("no differences, no deviation")
    mean = math.fsum(differences) / n
    return Deviation(math.sqrt(math.fsum(d * d for d in differences) / n), mean, n)


def voltages(host: MeasuredHost, computed: Mapping[Fraction, Computed], metal: float) -> list[Comparison]:
    """Average voltages (V) of a host.

    Parameters
    ----------
    computed
        States by content.
    metal
        Energy of the metal of the working ion, eV/atom, from the same engine.
    """
    rows = []
    for one in host.voltages:
        low, high = (EnergyPoint(float(x), computed[x].energy) for x in (one.x_low, one.x_high))
        value = voltage(low, high, metal, working_charge(host.working_ion))
        x = f"{one.x_high} to {one.x_low}"
        rows.append(Comparison("voltage", host, x, one.value, value, value - one.value, one))
    return rows


def volumes(host: MeasuredHost, computed: Mapping[Fraction, Computed]) -> list[Comparison]:
    """Volumes (A^3 per formula unit) of a host wherever they were measured."""
    rows = []
    for state in host.states:
        if state.volume is not None:
            value = computed[state.x].volume
            rows.append(Comparison("volume", host, str(state.x), state.volume, value, value / state.volume - 1, state))
    return rows


def strains(host: MeasuredHost, computed: Mapping[Fraction, Computed]) -> list[Comparison]:
    """Changes of the volume from that as made, relative to it, wherever both volumes were measured.

    A systematic error of the volumes of one host cancels in them, so that their error is not that of a volume.
    """
    made, rows = host.states[0], []
    if made.volume is None:
        return []
    for state in host.states[1:]:
        if state.volume is not None:
            measured = state.volume / made.volume - 1
            value = computed[state.x].volume / computed[made.x].volume - 1
            rows.append(Comparison("strain", host, f"{made.x} to {state.x}", measured, value, value - measured, state))
    return rows

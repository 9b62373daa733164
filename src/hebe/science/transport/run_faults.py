"""Why a run of molecular dynamics says nothing about its crystal at the temperature that was asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.science.constants import BOLTZMANN

if TYPE_CHECKING:
    from collections.abc import Collection

    from hebe.schemas.dynamics import DynamicsDoc

_HOSTS: Final = (None, "host")
_AWAY: Final = 0.1
"""A framework of which a larger share of atoms left their places is no longer that of the host."""
_SIGMAS: Final = 4.0
_OFF: Final = 0.02
"""Share of the temperature that a mean may be off beside its statistical error."""
_DRIFT: Final = 0.05
"""Share of the thermal energy 3 k T by which the energy of a run without thermostat may drift."""


def run_faults(run: DynamicsDoc, accept: Collection[str] = ()) -> list[str]:
    """Reasons, in words, not to use a run: it left its host, melted, was too hot or too cold, or gained energy.

    `accept` are verdicts on the topology that count as the host.
    """
    found = []
    if run.topology not in _HOSTS and run.topology not in accept:
        found.append(f"the cell left its host ({run.topology})")
    frame = run.framework
    if frame is not None and frame.melted:
        found.append(
            f"it melted: framework atoms move by {frame.lindemann:.2f} of the distance of neighbours, and further with"
            " time"
        )
    elif frame is not None and run.topology in _HOSTS and frame.n_away > _AWAY * frame.n_atoms:
        found.append(f"{frame.n_away} of {frame.n_atoms} framework atoms left their places")
    off = _temperature(run)
    if off is not None:
        found.append(off)
    asked = float(run.settings.get("temperature", 0.0))
    drift = abs(run.drift_meV_per_atom_per_ps or 0.0) * run.time_fs / 1000
    if run.settings.get("thermostat") == "none" and drift > _DRIFT * 3 * 1000 * BOLTZMANN * asked:
        found.append(f"the energy drifted by {drift:.1f} meV/atom")
    return found


def _temperature(run: DynamicsDoc) -> str | None:
    """What is wrong with the mean temperature of a run with a thermostat.

    Its standard error follows from ``Var(T) = 2 T^2 / degrees`` and the time constant, in which values are forgotten.
    """
    asked = float(run.settings.get("temperature", 0.0))
    if run.temperature_K is None or not run.degrees or run.settings.get("thermostat") in (None, "none") or not asked:
        return None
    values = run.time_fs / (2 * float(run.settings.get("time_constant_fs", 100.0)))
    error = asked * float(np.sqrt(2 / run.degrees / max(1.0, values)))
    if abs(run.temperature_K - asked) <= _SIGMAS * error + _OFF * asked:
        return None
    return f"its mean temperature is {run.temperature_K:.0f} K, {asked:g} K were asked for"

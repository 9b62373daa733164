"""Kinetic Monte Carlo on the hops of a configuration: diffusion, conductivity, activation energy."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class KineticsPointDoc(Document):
    """Diffusion at one temperature, with standard errors over independent runs.

    ``tracer_cm2_per_s`` is that of single ions, ``collective_cm2_per_s`` that of the charge, of which the conductivity
    follows; their ratio is ``haven``. Where the first is None ``bound_cm2_per_s`` is its upper limit. ``msd_A2`` is the
    mean square displacement in the longest interval that was looked at. ``filled_jumps`` is the share of the jumps over
    hops that were not computed, ``occupations`` the share of time for which each working site has an ion.
    """

    temperature_K: float
    n_jumps: int = 0
    time_s: float = 0.0
    msd_A2: float = 0.0
    tracer_cm2_per_s: float | None = None
    tracer_se_cm2_per_s: float | None = None
    bound_cm2_per_s: float | None = None
    collective_cm2_per_s: float | None = None
    collective_se_cm2_per_s: float | None = None
    conductivity_S_per_cm: float | None = None
    conductivity_se_S_per_cm: float | None = None
    haven: float | None = None
    haven_se: float | None = None
    filled_jumps: float = 0.0
    occupations: list[float] = Field(default_factory=list)


class KineticsDoc(ResultDoc):
    """Diffusion of the working ion of one configuration by kinetic Monte Carlo.

    ``n_sites`` and ``n_ions`` are those of the repeated cell, ``attempts_THz`` the prefactor of all rates,
    ``directions`` in how many the hops connect. ``activation_eV`` is the slope of ln D against -1/(kT), with its
    interval at 95 %. Of the hops a ``filled_share`` was filled by ``model``; ``n_raised`` had to be raised to the
    higher one of their ends. The energies of ``n_known`` sites of the configuration are known, others have their mean.
    """

    points: list[KineticsPointDoc] = Field(default_factory=list)
    n_sites: int = 0
    n_ions: int = 0
    n_known: int = 0
    directions: int = 0
    attempts_THz: float | None = None
    activation_eV: float | None = None
    activation_low_eV: float | None = None
    activation_high_eV: float | None = None
    prefactor_cm2_per_s: float | None = None
    model: str | None = None
    model_error_eV: float | None = None
    filled_share: float = 0.0
    n_raised: int = 0

    def at(self, temperature: float) -> KineticsPointDoc | None:
        """What was found at a temperature (K), None where it was not asked for."""
        return next((one for one in self.points if abs(one.temperature_K - temperature) < 0.5), None)

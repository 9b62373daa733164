"""Diffusion of the working ion in a configuration at several temperatures, and what follows for 300 K."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.dynamics import ResidenceDoc
from hebe.schemas.result import ResultDoc


class Interval(Document):
    """A value and the ends of its interval at 95 % confidence."""

    value: float
    low: float
    high: float


class DiffusionAtDoc(Document):
    """One run: its temperature as asked for and as it was, how many ions jumped how often, and what follows.

    ``tracer_cm2_per_s`` is None where the run does not tell it; ``bound_cm2_per_s`` is then an upper limit, None where
    there is none either. ``conductivity_mS_per_cm`` is that of independent ions (Nernst and Einstein),
    ``collective_mS_per_cm`` that of all together, ``haven`` the ratio of the two coefficients. ``faults`` say why a run
    is not used; ``blind_eV`` is the barrier above which it sees no hundred jumps. ``run`` is the key of its
    `hebe.schemas.dynamics.DynamicsDoc`.
    """

    temperature_K: float
    mean_K: float | None = None
    time_ps: float = 0.0
    n_ions: int = 0
    n_jumps: int = 0
    msd_A2: float = 0.0
    tracer_cm2_per_s: Interval | None = None
    bound_cm2_per_s: float | None = None
    conductivity_mS_per_cm: Interval | None = None
    collective_cm2_per_s: Interval | None = None
    collective_mS_per_cm: Interval | None = None
    haven: Interval | None = None
    sites: list[ResidenceDoc] = Field(default_factory=list)
    between: float | None = None
    blind_eV: float | None = None
    faults: list[str] = Field(default_factory=list)
    run: str = ""

    @property
    def jumps_per_ion_and_ns(self) -> float | None:
        """Rate of jumps (1/ns), None of a run without ions or that is not used."""
        return None if self.faults or not self.n_ions else self.n_jumps / self.n_ions / (self.time_ps / 1000)


class ArrheniusDoc(Document):
    """Line through ln D of several temperatures: activation energy (eV), and D and conductivity at 300 K.

    ``chi2`` is that per degree of freedom: far above one the points are on no line.
    """

    n: int
    lowest_K: float
    activation_eV: Interval
    chi2: float
    tracer_300K_cm2_per_s: Interval
    conductivity_300K_mS_per_cm: Interval


class IonDiffusionDoc(ResultDoc):
    """Diffusion of the working ion in one configuration, by rising temperature.

    ``taken_out`` ions were taken out of each of the ``repeats`` of the cell as made; ``jump_A`` is the shortest
    distance of neighbouring sites.
    """

    temperatures: list[DiffusionAtDoc] = Field(default_factory=list)
    arrhenius: ArrheniusDoc | None = None
    taken_out: int = 0
    repeats: tuple[int, int, int] = (1, 1, 1)
    jump_A: float | None = None

    @property
    def hottest(self) -> DiffusionAtDoc | None:
        """Hottest run that is used."""
        return next((one for one in reversed(self.temperatures) if not one.faults and one.n_ions), None)

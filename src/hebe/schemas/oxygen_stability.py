"""Stability of the oxygen of a host: vacancies, bonds between oxygen atoms, release of oxygen and its heat."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.defects import DefectEnergy  # noqa: TC001 - pydantic reads it
from hebe.schemas.result import ResultDoc


class VacancyState(Document):
    """Oxygen vacancies at one content; energies (eV) refer to half of O2 at 0 K, free energies to it at T and p.

    ``n`` were computed of ``n_sites``. ``release_K`` is the temperature at which the lowest of them becomes negative at
    the pressure, 0 where it always is, None where it is above the tables. ``share`` is how many of the sites that were
    computed are empty at T and p, if vacancies do not see each other; ``by_environment`` has the mean energy by cations
    around the site.
    """

    x: float
    n: int
    n_sites: int
    lowest_eV: float
    mean_eV: float
    sd_eV: float | None = None
    free_energy_eV: float
    release_K: float | None = None
    share: float
    by_environment: dict[str, float] = Field(default_factory=dict)


class OxygenPairs(Document):
    """Oxygen atoms of the lowest cell at one content: shortest distance (A), and pairs of each species in the cell."""

    x: float
    shortest_A: float | None = None
    pairs: dict[str, int] = Field(default_factory=dict)
    topology: str | None = None
    calculation: str | None = None

    @property
    def bonded(self) -> int:
        """Pairs of oxygen atoms that are bonded."""
        return sum(n for name, n in self.pairs.items() if name != "short")


class ReleaseProduct(Document):
    """A phase that a host decomposes to: formulas of it per formula unit of the host."""

    phase: str
    formula: str
    amount: float


class OxygenRelease(Document):
    """What a host at one content decomposes to, in an atmosphere that takes oxygen up but gives none.

    ``potential_eV`` is the oxygen potential (eV per atom, from half of O2 at 0 K) below which the lowest mixture gives
    off O2; ``release_K`` the temperature where that is so at the pressure (0: at every one; None: above the tables, or
    never), ``release_log10_bar`` the pressure where it is so at the temperature. ``products`` are those at temperature
    and pressure, with ``oxygen_per_fu`` molecules of O2. ``energy_eV_per_fu`` is the heat of that reaction at 0 K,
    negative where heat is given off, ``free_energy_eV_per_fu`` holds the oxygen at T and p.
    """

    x: float
    potential_eV: float | None = None
    release_K: float | None = None
    release_log10_bar: float | None = None
    oxygen_per_fu: float = 0.0
    products: list[ReleaseProduct] = Field(default_factory=list)
    energy_eV_per_fu: float | None = None
    free_energy_eV_per_fu: float | None = None
    heat_kJ_per_mol: float | None = None
    heat_J_per_g: float | None = None


class OxygenDoc(ResultDoc):
    """Stability of the oxygen of one configuration.

    What is ranked is that of the lowest content ``x`` of the window; ``vacancy_eV`` is the lowest free energy at the
    lowest content ``vacancy_x`` at which vacancies were asked for, ``release_eV`` the potential of `OxygenRelease`.
    With a ``heat_J_per_g`` a ``release_eV`` of None means that no decomposition gives off O2 at any potential, and a
    ``release_K`` of None beside a ``release_eV`` that it does so above the temperatures of the tables only.
    """

    temperature_K: float
    pressure_bar: float
    oxygen_eV: float | None = None
    oxygen_sd_eV: float | None = None
    defects: list[DefectEnergy] = Field(default_factory=list)
    vacancies: list[VacancyState] = Field(default_factory=list)
    pairs: list[OxygenPairs] = Field(default_factory=list)
    releases: list[OxygenRelease] = Field(default_factory=list)
    x: float | None = None
    vacancy_x: float | None = None
    vacancy_eV: float | None = None
    release_eV: float | None = None
    release_K: float | None = None
    heat_J_per_g: float | None = None
    shortest_A: float | None = None
    bonded: int | None = None

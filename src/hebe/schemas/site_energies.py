"""Energies of the working ion on the sites of a configuration, from cells that lack one ion each."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document, Status
from hebe.schemas.result import ResultDoc
from hebe.schemas.structures import OrderingDoc


class SiteDoc(Document):
    """An occupied working site: its sublattice, the other cations near it (``environment``, as ``2 Co, 4 Mn``).

    ``equivalent`` is the number of the first site that symmetry makes it from, itself where it is the first.
    """

    site: int
    sublattice: str
    environment: str
    equivalent: int

    @property
    def kind(self) -> str:
        """Sublattice and environment in one."""
        return f"{self.sublattice}: {self.environment}"


class SitesDoc(Document):
    """Occupied working sites of a configuration, and the ``chosen`` ones (positions in ``sites``).

    Ordering k of ``orderings`` lacks the ion on the chosen site k.
    """

    key: str
    status: Status = "converged"
    label: str = ""
    sites: list[SiteDoc] = Field(default_factory=list)
    chosen: list[int] = Field(default_factory=list)
    orderings: OrderingDoc


class SiteEnergyDoc(Document):
    """Energy (eV) of the ion on one site against the weighted mean of all: the lower, the harder it is taken out.

    ``fixed_eV`` is that with no atom moved, against the mean of the same. ``weight`` counts the sites it stands for.
    """

    site: int
    sublattice: str
    environment: str
    weight: float
    energy_eV: float
    fixed_eV: float | None = None


class SiteKindDoc(Document):
    """Sites of one sublattice, or of one environment: weighted mean and standard deviation of their energies (eV)."""

    name: str
    n_sites: int
    n_computed: int
    mean_eV: float
    sd_eV: float | None = None


class SiteEnergiesDoc(ResultDoc):
    """Site energies of one configuration.

    ``gap_eV`` is that between the means of the lowest and the highest sublattice, ``overlap`` the share that normal
    distributions of these two have in common. ``window_eV`` is the least difference of the energies of neighbouring
    sites that must be allowed so that hops between different sites run through the crystal; sites that were not
    computed have the mean of their kind; ``no_window`` says what it lacks, None where sites do not connect.
    """

    sites: list[SiteEnergyDoc] = Field(default_factory=list)
    sublattices: list[SiteKindDoc] = Field(default_factory=list)
    environments: list[SiteKindDoc] = Field(default_factory=list)
    n_sites: int = 0
    sd_eV: float | None = None
    range_eV: float | None = None
    fixed_sd_eV: float | None = None
    gap_eV: float | None = None
    overlap: float | None = None
    window_eV: float | None = None
    no_window: str | None = None

"""Electrons of one configuration: as made, and over x where that is asked for."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class IonElectrons(Document):
    """Sites of an element in one oxidation state, null where moments do not decide it.

    ``n`` sites, ``moment`` the mean of their moments without signs (Bohr magnetons).
    """

    element: str
    valence: int | None = None
    n: int
    moment: float


class ElectronState(Document):
    """One x: centres (eV from the highest occupied level), share of the anions in the highest occupied states, ions.

    ``anion_p_centre_eV`` is the highest of the anions. ``anion_redox`` says that the anions' p states outweigh the
    metals' d states where electrons leave first; null without projections.
    """

    x: float
    band_gap_eV: float | None = None
    anion_p_centre_eV: float | None = None
    d_centres_eV: dict[str, float] = Field(default_factory=dict)
    anion_share: float | None = None
    anion_redox: bool | None = None
    ions: list[IonElectrons] = Field(default_factory=list)
    calculation: str | None = None


class ElectronsDoc(ResultDoc):
    """Electrons of one configuration; states of the host, highest x first, the as-made one alone unless more are asked.

    ``anion_p_centre_eV`` is the highest of the anions of the as-made cell, from the highest occupied level.
    ``jahn_teller_share`` is that of the ions whose moments decide their oxidation state, as made. ``anion_share`` is
    the largest of the states.
    """

    band_gap_eV: float | None = None
    anion_p_centre_eV: float | None = None
    jahn_teller_share: float | None = None
    anion_share: float | None = None
    states: list[ElectronState] = Field(default_factory=list)

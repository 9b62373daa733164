"""What a calculation says about electrons, where its engine has it."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document


class ElectronicDoc(Document):
    """Electronic results; lists are per site in the order of the structure.

    ``p_centres_eV`` are first moments of the occupied p states of anions (``O`` gives the O 2p centre),
    ``d_centres_eV`` of the d states of metals, by element, over a window of ``window_eV`` below the highest occupied
    level (the Fermi level of a metal), from which they are measured; without a window, as older documents are, over all
    states, empty ones included. ``anion_share`` is the part of the anions' p states in the occupied states of the
    highest eV, the metals' d states being the rest. ``captured`` is the part of the valence electrons that the spheres
    of the projections hold. ``valences`` follow from moments; null where moments do not decide.
    ``jahn_teller`` marks sites whose ion has one or three electrons in e_g. ``bader_charges`` are in e, positive for
    cations.
    """

    band_gap_eV: float | None = None
    is_metal: bool | None = None
    p_centres_eV: dict[str, float] = Field(default_factory=dict)
    d_centres_eV: dict[str, float] = Field(default_factory=dict)
    window_eV: float | None = None
    anion_share: float | None = None
    captured: float | None = None
    valences: list[int | None] | None = None
    jahn_teller: list[bool] | None = None
    bader_charges: list[float] | None = None

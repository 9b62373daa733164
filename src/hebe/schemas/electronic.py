"""What a calculation says about electrons, where its engine has it."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document


class ElectronicDoc(Document):
    """Electronic results; lists are per site in the order of the structure.

    ``p_centres_eV`` are first moments of the p states of anions (``O`` gives the O 2p centre), ``d_centres_eV`` of the
    d states of cations, both from the Fermi level. ``valences`` follow from moments; null where moments do not decide.
    ``jahn_teller`` marks sites whose ion has one or three electrons in e_g. ``bader_charges`` are in e, positive for
    cations.
    """

    band_gap_eV: float | None = None
    is_metal: bool | None = None
    p_centres_eV: dict[str, float] = Field(default_factory=dict)
    d_centres_eV: dict[str, float] = Field(default_factory=dict)
    valences: list[int | None] | None = None
    jahn_teller: list[bool] | None = None
    bader_charges: list[float] | None = None

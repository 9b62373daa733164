"""Oxygen gas: its energy on the scale of an engine, and mixing of a candidate in exchange with it."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document


class OxygenFit(Document):
    """Energy of O2 at 0 K on an energy scale, eV per molecule.

    ``sd_eV`` is the standard deviation over the oxidations, ``residuals_eV`` the energy that each would give less the
    mean, ``leave_one_out_eV`` less the mean of the others. ``left_out`` are oxidations of which an oxide has no energy.
    """

    energy_scale: str | None = None
    energy_eV: float | None = None
    sd_eV: float | None = None
    residuals_eV: dict[str, float] = Field(default_factory=dict)
    leave_one_out_eV: dict[str, float] = Field(default_factory=dict)
    left_out: list[str] = Field(default_factory=list)
    reason: str | None = None

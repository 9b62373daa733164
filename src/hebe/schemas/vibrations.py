"""Harmonic vibrations of one cell."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Status
from hebe.schemas.task import TaskDoc


class VibrationDoc(TaskDoc):
    """Frequencies of one cell on a mesh of wave vectors.

    ``frequencies_THz`` has one row per wave vector with three entries per atom of the primitive cell, ``weights`` how
    often each row counts; ``optical_THz`` are the modes of the zone centre without its three translations, which count
    once (None in documents of versions that left them out). An imaginary frequency is negative.
    ``residual_eV_per_A`` is the largest force on the cell before any displacement, which is subtracted from all others.
    """

    key: str = ""
    engine: str = ""
    energy_scale: str = ""
    task: str = "vibrations"
    status: Status = "converged"
    frequencies_THz: list[list[float]] = Field(default_factory=list)
    weights: list[int] = Field(default_factory=list)
    optical_THz: list[float] | None = None
    supercell_atoms: int = 0
    n_displacements: int = 0
    residual_eV_per_A: float | None = None

    @property
    def lowest_THz(self) -> float | None:  # noqa: N802 - the unit keeps its case
        """Lowest frequency, None where there is none."""
        return min((min(row) for row in (*self.frequencies_THz, self.optical_THz or ()) if row), default=None)

    @property
    def stable(self) -> bool:
        """Whether there are frequencies and all are real, so that a harmonic free energy exists."""
        lowest = self.lowest_THz
        return self.status == "converged" and lowest is not None and lowest > 0

"""Electrochemical window of a composition: between which voltages it neither takes up nor gives off working ions."""

from __future__ import annotations

from pydantic import Field

from hebe.schemas.base import Document
from hebe.schemas.result import ResultDoc


class PhaseAmount(Document):
    """A phase that a composition becomes: formulas of it per formula unit of the composition."""

    phase: str
    formula: str
    amount: float


class PhaseCoverage(Document):
    """How completely phases cover what is known.

    Grade of the hull, formulas of the list that are missing, and chemical systems in which nobody looked for any.
    """

    grade: str
    missing: list[str] = Field(default_factory=list)
    unlisted: list[str] = Field(default_factory=list)

    @property
    def bound(self) -> bool:
        """Whether so many phases are missing that energies of decomposition are bounds."""
        return self.grade in ("C", "D")


class WindowReaction(Document):
    """What a formula unit becomes at a voltage (V against the metal).

    ``uptake`` ions are taken up, negative where they leave. ``energy_eV_per_fu`` holds those of the ions and, like
    ``energy_eV_per_atom`` of the composition, is negative where it happens.
    """

    voltage_V: float
    products: list[PhaseAmount] = Field(default_factory=list)
    uptake: float
    energy_eV_per_fu: float
    energy_eV_per_atom: float


class WindowDoc(ResultDoc):
    """Window of one configuration: energies at 0 K, oxygen gas at temperature and pressure.

    ``reduction_V`` and ``oxidation_V`` are the limits of the composition where it is stable, and of its decomposition
    ``becomes`` where it is not; None where no phase that is known bounds them. ``above_hull_eV_per_atom`` is its energy
    above the lowest mixture of all other phases, negative by how much it is more stable. ``reduced`` and ``oxidised``
    are the reactions just beyond the limits, ``at_metal`` that with the metal at 0 V, which is there where ions are
    taken up at 0 V.
    """

    ion: str
    temperature_K: float
    oxygen_bar: float
    oxygen_eV: float | None = None
    reduction_V: float | None = None
    oxidation_V: float | None = None
    width_V: float | None = None
    above_hull_eV_per_atom: float | None = None
    becomes: list[PhaseAmount] = Field(default_factory=list)
    reduced: WindowReaction | None = None
    oxidised: WindowReaction | None = None
    at_metal: WindowReaction | None = None
    metal_eV_per_atom: float | None = None
    coverage: PhaseCoverage | None = None

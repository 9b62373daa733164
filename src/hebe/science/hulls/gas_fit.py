"""What fits of gases have in common: energies of solids by formula, and a mean with what each reaction says."""

from __future__ import annotations

import statistics
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from hebe.schemas.calculation import CalculationDoc


def formula_energies(
    phases: Iterable[tuple[str, str]], calculations: Mapping[str, CalculationDoc | None]
) -> dict[str, float]:
    """Energy (eV) of one formula of each solid that has one.

    Parameters
    ----------
    phases
        Formula and id of the phase of each solid.
    calculations
        By id of the phase.
    """
    found = {}
    for formula, phase in phases:
        doc = calculations.get(phase)
        if doc is not None and doc.usable:
            found[formula] = doc.energy / doc.cell.composition.get_reduced_composition_and_factor()[1]
    return found


@dataclass(frozen=True)
class GasMean:
    """Mean of the energies (eV) that reactions give, and how far each is from it and from the mean of the others."""

    mean: float
    sd: float | None
    residuals: dict[str, float]
    leave_one_out: dict[str, float]

    @classmethod
    def of(cls, energies: Mapping[str, float]) -> GasMean:
        """Mean over at least one reaction.

        The mean without one of n differs from its value by n / (n - 1) times its residual.
        """
        n, mean = len(energies), statistics.fmean(energies.values())
        residuals = {name: energy - mean for name, energy in energies.items()}
        sd = statistics.stdev(energies.values()) if n > 1 else None
        without = {name: residual * n / (n - 1) for name, residual in residuals.items()} if n > 1 else {}
        return cls(mean, sd, residuals, without)

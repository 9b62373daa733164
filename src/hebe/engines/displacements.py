"""Displacements: the forces on a cell with its atoms displaced one by one, from which its frequencies follow."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Final, Literal

import numpy as np
from numpy.typing import NDArray
from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.engines.checkpoint import Log
from hebe.engines.deadline import DEADLINE
from hebe.exceptions import CalculationCutError
from hebe.schemas.calculation import Correction
from hebe.science.keys import content_hash, structure_hash
from hebe.science.vibrations.harmonic import DisplacedCell

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.engines.protocol import Evaluation
    from hebe.science.vibrations.harmonic import Spectrum

_LOG: Final = "displacements.jsonl"


@dataclass(frozen=True)
class Displaced:
    """Forces on a supercell as it is and with each displacement, as far as they are known.

    ``rest`` and each of ``forces`` (eV/A) have shape (n, 3); ``n_displacements`` is how many there are to be.
    """

    cell: DisplacedCell
    rest: NDArray[np.float64]
    forces: list[NDArray[np.float64]]
    n_displacements: int
    n_steps: int
    cpu_s: float = 0.0
    corrections: tuple[Correction, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def converged(self) -> bool:
        """Whether all forces are there."""
        return len(self.forces) == self.n_displacements

    @property
    def residual(self) -> float:
        """Largest force (eV/A) on the cell without displacement, which is subtracted from all others."""
        return float(np.linalg.norm(self.rest, axis=1).max())

    def spectrum(self) -> Spectrum:
        """Frequencies that follow from the forces."""
        return self.cell.spectrum([forces - self.rest for forces in self.forces])


class Displacements(ConfigModel):
    """All displacements of one cell that its symmetry does not give.

    ``supercell`` (A) is the least distance of opposite faces of the cells in which atoms are displaced, by
    ``displacement`` (A).
    """

    kind: Literal["displacements"] = "displacements"
    needs: ClassVar[frozenset[str]] = frozenset({"forces"})
    supercell: float = Field(default=10.0, gt=0)
    displacement: float = Field(default=0.01, gt=0)

    def identity(self) -> Mapping[str, Any]:
        """Name in keys, what is taken from the zone centre, and lengths."""
        return {
            "task": "vibrations",
            "zone_centre": "optical",
            "supercell": self.supercell,
            "displacement": self.displacement,
        }

    def drive(self, evaluate: Callable[[Structure], Evaluation], start: Structure, folder: Path | None) -> Displaced:
        """Evaluate the cell at rest and each displacement, going on after the last one that was written down.

        Raises
        ------
        CalculationCutError
            If a limit ended it before the first evaluation.
        MissingDependencyError
            If phonopy is not installed.
        EngineError
            If forces are not to be had.
        """
        cell = DisplacedCell(start, self.supercell, self.displacement)
        wanted = [cell.equilibrium, *cell.displaced]
        log = None if folder is None else Log(folder / _LOG, content_hash([structure_hash(one) for one in wanted]))
        known = [np.array(forces) for forces in ([] if log is None else log.resume())]
        before = len(known)
        for structure in wanted[before:]:
            if len(known) > before and DEADLINE.passed:
                break
            try:
                forces = evaluate(structure).forces
            except CalculationCutError:
                if not known:
                    raise
                break
            known.append(forces)
            if log is not None:
                log.append(forces.tolist())
        return Displaced(cell, known[0], known[1:], len(wanted) - 1, len(known) - before)

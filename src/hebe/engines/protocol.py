"""What an engine is: the small protocol between structures and energies that every engine follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Final, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.schemas.calculation import Correction, MinimumDoc
from hebe.schemas.electronic import ElectronicDoc

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hebe.engines.tasks import Outcome, Task

CAPABILITIES: Final = {
    "forces": "forces on the atoms",
    "stress": "stress, so that cells can relax",
    "magmoms": "magnetic moments of the sites",
    "charges": "charges of the sites",
    "electrons": "band gaps, and what else follows from eigenvalues",
    "U": "a Hubbard correction, chosen by its settings",
    "batch": "many structures in one call",
    "md": "molecular dynamics",
    "neb": "migration barriers",
    "oxides": "crystals with ions",
    "metals": "crystals without ions",
    "molecules": "molecules in empty space",
}
"""What an engine can declare."""


@dataclass(frozen=True)
class Evaluation:
    """One evaluation of a cell.

    ``energy_eV`` of the whole cell; ``forces`` (eV/A), shape (n, 3); ``stress`` (eV/A^3), shape (3, 3),
    ``dE/d strain / V``, positive when the cell is under tension; ``magmoms`` (Bohr magnetons), shape (n,).
    """

    energy_eV: float
    forces: NDArray[np.float64]
    stress: NDArray[np.float64]
    magmoms: NDArray[np.float64] | None = None


@dataclass(frozen=True)
class Relaxation:
    """Result of a relaxation or static calculation; coordinates continue those of the start and are not wrapped.

    ``n_steps`` counts evaluations; ``converged`` is False when a limit was reached, or when the cell went
    astray: ``problem`` then says how, and the structure is the last sane one. ``corrections`` are what was done about
    errors on the way; ``cpu_s`` is CPU time of other processes. ``energy_corrections`` (eV of the whole cell, by name)
    are part of ``energy_eV``; ``versions`` are those that only the output tells.
    """

    structure: Structure
    energy_eV: float
    forces_max: float
    stress: NDArray[np.float64]
    n_steps: int
    converged: bool
    magmoms: NDArray[np.float64] | None = None
    energies: list[float] = field(default_factory=list)
    problem: str | None = None
    corrections: list[Correction] = field(default_factory=list)
    cpu_s: float = 0.0
    energy_corrections: dict[str, float] = field(default_factory=dict)
    electronic: ElectronicDoc | None = None
    minimum: MinimumDoc | None = None
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def not_finite(self) -> list[str]:
        """What of it is not a finite number, in words."""
        values = {
            "energy": self.energy_eV,
            "structure": [self.structure.lattice.matrix, self.structure.frac_coords],
            "forces": self.forces_max,
            "stress": self.stress,
            "moments": [] if self.magmoms is None else self.magmoms,
            "energy corrections": list(self.energy_corrections.values()),
        }
        return [name for name, value in values.items() if not _is_finite(value)]


def _is_finite(value: Any) -> bool:
    parts = value if isinstance(value, list) else [value]
    return all(bool(np.isfinite(np.asarray(part, dtype=float)).all()) for part in parts)


@runtime_checkable
class Trained(Protocol):
    """An engine that was fitted to calculations, and can say where it leaves them."""

    def outside_training(self, result: Relaxation) -> list[str]:
        """What of a result lies outside what the engine was trained on, in words."""
        ...


def static_result(structure: Structure, evaluation: Evaluation, cpu_s: float = 0.0) -> Relaxation:
    """Result of a static calculation: a relaxation that moved nothing."""
    return Relaxation(
        structure=structure,
        energy_eV=evaluation.energy_eV,
        forces_max=float(np.linalg.norm(evaluation.forces, axis=1).max()),
        stress=evaluation.stress,
        n_steps=1,
        converged=True,
        magmoms=evaluation.magmoms,
        energies=[evaluation.energy_eV],
        cpu_s=cpu_s,
    )


@runtime_checkable
class Engine(Protocol):
    """Turns a structure into energy, forces and stress.

    ``energy_scale`` names what its energies can be compared with; ``settings`` holds everything that changes
    its numbers and enters the content key; ``reads`` names the inputs it looks at besides elements, lattice
    and coordinates: with ``magmoms``, the site property ``magmom`` (Bohr magnetons) of the start structure gives the
    initial moments and enters the content key. ``capabilities`` are names of `CAPABILITIES`.
    """

    name: str
    reads: tuple[str, ...]
    capabilities: frozenset[str]

    @property
    def energy_scale(self) -> str:
        """What its energies can be compared with."""
        ...

    @property
    def settings(self) -> Mapping[str, Any]:
        """Everything that changes the numbers, as plain JSON."""
        ...

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the programs behind it, for the record."""
        ...

    def check(self) -> None:
        """Say before anything runs whether the engine can.

        Raises
        ------
        MissingDependencyError
            If a package is not installed; names it and how to get it.
        """
        ...

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy, forces, stress and, when asked and available, magnetic moments.

        Raises
        ------
        EngineError
            If the engine cannot give an energy.
        """
        ...

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:
        """Energy, forces, stress and what else the engine promises, of the structure as it is.

        Parameters
        ----------
        folder
            Where an engine with files works and keeps its log and checkpoint; made when needed. The same folder
            continues what was cut off there. Engines without files ignore it.

        Raises
        ------
        CalculationCutError
            If a limit ended it; the next attempt in the same folder continues.
        EngineError
            If an energy is not to be had.
        """
        ...

    def run(self, task: Task, start: Structure, folder: Path | None = None) -> Outcome:
        """Do a task from a structure; `hebe.engines.driving.Driven` has it for every engine that evaluates.

        Raises
        ------
        CalculationCutError
            If a limit ended it before there was anything; the next attempt in the same folder continues.
        EngineError
            If the engine cannot do it, or an energy is not to be had.
        """
        ...

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        minimum: bool = False,
        folder: Path | None = None,
    ) -> Relaxation:
        """Relax ions and, unless `cell` is false, the cell.

        Parameters
        ----------
        fmax
            Largest force (eV/A) on an atom, and largest virial per atom (eV), at the end.
        steps
            Limit on evaluations.
        minimum
            Whether the end is looked at along its softest direction, and pushed on until it is a minimum. Engines with
            an optimizer of their own do not have it; campaigns refuse it there.
        folder
            As in `static`.

        Raises
        ------
        CalculationCutError
            If a limit ended it before the first energy; the next attempt in the same folder continues.
        EngineError
            If an energy is not to be had.
        """
        ...

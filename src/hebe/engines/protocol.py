"""What an engine is: the small protocol between structures and energies that every engine follows."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

if TYPE_CHECKING:
    from collections.abc import Mapping


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
    """Result of a relaxation; coordinates continue those of the start and are not wrapped.

    ``n_steps`` counts evaluations; ``converged`` is False when the step limit was reached, or when the cell went
    astray: ``problem`` then says how, and the structure is the last sane one.
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


@runtime_checkable
class Engine(Protocol):
    """Turns a structure into energy, forces and stress.

    ``energy_scale`` names what its energies can be compared with; ``settings`` holds everything that changes
    its numbers and enters the content key; ``reads`` names the inputs it looks at besides elements, lattice
    and coordinates (``magmoms``, ``oxidation_states``).
    """

    name: str
    energy_scale: str
    reads: tuple[str, ...]
    capabilities: frozenset[str]

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

    def relax(self, structure: Structure, *, fmax: float = 0.05, steps: int = 200, cell: bool = True) -> Relaxation:
        """Relax ions and, unless `cell` is false, the cell.

        Parameters
        ----------
        fmax
            Largest force (eV/A) on an atom, and largest virial per atom (eV), at the end.
        steps
            Limit on evaluations.

        Raises
        ------
        EngineError
            If an energy is not to be had, or the structure explodes.
        """
        ...

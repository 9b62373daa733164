"""The engine gpaw: plane-wave DFT with the project's own optimizer, checkpoints and a check of the final stress.

GPAW: Mortensen et al., J. Chem. Phys. 160, 092503 (2024). It is a program of its own, found by `find_installation`.
"""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.config.gpaw import gpaw_choice
from hebe.config.plane_waves import plane_wave_tables
from hebe.engines.checkpoint import Checkpoint
from hebe.engines.gpaw.installation import Installation, find_installation
from hebe.engines.gpaw.run import GPAWRun
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.plane_waves import refuse_low_cutoff, relax_in, static_in
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.config.gpaw import GPAWSettings
    from hebe.engines.protocol import Evaluation, Relaxation

EVALUATION: Final = "gpaw-1"
"""Name and version of how parameters follow from settings: enters content keys, changed when numbers do."""

_NOT_IN_KEYS: Final = {"max_iterations", "allow_low_cutoff"}


class GPAWEngine:
    """GPAW with plane waves and PAW data sets.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset.
    """

    name = "gpaw"
    reads: tuple[str, ...] = ("magmoms",)
    capabilities = frozenset({"forces", "stress", "magmoms", "U"})

    def __init__(self, preset: str = "screen", settings: GPAWSettings | None = None) -> None:
        self.choice = gpaw_choice(preset, settings)

    @property
    def installation(self) -> Installation:
        """Where GPAW is."""
        return find_installation()

    @property
    def energy_scale(self) -> str:
        """Functional, Hubbard U, release of the PAW data, cut-off: where one differs, energies cannot be compared."""
        u = "+U(MP)" if self.choice.hubbard_u == "mp" else ""
        return f"gpaw/{self.choice.xc}{u}/paw-{self.installation.data}/pw-{self.choice.cutoff:g}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """The choice with its tables, the PAW data sets, the way of evaluating and relaxing."""
        tables = plane_wave_tables()
        return {
            **self.choice.model_dump(mode="json", exclude=_NOT_IN_KEYS),
            "u_values": tables.hubbard_u.d if self.choice.hubbard_u == "mp" else {},
            "default_moments": tables.initial_moments.moments if self.choice.spin == "auto" else {},
            "paw": self.installation.data,
            "evaluation": EVALUATION,
            "optimizer": OPTIMIZER,
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of GPAW and its ASE, and the Python that has them."""
        found = self.installation
        return {"gpaw": found.version, "ase": found.ase, "paw": found.data, "python": found.python}

    def check(self) -> None:
        """See that some Python has GPAW and its data sets.

        Raises
        ------
        MissingDependencyError
            If none has; says what to install.
        """
        find_installation()

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:  # noqa: ARG002 - they cost nothing
        """Energy (eV, extrapolated to zero smearing), forces (eV/A), stress (eV/A^3), moments (Bohr magnetons)."""
        with tempfile.TemporaryDirectory(prefix="hebe-gpaw-") as folder:
            run = self._run(structure, Path(folder))
            try:
                return run.evaluate(structure)
            finally:
                run.close()

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:
        """Energy, forces, stress, moments and electronic results of the structure as it is."""
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="hebe-gpaw-") as own:
                return self.static(structure, folder=Path(own))
        return static_in(self._run(structure, folder), structure)

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        folder: Path | None = None,
    ) -> Relaxation:
        """Relax ions and cell from the last step written in `folder`, then check the stress with a larger basis.

        Raises
        ------
        EngineError
            If the cell shall relax with a cut-off too low for stresses, or GPAW cannot give an energy.
        """
        if cell:
            refuse_low_cutoff(self.name, self.choice)
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="hebe-gpaw-") as own:
                return self.relax(structure, fmax=fmax, steps=steps, cell=cell, folder=Path(own))
        checkpoint = Checkpoint(folder / f"relax-{content_hash([dict(self.settings), cell])[:8]}.json")

        def open_run(start: Structure) -> GPAWRun:
            return self._run(start, folder)

        return relax_in(open_run, structure, checkpoint, fmax=fmax, steps=steps, cell=cell)

    def _run(self, structure: Structure, folder: Path) -> GPAWRun:
        return GPAWRun(self.installation, self.choice, structure, folder)

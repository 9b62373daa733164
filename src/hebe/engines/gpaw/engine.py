"""The engine gpaw: plane-wave DFT with the project's own optimizer, checkpoints and a check of the final stress.

GPAW: Mortensen et al., J. Chem. Phys. 160, 092503 (2024). It is a program of its own, found by `find_installation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.config.gpaw import gpaw_choice
from hebe.config.plane_waves import plane_wave_tables
from hebe.engines.gpaw.installation import Installation, find_installation
from hebe.engines.gpaw.run import GPAWRun
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.plane_waves import PlaneWaveEngine

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.gpaw import GPAWPreset, GPAWSettings

EVALUATION: Final = "gpaw-1"
"""Name and version of how parameters follow from settings: enters content keys, changed when numbers do."""

_NOT_IN_KEYS: Final = {"max_iterations", "allow_low_cutoff"}


class GPAWEngine(PlaneWaveEngine):
    """GPAW with plane waves and PAW data sets.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset.
    """

    name = "gpaw"
    choice: GPAWPreset

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

    def open_run(self, structure: Structure, folder: Path) -> GPAWRun:
        """Evaluations in a folder, of a crystal that starts as `structure`."""
        return GPAWRun(self.installation, self.choice, structure, folder)

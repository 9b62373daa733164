"""The engine gpaw: plane-wave DFT with the project's own optimizer, checkpoints and a check of the final stress.

GPAW: Mortensen et al., J. Chem. Phys. 160, 092503 (2024). It is a program of its own, found by `find_installation`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.config.engines.gpaw import GPAWBlock, gpaw_choice
from hebe.config.engines.plane_waves import plane_wave_tables
from hebe.engines.examination import Finding, data_sets_finding
from hebe.engines.gpaw.installation import Installation, find_installation
from hebe.engines.gpaw.run import GPAWRun
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.plane_waves import PlaneWaveEngine
from hebe.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.gpaw import GPAWPreset, GPAWSettings
    from hebe.engines.examination import Need

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
    capabilities = GPAWBlock.traits.capabilities
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

    def examine(self, need: Need) -> Iterator[Finding]:
        """See that there are data sets for all elements."""
        try:
            found = find_installation()
        except MissingDependencyError as err:
            yield Finding(f"PAW data sets of stage {need.stage}", "absent", str(err))
            return
        lacking = [f"there is none for {symbol}" for symbol in need.elements if symbol not in found.elements]
        detail = f"{len(found.elements)} PAW data sets ({found.data}) in {found.folder}"
        yield data_sets_finding(need, lacking, detail, "gpaw install-data DIR")

    def open_run(self, structure: Structure, folder: Path) -> GPAWRun:
        """Evaluations in a folder, of a crystal that starts as `structure`."""
        return GPAWRun(self.installation, self.choice, structure, folder)


def from_block(block: GPAWBlock) -> GPAWEngine:
    """Engine of a campaign's block."""
    return GPAWEngine(block.chosen_preset, block.settings)

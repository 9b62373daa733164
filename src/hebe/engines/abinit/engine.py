"""The engine abinit: plane-wave DFT through atomate2's makers, with the project's own optimizer and its checkpoints."""

from __future__ import annotations

import tempfile
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.config.abinit import abinit_choice, abinit_tables
from hebe.config.plane_waves import plane_wave_tables
from hebe.engines.abinit.command import find_command, version
from hebe.engines.abinit.data_sets import data_set, find_library
from hebe.engines.abinit.run import AbinitRun
from hebe.engines.checkpoint import Checkpoint
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.plane_waves import refuse_low_cutoff, relax_in, static_in
from hebe.exceptions import EngineError, MissingDependencyError
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.config.abinit import AbinitSettings
    from hebe.engines.protocol import Evaluation, Relaxation

EVALUATION: Final = "abinit-1"
"""Name and version of how variables follow from settings: enters content keys, changed when numbers do."""
_NOT_IN_KEYS: Final = {"max_iterations", "allow_low_cutoff", "variables", "magnetic_order", "data_sets"}
"""The order of moments is in the moments, which a key holds."""


class AbinitEngine:
    """ABINIT with plane waves and PAW data sets.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset.
    """

    name = "abinit"
    capabilities = frozenset({"forces", "stress", "magmoms", "U"})

    def __init__(self, preset: str = "screen", settings: AbinitSettings | None = None) -> None:
        self.choice = abinit_choice(preset, settings)
        self.reads: tuple[str, ...] = () if self.choice.spin == "off" else ("magmoms",)

    @property
    def energy_scale(self) -> str:
        """Functional, Hubbard U, release of the PAW data, cut-off: where one differs, energies cannot be compared."""
        u = "+U(MP)" if self.choice.hubbard_u == "mp" else ""
        other = f"-{content_hash(self._data_sets)[:8]}" if self.choice.data_sets else ""
        paw = find_library(self.choice.xc).release
        return f"abinit/{self.choice.xc}{u}/paw-{paw}{other}/pw-{self.choice.cutoff:g}"

    @property
    def settings(self) -> Mapping[str, Any]:
        """The choice with its tables, the PAW data sets, the way of evaluating and relaxing."""
        tables = plane_wave_tables()
        return {
            **self.choice.model_dump(mode="json", exclude=_NOT_IN_KEYS),
            "data_sets": self._data_sets,
            "cutoff_smearing": abinit_tables().cutoff_smearing.value,
            "u_values": tables.hubbard_u.d if self.choice.hubbard_u == "mp" else {},
            "default_moments": tables.initial_moments.moments if self.choice.spin == "auto" else {},
            "paw": find_library(self.choice.xc).release,
            "evaluation": EVALUATION,
            "optimizer": OPTIMIZER,
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of ABINIT, atomate2 and abipy, release of the PAW data."""
        found = {name: metadata.version(name) for name in ("atomate2", "abipy")}
        return {"abinit": version(find_command()[-1]), **found, "paw": find_library(self.choice.xc).release}

    @property
    def _data_sets(self) -> dict[str, str]:
        """What the data sets hold that the settings name, by element."""
        library = find_library(self.choice.xc)
        return {symbol: data_set(symbol, self.choice, library).digest for symbol in self.choice.data_sets}

    def check(self) -> None:
        """See that the program, the packages and PAW data sets are there.

        Raises
        ------
        MissingDependencyError
            Names what is missing and how to get it.
        """
        find_command()
        try:
            _ = self._data_sets
        except EngineError as err:
            raise MissingDependencyError("other PAW data sets", "engine abinit", "abinit", advice=err.reason) from err

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:  # noqa: ARG002 - they cost nothing
        """Energy (eV, extrapolated to zero smearing), forces (eV/A), stress (eV/A^3), moments (Bohr magnetons)."""
        with tempfile.TemporaryDirectory(prefix="hebe-abinit-") as folder:
            return self._run(structure, Path(folder)).evaluate(structure)

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:
        """Energy, forces, stress, moments and electronic results of the structure as it is."""
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="hebe-abinit-") as own:
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
            If the cell shall relax with a cut-off too low for stresses, or ABINIT cannot give an energy.
        """
        if cell:
            refuse_low_cutoff(self.name, self.choice)
        if folder is None:
            with tempfile.TemporaryDirectory(prefix="hebe-abinit-") as own:
                return self.relax(structure, fmax=fmax, steps=steps, cell=cell, folder=Path(own))
        checkpoint = Checkpoint(folder / f"relax-{content_hash([dict(self.settings), cell])[:8]}.json")

        def open_run(start: Structure) -> AbinitRun:
            return self._run(start, folder)

        return relax_in(open_run, structure, checkpoint, fmax=fmax, steps=steps, cell=cell)

    def _run(self, structure: Structure, folder: Path) -> AbinitRun:
        try:
            return AbinitRun(self.choice, structure, folder)
        except MissingDependencyError as err:
            raise EngineError(self.name, str(err)) from err

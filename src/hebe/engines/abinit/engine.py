"""The engine abinit: plane-wave DFT through atomate2's makers, with the project's own optimizer and its checkpoints."""

from __future__ import annotations

from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from hebe.config.engines.abinit import AbinitBlock, abinit_choice, abinit_tables
from hebe.config.engines.plane_waves import plane_wave_tables
from hebe.engines.abinit.command import find_command, version
from hebe.engines.abinit.data_sets import ADVICE, data_set, find_library
from hebe.engines.abinit.run import AbinitRun
from hebe.engines.examination import Finding, data_sets_finding
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.plane_waves import PlaneWaveEngine
from hebe.exceptions import EngineError, MissingDependencyError
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.config.engines.abinit import AbinitPreset, AbinitSettings
    from hebe.engines.examination import Need

EVALUATION: Final = "abinit-1"
"""Name and version of how variables follow from settings: enters content keys, changed when numbers do."""
_WITH_MOMENTS: Final = "abinit-2"
"""That of calculations that may have moments: those of before could lose them before the density was found."""
_NOT_IN_KEYS: Final = {"max_iterations", "allow_low_cutoff", "variables", "magnetic_order", "data_sets"}
"""The order of moments is in the moments, which a key holds."""


class AbinitEngine(PlaneWaveEngine):
    """ABINIT with plane waves and PAW data sets.

    Parameters
    ----------
    preset
        ``ci``, ``screen`` or ``accurate``.
    settings
        What to change in the preset.
    """

    name = "abinit"
    capabilities = AbinitBlock.traits.capabilities
    choice: AbinitPreset

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
            "evaluation": EVALUATION if self.choice.spin == "off" else _WITH_MOMENTS,
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

    def examine(self, need: Need) -> Iterator[Finding]:
        """See that there are data sets for all elements."""
        try:
            library = find_library(self.choice.xc)
        except MissingDependencyError as err:
            yield Finding(f"PAW data sets of stage {need.stage}", "absent", str(err))
            return
        lacking = []
        for symbol in need.elements:
            try:
                data_set(symbol, self.choice, library)
            except EngineError as err:
                lacking.append(err.reason.removesuffix(f"; {ADVICE}"))
        yield data_sets_finding(need, lacking, library.description, ADVICE)

    def open_run(self, structure: Structure, folder: Path) -> AbinitRun:
        """Evaluations in a folder, of a crystal that starts as `structure`."""
        try:
            return AbinitRun(self.choice, structure, folder)
        except MissingDependencyError as err:
            raise EngineError(self.name, str(err)) from err


def from_block(block: AbinitBlock) -> AbinitEngine:
    """Engine of a campaign's block."""
    return AbinitEngine(block.chosen_preset, block.settings)

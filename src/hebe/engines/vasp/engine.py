"""The engine vasp: presets over pymatgen's input sets, run by atomate2's makers under custodian.

atomate2: Ganose et al., Digital Discovery 4, 1944 (2025). VASP: Kresse, Furthmüller, Phys. Rev. B 54, 11169 (1996).
"""

from __future__ import annotations

import importlib.util
import tempfile
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.config.engines.vasp import VaspBlock, vasp_choice, vasp_tables
from hebe.engines.driving import Driven, require_order
from hebe.engines.protocol import Evaluation, Relaxation
from hebe.engines.vasp.inputs import IONS, RELAX, STATIC, Job, definition, potcar_functional
from hebe.exceptions import EngineError, MissingDependencyError
from hebe.science.keys import content_hash

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pymatgen.core import Structure

    from hebe.config.engines.vasp import VaspSettings
    from hebe.engines.examination import Finding, Need
    from hebe.engines.vasp.run import VaspRun

EVALUATION: Final = "vasp-2"
"""Name and version of how input follows from settings: enters content keys, changed when numbers do."""
_NOT_IN_KEYS: Final = {"keep_files", "bader", "magnetic_order"}
"""The order of moments is in the moments, which a key holds."""


class VaspEngine(Driven):
    """VASP with the Materials Project's settings or those of a user.

    Parameters
    ----------
    preset
        ``mp-gga``, ``mp24`` or ``custom``.
    settings
        What goes with the preset.
    """

    name = "vasp"
    reads: tuple[str, ...] = ("magmoms",)
    capabilities = VaspBlock.traits.capabilities

    def __init__(self, preset: str = "mp-gga", settings: VaspSettings | None = None) -> None:
        self.choice = vasp_choice(preset, settings)

    @property
    def energy_scale(self) -> str:
        """Preset, functional and U, release of POTCARs, corrections; ``custom`` has the hash of all that it says."""
        settings = self.choice.settings
        hubbard = "" if self.choice.preset.functional != "PBE" or settings.hubbard_u == "none" else "+U"
        name = self.choice.name
        if name == "custom":
            name += f"-{content_hash(dict(self.settings))[:8]}"
        corrected = "/MP2020" if settings.corrections == "mp2020" else ""
        return f"vasp/{name}/{self.choice.preset.functional}{hubbard}/{potcar_functional(self.choice)}{corrected}"

    @cached_property
    def settings(self) -> Mapping[str, Any]:
        """What pymatgen's set holds and what the user changed of it, but not how the answer is found."""
        _check_packages()
        free = vasp_tables().free_tags
        given = self.choice.settings.model_dump(mode="json", exclude_none=True, exclude=_NOT_IN_KEYS)
        given["incar"] = {tag: value for tag, value in given["incar"].items() if tag not in free}
        return {
            "preset": self.choice.name,
            **given,
            "passes": self.choice.passes,
            "definition": definition(self.choice),
            "least_moment": vasp_tables().least_moment.value,
            "relaxed_ediff": vasp_tables().relaxed_ediff.value,
            "evaluation": EVALUATION,
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of atomate2, custodian and pymatgen; that of VASP is in its output."""
        return {name: metadata.version(name) for name in ("atomate2", "custodian", "pymatgen")}

    def check(self) -> None:
        """See that the packages, the command and the folder of POTCARs are there.

        Raises
        ------
        MissingDependencyError
            Names what is missing and how to get it.
        """
        _check_packages()
        from hebe.engines.vasp.command import find_command
        from hebe.engines.vasp.potcars import ADVICE, folder

        find_command()
        place = folder()
        if place is None or not place.is_dir():
            raise MissingDependencyError("its POTCARs (PMG_VASP_PSP_DIR)", "engine vasp", "vasp", advice=ADVICE)

    def examine(self, need: Need) -> Iterator[Finding]:
        """Look for POTCARs, memory and, where charges are asked for, the program that partitions them."""
        from hebe.engines.vasp.examination import examine

        return examine(self.choice, need)

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:  # noqa: ARG002 - they cost nothing
        """Energy (eV, extrapolated to zero smearing), forces (eV/A), stress (eV/A^3), moments (Bohr magnetons)."""
        require_order(self.name, structure)
        with tempfile.TemporaryDirectory(prefix="hebe-vasp-", ignore_cleanup_errors=True) as folder:
            run = self._run(Job(STATIC), structure, Path(folder))
            result = run.calculate()
            return Evaluation(result.energy_eV, run.forces, result.stress, result.magmoms)

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:
        """Energy, forces, stress, moments and electronic results of the structure as it is."""
        return self._calculate(Job(STATIC), structure, folder)

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        minimum: bool = False,  # noqa: ARG002 - it has an optimizer of its own
        folder: Path | None = None,
    ) -> Relaxation:
        """Relax ions and cell from the last good structure in `folder`.

        VASP compares forces alone with `fmax`; that stresses vanish too follows from a second pass in the basis of the
        relaxed cell.
        """
        return self._calculate(Job(RELAX if cell else IONS, fmax, steps), structure, folder)

    def _calculate(self, job: Job, structure: Structure, folder: Path | None) -> Relaxation:
        require_order(self.name, structure)
        if folder is not None:
            return self._run(job, structure, folder).calculate()
        with tempfile.TemporaryDirectory(prefix="hebe-vasp-", ignore_cleanup_errors=True) as own:
            return self._run(job, structure, Path(own)).calculate()

    def _run(self, job: Job, structure: Structure, folder: Path) -> VaspRun:
        from hebe.engines.vasp.run import VaspRun

        try:
            return VaspRun(self.choice, job, structure, folder, dict(self.settings))
        except MissingDependencyError as err:
            raise EngineError(self.name, str(err)) from err


def _check_packages() -> None:
    for package in ("atomate2", "custodian"):
        if importlib.util.find_spec(package) is None:
            raise MissingDependencyError(package, "engine vasp", "vasp")


def from_block(block: VaspBlock) -> VaspEngine:
    """Engine of a campaign's block."""
    return VaspEngine(block.chosen_preset, block.settings)

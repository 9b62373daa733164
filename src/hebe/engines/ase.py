"""Any ASE calculator as an engine, named by the import path of a function that makes it."""

from __future__ import annotations

import importlib
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from hebe.engines.optimizer import OPTIMIZER, relax
from hebe.engines.protocol import Evaluation, Relaxation, static_result
from hebe.exceptions import BadInputError, EngineError
from hebe.science.keys import canonical_json

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path


class ASEEngine:
    """An engine from ``package.module:factory``; the factory gets `arguments` and returns an ASE calculator.

    Parameters
    ----------
    path
        Import path of the factory.
    arguments
        Keyword arguments, plain JSON; they enter the content key.
    energy_scale
        Name shared only by calculators whose energies can be compared.

    Raises
    ------
    BadInputError
        If the path cannot be imported or the arguments are not plain JSON.
    """

    reads: tuple[str, ...] = ()
    capabilities = frozenset({"forces", "stress"})

    def __init__(self, path: str, arguments: Mapping[str, Any], energy_scale: str) -> None:
        self.path, self.arguments, self.energy_scale = path, dict(arguments), energy_scale
        self.name = f"ase:{path}"
        module, _, function = path.partition(":")
        try:
            canonical_json(self.arguments)
            self._factory = getattr(importlib.import_module(module), function)
        except (ImportError, AttributeError) as err:
            raise BadInputError(f"engine {path!r} cannot be imported: {err}", key="stages.engine.ase") from err
        except (TypeError, ValueError) as err:
            raise BadInputError(
                f"arguments of {path} must be plain values: {err}", key="stages.engine.arguments"
            ) from err
        self._calculator: Any = None

    @property
    def settings(self) -> Mapping[str, Any]:
        """Import path, arguments, energy scale, version of the package, optimizer."""
        return {
            "path": self.path,
            "arguments": self.arguments,
            "energy_scale": self.energy_scale,
            "optimizer": OPTIMIZER,
            **self.versions,
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of the package that holds the factory, and of ASE."""
        package = self.path.split(".")[0].split(":")[0]
        found = {"ase": metadata.version("ase")}
        try:
            found[package] = metadata.version(package)
        except metadata.PackageNotFoundError:
            found[package] = str(getattr(importlib.import_module(package), "__version__", "unknown"))
        return found

    def check(self) -> None:
        """Nothing more: the factory was imported when the engine was made."""

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3); moments when the calculator has them."""
        if self._calculator is None:
            self._calculator = self._factory(**self.arguments)
        plain = Structure(structure.lattice, structure.species, structure.frac_coords)
        atoms = AseAtomsAdaptor.get_atoms(plain, msonable=False)
        atoms.calc = self._calculator
        try:
            energy = float(atoms.get_potential_energy())
            forces = np.asarray(atoms.get_forces(), dtype=np.float64)
            stress = np.asarray(atoms.get_stress(voigt=False), dtype=np.float64)
            moments = np.asarray(atoms.get_magnetic_moments(), dtype=np.float64) if magmoms else None
        except Exception as err:
            raise EngineError(self.name, f"{type(err).__name__}: {err}") from err
        return Evaluation(energy, forces, stress, moments)

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:  # noqa: ARG002 - has no files
        """Energy, forces and stress of the structure as it is."""
        return static_result(structure, self.evaluate(structure))

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        folder: Path | None = None,  # noqa: ARG002 - has no files
    ) -> Relaxation:
        """Relax ions and cell with the project's own optimizer."""
        return relax(structure, self.evaluate, fmax=fmax, steps=steps, cell=cell)

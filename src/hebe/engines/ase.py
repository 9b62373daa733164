"""Any ASE calculator as an engine, named by the import path of a function that makes it."""

from __future__ import annotations

import importlib
from functools import cache, cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any

import numpy as np
from pymatgen.core import Structure
from pymatgen.io.ase import AseAtomsAdaptor

from hebe.config.engines.ase import ASEBlock
from hebe.config.trust import require_calculator
from hebe.engines.driving import Driven, require_order
from hebe.engines.model_hash import hash_files, hash_parameters
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.protocol import Evaluation
from hebe.exceptions import BadInputError, EngineError
from hebe.science.keys import canonical_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping


class ASEEngine(Driven):
    """An engine from ``package.module:factory``; the factory gets `arguments` and returns an ASE calculator.

    Parameters
    ----------
    path
        Import path of the factory.
    arguments
        Keyword arguments, plain JSON; they enter the content key, files among them by their content.
    energy_scale
        Name shared only by calculators whose energies can be compared.
    capabilities
        What the calculator can beside energies, forces and stress.

    Raises
    ------
    BadInputError
        If the path cannot be imported or the arguments are not plain JSON.
    """

    def __init__(
        self, path: str, arguments: Mapping[str, Any], energy_scale: str, capabilities: Iterable[str] = ()
    ) -> None:
        self.capabilities = ASEBlock.traits.capabilities | frozenset(capabilities)
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

    @property
    def settings(self) -> Mapping[str, Any]:
        """Import path, arguments with files by content, hash of the model, energy scale, versions, optimizer.

        A calculator that cannot be made has no hash; it has no energies either, and says why when asked for one.
        """
        settings = {
            "path": self.path,
            "arguments": hash_files(self.arguments),
            "energy_scale": self.energy_scale,
            "optimizer": OPTIMIZER,
            **self.versions,
        }
        return settings if self._model_hash is None else {**settings, "model_hash": self._model_hash}

    @cached_property
    def _model_hash(self) -> str | None:
        try:
            return hash_parameters(self._calculator)
        except EngineError:
            return None

    @cached_property
    def _calculator(self) -> Any:
        try:
            return self._factory(**self.arguments)
        except Exception as err:
            raise EngineError(self.name, f"the calculator cannot be made: {type(err).__name__}: {err}") from err

    @property
    def versions(self) -> Mapping[str, str]:
        """Version of the package that holds the factory, and of ASE."""
        return dict(_versions_of(self.path.split(".")[0].split(":")[0]))

    def check(self) -> None:
        """Nothing more: the factory was imported when the engine was made."""

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3); moments when the calculator has them."""
        return evaluate_calculator(self.name, self._calculator, structure, magmoms=magmoms)


@cache
def _versions_of(package: str) -> dict[str, str]:
    found = {"ase": metadata.version("ase")}
    try:
        found[package] = metadata.version(package)
    except metadata.PackageNotFoundError:
        found[package] = str(getattr(importlib.import_module(package), "__version__", "unknown"))
    return found


def from_block(block: ASEBlock) -> ASEEngine:
    """Engine of a campaign's block.

    Raises
    ------
    UntrustedError
        If nobody has said that the module is trusted.
    """
    require_calculator(block.ase)
    return ASEEngine(block.ase, block.arguments, block.energy_scale or "", block.capabilities or ())


def evaluate_calculator(engine: str, calculator: Any, structure: Structure, *, magmoms: bool) -> Evaluation:
    """Energy (eV), forces (eV/A), stress (eV/A^3) and, when asked, moments from an ASE calculator.

    Raises
    ------
    EngineError
        In the name of `engine`, for whatever the calculator raises and for a disordered cell.
    """
    require_order(engine, structure)
    atoms = AseAtomsAdaptor.get_atoms(without_properties(structure), msonable=False)
    atoms.calc = calculator
    try:
        energy = float(atoms.get_potential_energy())
        forces = np.asarray(atoms.get_forces(), dtype=np.float64)
        stress = np.asarray(atoms.get_stress(voigt=False), dtype=np.float64)
        moments = np.asarray(atoms.get_magnetic_moments(), dtype=np.float64) if magmoms else None
    except Exception as err:
        raise EngineError(engine, f"{type(err).__name__}: {err}") from err
    return Evaluation(energy, forces, stress, moments)


def without_properties(structure: Structure) -> Structure:
    """The lattice, elements and coordinates alone."""
    return Structure(structure.lattice, structure.species, structure.frac_coords)

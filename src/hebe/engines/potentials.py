"""Potentials of other packages: weights of a file in the ASE calculator of the package, with our optimizer."""

from __future__ import annotations

import importlib
import importlib.util
from functools import cached_property
from importlib import metadata
from operator import attrgetter
from typing import TYPE_CHECKING, Any

from hebe.config.engines.fingerprint import fingerprint
from hebe.config.engines.weights import check_arguments, checked_weights
from hebe.config.reading.wording import RefusedValueError
from hebe.engines.ase import evaluate_calculator
from hebe.engines.chgnet.device import choose_device
from hebe.engines.driving import Driven
from hebe.engines.model_hash import hash_files
from hebe.engines.optimizer import OPTIMIZER
from hebe.exceptions import BadInputError, EngineError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.config.engines.potentials import PotentialBlock
    from hebe.config.engines.weights import WeightsBlock
    from hebe.engines.chgnet.device import Device
    from hebe.engines.protocol import Evaluation


class PotentialEngine(Driven):
    """A potential by its block: package and weights.

    The content of the file enters the content key, neither its name nor its place.
    """

    def __init__(self, block: PotentialBlock) -> None:
        self.block, self.row = block, block.potential
        self.name, self.capabilities = str(block.name), block.traits.capabilities

    @cached_property
    def device(self) -> Device:
        """Where it computes."""
        return choose_device()

    @property
    def energy_scale(self) -> str:
        """What the block says, else that of the package for these weights."""
        return self.block.energy_scale or (self.row.energy_scale or "").format(weights=weights_hash(self.block)[:8])

    @property
    def settings(self) -> Mapping[str, Any]:
        """Weights by their content, model, arguments with files by content, version, optimizer; the device on CUDA."""
        settings = {
            "potential": self.name,
            "weights": weights_hash(self.block)[:16],
            "arguments": hash_files(self.block.arguments),
            "energy_scale": self.energy_scale,
            "optimizer": OPTIMIZER,
            **self.versions,
        }
        if self.block.model is not None:
            settings["model"] = self.block.model
        return settings if self.device == "cpu" else {**settings, "device": self.device}

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of the package and of ASE; a package that is missing has none."""
        found = {"ase": metadata.version("ase")}
        try:
            found[self.row.package] = metadata.version(self.row.package)
        except metadata.PackageNotFoundError:
            return found
        return found

    def check(self) -> None:
        """See that the package is installed and the weights are there and trusted, without opening them.

        Raises
        ------
        MissingDependencyError
            If the package is not installed.
        BadInputError
            If the weights may not be opened.
        """
        if not _is_there(self.row.module):
            advice = f"pip install {self.row.package}"
            raise MissingDependencyError(self.row.package, f"engine {self.name}", "", advice=advice)
        check_weights(self.block)

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A) and stress (eV/A^3) from the package's own calculator."""
        return evaluate_calculator(self.name, self._calculator, structure, magmoms=magmoms)

    @cached_property
    def _calculator(self) -> Any:
        self.check()
        row, given = self.row, {} if self.row.device is None else {self.row.device: self.device}
        loaded: Any = self.block.path
        try:
            if row.loader is not None:
                load = _imported((row.loader.format(model=self.block.model),))
                loaded = load(**{row.from_file: loaded, **row.loader_fixed, **given})
            parts = loaded if isinstance(loaded, tuple) else (loaded,)
            taken = dict(zip(row.arguments, parts, strict=False))
            return _imported(row.factory)(**taken, **row.fixed, **given, **self.block.arguments)
        except Exception as err:
            reason = f"the calculator cannot be made: {type(err).__name__}: {err}"
            raise EngineError(self.name, reason, deterministic=True) from err


def from_block(block: PotentialBlock) -> PotentialEngine:
    """Engine of a campaign's block."""
    return PotentialEngine(block)


def weights_hash(block: WeightsBlock) -> str:
    """Sha256 of the weights as they are.

    Raises
    ------
    BadInputError
        If they cannot be read.
    """
    try:
        return fingerprint(block.path or "")
    except OSError as err:
        raise BadInputError(f"{block.path} cannot be read: {err.strerror}", key="stages.engine.path") from err


def check_weights(block: WeightsBlock) -> None:
    """See that the weights of a block may be opened, with its arguments.

    Raises
    ------
    BadInputError
        If they may not.
    """
    try:
        checked_weights(block.path or "", block.sha256, runs_code=block.runs_code)
        if block.arguments:
            check_arguments(block.arguments, block.traits.packages[0] if block.traits.packages else str(block.name))
    except RefusedValueError as err:
        raise BadInputError(str(err), key=f"stages.engine.{err.key}", suggestion=err.suggestion) from err


def _is_there(module: str) -> bool:
    try:
        return importlib.util.find_spec(module) is not None
    except ModuleNotFoundError:
        return False


def _imported(paths: tuple[str, ...]) -> Any:
    """What the first of several import paths names that is there; packages move their calculators."""
    for path in paths[:-1]:
        module, _, name = path.partition(":")
        if _is_there(module):
            return attrgetter(name)(importlib.import_module(module))
    module, _, name = paths[-1].partition(":")
    return attrgetter(name)(importlib.import_module(module))

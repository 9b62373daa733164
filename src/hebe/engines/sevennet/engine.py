"""SevenNet: equivariant graph networks, without magnetic moments.

Park et al., J. Chem. Theory Comput. 20, 4857 (2024); modals: Kim et al., J. Am. Chem. Soc. 147, 1042 (2025). The
PBE(+U) energies that they were trained on are not corrected, so that oxides and metals do not belong on one hull.
"""

from __future__ import annotations

import importlib.util
from functools import cached_property
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from hebe.config.engines.fingerprint import fingerprint
from hebe.config.engines.sevennet import NO_MODAL, SevenNetBlock
from hebe.engines.batched import Batched
from hebe.engines.chgnet.device import choose_device
from hebe.engines.driving import require_order
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.potentials import check_weights
from hebe.exceptions import EngineError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymatgen.core import Structure

    from hebe.engines.chgnet.device import Device
    from hebe.engines.protocol import Evaluation
    from hebe.engines.sevennet.network import Network

_FOLDER: Final = "pretrained_potentials"


class SevenNetEngine(Batched):
    """SevenNet: energy, forces and stress from one backward pass, of one cell or of many at once."""

    name = "sevennet"
    capabilities = SevenNetBlock.traits.capabilities

    def __init__(self, block: SevenNetBlock) -> None:
        self.block = block
        shipped = block.shipped
        self.energy_scale = (block.energy_scale or "") if shipped is None else shipped.scales[block.modal or NO_MODAL]

    @cached_property
    def device(self) -> Device:
        """Where it computes."""
        return choose_device()

    @property
    def weights(self) -> Path:
        """File of the weights, found without importing the package.

        Raises
        ------
        MissingDependencyError
            If sevenn is not installed, or so old that it has no such model.
        """
        if self.block.path is not None:
            return Path(self.block.path)
        spec, shipped = importlib.util.find_spec("sevenn"), self.block.shipped
        if spec is None or not spec.submodule_search_locations or shipped is None:
            raise MissingDependencyError("sevenn", "engine sevennet", "sevennet")
        file = Path(next(iter(spec.submodule_search_locations))) / _FOLDER / shipped.file
        if not file.is_file():
            raise MissingDependencyError(f"a sevenn with {shipped.file}", "engine sevennet", "sevennet")
        return file

    @property
    def settings(self) -> Mapping[str, Any]:
        """Content of the weights, modal, energy scale, precision, version of sevenn, optimizer; the device on CUDA."""
        settings = {
            "weights": fingerprint(self.weights)[:16],
            "energy_scale": self.energy_scale,
            "precision": "float32",
            "sevenn": self.versions["sevenn"],
            "optimizer": OPTIMIZER,
        }
        if self.block.modal is not None:
            settings["modal"] = self.block.modal
        return settings if self.device == "cpu" else {**settings, "device": self.device}

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of sevenn and torch."""
        return {name: metadata.version(name) for name in ("sevenn", "torch")}

    def check(self) -> None:
        """See that sevenn and torch are installed and a file may be opened, without importing them."""
        for package in ("sevenn", "torch"):
            if importlib.util.find_spec(package) is None:
                raise MissingDependencyError(package, "engine sevennet", "sevennet")
        _ = self.weights, self.device
        if self.block.path is not None:
            check_weights(self.block)

    def evaluate_many(self, structures: Sequence[Structure], *, magmoms: bool = False) -> list[Evaluation]:  # noqa: ARG002
        """Evaluate structures in one pass over the union of their graphs; needs the memory of all of them at once.

        Raises
        ------
        EngineError
            If one of them has an element that the model does not know, or the model has no numbers for it.
        """
        require_order(self.name, *structures)
        if not structures:
            return []
        network = self._network
        try:
            return network.evaluate(structures)
        except RuntimeError as err:
            raise EngineError(self.name, f"{type(err).__name__}: {err}") from err

    @cached_property
    def _network(self) -> Network:
        """The model, loaded once."""
        self.check()
        from hebe.engines.sevennet.network import Network

        try:
            return Network(self.weights, self.block.modal, self.device)
        except Exception as err:
            reason = f"the model cannot be made: {type(err).__name__}: {err}"
            raise EngineError(self.name, reason, deterministic=True) from err


def from_block(block: SevenNetBlock) -> SevenNetEngine:
    """Engine of a campaign's block."""
    return SevenNetEngine(block)

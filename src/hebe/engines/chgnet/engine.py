"""CHGNet: a graph-network potential with magnetic moments.

Deng et al., Nat. Mach. Intell. 5, 1031 (2023). The training labels of 0.3.0 are energies corrected with the MP2020
scheme, so corrections must not be added again and raw DFT energies must not meet it on a hull. The model ``r2scan`` is
that one trained further on r2SCAN energies, which need no correction (Huang et al., Cross-functional transferability in
foundation machine learning interatomic potentials, npj Comput. Mater. (2025)).
"""

from __future__ import annotations

import importlib.util
from functools import cached_property
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from hebe.config.engines.chgnet import DEFAULT_MODEL, ENERGY_SCALES, CHGNetBlock
from hebe.engines.batched import Batched
from hebe.engines.chgnet.device import choose_device
from hebe.engines.chgnet.pretrained import model_file, model_hash
from hebe.engines.driving import require_order
from hebe.engines.optimizer import OPTIMIZER
from hebe.engines.protocol import Evaluation
from hebe.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pymatgen.core import Structure

    from hebe.config.engines.chgnet import Model
    from hebe.engines.chgnet.device import Device
    from hebe.engines.protocol import Relaxation

EVALUATION: Final = "fast-1"
"""Name and version of what computes energies from the weights: enters content keys, changed when numbers do."""


class CHGNetEngine(Batched):
    """CHGNet: energy, forces and stress from one backward pass, of one cell or of many at once.

    Parameters
    ----------
    compiled
        Whether the two operations that take the time run as compiled kernels or in plain torch; numbers agree to the
        rounding of float32. CUDA always computes in plain torch.
    device
        ``cpu`` or ``cuda``; None follows the settings when it is first needed.
    model
        Which of the pretrained models, with an energy scale of its own.
    """

    name = "chgnet"
    capabilities = CHGNetBlock.traits.capabilities

    def __init__(self, *, compiled: bool = True, device: Device | None = None, model: Model = DEFAULT_MODEL) -> None:
        self.compiled, self._asked, self.model = compiled, device, model
        self.energy_scale = ENERGY_SCALES[model]

    @cached_property
    def device(self) -> Device:
        """Where it computes."""
        return self._asked or choose_device()

    @property
    def settings(self) -> Mapping[str, Any]:
        """Model, weights hash, float precision, version of the evaluation, optimizer; the device if it is not the CPU.

        In float32 the order of a sum shows in the last digits, and CUDA has its own.
        """
        settings = {
            "model": self.model,
            "weights": model_hash(self.model),
            "precision": "float32",
            "evaluation": EVALUATION,
            "optimizer": OPTIMIZER,
        }
        return settings if self.device == "cpu" else {**settings, "device": self.device}

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of chgnet and torch."""
        return {name: metadata.version(name) for name in ("chgnet", "torch")}

    def check(self) -> None:
        """See that chgnet and torch are installed, without importing them."""
        model_file(self.model)
        if importlib.util.find_spec("torch") is None:
            raise MissingDependencyError("torch", "engine chgnet", "mlip")
        _ = self.device

    def evaluate_many(self, structures: Sequence[Structure], *, magmoms: bool = False) -> list[Evaluation]:
        """Evaluate structures in one pass over the union of their graphs.

        Needs the memory of all of them at once. It pays on CUDA, which one cell does not fill, and not on a CPU.

        Raises
        ------
        EngineError
            If one of them has an isolated atom, or is disordered.
        """
        require_order(self.name, *structures)
        from hebe.engines.chgnet import kernels, operations
        from hebe.engines.chgnet.batch import join
        from hebe.engines.chgnet.graph import build_graph
        from hebe.engines.chgnet.network import evaluate_batch
        from hebe.engines.chgnet.weights import load_weights

        if not structures:
            return []
        outputs = evaluate_batch(
            join([build_graph(structure) for structure in structures]),
            load_weights(self.device, self.model),
            kernels if self.compiled and self.device == "cpu" else operations,
            moments=magmoms,
        )
        return [
            Evaluation(output.energy, output.forces, output.virial / structure.volume, output.moments)
            for structure, output in zip(structures, outputs, strict=True)
        ]

    def outside_training(self, result: Relaxation) -> list[str]:
        """What of a result lies outside what the model was trained on; empty for models that nothing is known of."""
        from hebe.engines.chgnet.training import outside_training

        return outside_training(result, self.energy_scale)


def from_block(block: CHGNetBlock) -> CHGNetEngine:
    """Engine of a campaign's block."""
    return CHGNetEngine(model=block.model)

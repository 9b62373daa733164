"""CHGNet: a graph-network potential with magnetic moments.

Deng et al., Nat. Mach. Intell. 5, 1031 (2023). Its training labels are energies corrected with the MP2020 scheme, so
corrections must not be added again and raw DFT energies must not meet it on a hull.
"""

from __future__ import annotations

import importlib.util
from functools import partial
from importlib import metadata
from typing import TYPE_CHECKING, Any, Final

from hebe.engines.chgnet.pretrained import MODEL, model_file, model_hash
from hebe.engines.optimizer import OPTIMIZER, relax
from hebe.engines.protocol import Evaluation, Relaxation, static_result
from hebe.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pymatgen.core import Structure

EVALUATION: Final = "fast-1"
"""Name and version of what computes energies from the weights: enters content keys, changed when numbers do."""


class CHGNetEngine:
    """CHGNet on the CPU: energy, forces and stress from one backward pass.

    Parameters
    ----------
    compiled
        Whether the two operations that take the time run as compiled kernels or in plain torch; numbers agree to the
        rounding of float32.
    """

    name = "chgnet"
    energy_scale = "chgnet-0.3.0/MP2020"
    reads: tuple[str, ...] = ()
    capabilities = frozenset({"forces", "stress", "magmoms"})

    def __init__(self, *, compiled: bool = True) -> None:
        self.compiled = compiled

    @property
    def settings(self) -> Mapping[str, Any]:
        """Model, weights hash, float precision, version of the evaluation, optimizer."""
        return {
            "model": MODEL,
            "weights": model_hash(),
            "precision": "float32",
            "evaluation": EVALUATION,
            "optimizer": OPTIMIZER,
        }

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of chgnet and torch."""
        return {name: metadata.version(name) for name in ("chgnet", "torch")}

    def check(self) -> None:
        """See that chgnet and torch are installed, without importing them."""
        model_file()
        if importlib.util.find_spec("torch") is None:
            raise MissingDependencyError("torch", "engine chgnet", "mlip")

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3) and, when asked, moments (Bohr magnetons)."""
        from hebe.engines.chgnet import kernels, operations
        from hebe.engines.chgnet.graph import build_graph
        from hebe.engines.chgnet.network import evaluate_graph
        from hebe.engines.chgnet.weights import load_weights

        output = evaluate_graph(
            build_graph(structure), load_weights(), kernels if self.compiled else operations, moments=magmoms
        )
        return Evaluation(output.energy, output.forces, output.virial / structure.volume, output.moments)

    def static(self, structure: Structure, *, folder: Path | None = None) -> Relaxation:  # noqa: ARG002 - has no files
        """Energy, forces, stress and moments of the structure as it is."""
        return static_result(structure, self.evaluate(structure, magmoms=True))

    def relax(
        self,
        structure: Structure,
        *,
        fmax: float = 0.05,
        steps: int = 200,
        cell: bool = True,
        folder: Path | None = None,  # noqa: ARG002 - has no files
    ) -> Relaxation:
        """Relax ions and cell; moments are those of the end (they cost next to nothing beside an energy)."""
        return relax(structure, partial(self.evaluate, magmoms=True), fmax=fmax, steps=steps, cell=cell)

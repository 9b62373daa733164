"""CHGNet: a graph-network potential with magnetic moments.

Deng et al., Nat. Mach. Intell. 5, 1031 (2023). Its training labels are energies corrected with the MP2020 scheme, so
corrections must not be added again and raw DFT energies must not meet it on a hull.
"""

from __future__ import annotations

import hashlib
import importlib.util
import warnings
from dataclasses import replace
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from hebe.engines.optimizer import OPTIMIZER, relax
from hebe.engines.protocol import Evaluation, Relaxation
from hebe.exceptions import EngineError, MissingDependencyError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

MODEL: Final = "0.3.0"


@cache
def _model_file() -> Path:
    spec = importlib.util.find_spec("chgnet")
    if spec is None or not spec.submodule_search_locations:
        raise MissingDependencyError("chgnet", "engine chgnet", "mlip")
    folder = Path(next(iter(spec.submodule_search_locations))) / "pretrained" / MODEL
    return next(folder.glob("*.pth.tar"))


@cache
def _model_hash() -> str:
    """First 16 hex digits of the sha256 of the weights file."""
    return hashlib.sha256(_model_file().read_bytes()).hexdigest()[:16]


@cache
def _load() -> Any:
    """The model on one thread, without gradients of its parameters."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import torch
        from chgnet.model import CHGNet

        torch.set_num_threads(1)
        model = CHGNet.load(model_name=MODEL, use_device="cpu", verbose=False).eval()
    for parameter in model.parameters():
        parameter.requires_grad = False
    return model


class CHGNetEngine:
    """CHGNet on the CPU: energy, forces and stress from one backward pass."""

    name = "chgnet"
    energy_scale = "chgnet-0.3.0/MP2020"
    reads: tuple[str, ...] = ()
    capabilities = frozenset({"forces", "stress", "magmoms"})

    @property
    def settings(self) -> Mapping[str, Any]:
        """Model, weights hash, float precision and optimizer."""
        return {"model": MODEL, "weights": _model_hash(), "precision": "float32", "optimizer": OPTIMIZER}

    @property
    def versions(self) -> Mapping[str, str]:
        """Versions of chgnet and torch."""
        return {name: metadata.version(name) for name in ("chgnet", "torch")}

    def check(self) -> None:
        """See that chgnet and torch are installed, without importing them."""
        _model_file()
        if importlib.util.find_spec("torch") is None:
            raise MissingDependencyError("torch", "engine chgnet", "mlip")

    def evaluate(self, structure: Structure, *, magmoms: bool = False) -> Evaluation:
        """Energy (eV), forces (eV/A), stress (eV/A^3) and, when asked, moments (Bohr magnetons)."""
        import torch
        from chgnet.model.model import BatchedGraph

        model = _load()
        try:
            graph = model.graph_converter(structure)
        except ValueError as err:
            raise EngineError(self.name, str(err).splitlines()[0], deterministic=True) from err
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # the package turns a tensor with gradient into a scalar
            batch = BatchedGraph.from_graphs(
                [graph],
                bond_basis_expansion=model.bond_basis_expansion,
                angle_basis_expansion=model.angle_basis_expansion,
                compute_stress=True,
            )
        prediction = model._compute(batch, compute_magmom=magmoms)  # noqa: SLF001 - the public call makes two backward passes
        n = len(structure)
        energy = prediction["e"].sum() * (n if model.is_intensive else 1)
        force, virial = torch.autograd.grad(energy, [batch.atom_positions[0], batch.strains[0]])
        reference = float(model.composition_model([graph])) * (n if model.is_intensive else 1)
        return Evaluation(
            energy_eV=float(energy) + reference,
            forces=-force.numpy().astype(np.float64),
            stress=virial.numpy().astype(np.float64) / structure.volume,
            magmoms=prediction["m"][0].detach().numpy().astype(np.float64) if magmoms else None,
        )

    def relax(self, structure: Structure, *, fmax: float = 0.05, steps: int = 200, cell: bool = True) -> Relaxation:
        """Relax ions and cell; moments are those of the end."""
        result = relax(structure, self.evaluate, fmax=fmax, steps=steps, cell=cell)
        moments = self.evaluate(result.structure, magmoms=True).magmoms
        return replace(result, magmoms=moments)

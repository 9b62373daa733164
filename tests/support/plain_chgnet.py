"""CHGNet through the package's own graph and modules, in double precision: slow, the reference for the fast path."""

from __future__ import annotations

import copy
import warnings
from typing import TYPE_CHECKING, Any

from hebe.config.engines.chgnet import DEFAULT_MODEL
from hebe.engines.chgnet.pretrained import load_model
from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.config.engines.chgnet import Model


def evaluate_plainly(structure: Structure, name: Model = DEFAULT_MODEL) -> Evaluation:
    """Energy, forces, stress and moments by one backward pass through the package's modules.

    In the package's single precision forces carry up to 1e-4 eV/A of rounding, which differs between processors.
    """
    import torch

    single, n = load_model(name), len(structure)
    graph = single.graph_converter(structure)
    composition = float(single.composition_model([graph]))
    model: Any = copy.deepcopy(single).double()
    torch.set_default_dtype(torch.float64)
    try:
        batch = _batch(model, graph, structure)
        prediction = model._compute(batch, compute_magmom=True)
        energy = prediction["e"].sum() * n
        force, virial = torch.autograd.grad(energy, [batch.atom_positions[0], batch.strains[0]])
    finally:
        torch.set_default_dtype(torch.float32)
    return Evaluation(
        energy_eV=float(energy) + composition * n,
        forces=-force.numpy(),
        stress=virial.numpy() / structure.volume,
        magmoms=prediction["m"][0].detach().numpy(),
    )


def _batch(model: Any, graph: Any, structure: Structure) -> Any:
    """Graph of the package, which is in single precision, with the coordinates as they are."""
    import torch
    from chgnet.model.model import BatchedGraph

    graph.atom_frac_coord = torch.tensor(structure.frac_coords, requires_grad=True)
    graph.lattice = torch.tensor(structure.lattice.matrix, requires_grad=True)
    graph.neighbor_image = graph.neighbor_image.double()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return BatchedGraph.from_graphs(
            [graph],
            bond_basis_expansion=model.bond_basis_expansion,
            angle_basis_expansion=model.angle_basis_expansion,
            compute_stress=True,
        )

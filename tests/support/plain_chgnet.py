"""CHGNet through the package's own graph and modules: slow, and the reference for the fast path."""

from __future__ import annotations

import warnings
from typing import TYPE_CHECKING

import numpy as np

from hebe.engines.chgnet.pretrained import load_model
from hebe.engines.protocol import Evaluation

if TYPE_CHECKING:
    from pymatgen.core import Structure


def evaluate_plainly(structure: Structure) -> Evaluation:
    """Energy, forces, stress and moments by one backward pass through the package's modules."""
    import torch
    from chgnet.model.model import BatchedGraph

    model, n = load_model(), len(structure)
    graph = model.graph_converter(structure)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        batch = BatchedGraph.from_graphs(
            [graph],
            bond_basis_expansion=model.bond_basis_expansion,
            angle_basis_expansion=model.angle_basis_expansion,
            compute_stress=True,
        )
    prediction = model._compute(batch, compute_magmom=True)
    energy = prediction["e"].sum() * n
    force, virial = torch.autograd.grad(energy, [batch.atom_positions[0], batch.strains[0]])
    return Evaluation(
        energy_eV=float(energy) + float(model.composition_model([graph])) * n,
        forces=-force.numpy().astype(np.float64),
        stress=virial.numpy().astype(np.float64) / structure.volume,
        magmoms=prediction["m"][0].detach().numpy().astype(np.float64),
    )

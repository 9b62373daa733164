"""CHGNet's energy and its gradient by one backward pass, with linear layers before the gather.

Deng et al., Nat. Mach. Intell. 5, 1031 (2023), Methods. Energies depend on positions and strain through the bond
vectors only, so the backward pass ends there: with ``g_e = dE/dr_e``, the force on an atom is the sum of ``-g_e`` over
bonds that start at it less those that end at it, and ``dE/d strain = sum_e r_e g_e^T``.
"""

from __future__ import annotations

from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hebe.engines.chgnet.batch import Batch
    from hebe.engines.chgnet.graph import Graph
    from hebe.engines.chgnet.weights import GatedLayer, Radial, Weights

_COSINE_LIMIT = 1.0 - 1e-6
"""The model was trained with cosines scaled by this, which keeps the arc cosine differentiable."""


class Operations(Protocol):
    """Where the time goes; `operations` in plain torch and `kernels` in compiled code are two of these."""

    def gather(
        self, tables: Sequence[Tensor], indices: Sequence[Tensor | None], *, silu: bool
    ) -> tuple[Tensor, Tensor]:
        """Core and gate halves of a sum of gathered rows."""
        ...

    def gated_sum(
        self,
        core: Tensor,
        gate: Tensor,
        layer: GatedLayer,
        owner: Tensor | None,
        n_owners: int,
        weights: Tensor | None = None,
        weight_indices: Sequence[Tensor] = (),
    ) -> Tensor:
        """Gated messages, weighted and summed by owner."""
        ...


@dataclass(frozen=True)
class Output:
    """Energy (eV), forces (eV/A), virial ``dE/d strain`` (eV) and moments (Bohr magnetons) if asked for."""

    energy: float
    forces: NDArray[np.float64]
    virial: NDArray[np.float64]
    moments: NDArray[np.float64] | None


@dataclass(frozen=True)
class _Indices:
    """The graph as tensors. Directed edges are all bonds forward, then all bonds backward."""

    centre: Tensor
    neighbour: Tensor
    short: Tensor
    left: Tensor
    right: Tensor
    at: Tensor
    sign: Tensor

    @classmethod
    def from_graph(cls, graph: Graph, device: torch.device) -> _Indices:
        def on_device(array: NDArray[np.int64] | NDArray[np.float64]) -> Tensor:
            return torch.from_numpy(array).to(device)

        first, second = on_device(graph.first), on_device(graph.second)
        return cls(
            centre=torch.cat([first, second]),
            neighbour=torch.cat([second, first]),
            short=on_device(graph.short),
            left=on_device(graph.left),
            right=on_device(graph.right),
            at=on_device(graph.centre),
            sign=on_device(graph.sign),
        )


def evaluate_batch(batch: Batch, weights: Weights, operations: Operations, *, moments: bool = False) -> list[Output]:
    """Energy, forces, virial and, when asked, moments of each part, in float32 like the model.

    Runs on the device that holds the weights; `operations` must be able to.
    """
    graph, device = batch.graph, weights.elements.device
    numbers = torch.from_numpy(graph.numbers).to(device) - 1
    vectors = torch.from_numpy(graph.vectors).to(device).requires_grad_()
    network = _Network(weights, operations, _Indices.from_graph(graph, device))
    with _without_denormals():
        energies, magnitudes = network.energies(numbers, vectors, moments=moments)
        (slope,) = torch.autograd.grad(energies.sum(), vectors)
    atomic = (energies.detach() + weights.references.index_select(0, numbers)).cpu().numpy()
    gradient = slope.cpu().numpy().astype(np.float64)
    magmoms = None if magnitudes is None else magnitudes.cpu().numpy().astype(np.float64)
    forces = np.zeros((len(graph.numbers), 3))
    np.subtract.at(forces, graph.first, gradient)
    np.add.at(forces, graph.second, gradient)
    return [
        Output(
            energy=float(atomic[atoms].sum()),
            forces=forces[atoms],
            virial=graph.vectors[bonds].T @ gradient[bonds],
            moments=None if magmoms is None else magmoms[atoms],
        )
        for atoms, bonds in batch.parts()
    ]


def atom_features(graph: Graph, weights: Weights, operations: Operations) -> NDArray[np.float32]:
    """What the network knows of each atom when it reads the moments off, shape (n, 64)."""
    device = weights.elements.device
    numbers = torch.from_numpy(graph.numbers).to(device) - 1
    network = _Network(weights, operations, _Indices.from_graph(graph, device))
    with torch.no_grad(), _without_denormals():
        atoms, _, _ = network.messages(numbers, torch.from_numpy(graph.vectors).to(device))
    return np.asarray(atoms.cpu().numpy(), dtype=np.float32)


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Take numbers below 1e-38 for zero: gradients hold many of them, and each costs a hundred cycles."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class _Network:
    """The message passing of one graph, which may be a union of several."""

    def __init__(self, weights: Weights, operations: Operations, indices: _Indices) -> None:
        self.weights, self.operations, self.indices = weights, operations, indices

    def energies(self, numbers: Tensor, vectors: Tensor, *, moments: bool) -> tuple[Tensor, Tensor | None]:
        """Energies of the atoms without their references (eV), and their moments."""
        atoms, bonds, smooth = self.messages(numbers, vectors)
        moment = self.weights.moment
        magnitudes = torch.addmm(moment.bias, atoms.detach(), moment.weight).abs().view(-1) if moments else None
        return self._read_out(self._convolve_atoms(atoms, bonds, smooth, self.weights.atom_layers[-1])), magnitudes

    def messages(self, numbers: Tensor, vectors: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """Features of atoms and bonds before the last layer of atoms, and smooth weights of the bonds."""
        weights, indices = self.weights, self.indices
        lengths = torch.linalg.vector_norm(vectors, dim=1)
        bonds, smooth = _radial_features(lengths.float(), weights.atom_radial).chunk(2, dim=1)
        short_smooth = _radial_features(lengths.index_select(0, indices.short).float(), weights.bond_radial)
        angles = self._angle_features(vectors, lengths)
        atoms = weights.elements.index_select(0, numbers)
        for step, (atom_layer, bond_layer) in enumerate(
            zip(weights.atom_layers[:-1], weights.bond_layers, strict=True)
        ):
            atoms = self._convolve_atoms(atoms, bonds, smooth, atom_layer)
            if not len(angles):
                continue
            bonds = self._convolve_bonds(atoms, bonds, angles, short_smooth, bond_layer)
            if step < len(weights.angle_layers):
                angles = self._update_angles(atoms, bonds, angles, weights.angle_layers[step])
        return atoms, bonds, smooth

    def _angle_features(self, vectors: Tensor, lengths: Tensor) -> Tensor:
        weights, indices = self.weights, self.indices
        unit = (vectors / lengths[:, None]).index_select(0, indices.short)
        cosine = (unit.index_select(0, indices.left) * unit.index_select(0, indices.right)).sum(dim=1) * indices.sign
        phase = torch.outer(torch.acos(cosine * _COSINE_LIMIT).float(), weights.angle_frequencies)
        constant = weights.angle_out[0] * 0.5**0.5
        return torch.addmm(constant, torch.cat([phase.sin(), phase.cos()], dim=1), weights.angle_out[1:])

    def _convolve_atoms(self, atoms: Tensor, bonds: Tensor, smooth: Tensor, layer: GatedLayer) -> Tensor:
        centre, neighbour, bond = layer.parts
        indices = self.indices
        core, gate = self.operations.gather(
            [atoms @ centre, torch.addmm(layer.bias, atoms, neighbour), bonds @ bond],
            [indices.centre, indices.neighbour, None],
            silu=True,
        )
        core, gate = _second_layer(core, gate, layer)
        total = self.operations.gated_sum(core, gate, layer, indices.centre, len(atoms), smooth)
        return atoms if layer.out is None else torch.addmm(atoms, total, layer.out)

    def _convolve_bonds(
        self, atoms: Tensor, bonds: Tensor, angles: Tensor, smooth: Tensor, layer: GatedLayer
    ) -> Tensor:
        indices = self.indices
        core, gate = self._gather_angles(atoms, bonds, angles, layer, silu=True)
        core, gate = _second_layer(core, gate, layer)
        total = self.operations.gated_sum(
            core, gate, layer, indices.left, len(indices.short), smooth, [indices.left, indices.right]
        )
        return bonds if layer.out is None else bonds.index_add(0, indices.short, total @ layer.out)

    def _update_angles(self, atoms: Tensor, bonds: Tensor, angles: Tensor, layer: GatedLayer) -> Tensor:
        core, gate = self._gather_angles(atoms, bonds, angles, layer, silu=False)
        return angles + self.operations.gated_sum(core, gate, layer, None, len(angles))

    def _gather_angles(
        self, atoms: Tensor, bonds: Tensor, angles: Tensor, layer: GatedLayer, *, silu: bool
    ) -> tuple[Tensor, Tensor]:
        left, right, centre, angle = layer.parts
        indices = self.indices
        short = bonds.index_select(0, indices.short)
        return self.operations.gather(
            [short @ left, short @ right, torch.addmm(layer.bias, atoms, centre), angles @ angle],
            [indices.left, indices.right, indices.at, None],
            silu=silu,
        )

    def _read_out(self, atoms: Tensor) -> Tensor:
        weights = self.weights
        x = functional.layer_norm(atoms, atoms.shape[1:], weights.readout_norm.weight, weights.readout_norm.bias)
        for layer in weights.readout[:-1]:
            x = functional.silu(torch.addmm(layer.bias, x, layer.weight))
        last = weights.readout[-1]
        return torch.addmm(last.bias, x, last.weight).double().view(-1)


def _second_layer(core: Tensor, gate: Tensor, layer: GatedLayer) -> tuple[Tensor, Tensor]:
    if layer.core is None or layer.gate is None:
        return core, gate
    return (
        torch.addmm(layer.core.bias, core, layer.core.weight),
        torch.addmm(layer.gate.bias, gate, layer.gate.weight),
    )


def _radial_features(lengths: Tensor, radial: Radial) -> Tensor:
    """Bessel functions ``sin(f r / c) / r`` under the envelope ``1 + a x^p + b x^(p+1) + c x^(p+2)``, x = r/c."""
    p = radial.power
    x = lengths / radial.cutoff
    envelope = 1 + x**p * (-(p + 1) * (p + 2) / 2 + x * (p * (p + 2) - x * (p * (p + 1) / 2)))
    return (torch.sin(torch.outer(x, radial.frequencies)) * (envelope / lengths)[:, None]) @ radial.out

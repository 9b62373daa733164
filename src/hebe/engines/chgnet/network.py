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
    def from_graph(cls, graph: Graph) -> _Indices:
        first, second = torch.from_numpy(graph.first), torch.from_numpy(graph.second)
        return cls(
            centre=torch.cat([first, second]),
            neighbour=torch.cat([second, first]),
            short=torch.from_numpy(graph.short),
            left=torch.from_numpy(graph.left),
            right=torch.from_numpy(graph.right),
            at=torch.from_numpy(graph.centre),
            sign=torch.from_numpy(graph.sign),
        )


def evaluate_graph(graph: Graph, weights: Weights, operations: Operations, *, moments: bool = False) -> Output:
    """Energy, forces, virial and, when asked, moments of one structure, in float32 like the model."""
    numbers = torch.from_numpy(graph.numbers) - 1
    vectors = torch.from_numpy(graph.vectors).requires_grad_()
    network = _Network(weights, operations, _Indices.from_graph(graph))
    with _without_denormals():
        energy, magnitudes = network.energy(numbers, vectors, moments=moments)
        (slope,) = torch.autograd.grad(energy, vectors)
    gradient = slope.numpy().astype(np.float64)
    forces = np.zeros((len(numbers), 3))
    np.subtract.at(forces, graph.first, gradient)
    np.add.at(forces, graph.second, gradient)
    return Output(
        energy=float(energy.detach()) + float(weights.references[numbers].sum()),
        forces=forces,
        virial=graph.vectors.T @ gradient,
        moments=None if magnitudes is None else magnitudes.numpy().astype(np.float64),
    )


@contextmanager
def _without_denormals() -> Iterator[None]:
    """Take numbers below 1e-38 for zero: gradients hold many of them, and each costs a hundred cycles."""
    torch.set_flush_denormal(True)
    try:
        yield
    finally:
        torch.set_flush_denormal(False)


class _Network:
    """The message passing of one graph."""

    def __init__(self, weights: Weights, operations: Operations, indices: _Indices) -> None:
        self.weights, self.operations, self.indices = weights, operations, indices

    def energy(self, numbers: Tensor, vectors: Tensor, *, moments: bool) -> tuple[Tensor, Tensor | None]:
        """Energy without the reference of the composition (eV), and the moments of the atoms."""
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
        moment = weights.moment
        magnitudes = torch.addmm(moment.bias, atoms.detach(), moment.weight).abs().view(-1) if moments else None
        return self._read_out(self._convolve_atoms(atoms, bonds, smooth, weights.atom_layers[-1])), magnitudes

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
        return torch.addmm(last.bias, x, last.weight).double().sum()


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

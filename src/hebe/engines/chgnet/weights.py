"""Weights of a pretrained CHGNet, taken from the package's model and reshaped once for the fast path.

A linear layer on concatenated features is a sum of linear layers on the parts: ``[a, b] W = a W_a + b W_b``. Each part
is then multiplied once per atom or bond, before it is gathered to the far more numerous edges and angles.
"""

from __future__ import annotations

from dataclasses import dataclass, fields, is_dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, Any, Final

import torch
from torch import Tensor

from hebe.config.engines.chgnet import DEFAULT_MODEL
from hebe.engines.chgnet.pretrained import load_model

if TYPE_CHECKING:
    from hebe.config.engines.chgnet import Model

WIDTH: Final = 64
"""Length of atom, bond and angle features."""


@dataclass(frozen=True)
class Affine:
    """``x @ weight + bias``; of a layer norm, its scale and shift."""

    weight: Tensor
    bias: Tensor


@dataclass(frozen=True)
class GatedLayer:
    """``silu(norm(core)) * sigmoid(norm(gate))`` of a sum of gathered parts.

    ``parts`` are matrices of shape (64, 128), core columns first; ``bias`` has length 128. ``core`` and ``gate`` are
    second linear layers behind a silu, absent in angle updates. ``out`` (64, 64) acts on the aggregated messages.
    """

    parts: tuple[Tensor, ...]
    bias: Tensor
    core_norm: Affine
    gate_norm: Affine
    core: Affine | None = None
    gate: Affine | None = None
    out: Tensor | None = None


@dataclass(frozen=True)
class Radial:
    """Radial Bessel functions under a polynomial envelope, and the linear layers behind them (columns of `out`)."""

    frequencies: Tensor
    cutoff: float
    power: int
    out: Tensor


@dataclass(frozen=True)
class Weights:
    """All that an evaluation needs.

    Parts of ``atom_layers`` are centre atom, neighbour atom, bond; those of ``bond_layers`` and ``angle_layers`` are
    left bond, right bond, centre atom, angle. ``elements`` and ``references`` (eV per atom) are indexed by the atomic
    number less one. ``angle_out`` has the constant, then sines, then cosines as rows.
    """

    elements: Tensor
    references: Tensor
    atom_radial: Radial
    bond_radial: Radial
    angle_frequencies: Tensor
    angle_out: Tensor
    atom_layers: tuple[GatedLayer, ...]
    bond_layers: tuple[GatedLayer, ...]
    angle_layers: tuple[GatedLayer, ...]
    moment: Affine
    readout_norm: Affine
    readout: tuple[Affine, ...]


@cache
def load_weights(device: str = "cpu", model: Model = DEFAULT_MODEL) -> Weights:
    """Weights of a pretrained model on a device."""
    weights: Weights = _to_device(_reshape(load_model(model)), device)
    return weights


def _to_device(value: Any, device: str) -> Any:
    """Copy of nested data classes and tuples with every tensor on the device."""
    if isinstance(value, Tensor):
        return value.to(device)
    if isinstance(value, tuple):
        return tuple(_to_device(part, device) for part in value)
    if is_dataclass(value) and not isinstance(value, type):
        return replace(value, **{part.name: _to_device(getattr(value, part.name), device) for part in fields(value)})
    return value


def _reshape(model: Any) -> Weights:
    """Reshape the package's weights; the third angle update is left out, nothing reads what it gives."""
    basis = model.bond_basis_expansion
    pair = torch.cat([model.bond_embedding.weight, model.bond_weights_ag.weight])
    return Weights(
        elements=model.atom_embedding.embedding.weight.clone(),
        references=model.composition_model.fc.weight.view(-1).double(),
        atom_radial=_radial(basis.rbf_expansion_ag, pair),
        bond_radial=_radial(basis.rbf_expansion_bg, model.bond_weights_bg.weight),
        angle_frequencies=model.angle_basis_expansion.fourier_expansion.frequencies.clone(),
        angle_out=model.angle_embedding.weight.T.contiguous() / torch.pi**0.5,
        atom_layers=tuple(_gated(layer.twoBody_atom, layer, order=(0, 2, 1)) for layer in model.atom_conv_layers),
        bond_layers=tuple(_gated(layer.twoBody_bond, layer, order=(0, 1, 3, 2)) for layer in model.bond_conv_layers),
        angle_layers=tuple(
            _gated(layer.twoBody_bond, None, order=(0, 1, 3, 2)) for layer in list(model.angle_layers)[:-1]
        ),
        moment=_affine(model.site_wise),
        readout_norm=_norm(model.readout_norm),
        readout=tuple(_affine(layer) for layer in model.mlp.layers if hasattr(layer, "weight")),
    )


def _radial(expansion: Any, linear: Tensor) -> Radial:
    return Radial(
        frequencies=expansion.frequencies.clone(),
        cutoff=1.0 / expansion.inv_cutoff,
        power=int(expansion.smooth_cutoff.p),
        out=linear.T.contiguous() * expansion.norm_const,
    )


def _affine(linear: Any) -> Affine:
    return Affine(linear.weight.T.contiguous(), linear.bias.clone())


def _norm(norm: Any) -> Affine:
    return Affine(norm.weight.clone(), norm.bias.clone())


def _gated(mlp: Any, layer: Any, order: tuple[int, ...]) -> GatedLayer:
    """Split the first linear layers of core and gate by their inputs, in the given order of 64-wide blocks."""
    core, gate = (
        [part for part in branch.layers if hasattr(part, "weight")] for branch in (mlp.mlp_core, mlp.mlp_gate)
    )
    joint = torch.cat([core[0].weight, gate[0].weight]).T
    return GatedLayer(
        parts=tuple(joint[WIDTH * k : WIDTH * (k + 1)].contiguous() for k in order),
        bias=torch.cat([core[0].bias, gate[0].bias]),
        core_norm=_norm(mlp.bn1),
        gate_norm=_norm(mlp.bn2),
        core=_affine(core[1]) if len(core) > 1 else None,
        gate=_affine(gate[1]) if len(gate) > 1 else None,
        out=layer.mlp_out.layers[1].weight.T.contiguous() if layer is not None else None,
    )

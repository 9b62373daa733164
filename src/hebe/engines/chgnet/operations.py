"""The two operations in which CHGNet spends its time, in plain torch: gathering sums and gated messages.

A module with the same two functions may take the place of this one; see `network.Operations`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import torch
from torch.nn import functional

from hebe.engines.chgnet.weights import WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from torch import Tensor

    from hebe.engines.chgnet.weights import GatedLayer


def gather(tables: Sequence[Tensor], indices: Sequence[Tensor | None], *, silu: bool) -> tuple[Tensor, Tensor]:
    """Core and gate halves of ``sum_t tables[t][indices[t]]``, through a silu where asked.

    Parameters
    ----------
    tables
        Each of shape (rows, 128).
    indices
        One per table, all of one length. None takes the rows in order, again from the start
        where the table is shorter than the result (not the first).

    Returns
    -------
    tuple of Tensor
        Two tensors of shape (length, 64).
    """
    total = tables[0] if indices[0] is None else tables[0].index_select(0, indices[0])
    for table, index in zip(tables[1:], indices[1:], strict=True):
        if index is None:
            total = (total.view(-1, *table.shape) + table).view(total.shape)
        else:
            total = total + table.index_select(0, index)
    total = functional.silu(total) if silu else total
    return total[:, :WIDTH], total[:, WIDTH:]


def gated_sum(
    core: Tensor,
    gate: Tensor,
    layer: GatedLayer,
    owner: Tensor | None,
    n_owners: int,
    weights: Tensor | None = None,
    weight_indices: Sequence[Tensor] = (),
) -> Tensor:
    """Messages ``silu(norm(core)) * sigmoid(norm(gate)) * prod weights``, summed over those of one owner.

    Parameters
    ----------
    owner
        Row of the result for each message; None leaves the messages as they are.
    weights, weight_indices
        Factors of shape (rows, 64) and the rows to take of them. Without indices the weights are used in order,
        repeated if there are fewer of them than messages.

    Returns
    -------
    Tensor
        Shape (n_owners, 64).
    """
    message = functional.silu(functional.layer_norm(core, (WIDTH,), layer.core_norm.weight, layer.core_norm.bias))
    message = message * torch.sigmoid(
        functional.layer_norm(gate, (WIDTH,), layer.gate_norm.weight, layer.gate_norm.bias)
    )
    if weights is not None and not weight_indices:
        message = (message.view(-1, *weights.shape) * weights).view(message.shape)
    for index in weight_indices:
        if weights is not None:
            message = message * weights.index_select(0, index)
    if owner is None:
        return message
    return message.new_zeros(n_owners, WIDTH).index_add(0, owner, message)

"""The operations of `operations` in compiled code: each pass over edges or angles reads and writes memory once.

Nothing in between is kept for the backward pass; it is computed again there, which costs less than memory does.
Loops run over at most three arrays at a time, so that the compiler can prove them independent and vectorise.

Every process rounds alike, whether it compiles the kernels or loads them from numba's cache. Fast mathematics leaves
the order of a sum to the compiler, so each kernel is one piece of code, whose helpers are inlined before LLVM sees it.
A helper that is called is optimised once by itself and again in every kernel that calls it, and all kernels call the
copy that their process happens to load first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numba
import numpy as np
import torch
from llvmlite import ir
from numba.core import types
from numba.extending import intrinsic
from torch import Tensor

from hebe.engines.chgnet.weights import WIDTH
from hebe.science.structures.compiled import compile_cached

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from hebe.engines.chgnet.weights import GatedLayer

    Floats = NDArray[np.float32]
    Indices = NDArray[np.int64]

_ONE = np.float32(1.0)
_HALF = np.float32(0.5)
_LIMIT = np.float32(80.0)
_LOG2E = np.float32(np.log2(np.e))
_LN2 = np.float32(np.log(2.0))
_P2, _P3, _P4, _P5, _P6 = (np.float32(1.0 / factorial) for factorial in (2, 6, 24, 120, 720))
_INVERSE_WIDTH = np.float32(1.0 / WIDTH)
_EPSILON = np.float32(1e-5)


def _compiled(function: Any) -> Any:
    return compile_cached(function, allocates=True, fastmath=True)


def _inlined(function: Any) -> Any:
    return numba.njit(fastmath=True, error_model="numpy", inline="always")(function)


@intrinsic
def _power_of_two(_context: Any, n: Any) -> Any:
    """``2^n`` of a whole float32 -126 <= n <= 127, by writing the exponent bits."""

    def generate(_context: Any, builder: Any, _signature: Any, arguments: Any) -> Any:
        word = ir.IntType(32)
        exponent = builder.add(builder.fptosi(arguments[0], word), ir.Constant(word, 127))
        return builder.bitcast(builder.shl(exponent, ir.Constant(word, 23)), ir.FloatType())

    return types.float32(n), generate


@_inlined
def _exponential(x: Any) -> Any:
    """``exp(x) = 2^n exp(r)`` with the series of ``exp(r)``, |r| <= ln(2)/2, to float32 precision; vectorises."""
    x = min(max(x, -_LIMIT), _LIMIT)
    n = np.floor(x * _LOG2E + _HALF)
    r = x - n * _LN2
    series = _ONE + r * (_ONE + r * (_P2 + r * (_P3 + r * (_P4 + r * (_P5 + r * _P6)))))
    return series * _power_of_two(n)  # type: ignore[call-arg]  # the typing context is numba's to give


@_inlined
def _sigmoid(x: Any) -> Any:
    return _ONE / (_ONE + _exponential(-x))


@_inlined
def _sum_rows(
    a: Floats, ia: Indices, b: Floats, ib: Indices, c: Floats, ic: Indices, d: Any, e: int, total: Floats
) -> None:
    """``a[ia[e]] + b[ib[e]] + c[ic[e]] + d[e]`` into `total`; `d` may be None."""
    i, j, k = ia[e], ib[e], ic[e]
    for h in range(2 * WIDTH):
        total[h] = a[i, h] + b[j, h]
    for h in range(2 * WIDTH):
        total[h] += c[k, h]
    if d is not None:
        for h in range(2 * WIDTH):
            total[h] += d[e, h]


@_compiled
def _gather_forward(
    a: Floats, ia: Indices, b: Floats, ib: Indices, c: Floats, ic: Indices, d: Any, silu: Any, out: Floats
) -> None:
    """Rows of sums; `out` has shape (2, rows, 64): core halves, gate halves."""
    total = np.empty(2 * WIDTH, dtype=np.float32)
    for e in range(out.shape[1]):
        _sum_rows(a, ia, b, ib, c, ic, d, e, total)
        if silu:
            for h in range(2 * WIDTH):
                total[h] *= _sigmoid(total[h])
        for h in range(WIDTH):
            out[0, e, h] = total[h]
        for h in range(WIDTH):
            out[1, e, h] = total[WIDTH + h]


@_compiled
def _gather_backward(
    a: Floats,
    ia: Indices,
    b: Floats,
    ib: Indices,
    c: Floats,
    ic: Indices,
    d: Any,
    silu: Any,
    core: Floats,
    gate: Floats,
    da: Floats,
    db: Floats,
    dc: Floats,
    dd: Any,
) -> None:
    """Add the gradients of the tables, given those of the core and gate halves."""
    total = np.empty(2 * WIDTH, dtype=np.float32)
    slope = np.empty(2 * WIDTH, dtype=np.float32)
    for e in range(len(core)):
        for h in range(WIDTH):
            slope[h] = core[e, h]
        for h in range(WIDTH):
            slope[WIDTH + h] = gate[e, h]
        if silu:
            _sum_rows(a, ia, b, ib, c, ic, d, e, total)
            for h in range(2 * WIDTH):
                decay = _exponential(-total[h])
                s = _ONE / (_ONE + decay)
                slope[h] *= s * (_ONE + total[h] * (decay * s))
        i, j, k = ia[e], ib[e], ic[e]
        for h in range(2 * WIDTH):
            da[i, h] += slope[h]
        for h in range(2 * WIDTH):
            db[j, h] += slope[h]
        for h in range(2 * WIDTH):
            dc[k, h] += slope[h]
        if dd is not None:
            for h in range(2 * WIDTH):
                dd[e, h] = slope[h]


@_inlined
def _normalise(x: Floats, e: int, out: Floats) -> Any:
    """Row `e` less its mean over its deviation, into `out`; returns the inverse deviation."""
    mean = np.float32(0.0)
    for h in range(WIDTH):
        mean += x[e, h]
    mean *= _INVERSE_WIDTH
    variance = np.float32(0.0)
    for h in range(WIDTH):
        variance += (x[e, h] - mean) * (x[e, h] - mean)
    scale = _ONE / np.sqrt(variance * _INVERSE_WIDTH + _EPSILON)
    for h in range(WIDTH):
        out[h] = (x[e, h] - mean) * scale
    return scale


@_compiled
def _gated_forward(
    core: Floats, gate: Floats, norms: Floats, owner: Indices, weights: Any, left: Any, right: Any, out: Floats
) -> None:
    """Add the gated, weighted messages to the rows of their owners; `norms` is scale, shift of core and of gate."""
    x, z = np.empty(WIDTH, dtype=np.float32), np.empty(WIDTH, dtype=np.float32)
    for e in range(len(core)):
        _normalise(core, e, x)
        _normalise(gate, e, z)
        for h in range(WIDTH):
            u = x[h] * norms[0, h] + norms[1, h]
            x[h] = u * _sigmoid(u)
        for h in range(WIDTH):
            x[h] *= _sigmoid(z[h] * norms[2, h] + norms[3, h])
        if weights is not None:
            i = left[e]
            for h in range(WIDTH):
                x[h] *= weights[i, h]
            if right is not None:
                j = right[e]
                for h in range(WIDTH):
                    x[h] *= weights[j, h]
        o = owner[e]
        for h in range(WIDTH):
            out[o, h] += x[h]


@_inlined
def _norm_backward(slope: Floats, normal: Floats, scale: float, e: int, out: Floats) -> None:
    """Gradient of a layer norm's input from that of its normalised output."""
    first, second = np.float32(0.0), np.float32(0.0)
    for h in range(WIDTH):
        first += slope[h]
        second += slope[h] * normal[h]
    first *= _INVERSE_WIDTH
    second *= _INVERSE_WIDTH
    for h in range(WIDTH):
        out[e, h] = scale * (slope[h] - first - normal[h] * second)


@_inlined
def _weights_backward(
    weights: Floats, left: Indices, right: Any, e: int, message: Floats, dy: Floats, dweights: Floats
) -> None:
    """Add the gradient of the weights of message `e`; afterwards `dy` is that of the message without weights."""
    i = left[e]
    if right is None:
        for h in range(WIDTH):
            dweights[i, h] += dy[h] * message[h]
    else:
        j = right[e]
        for h in range(WIDTH):
            dweights[i, h] += dy[h] * message[h] * weights[j, h]
        for h in range(WIDTH):
            dweights[j, h] += dy[h] * message[h] * weights[i, h]
        for h in range(WIDTH):
            dy[h] *= weights[j, h]
    for h in range(WIDTH):
        dy[h] *= weights[i, h]


@_compiled
def _gated_backward(
    core: Floats,
    gate: Floats,
    norms: Floats,
    owner: Indices,
    weights: Any,
    left: Any,
    right: Any,
    slope: Floats,
    dcore: Floats,
    dgate: Floats,
    dweights: Any,
) -> None:
    """Gradients of core, gate and weights from that of the sums."""
    x, z = np.empty(WIDTH, dtype=np.float32), np.empty(WIDTH, dtype=np.float32)
    dx, dz = np.empty(WIDTH, dtype=np.float32), np.empty(WIDTH, dtype=np.float32)
    message, dy = np.empty(WIDTH, dtype=np.float32), np.empty(WIDTH, dtype=np.float32)
    for e in range(len(core)):
        x_scale = _normalise(core, e, x)
        z_scale = _normalise(gate, e, z)
        o = owner[e]
        for h in range(WIDTH):
            dy[h] = slope[o, h]
        for h in range(WIDTH):
            u = x[h] * norms[0, h] + norms[1, h]
            decay = _exponential(-u)
            s = _ONE / (_ONE + decay)
            message[h] = u * s
            dx[h] = s * (_ONE + u * (decay * s)) * norms[0, h]
        for h in range(WIDTH):
            decay = _exponential(-(z[h] * norms[2, h] + norms[3, h]))
            t = _ONE / (_ONE + decay)
            dx[h] *= t
            message[h] *= t
            dz[h] = decay * t * norms[2, h]
        if weights is not None:
            _weights_backward(weights, left, right, e, message, dy, dweights)
        for h in range(WIDTH):
            dx[h] *= dy[h]
            dz[h] *= dy[h] * message[h]
        _norm_backward(dx, x, x_scale, e, dcore)
        _norm_backward(dz, z, z_scale, e, dgate)


def _array(tensor: Tensor) -> Any:
    return tensor.detach().contiguous().numpy()


class _Gather(torch.autograd.Function):
    """`gather` for three indexed tables and, at the end, perhaps one in order."""

    @staticmethod
    def forward(ctx: Any, silu: bool, indices: tuple[Any, ...], *tables: Tensor) -> tuple[Tensor, Tensor]:  # noqa: FBT001
        ctx.save_for_backward(*tables)
        ctx.silu, ctx.indices = silu, indices
        out = torch.empty((2, len(indices[0]), WIDTH))
        _gather_forward(*_interleave(tables, indices), silu, out.numpy())
        return out[0], out[1]

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        tables = ctx.saved_tensors
        gradients = [torch.zeros_like(t) if k < 3 else torch.empty_like(t) for k, t in enumerate(tables)]
        arrays = [g.numpy() for g in gradients] + [None] * (4 - len(gradients))
        core, gate = slopes
        _gather_backward(*_interleave(tables, ctx.indices), ctx.silu, _array(core), _array(gate), *arrays)
        return (None, None, *gradients)


def _interleave(tables: Sequence[Tensor], indices: Sequence[Any]) -> list[Any]:
    pairs = [value for table, index in zip(tables[:3], indices, strict=True) for value in (_array(table), index)]
    return [*pairs, _array(tables[3]) if len(tables) > 3 else None]


class _GatedSum(torch.autograd.Function):
    """`gated_sum`."""

    @staticmethod
    def forward(ctx: Any, core: Tensor, gate: Tensor, weights: Tensor | None, plan: tuple[Any, ...]) -> Tensor:
        n_owners, *indices = plan
        ctx.save_for_backward(core, gate, weights)
        ctx.indices = indices
        norms, owner, left, right = indices
        out = torch.zeros((n_owners, WIDTH))
        factors = None if weights is None else _array(weights)
        _gated_forward(_array(core), _array(gate), norms, owner, factors, left, right, out.numpy())
        return out

    @staticmethod
    def backward(ctx: Any, *slopes: Tensor) -> tuple[Tensor | None, ...]:
        core, gate, weights = ctx.saved_tensors
        norms, owner, left, right = ctx.indices
        dcore, dgate = torch.empty_like(core), torch.empty_like(gate)
        dweights = None if weights is None else torch.zeros_like(weights)
        _gated_backward(
            _array(core),
            _array(gate),
            norms,
            owner,
            None if weights is None else _array(weights),
            left,
            right,
            _array(slopes[0]),
            dcore.numpy(),
            dgate.numpy(),
            None if dweights is None else dweights.numpy(),
        )
        return dcore, dgate, dweights, None


def gather(tables: Sequence[Tensor], indices: Sequence[Tensor | None], *, silu: bool) -> tuple[Tensor, Tensor]:
    """As `operations.gather`, for three or four tables of which only the last may be in order."""
    length = max(len(index) for index in indices if index is not None)
    rows = []
    for table, index in zip(tables[:3], indices[:3], strict=True):
        rows.append(_array(torch.arange(length) % len(table) if index is None else index))
    core, gate = _Gather.apply(silu, tuple(rows), *tables)  # type: ignore[no-untyped-call]
    return core, gate


def gated_sum(
    core: Tensor,
    gate: Tensor,
    layer: GatedLayer,
    owner: Tensor | None,
    n_owners: int,
    weights: Tensor | None = None,
    weight_indices: Sequence[Tensor] = (),
) -> Tensor:
    """As `operations.gated_sum`, for at most two weights a message."""
    norms = torch.stack([layer.core_norm.weight, layer.core_norm.bias, layer.gate_norm.weight, layer.gate_norm.bias])
    rows = [_array(index) for index in weight_indices]
    if weights is not None and not rows:
        rows = [_array(torch.arange(len(core)) % len(weights))]
    left, right = [*rows, None, None][:2]
    targets = _array(torch.arange(len(core)) if owner is None else owner)
    total: Tensor = _GatedSum.apply(core, gate, weights, (n_owners, _array(norms), targets, left, right))  # type: ignore[no-untyped-call]
    return total

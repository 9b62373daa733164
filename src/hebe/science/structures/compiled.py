"""What the compiled searches share: how they are compiled, and a random generator that is the same on every machine."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba
import numpy as np
from numpy.typing import NDArray

RandomState = NDArray[np.uint64]
_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function that allocates nothing: without the counting of references it takes half the time."""
    return compile_cached(function, allocates=False)


def allocating(function: _Function) -> _Function:
    """Compile a function that allocates arrays."""
    return compile_cached(function, allocates=True)


def compile_cached(function: _Function, *, allocates: bool, fastmath: bool = False) -> _Function:
    """Compile a function when it is first called, and keep the code for other processes where a folder allows that.

    The folder is the one in ``NUMBA_CACHE_DIR``, else that of the module, else the user's cache. Where none of them can
    be written every process compiles for itself.
    """
    options = {"error_model": "numpy", "fastmath": fastmath, "_nrt": allocates}
    try:
        return cast("_Function", numba.njit(cache=True, **options)(function))  # type: ignore[call-overload]
    except RuntimeError:  # numba finds no folder that it can write
        return cast("_Function", numba.njit(**options)(function))  # type: ignore[call-overload]


def random_state(seed: int) -> RandomState:
    """State of the compiled generator for a seed, by one step of splitmix64 (Steele et al., OOPSLA 2014)."""
    mask = (1 << 64) - 1
    z = (seed + 0x9E3779B97F4A7C15) & mask
    z = ((z ^ (z >> 30)) * 0xBF58476D1CE4E5B9) & mask
    z = ((z ^ (z >> 27)) * 0x94D049BB133111EB) & mask
    return np.array([(z ^ (z >> 31)) or 1], dtype=np.uint64)


@compiled
def next_random(state: RandomState) -> np.uint64:
    """Next number of a xorshift64 generator (Marsaglia, J. Stat. Softw. 8, 14 (2003))."""
    state[0] ^= state[0] << np.uint64(13)
    state[0] ^= state[0] >> np.uint64(7)
    state[0] ^= state[0] << np.uint64(17)
    return np.uint64(state[0])


@compiled
def random_below(state: RandomState, limit: int) -> int:
    """Random whole number from 0 to limit - 1, for limits under 2^32."""
    return np.int64(((next_random(state) >> np.uint64(32)) * np.uint64(limit)) >> np.uint64(32))  # type: ignore[return-value]

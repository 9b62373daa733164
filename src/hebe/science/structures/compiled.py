"""What the compiled searches share: how they are compiled, and a random generator that is the same on every machine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hebe.science.compiled import allocating, compile_cached, compiled

__all__ = ["RandomState", "allocating", "compile_cached", "compiled", "next_random", "random_below", "random_state"]

RandomState = NDArray[np.uint64]


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

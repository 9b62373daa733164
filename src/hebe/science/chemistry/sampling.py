"""Numbers of rows drawn at random, every number equally likely, however many there are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import numpy as np

if TYPE_CHECKING:
    from numpy.typing import NDArray

_WORD: Final = 64
_LIMIT: Final = 1 << 63
_FEW: Final = 4
"""Spaces with fewer rows than this for every one that is drawn are shuffled as a whole."""


def random_ranks(total: int, n: int, seed: int) -> NDArray[Any]:
    """`n` numbers from 0 to total - 1, of type int64 or, where they are too large for that, Python integers."""
    return drawn_ranks(np.random.default_rng(seed), total, n)


def drawn_ranks(rng: np.random.Generator, total: int, n: int) -> NDArray[Any]:
    """Numbers below `total`; too large ones are drawn again, so that none is favoured."""
    if total < _LIMIT:
        return rng.integers(0, max(total, 1), n if total else 0, dtype=np.int64)
    bits = (total - 1).bit_length()
    words, kept = -(-bits // _WORD), list[int]()
    mask = (1 << bits) - 1
    while len(kept) < n:
        raw = rng.integers(0, 1 << 64, (n, words), dtype=np.uint64, endpoint=False)
        numbers = (int.from_bytes(line.tobytes(), "little") & mask for line in raw)
        kept += [number for number in numbers if number < total]
    return np.array(kept[:n], dtype=object)


def different_ranks(total: int, n: int, seed: int) -> NDArray[Any]:
    """`n` different numbers from 0 to total - 1 in order, all sets equally likely; all if there are not more."""
    if n >= total:
        return np.arange(total, dtype=np.int64)
    rng = np.random.default_rng(seed)
    if total < _FEW * n:
        return np.sort(rng.permutation(total)[:n])
    chosen: dict[int, None] = {}
    while len(chosen) < n:
        chosen.update(dict.fromkeys(drawn_ranks(rng, total, n - len(chosen)).tolist()))
    return np.array(sorted(chosen), dtype=np.int64 if total < _LIMIT else object)

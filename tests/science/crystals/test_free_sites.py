"""The largest set of sites without neighbours: closed forms, another algorithm, and an end."""

from __future__ import annotations

import itertools
import time
from random import Random

import pytest

from hebe.science.crystals.free_sites import largest_free


def _by_trial(n: int, near: list[tuple[int, int]]) -> int:
    """Largest set by trying all of them."""
    masks = [0] * n
    for i, j in near:
        masks[i] |= 1 << j
        masks[j] |= 1 << i
    return max(
        bits.bit_count() for bits in range(1 << n) if all(not (bits >> i & 1 and bits & masks[i]) for i in range(n))
    )


@pytest.mark.parametrize("seed", range(12))
def test_random_graphs_agree_with_trying_all(seed: int) -> None:
    random = Random(seed)
    n = random.randint(1, 12)
    near = [pair for pair in itertools.combinations(range(n), 2) if random.random() < random.choice([0.1, 0.3, 0.6])]
    assert largest_free(n, near) == _by_trial(n, near)


@pytest.mark.parametrize("n", [3, 4, 5, 8, 61, 100])
def test_a_ring_holds_half(n: int) -> None:
    assert largest_free(n, [(i, (i + 1) % n) for i in range(n)]) == n // 2


def test_ends_of_the_range() -> None:
    assert largest_free(0, []) == 0
    assert largest_free(7, [(3, 3)]) == 7
    assert largest_free(40, itertools.combinations(range(40), 2)) == 1


def test_two_hundred_sites_end_in_seconds() -> None:
    """A torus of 10 x 10 x 2 sites is bipartite: half of them."""
    size = (10, 10, 2)
    index = {p: k for k, p in enumerate(itertools.product(*map(range, size)))}
    near = [
        (k, index[tuple((x + (d == axis)) % size[d] for d, x in enumerate(p))])
        for p, k in index.items()
        for axis in range(3)
    ]
    begin = time.process_time()
    assert largest_free(len(index), near) == 100
    assert time.process_time() - begin < 10

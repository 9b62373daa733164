"""Whole sites handed out among ions, as evenly as a wanted charge allows."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

Shares = tuple[int, ...]


def distributions(
    sites: int, amounts: Mapping[str, int], charges: Mapping[str, int], *, least: Mapping[str, int] | None = None
) -> dict[int, Shares]:
    """Ways to hand out whole sites: for each total charge of what is handed out, the one nearest to proportional.

    Nearest is the least ``sum_i (d_i - sites n_i / n)**2 / n_i`` over the shares ``d_i``, which without rounding and at
    a free charge is zero for shares in proportion to the amounts ``n_i`` of sum ``n``. Of equal ones the first in the
    order of the names counts. Found exactly, ion by ion (dynamic programming over sites and charge).

    Parameters
    ----------
    sites
        How many are handed out.
    amounts, charges
        Sites that each ion has, at least one, and its charge.
    least
        Smallest share of each ion, 0 by default.

    Returns
    -------
    dict
        Total charge -> share of each ion, in the order of `amounts`.
    """
    costs = _costs(sites, amounts)
    found: dict[tuple[int, int], tuple[int, Shares]] = {(0, 0): (0, ())}
    left = [(least or {}).get(name, 0) for name in amounts]
    for number, name in enumerate(amounts):
        later = sum(left[number + 1 :])
        reached: dict[tuple[int, int], tuple[int, Shares]] = {}
        for (used, charge), (cost, shares) in sorted(found.items()):
            for share in range(left[number], sites - used - later + 1):
                key = (used + share, charge + share * charges[name])
                one = (cost + costs(number, share), (*shares, share))
                if key not in reached or one < reached[key]:
                    reached[key] = one
        found = reached
    return {charge: shares for (used, charge), (_, shares) in sorted(found.items()) if used == sites}


def nearest(sites: int, amounts: Mapping[str, int], ways: Mapping[int, Shares]) -> Shares | None:
    """The way that is nearest to proportional of those of all charges; see `distributions`."""
    costs = _costs(sites, amounts)
    return min(ways.values(), key=lambda shares: (sum(costs(i, d) for i, d in enumerate(shares)), shares), default=None)


def _costs(sites: int, amounts: Mapping[str, int]) -> Callable[[int, int], int]:
    """What a share of an ion, by its number, adds to the distance: whole numbers, in one unit for all ions."""
    held, total = list(amounts.values()), sum(amounts.values())
    unit = math.lcm(*held)

    def cost(number: int, share: int) -> int:
        return int((share * total - sites * held[number]) ** 2 * (unit // held[number]))

    return cost

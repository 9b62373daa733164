"""Whole sites handed out among ions, as evenly as a wanted charge allows."""

from __future__ import annotations

from fractions import Fraction
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

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
    total = sum(amounts.values())
    found: dict[tuple[int, int], tuple[Fraction, Shares]] = {(0, 0): (Fraction(0), ())}
    names, left = list(amounts), [(least or {}).get(name, 0) for name in amounts]
    for number, name in enumerate(names):
        ideal, later = Fraction(sites * amounts[name], total), sum(left[number + 1 :])
        reached: dict[tuple[int, int], tuple[Fraction, Shares]] = {}
        for (used, charge), (cost, shares) in sorted(found.items()):
            for share in range(left[number], sites - used - later + 1):
                key = (used + share, charge + share * charges[name])
                one = (cost + (share - ideal) ** 2 / amounts[name], (*shares, share))
                if key not in reached or one < reached[key]:
                    reached[key] = one
        found = reached
    return {charge: shares for (used, charge), (_, shares) in sorted(found.items()) if used == sites}


def nearest(sites: int, amounts: Mapping[str, int], ways: Mapping[int, Shares]) -> Shares | None:
    """The way that is nearest to proportional of those of all charges; see `distributions`."""
    total = sum(amounts.values())

    def far(shares: Shares) -> Fraction:
        pairs = zip(shares, amounts.values(), strict=True)
        return sum(((d - Fraction(sites * n, total)) ** 2 / n for d, n in pairs), Fraction(0))

    return min(ways.values(), key=lambda shares: (far(shares), shares), default=None)

"""Candidates drawn from a space that is too large to look at every composition of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.reading.refusal import bad_key
from hebe.science.chemistry.choice import Members
from hebe.science.chemistry.sampling import drawn_ranks
from hebe.science.chemistry.sieve import Sieve

if TYPE_CHECKING:
    from collections.abc import Sequence

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.composition import HostComposition
    from hebe.science.chemistry.space import CompositionSpace

_FIRST: Final = 1024
_PART: Final = 65_536
_MOST: Final = 4_000_000
"""Compositions that are drawn at most."""


def draw_members(campaign: Campaign, space: CompositionSpace, kept: Sequence[HostComposition] = ()) -> Members:
    """Compositions that pass the filters, drawn from the space until there are enough, each equally likely.

    Rows are drawn uniformly, and those that fail, that were drawn before or that are `kept` already are passed over:
    what is left is a uniform draw without replacement from the rows that pass.

    Raises
    ------
    BadInputError
        If almost nothing passes.
    """
    sieve, select = Sieve(campaign, space), campaign.select
    total, drawn, size = sieve.space.count(), 0, _FIRST
    rng = np.random.default_rng(select.seed)
    early = [row for c in kept if select.extend and (row := space.row(c)) is not None]
    wanted = max(0, (select.n or 0) - (len(kept) if select.extend else 0))
    chosen = dict.fromkeys(early, False)
    while sum(chosen.values()) < wanted:
        if not total or drawn >= _MOST:
            found = sum(chosen.values())
            reason = f"of {drawn:,} compositions drawn from {total:,} only {found} pass, and {wanted} are wanted"
            raise bad_key(campaign, ("filters",), reason, "relax a filter, or take fewer")
        rows = sieve.space.rows_of(drawn_ranks(rng, total, size))
        for row in map(tuple, sieve.sift(sieve.table(rows)).rows.tolist()):
            chosen.setdefault(row, True)
        drawn, size = drawn + size, min(2 * size, _PART)
    new = [row for row, is_new in chosen.items() if is_new][:wanted]
    return Members(space, np.array(sorted(new), dtype=np.int16).reshape(-1, len(space.columns)), campaign.host.primary)

"""What a campaign will cost, from measured times and without building its flow."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign

CPU_SECONDS: Final = 3.6
"""CPU time of one CHGNet relaxation of 48 atoms (s): mean over the x-states of the quick example, one thread."""

_SHARED_JOBS: Final = 75
_SHARED_RELAXATIONS: Final = 20
"""Reference phases and members of the host, counted as relaxations of 48 atoms."""


ATOMS_PER_CATION: Final = 4
"""Atoms of a cell per mixed cation in the estimate (a layered oxide with all ions)."""


def estimate(campaign: Campaign, n_candidates: int) -> dict[str, float]:
    """Jobs and CPU hours of a run with that many candidates.

    An upper bound: candidates are counted as if they shared nothing but the reference phases. CPU time grows
    with the number of cations.
    """
    structures, jobs, relaxations = campaign.structures, 0.0, 0.0
    for stage in campaign.stages:
        states = sum(1 if x == 0 else stage.orderings.keep for x in stage.x if x != 1)
        relaxations += n_candidates * structures.per_candidate * (1 + states)
        per_configuration = 3 + states + sum(1 for x in stage.x if x != 1) + len(stage.analyses)
        jobs += n_candidates * (2 + structures.per_candidate * per_configuration)
    seconds = (relaxations + _SHARED_RELAXATIONS) * CPU_SECONDS * structures.cations / 12
    return {"jobs": round(jobs) + _SHARED_JOBS, "cpu_hours": seconds / 3600}

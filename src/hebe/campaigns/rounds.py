"""Rounds of a campaign that learns, as its store has them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.campaigns.contract import without_versions
from hebe.flows.rounds import ROUND_LABEL

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    from jobflow import JobStore

    from hebe.config.campaign import Campaign


def rounds_of(store: JobStore, campaign: Campaign, current: Collection[str] = ()) -> list[dict[str, Any]]:
    """What each round said, in their order: those of current jobs, those stored last where nothing says what ran.

    An edited loop that has no round yet shows none of what it was before.
    """
    if not campaign.select.learns:
        return []
    most = campaign.select.rounds or campaign.select.most  # batches may be short, and have one member at least
    labels = [ROUND_LABEL.format(number=number) for number in range(1, most + 1)]
    criteria = {
        "metadata.campaign": campaign.name,
        "metadata.label": {"$in": labels},
        "output.round": {"$exists": True},
    }
    stored = list(store.docs_store.query(criteria))
    ours = [found for found in stored if found["uuid"] in current] if current else stored
    newest = {found["output"]["round"]: without_versions(found["output"]) for found in ours}
    return [newest[number] for number in sorted(newest)]


def chosen_ids(rounds: Iterable[Mapping[str, Any]]) -> set[str]:
    """Ids of the candidates that rounds chose."""
    return {str(one["candidate_id"]) for found in rounds if not found["stopped"] for one in found["candidates"]}

"""What loops started from, as their projects have it written down when they run for the first time."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hebe.campaigns.alike import computed_how, differences
from hebe.flows.rounds import Prior
from hebe.stores.copying import PRIOR

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign
    from hebe.launchers.records import Records


def started_from(records: Records, campaign: Campaign) -> Prior | None:
    """What the loop of a campaign started from when it computed as it does now; None where it never ran so.

    A campaign that was edited has several lists. That which counts was made with the same settings; of analyses, those
    that it had then and has now count, so that one which is added or removed starts no new list.
    """
    how = computed_how(campaign)
    found = next((one for one in _lists(records, campaign) if not differences(how, one["how"])), None)
    if found is None:
        return None
    return Prior(tuple(found["jobs"]), tuple(found["told"]), tuple(found["compositions"]))


def remember_start(records: Records, campaign: Campaign) -> None:
    """Write down what the loop of a campaign starts from as it runs, where that is not known yet."""
    if not campaign.select.takes_prior or started_from(records, campaign) is not None:
        return
    prior: Prior = campaign._prior or Prior()  # noqa: SLF001 - set by hebe.campaigns.prior alone
    record = {
        "uuid": PRIOR + campaign.name,
        "index": len(_lists(records, campaign)),
        "status": "prior",
        "how": computed_how(campaign),
        "jobs": list(prior.jobs),
        "told": list(prior.told),
        "compositions": list(prior.compositions),
    }
    records.store.update(record, key=["uuid", "index"])


def _lists(records: Records, campaign: Campaign) -> list[dict[str, Any]]:
    found = records.store.query({"uuid": PRIOR + campaign.name})
    return sorted(found, key=lambda one: int(one["index"]))

"""Whether a campaign file was edited since it ran, and whether somebody else runs it now."""

from __future__ import annotations

import time
import warnings
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import hebe
from hebe.campaigns.alike import computed_how
from hebe.campaigns.started import remember_start
from hebe.exceptions import HebeWarning
from hebe.flows.wiring_key import wiring_key
from hebe.launchers.campaign_jobs import jobs_of_campaigns, remember_jobs
from hebe.launchers.finished import remember_wiring
from hebe.launchers.status import is_alive
from hebe.science.keys import content_hash
from hebe.stores.owners import Owner

if TYPE_CHECKING:
    from jobflow import Flow

    from hebe.config.campaign import Campaign
    from hebe.launchers.records import Records

_FILE = "file of "
_NOT_COMPUTED = {"name", "rank", "order"}
"""Parts of a campaign that change no calculation: results follow them at once."""


def remember(records: Records, campaign: Campaign, flow: Flow) -> None:
    """Write down what a campaign asks for as it runs, what its loop starts from, and the jobs that it consists of."""
    remember_start(records, campaign)
    remember_jobs(records, flow)
    remember_wiring(records, flow, wiring_key(campaign))
    remember_file(records, campaign)


def remember_file(records: Records, campaign: Campaign) -> None:
    """Write down what the file of a campaign asks for as it runs."""
    when = datetime.now(UTC).isoformat(timespec="seconds")
    what = {"digest": _digest(campaign), "version": hebe.__version__, "at": when, "how": computed_how(campaign)}
    records.store.update({"uuid": _FILE + campaign.name, "index": 0, "status": "file", **what}, key=["uuid", "index"])


def jobs_as_it_ran(records: Records, campaign: Campaign) -> set[str] | None:
    """Jobs of a campaign that ran with this file and this version of Hebe; None where only its flow can tell."""
    known = records.store.query_one({"uuid": _FILE + campaign.name, "index": 0}) or {}
    if (known.get("digest"), known.get("version")) != (_digest(campaign), hebe.__version__):
        return None
    return jobs_of_campaigns(records).get(campaign.name)


def how_it_ran(records: Records, name: str) -> dict[str, Any] | None:
    """How a campaign computed when it ran last, as `computed_how` says it; None where an earlier version ran it."""
    known = records.store.query_one({"uuid": _FILE + name, "index": 0}) or {}
    found: dict[str, Any] | None = known.get("how")
    return found


def edited_since(records: Records, campaign: Campaign) -> str | None:
    """What to say of a file that asks for other calculations than when it ran; None if it does not."""
    known = records.store.query_one({"uuid": _FILE + campaign.name, "index": 0})
    if known is None or known.get("digest") == _digest(campaign):
        return None
    reason = f"the file of {campaign.name} was edited since it ran ({known.get('at')})"
    return f"{reason}: results are of what has run, hebe run computes what is new"


def warn_of_others(records: Records) -> None:
    """Say which other launches work on the store."""
    own = Owner.current()
    for _, beat, report in records.launches():
        owner = Owner(report["host"], report["pid"], report["started"])
        if owner != own and is_alive(report, beat):
            since = f"since {time.time() - beat + report['elapsed_s']:.0f} s"
            warnings.warn(
                f"{owner} works on this store, too, {since}: both share what is computed", HebeWarning, stacklevel=3
            )


def _digest(campaign: Campaign) -> str:
    return content_hash(campaign.model_dump(mode="json", exclude=_NOT_COMPUTED, exclude_defaults=True))

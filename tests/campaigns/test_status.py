"""The status of a campaign is of the jobs with which it ran, as long as its file asks for those."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import hebe
from hebe.campaigns import api
from hebe.campaigns.edited import remember
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_flow
from hebe.launchers.records import Records
from hebe.stores import open_store
from support.campaigns import rocksalt

if TYPE_CHECKING:
    from pathlib import Path


class BuiltError(Exception):
    """A flow was built."""


def test_no_flow_is_built_for_a_file_that_has_not_changed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = rocksalt(tmp_path)
    campaign = load_campaign(path)
    flow = campaign_flow(campaign)
    store = open_store(tmp_path)
    records = Records.beside(store.docs_store, tmp_path)
    remember(records, campaign, flow)
    records.close()
    store.close()

    def built(*_: object) -> None:
        raise BuiltError

    monkeypatch.setattr(api, "campaign_flow", built)
    assert api.status(path)["jobs"]["waiting"] == len(flow.jobs)
    monkeypatch.setattr(hebe, "__version__", "0.0.0")
    with pytest.raises(BuiltError):
        api.status(path)
    monkeypatch.undo()
    monkeypatch.setattr(api, "campaign_flow", built)
    path.write_text(path.read_text().replace("seed: 1", "seed: 2"))
    with pytest.raises(BuiltError):
        api.status(path)

"""A project whose store holds a loop with synthetic values: what rounds decide is decided by them, nothing is computed.

The values are no property of any material.
"""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.analyses.rounds import next_round
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_members
from hebe.flows.rounds import ROUND_LABEL
from hebe.science.chemistry.member import composition_of
from hebe.science.chemistry.space import CompositionSpace
from hebe.stores.factory import open_store
from support.learned_project import CAMPAIGN, synthetic_documents
from support.mixture_truth import Described

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.learned import ProposalDoc
    from hebe.schemas.spec import MemberSpec

SELECT: Final = "{method: learn, batch: 8, rounds: 4, start: diverse, seed: 1, where: [max_volume_strain < 4.5 %]}"


def written(folder: Path, select: str = SELECT) -> Campaign:
    """Campaign that learns, with its file in a folder."""
    path = folder / "synthetic.yaml"
    path.write_text(CAMPAIGN.replace("{method: diverse, n: 6, seed: 1}", select))
    return load_campaign(path)


def looped_project(
    folder: Path, select: str = SELECT, failed: Sequence[int] = ()
) -> tuple[Campaign, list[CandidateDoc], list[ProposalDoc]]:
    """Project with a loop that is over; its campaign, its candidates in the order of choice, and what rounds said.

    Parameters
    ----------
    failed
        Positions of candidates that fail.
    """
    campaign = written(folder, select)
    described = Described(CompositionSpace.from_campaign(campaign))
    specs = list(campaign_members(campaign))
    found: list[CandidateDoc] = []
    told: list[ProposalDoc] = []
    new = list(specs)
    while new:
        found += _computed(described, new, len(found), failed)
        reference = told[-1].reference if told else {}
        decided = next_round(campaign, len(told) + 1, specs, found, reference)
        told.append(decided.document)
        new = decided.members
        specs += new
    _store(folder, found, told)
    return campaign, found, told


def _computed(
    described: Described, specs: Sequence[MemberSpec], first: int, failed: Sequence[int]
) -> list[CandidateDoc]:
    rows = [described.space.row(composition_of(spec)) for spec in specs]
    documents = synthetic_documents(described, np.array(rows, dtype=np.int16), first)
    return [
        one.model_copy(update={"status": "failed", "values": {}}) if first + at in failed else one
        for at, one in enumerate(documents)
    ]


def _store(folder: Path, found: Sequence[CandidateDoc], told: Sequence[ProposalDoc]) -> None:
    with closing(open_store(folder)) as store:
        for number, one in enumerate(found):
            body = {"metadata": {"campaign": "synthetic"}, "output": one.model_dump(mode="json")}
            store.docs_store.update([{"uuid": f"job-{number}", "index": 1, **body}], key=["uuid", "index"])
        for said in told:
            metadata = {"campaign": "synthetic", "label": ROUND_LABEL.format(number=said.round)}
            body = {"metadata": metadata, "output": said.model_dump(mode="json")}
            store.docs_store.update([{"uuid": f"round-{said.round}", "index": 1, **body}], key=["uuid", "index"])

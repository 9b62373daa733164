"""Estimates of what a campaign costs, before anything is built."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.analyses.registry import analysis_names, get_analysis
from hebe.analyses.wants import OpenPhases, Phases, Vertices
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_members
from hebe.flows.estimate import estimate
from support.campaigns import layered

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("name", analysis_names())
def test_analyses_say_whether_they_want_what_candidates_share(project: Path, name: str) -> None:
    analysis, member = get_analysis(name), campaign_members(load_campaign(layered(project)))[0]
    wanted = analysis.wants(analysis.Block(), member)
    assert analysis.shares_phases == any(isinstance(want, Phases | Vertices | OpenPhases) for want in wanted)


def test_what_nobody_wants_costs_nothing(project: Path) -> None:
    path = layered(project)
    without = path.read_text().replace("[voltage, volume_strain, mixing]", "[voltage, volume_strain]")
    assert estimate(load_campaign(path), 0)["jobs"] > 100
    path.write_text(without)
    assert estimate(load_campaign(path), 0) == {"jobs": 0, "cpu_hours": 0.0, "not_counted": []}

"""Hosts whose empty state is no host: real relaxations that come apart are marked and enter nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import hebe

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """
name: left
host: {{family: {family}, working_ion: {ion}, sublattices: {{TM: {{species: {species}}}}}}}
select: {{method: explicit, formulas: [{formula}]}}
structures: {{cations: 12, per_candidate: 1, seed: 7, starts: 1}}
stages:
  - {{engine: chgnet, x: [{made}, 0], window: "{made}..0", analyses: [voltage, volume_strain]{accept}}}
rank: {{maximize: [average_voltage], minimize: [max_volume_strain]}}
"""

P2 = {
    "family": "layered-p2",
    "ion": "Na",
    "species": "{Ni: [2], Mn: [4]}",
    "formula": "Na0.6667Ni0.3333Mn0.6667O2",
    "made": "2/3",
}
NICKEL = {
    "family": "layered-o3",
    "ion": "Li",
    "species": "{Ni: [3], Co: [3], Al: [3]}",
    "formula": "LiNi0.8333Co0.0833Al0.0833O2",
    "made": "1",
}


@pytest.mark.slow
@pytest.mark.parametrize("host", [P2, NICKEL], ids=["P2", "Ni-rich O3"])
def test_an_empty_host_that_came_apart_is_marked_and_not_ranked(
    host: dict[str, str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / ".hebe").mkdir()
    file = tmp_path / "campaign.yaml"
    file.write_text(CAMPAIGN.format(accept="", **host))
    campaign = hebe.load_campaign(file)
    hebe.run(campaign, workers=1, progress=False)
    (found,) = hebe.results(campaign).candidates
    assert (found["rank"], found["status"]) == (None, "partial")
    assert (found["average_voltage_V"], found["max_volume_strain"]) == (None, None)
    assert "left-host" in found["marks"]
    assert found["states_left"] == ["x = 0: delaminated"]
    made, empty = found["x_states"]
    assert (made["left"], empty["left"], empty["on_hull"]) == (False, True, False)
    assert ("electrons" in found["marks"]) == (host is NICKEL), "aluminium has no electron for its lithium"
    file.write_text(CAMPAIGN.format(accept=", accept: [delaminated]", **host))
    accepting = hebe.load_campaign(file)
    hebe.run(accepting, workers=1, progress=False)
    (taken,) = hebe.results(accepting).candidates
    assert (taken["rank"], taken["status"]) == (1, "complete")
    assert taken["volume_strain_at_max"] == pytest.approx(empty["volume_strain"])
    assert any("no longer the host (delaminated)" in warning for warning in taken["warnings"])

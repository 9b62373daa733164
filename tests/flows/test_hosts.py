"""Families beyond layered oxides and rock salts run from their file to ranked results."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.campaigns.api import results, run

if TYPE_CHECKING:
    from pathlib import Path

ALLOY = """
name: alloy
host:
  family: fcc-alloy
  sublattices:
    M: {species: [Cu, Ni, Ag], n_species: 2, grid: 2}
structures: {cations: 8, per_candidate: 1, seed: 1, starts: 1}
stages:
  - engine: {ase: 'ase.calculators.emt:EMT', energy_scale: emt, fmax: 0.05}
rank: {minimize: [mixing_temperature_same_host]}
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def ranked(project: Path, text: str) -> list[dict[str, Any]]:
    """Candidates of a campaign that ran to its end, best first."""
    path = project / "campaign.yaml"
    path.write_text(text)
    assert run(path, workers=1, progress=False).status == "complete"
    candidates = results(path).candidates
    assert {candidate["status"] for candidate in candidates} == {"complete"}
    return candidates


def test_alloys_are_ranked_by_their_miscibility(project: Path) -> None:
    """Copper and nickel mix at all temperatures above 630 K, silver and nickel hardly in the melt."""
    found = ranked(project, ALLOY)
    assert [candidate["formula"] for candidate in found] == ["Cu0.5Ni0.5", "Ag0.5Cu0.5", "Ag0.5Ni0.5"]
    temperatures = [candidate["mixing"]["same_host"]["T_mix_K"] for candidate in found]
    assert temperatures == sorted(temperatures)
    assert temperatures[0] < 1000 < temperatures[2]  # liquidus of Ag-Ni at 1708 K
    assert all(candidate["hull_grade"] is None for candidate in found)
    assert all(candidate["calculations"] for candidate in found)

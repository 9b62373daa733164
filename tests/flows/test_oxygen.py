"""Campaigns that ask for oxygen: its oxides are computed once per stage, and nothing else changes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Job

import hebe
from hebe.campaigns.api import results, run
from hebe.config.campaign import Campaign
from hebe.config.mixing import FIRING_TEMPERATURE, MixingSpec, OxygenSpec
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.flows.estimate import estimate
from hebe.flows.stage import stage_jobs
from hebe.science.hulls.oxygen import oxygen_oxides
from support.campaigns import rocksalt

if TYPE_CHECKING:
    from pathlib import Path

ASKED = "mixing: {oxygen: {temperature: 900 degC, pressure: 21 kPa}}\nstages:"


@pytest.fixture
def campaign_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    path = rocksalt(tmp_path, "Mg: [2], Ni: [2]")
    path.write_text(path.read_text().replace("stages:", ASKED))
    return path


def labels(path: Path) -> dict[str, str]:
    flow = campaign_flow(hebe.load_campaign(path))
    return {job.metadata["label"]: job.uuid for job in flow.jobs if isinstance(job, Job)}


def test_the_oxides_are_computed_whatever_the_candidate_holds_and_nothing_else_changes(campaign_file: Path) -> None:
    asked = labels(campaign_file)
    campaign_file.write_text(campaign_file.read_text().replace(ASKED, "stages:"))
    plain = labels(campaign_file)
    wanted = {f"shared/{phase.id}" for phase in oxygen_oxides()}
    assert wanted <= set(asked)
    assert not wanted & set(plain)
    calculated = {label for label in plain if not label.endswith(("mixing", "candidate"))}
    assert {label: asked[label] for label in calculated} == {label: plain[label] for label in calculated}


def test_a_campaign_without_oxygen_says_nothing_of_it(campaign_file: Path) -> None:
    """Its data identify jobs of later stages."""
    assert "oxygen" not in MixingSpec().model_dump(mode="json")
    campaign = hebe.load_campaign(campaign_file)
    assert campaign.mixing.model_dump(mode="json")["oxygen"]["temperature"] == FIRING_TEMPERATURE


def test_the_block_names_the_temperature_or_the_campaign_does() -> None:
    assert OxygenSpec(temperature=1000.0).fired_at(1200.0) == 1000.0
    assert OxygenSpec().fired_at(1200.0) == 1200.0
    assert OxygenSpec().fired_at(None) == FIRING_TEMPERATURE


def cobalt(stages: int) -> Campaign:
    """(Co,Mg)O in stages of CHGNet."""
    species = {"Mg": [2], "Co": [2]}
    return Campaign.model_validate(
        {
            "name": "cobalt",
            "host": {"family": "rocksalt", "sublattices": {"M": {"species": species, "grid": 12, "n_species": 2}}},
            "select": {"method": "explicit", "formulas": ["Co1/2Mg1/2O"]},
            "structures": {"cations": 8, "per_candidate": 1, "starts": 1},
            "mixing": {"oxygen": {}},
            "stages": [
                {"engine": "chgnet", "analyses": ["mixing"], **({"keep": 1} if number else {})}
                for number in range(stages)
            ],
        }
    )


def test_a_later_stage_starts_from_the_oxides_of_the_stage_before() -> None:
    campaign = cobalt(2)
    first = {job.metadata["label"]: job for job in campaign_flow(campaign).jobs if isinstance(job, Job)}
    spec = next(job.function_args[0] for label, job in first.items() if label.endswith("/candidate"))
    later = {job.metadata["label"]: job for job in stage_jobs(campaign, 1, [spec])}
    for phase in oxygen_oxides():
        job = later[f"shared/{phase.id}/s1"]
        assert first[f"shared/{phase.id}"].uuid in job.input_uuids


def test_the_estimate_counts_the_oxides(campaign_file: Path) -> None:
    campaign = hebe.load_campaign(campaign_file)
    without = campaign.model_copy(update={"mixing": MixingSpec()})
    more = estimate(campaign, 1)["jobs"] - estimate(without, 1)["jobs"]
    assert campaign.structures.n_starts(costly=False) == 1
    assert more == len(oxygen_oxides())


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("{pressure: 0}", r"mixing\.oxygen\.pressure"),
        ("{pressure: 1 psi}", r"alone or with the unit bar or mbar or atm"),
        ("{temperature: 20 degC}", r"mixing\.oxygen\.temperature"),
    ],
)
def test_what_a_furnace_cannot_have_is_refused(campaign_file: Path, written: str, message: str) -> None:
    campaign_file.write_text(campaign_file.read_text().replace("{temperature: 900 degC, pressure: 21 kPa}", written))
    with pytest.raises(BadInputError, match=message):
        hebe.load_campaign(campaign_file)


@pytest.mark.slow
def test_a_campaign_gives_mixing_in_exchange_with_oxygen(campaign_file: Path) -> None:
    del campaign_file
    campaign = cobalt(1)
    assert run(campaign, workers=1).as_dict()["failures"] == []
    (candidate,) = results(campaign).candidates
    found = candidate["mixing"]["oxygen"]
    assert (found["temperature_K"], found["pressure_bar"]) == (FIRING_TEMPERATURE, 0.21)
    assert found["fit"]["left_out"] == []
    assert found["fit"]["energy_eV"] == pytest.approx(-10.18, abs=0.05)
    assert found["heated"] == ["Co"]
    assert candidate["mixing_temperature_in_oxygen_K"] == found["T_mix_K"]
    assert candidate["oxygen_window_overlap_eV"] == found["window_overlap_eV"]
    closed = candidate["mixing"]["competing"]["T_mix_K"]
    assert found["T_mix_K"] is None or found["T_mix_K"] >= closed - 0.2
    assert run(campaign, workers=1).as_dict()["calculations"]["computed"] == 0

"""A later stage that asks for more than the stage before had, and options of an analysis in a stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.api import results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from support.campaigns import STIFF, staged

if TYPE_CHECKING:
    from pathlib import Path

ALL = "[voltage, volume_strain, mixing]"


def asking(folder: Path, first: str, later: str, *, task: str = "relax") -> Path:
    """Two stages with these analyses."""
    more = f"{{engine: {STIFF}, keep: all, task: {task}, analyses: {later}, orderings: {{keep: 1}}}}"
    path = staged(folder, more)
    text = path.read_text().replace(f"analyses: {ALL}", f"analyses: {first}")
    path.write_text(text.replace("[average_voltage], minimize: [max_volume_strain]", "[average_voltage]"))
    return path


@pytest.mark.slow
@pytest.mark.parametrize(
    ("first", "later", "told"),
    [
        ("[mixing]", "[voltage, mixing]", "average_voltage_V"),
        ("[voltage]", "[voltage, mixing]", "mixing_enthalpy_same_host_eV_per_site"),
    ],
)
def test_what_the_stage_before_has_no_cells_of_is_built_in_this_one(
    project: Path, first: str, later: str, told: str
) -> None:
    path = asking(project, first, later)
    if first == "[mixing]":
        path.write_text(path.read_text().replace("rank: {maximize: [average_voltage]}", "rank: {}"))
    assert run(path, workers=2, progress=False).status == "complete"
    found = [candidate for candidate in results(path).candidates if candidate["stage"] == 1]
    assert found
    for candidate in found:
        assert candidate["status"] == "complete"
        assert candidate["energy_scale"] == "stiff"
        assert candidate[told] is not None
        assert candidate["average_voltage_V"] is not None


def test_a_stage_that_relaxes_nothing_cannot_add_what_has_to_relax(project: Path) -> None:
    path = asking(project, "[voltage]", "[voltage, mixing]", task="static")
    with pytest.raises(BadInputError, match=r"staged.yaml:\d+: stages\[1\].task: mixing needs cells .*task: relax"):
        campaign_flow(load_campaign(path))


def test_options_stand_in_a_stage_or_in_their_block(project: Path) -> None:
    inside = asking(project, "[voltage, {mixing: {temperatures: [900 degC]}}]", "[voltage, mixing]")
    there = load_campaign(inside)
    assert there.mixing.temperatures == (1173.15,)
    assert there.stages[0].analyses == ("voltage", "mixing")
    ids = {job.uuid for job in campaign_flow(there).jobs}
    text = inside.read_text().replace("{mixing: {temperatures: [900 degC]}}", "mixing")
    inside.write_text(text.replace("stages:", "mixing: {temperatures: [900 degC]}\nstages:"))
    assert {job.uuid for job in campaign_flow(load_campaign(inside)).jobs} == ids
    inside.write_text(inside.read_text().replace("[voltage, mixing]", "[voltage, {mixing: {temperatures: [300]}}]", 1))
    with pytest.raises(BadInputError, match="given twice"):
        load_campaign(inside)


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("{mixing: {temperature: [300]}}", "did you mean temperatures"),
        ("{mixing: {temperatures: [-300]}}", "at least 0"),
        ("{mixng: {temperatures: [300]}}", "did you mean mixing"),
        ("{voltage: {from: 1}}", "unknown key 'from'"),
    ],
)
def test_wrong_options_are_named_with_their_line(project: Path, given: str, told: str) -> None:
    path = asking(project, f"[{given}]", "[voltage]")
    with pytest.raises(BadInputError, match=r"staged.yaml:\d+: stages\[0\].analyses\[0\]") as refused:
        load_campaign(path)
    assert told in str(refused.value)

"""The selection that a project keeps: written by a run, read by whatever knows the campaign, passed over when old."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

import pytest

from hebe.campaigns import selection
from hebe.campaigns.api import plan, project_store, results, status
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.selection import read_selection, with_selection
from hebe.flows.campaign import campaign_members, selection_key
from hebe.science.chemistry.screening import screen

if TYPE_CHECKING:
    from hebe.config.campaign import Campaign

EXAMPLE: Final = Path(__file__).parents[2] / "examples" / "na-o3-quick.yaml"
NAMES: Final = [candidate.candidate_id for candidate in screen(load_campaign(EXAMPLE)).selected]


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project with the example's campaign."""
    (tmp_path / ".hebe").mkdir()
    project_store(tmp_path).close()
    (tmp_path / "c.yaml").write_text(EXAMPLE.read_text(encoding="utf-8"), encoding="utf-8")
    return tmp_path


def campaign_of(project: Path, *replaced: tuple[str, str]) -> Campaign:
    path = project / "c.yaml"
    text = path.read_text(encoding="utf-8")
    for old, new in replaced:
        assert old in text
        text = text.replace(old, new)
    path.write_text(text, encoding="utf-8")
    return load_campaign(path)


def no_walk(monkeypatch: pytest.MonkeyPatch) -> None:
    """From here on a walk over a space is a failure."""

    def walked(*_: object, **__: object) -> None:
        raise AssertionError("the space was walked")

    monkeypatch.setattr("hebe.flows.campaign.screen", walked)


def ids(campaign: Campaign) -> list[str]:
    return [spec.candidate_id for spec in campaign_members(campaign)]


def test_what_was_written_is_read_and_nothing_walks(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    campaign = campaign_of(project)
    written = with_selection(campaign, project, writes=True)
    assert ids(written) == NAMES
    no_walk(monkeypatch)
    again = with_selection(load_campaign(project / "c.yaml"), project)
    assert campaign_members(again) == campaign_members(written)
    assert status(campaign, start=project)["campaign"] == campaign.name
    assert plan(campaign, start=project)["candidates"] == 6
    assert len(results(campaign, start=project)) == 0


def test_the_same_jobs_with_and_without_it(project: Path) -> None:
    from hebe.flows.campaign import campaign_flow

    campaign = campaign_of(project)
    with_selection(campaign, project, writes=True)
    read = with_selection(load_campaign(project / "c.yaml"), project)
    assert [job.uuid for job in campaign_flow(read).jobs] == [job.uuid for job in campaign_flow(campaign).jobs]


def test_asking_writes_nothing(project: Path) -> None:
    campaign = campaign_of(project)
    plan(campaign, start=project)
    status(campaign, start=project)
    assert read_selection(project, campaign) is None
    assert ids(with_selection(campaign, project)) == NAMES
    assert read_selection(project, campaign) is None


@pytest.mark.parametrize(
    ("old", "new", "same"),
    [
        ("max: 10 %", "max: 9 %", False),
        ("n: 6", "n: 5", False),
        ("grid: 12 ", "grid: 6 ", False),
        ("x: [1, 2/3, 1/3]", "x: [1, 1/3]", True),
        ("minimize: [max_volume_strain, mixing_temperature]", "minimize: [max_volume_strain]", True),
    ],
)
def test_it_belongs_to_what_decides_it(project: Path, old: str, new: str, *, same: bool) -> None:
    before = with_selection(campaign_of(project), project, writes=True)
    after = campaign_of(project, (old, new))
    assert (selection_key(after) == selection_key(before)) is same
    found = with_selection(after, project)
    assert ids(found) == [candidate.candidate_id for candidate in screen(after).selected]


def test_a_campaign_that_is_changed_after_it_was_read_forgets_it(project: Path) -> None:
    campaign = with_selection(campaign_of(project), project, writes=True)
    fewer = campaign.model_copy(update={"select": campaign.select.model_copy(update={"n": 2})})
    assert len(ids(fewer)) == 2


def test_a_damaged_file_is_passed_over(project: Path) -> None:
    campaign = campaign_of(project)
    with_selection(campaign, project, writes=True)
    (file,) = (project / ".hebe" / "selections").iterdir()
    content = file.read_bytes()
    for damaged in (b"", content[:50], content[:-9] + b"\0" * 9, b"x" * 100):
        file.write_bytes(damaged)
        assert read_selection(project, campaign) is None
        assert ids(with_selection(load_campaign(project / "c.yaml"), project)) == NAMES


def test_a_host_of_a_file_comes_back(tmp_path: Path) -> None:
    folder = EXAMPLE.parent
    source = next(path for path in sorted(folder.glob("*.yaml")) if "file: " in path.read_text(encoding="utf-8"))
    campaign = load_campaign(source)
    (tmp_path / ".hebe").mkdir()
    written = campaign_members(with_selection(campaign, tmp_path, writes=True))
    read = campaign_members(with_selection(load_campaign(source), tmp_path))
    assert read == written
    assert read[0].host == campaign.host.brought


def test_a_selection_that_extends_keeps_what_has_results(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with_selection(campaign_of(project), project, writes=True)
    done = [NAMES[0], NAMES[4]]
    monkeypatch.setattr(selection, "has_results", lambda *_: set(done))
    more = campaign_of(project, ("n: 6, seed: 7", "n: 8, seed: 3, extend: true"))
    found = ids(with_selection(more, project, writes=True))
    assert found[:2] == done
    assert len(set(found)) == 8
    monkeypatch.setattr(selection, "has_results", lambda *_: set(found))
    assert ids(with_selection(load_campaign(project / "c.yaml"), project)) == found

"""The project of a campaign is that of its file; what only reads makes nothing; edits and other runs are said."""

from __future__ import annotations

import shutil
import warnings
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hebe.campaigns.api import plan, project_store, results, run, show, status
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError, HebeWarning, StoreError
from hebe.launchers.records import Records
from hebe.stores.owners import Owner
from support.campaigns import SPRINGS, rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A working folder that is not that of the campaign."""
    folder = tmp_path / "elsewhere"
    folder.mkdir()
    monkeypatch.chdir(folder)
    yield folder
    assert [path.name for path in folder.iterdir() if path.name != ".hebe"] == []


def campaign_in(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    return folder / rocksalt(folder, "Mg: [2], Ni: [2]", engine=SPRINGS)


def test_results_are_beside_the_file_wherever_the_shell_is(
    elsewhere: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    file = campaign_in(tmp_path / "project" / "deep")
    (tmp_path / "project" / ".hebe").mkdir()
    run(file, workers=1, progress=False, launcher="inline")
    assert (tmp_path / "project" / ".hebe" / "store.db").is_file()
    assert not (elsewhere / ".hebe").exists()
    assert not (tmp_path / "project" / "deep" / ".hebe").exists()
    found = results(file).candidates
    assert len(found) == 1
    monkeypatch.chdir(tmp_path)
    assert results(Path("project/deep") / file.name).candidates == found
    assert plan(file)["to_run"] == 0
    assert status(file)["status"] == "complete"


def test_what_only_reads_makes_nothing(elsewhere: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = campaign_in(tmp_path / "project")
    before = sorted(tmp_path.rglob("*"))
    assert results(file).candidates == []
    planned = plan(file)
    assert planned["to_run"] == planned["jobs"] > 0
    with pytest.raises(StoreError):
        status(file)
    with pytest.raises(BadInputError, match="there is no store yet"):
        show("12345678")
    for words in (["results"], ["run", "--dry-run"], ["space"], ["enumerate"], ["report"], ["status"]):
        hebe(capsys, words[0], file, *words[1:])
    assert sorted(tmp_path.rglob("*")) == before
    assert elsewhere.is_dir()


def test_results_of_earlier_versions_in_the_working_folder_stay_in_use(elsewhere: Path, tmp_path: Path) -> None:
    file = campaign_in(tmp_path / "project")
    run(file, workers=1, progress=False, launcher="inline", start=elsewhere)
    with pytest.warns(HebeWarning, match="hebe store copy") as caught:
        found = results(file).candidates
    assert len(found) == 1
    words = str(caught[0].message).partition("hebe store copy ")[2].rstrip(")").split()
    assert not (tmp_path / "project" / ".hebe").exists()
    (tmp_path / "project" / ".hebe").mkdir()
    shutil.copy(elsewhere / ".hebe" / "store.db", words[1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert results(file).candidates == found


def test_another_campaign_in_the_working_folder_is_no_reason_to_stay(elsewhere: Path, tmp_path: Path) -> None:
    other = campaign_in(tmp_path / "other")
    other.write_text(other.read_text().replace("name: ", "name: other-", 1))
    run(other, workers=1, progress=False, launcher="inline", start=elsewhere)
    file = campaign_in(tmp_path / "project")
    assert results(file).candidates == []


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("seed: 1", "seed: 2", "was edited since it ran"),
        ("Ni: [2]", "Ni: [2], Co: [2]", "was edited since it ran"),
        ("fmax: 0.1", "fmax: 0.05", "was edited since it ran"),
        ("name:", "# a remark\nname:", ""),
        ("minimize: [mixing_temperature_same_host]", "minimize: [mixing_enthalpy]", ""),
    ],
)
def test_a_file_that_was_edited_since_it_ran_is_said(
    old: str, new: str, said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file = campaign_in(tmp_path / "project")
    run(file, workers=1, progress=False, launcher="inline")
    text = file.read_text()
    assert old in text
    assert results(file).edited is None
    file.write_text(text.replace(old, new, 1))
    assert ("was edited since it ran" in str(results(file).edited)) == bool(said)
    done = hebe(capsys, "results", file, "--json")
    assert ("warning: the file of rs was edited" in done.err) == bool(said)
    assert done.json["campaign"] == "rs"


@pytest.mark.filterwarnings("ignore:Set OLD_ERROR_HANDLING:DeprecationWarning")
def test_two_runs_at_once_know_of_each_other(tmp_path: Path) -> None:
    """The other one is the process that started this one: alive, and not this process."""
    import os

    from hebe.stores.owners import process_start

    file = campaign_in(tmp_path / "project")
    run(file, workers=1, progress=False, launcher="inline")
    root = tmp_path / "project"
    store = project_store(root)
    records = Records.beside(store.docs_store, root)
    report = {
        "status": "running",
        "host": Owner.current().host,
        "pid": os.getppid(),
        "started": process_start(os.getppid()),
        "jobs": {"total": 1, "reused": 0, "completed": 0, "failed": 0, "waiting": 1, "running": 0},
        "calculations": {},
        "running": [],
        "elapsed_s": 1.0,
    }
    records.beat("another", report)
    store.close()
    with pytest.warns(HebeWarning, match=f"process {os.getppid()} on .* works on this store, too"):
        run(load_campaign(file), workers=1, progress=False, launcher="inline")


@pytest.mark.parametrize("name", ["a.docx", "a.csv", "a.txt"])
def test_a_report_is_a_page_and_nothing_else(name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = campaign_in(tmp_path / "project")
    done = hebe(capsys, "report", file, "-o", tmp_path / name)
    assert done.code == 2
    assert "a report is HTML, PDF or Markdown" in done.err
    assert "a.html" in done.err
    assert not (tmp_path / name).exists()


def test_a_file_in_no_project_belongs_to_that_of_the_working_folder(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    project = tmp_path / "project"
    (project / "below").mkdir(parents=True)
    (project / "hebe.yaml").write_text("store: {path: mine.db}")
    file = campaign_in(tmp_path / "files")
    monkeypatch.chdir(project / "below")
    run(file, workers=1, progress=False, launcher="inline")
    assert (project / "mine.db").is_file()
    assert not (tmp_path / "files" / ".hebe").exists()

"""Launchers by name, of Hebe and of other packages; settings, and the commands that name none."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Flow

from hebe.config.plugins import plugins
from hebe.exceptions import BadInputError
from hebe.launchers.executor.launcher import ExecutorLauncher
from hebe.launchers.inline import InlineLauncher
from hebe.launchers.launcher import Launcher, Project, Wishes
from hebe.launchers.local import LocalLauncher
from hebe.launchers.registry import get_launcher, keeping_launcher, launcher_class, launcher_names, launchers_in_use
from hebe.launchers.running import run_flow
from hebe.stores import open_store
from support import launcher_jobs as jobs
from support.campaigns import rocksalt
from support.command import hebe

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGIN = """
from typing import ClassVar

from hebe.config.model import ConfigModel
from hebe.launchers import inline
from hebe.launchers.in_process import InProcessLauncher


class Keys(ConfigModel):
    greeting: str = "hello"


class Slowly(InProcessLauncher):
    Block = Keys

    def run_flow(self, flow, wishes):
        (self._project.root / "greeted").write_text(self._block.greeting)
        return inline.run(flow, store=self._project.store, root=self._project.root, progress=False)
"""


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A project, and a package that adds a launcher."""
    info = tmp_path / "site" / "slowly-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: slowly\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[hebe.launchers]\nslowly = slowly_launcher:Slowly\n")
    (info.parent / "slowly_launcher.py").write_text(
        PLUGIN.replace("\n\nclass Broken:\n    import no_such_module\n", "")
    )
    monkeypatch.setattr(sys, "path", [str(info.parent), *sys.path])
    monkeypatch.delitem(sys.modules, "slowly_launcher", raising=False)
    plugins.cache_clear()
    project = tmp_path / "project"
    (project / ".hebe").mkdir(parents=True)
    monkeypatch.chdir(project)
    yield project
    plugins.cache_clear()
    sys.modules.pop("slowly_launcher", None)


def settle(root: Path, text: str) -> Project:
    (root / "hebe.yaml").write_text(text)
    return Project(root)


def test_names(root: Path) -> None:
    assert launcher_names() == ["local", "inline", "executor", "fireworks", "slowly"]
    assert isinstance(get_launcher(None, Project(root)), LocalLauncher)
    assert isinstance(get_launcher("inline", Project(root)), InlineLauncher)
    with pytest.raises(BadInputError, match=r"no launcher is called 'inlin' \(did you mean inline\?\)"):
        get_launcher("inlin", Project(root))


@pytest.mark.parametrize("name", ["local", "inline", "executor", "fireworks", "slowly"])
def test_every_launcher_keeps_the_protocol(name: str, root: Path) -> None:
    found = launcher_class(name)
    asked = {member for member in vars(Launcher) if not member.startswith("_")} | set(Launcher.__annotations__)
    assert asked == {"Block", "keeps", "goes_on", "in_use", "submit", "drive", "rerun", "status", "checks"}
    assert not {member for member in asked if not hasattr(found, member)}
    assert found(Project(root), found.Block()).rerun([], dry_run=True) == 0


def test_a_launcher_of_another_package_runs_with_its_own_keys(root: Path) -> None:
    project = settle(root, "launcher: {name: slowly, greeting: good morning}")
    store = open_store(root)
    first = jobs.add(1, 2)
    flow = Flow([first, jobs.add(first.output, 3)], name="sums")
    summary = run_flow(get_launcher(None, Project(root, store)), flow, Wishes())
    assert summary.jobs["completed"] == 2
    assert (root / "greeted").read_text() == "good morning"
    assert get_launcher(None, project).status()["jobs"]["completed"] == 2
    store.close()


def test_a_key_that_it_does_not_know_is_named_with_its_place(root: Path) -> None:
    project = settle(root, "launcher: {name: slowly, greting: hi}")
    with pytest.raises(BadInputError, match=r"launcher\.greting: .*did you mean greeting"):
        get_launcher(None, project)
    with pytest.raises(BadInputError, match=r"launcher\.executor"):
        get_launcher(None, settle(root, "launcher: {name: local, executor: 'json:loads'}"))


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("launcher: {arguments: {}}", "expected the key 'name' or 'executor'"),
        ("launcher: {executor: os.system}", "launcher.executor: expected 'module:factory'"),
        ("launcher: ''", "the name of a launcher is empty"),
    ],
)
def test_settings_that_name_no_launcher_are_refused(text: str, told: str, root: Path) -> None:
    with pytest.raises(BadInputError, match=told):
        get_launcher(None, settle(root, text))


def test_keys_of_the_settings_count_for_the_launcher_of_that_name(root: Path) -> None:
    project = settle(
        root, "launcher: {executor: 'concurrent.futures:ProcessPoolExecutor', arguments: {max_workers: 3}}"
    )
    for choice in (None, "executor"):
        found = get_launcher(choice, project)
        assert isinstance(found, ExecutorLauncher)
        assert found._block.arguments == {"max_workers": 3}
    assert isinstance(get_launcher("local", project), LocalLauncher)


def test_the_environment_may_name_a_launcher(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_LAUNCHER", "inline")
    assert isinstance(get_launcher(None, Project(root)), InlineLauncher)


def test_what_keeps_submissions(root: Path) -> None:
    assert keeping_launcher(None, Project(root))[0] == "fireworks", "there is no other one"
    with pytest.raises(BadInputError, match="keeps nothing that is submitted"):
        keeping_launcher("inline", Project(root))


def test_those_in_use(root: Path) -> None:
    assert [*launchers_in_use(Project(root))] == ["local"]
    assert [*launchers_in_use(settle(root, "launcher: slowly\ncluster: {}"))] == ["slowly", "fireworks"]


def test_a_package_that_cannot_be_loaded_stops_nothing_else(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (root.parent / "site" / "slowly_launcher.py").write_text("import no_such_module\n")
    assert [*launchers_in_use(Project(root))] == ["local"]
    checks = {check["name"]: check for check in hebe(capsys, "doctor", "--json").json["checks"]}
    assert checks["launchers"]["detail"] == "local, inline, executor, fireworks, slowly"
    assert checks["launcher slowly"]["status"] == "failed"
    assert "package slowly cannot be loaded" in checks["launcher slowly"]["detail"]
    with pytest.raises(BadInputError, match="cannot be loaded"):
        get_launcher("slowly", Project(root))


def test_doctor_looks_at_the_executor(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    settle(root, "launcher: {executor: 'no_such_module:Executor'}")
    checks = {check["name"]: check for check in hebe(capsys, "doctor", "--json").json["checks"]}
    assert checks["executor"]["status"] == "failed"
    assert "no_such_module" in checks["executor"]["detail"]


@pytest.mark.parametrize("words", [["--inline"], ["--launcher", "inline"], ["--launcher", "executor"], []])
def test_a_campaign_runs_on_each_and_goes_on_on_another(
    words: list[str], root: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    campaign = rocksalt(root, "Mg: [2], Ni: [2]")
    first = hebe(capsys, "run", campaign, "--workers", 2, "--json", *words)
    assert (first.code, first.json["status"]) == (0, "complete")
    assert first.json["calculations"]["computed"] > 0
    second = hebe(capsys, "run", campaign, "--json")
    assert second.json["jobs"]["reused"] == second.json["jobs"]["total"] == first.json["jobs"]["total"]
    assert second.json["calculations"]["computed"] == 0
    assert hebe(capsys, "status", campaign, "--json").json["status"] == "complete"
    again = hebe(capsys, "rerun", "--failed", "--json").json
    assert (again["launcher"], again["goes_on"], again["jobs"]) == ("local", "hebe run CAMPAIGN", [])


def test_a_launcher_that_reports_in_its_own_way_is_asked_for_the_summary(root: Path) -> None:
    """As one whose jobs run elsewhere does: what the store says of the flow counts, not what else is there."""

    class Elsewhere(LocalLauncher):
        def drive(self, wishes: Wishes) -> Any:
            super().drive(wishes)
            return Standing()

    class Standing:
        status = "complete"

        def as_dict(self) -> dict[str, Any]:
            return {}

    store = open_store(root)
    bad, other = jobs.explode("boom"), jobs.explode("of another flow")
    for job in (other, bad):
        launcher = Elsewhere(Project(root, store), Elsewhere.Block())
        summary = run_flow(launcher, Flow([job, jobs.add(1, 2)]), Wishes(workers=1, progress=False))
    assert summary.status == "failed"
    assert (summary.jobs["total"], summary.jobs["failed"]) == (2, 1)
    assert [(failure.message, failure.job_ids) for failure in summary.failures] == [("boom", [bad.uuid])]
    store.close()


def test_inline_and_another_launcher_are_refused_together(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    campaign = rocksalt(root, "Mg: [2], Ni: [2]")
    done = hebe(capsys, "run", campaign, "--inline", "--launcher", "local")
    assert done.code == 2
    assert "leave out --launcher local" in done.err


def test_a_campaign_names_no_launcher(root: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """What is executed comes from settings, never from a campaign, which people pass on."""
    campaign = rocksalt(root, "Mg: [2], Ni: [2]")
    path = root / campaign
    path.write_text(path.read_text() + "launcher: {executor: 'os:system', arguments: {command: touch owned}}\n")
    done = hebe(capsys, "run", campaign)
    assert done.code == 2
    assert "launcher" in done.err
    assert not (root / "owned").exists()

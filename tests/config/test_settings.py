"""Settings come from hebe.yaml, the home folder and the environment, later ones over earlier ones."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from hebe.config.settings import get_settings, project_folder
from hebe.exceptions import BadInputError, HebeWarning

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Work in an empty folder below an empty home, without variables."""
    folder = tmp_path / "home" / "project" / "deep"
    folder.mkdir(parents=True)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    for name in ("HEBE_WORKERS", "HEBE_PROJECT_DIR"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.chdir(folder)
    return folder.parent


def write_user_file(project: Path, text: str) -> Path:
    file = project.parent / ".config" / "hebe" / "settings.yaml"
    file.parent.mkdir(parents=True)
    file.write_text(text)
    return file


def test_nothing_given(project: Path) -> None:
    settings = get_settings()
    assert (settings.workers, settings.project_dir) == (None, None)
    assert project_folder() == project / "deep"


def test_later_sources_win(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "hebe.yaml").write_text("workers: 2\nproject_dir: here\n")
    assert get_settings().workers == 2
    write_user_file(project, "workers: 3\n")
    assert get_settings().workers == 3
    monkeypatch.setenv("HEBE_WORKERS", "4")
    assert get_settings().workers == 4
    assert get_settings().project_dir == project / "here"
    monkeypatch.delenv("HEBE_WORKERS")
    assert get_settings().workers == 3


def test_a_relative_folder_counts_from_who_names_it(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (project / "hebe.yaml").write_text("project_dir: ../stores\n")
    assert project_folder().resolve() == project.parent / "stores"
    monkeypatch.setenv("HEBE_PROJECT_DIR", "below")
    assert project_folder() == project / "deep" / "below"
    monkeypatch.setenv("HEBE_PROJECT_DIR", "~/stores")
    assert project_folder() == project.parent / "stores"


def test_the_store_is_searched_upwards(project: Path) -> None:
    (project / ".hebe").mkdir()
    assert project_folder() == project
    assert project_folder(project / "deep" / "not-there-yet") == project
    (project / "deep" / ".hebe").mkdir()
    assert project_folder() == project / "deep"


def test_a_file_of_comments_sets_nothing(project: Path) -> None:
    (project / "hebe.yaml").write_text("# workers: 2\n")
    assert get_settings().workers is None


@pytest.mark.parametrize(
    ("text", "line", "key", "suggestion"),
    [
        ("# mine\nwokers: 2\n", 2, "wokers", "did you mean workers?"),
        ("workers: 0\n", 1, "workers", None),
        ("workers: many\n", 1, "workers", None),
        ("project_dir: [a]\n", 1, "project_dir", None),
    ],
)
def test_mistakes_in_files(project: Path, text: str, line: int, key: str, suggestion: str | None) -> None:
    file = write_user_file(project, text)
    with pytest.raises(BadInputError) as caught:
        get_settings()
    error = caught.value
    assert (error.file, error.line, error.key, error.suggestion) == (str(file), line, key, suggestion)


def test_mistakes_in_variables(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_WORKERS", "lots")
    with pytest.raises(BadInputError, match="HEBE_WORKERS: expected a whole number, got 'lots'"):
        get_settings()
    monkeypatch.delenv("HEBE_WORKERS")
    monkeypatch.setenv("HEBE_WORKER", "2")
    with pytest.warns(HebeWarning, match=r"HEBE_WORKER in the .*did you mean HEBE_WORKERS"):
        assert get_settings().workers is None


def test_variables_of_tests_and_empty_ones_are_ignored(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_TEST_ANYTHING", "1")
    monkeypatch.setenv("HEBE_WORKERS", "")
    assert get_settings().workers is None

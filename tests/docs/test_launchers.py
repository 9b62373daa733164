"""The pages on launchers: their settings are valid, their example of a launcher runs."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from jobflow import Flow

from hebe.config.plugins import plugins
from hebe.config.reading.yamlfile import load_model, parse_yaml
from hebe.config.settings import Settings
from hebe.launchers.executor.launcher import ExecutorKeys
from hebe.launchers.launcher import Project, Wishes
from hebe.launchers.registry import get_launcher, launcher_names
from hebe.launchers.running import run_flow
from hebe.stores import open_store
from support import launcher_jobs as jobs

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCS = Path(__file__).parents[2] / "docs"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)


def blocks(page: str, language: str) -> list[str]:
    text = (DOCS / page).read_text(encoding="utf-8")
    return [code for name, code in _BLOCK.findall(text) if name == language]


def settings() -> list[str]:
    text = (DOCS / "launchers.md").read_text(encoding="utf-8")
    in_table = [f"launcher: {value}" for value in re.findall(r"\| `(\{executor: .*\})` \|", text)]
    return [*blocks("launchers.md", "yaml"), *in_table]


@pytest.mark.parametrize("text", settings())
def test_the_settings_are_valid(text: str) -> None:
    chosen = load_model(Settings, parse_yaml(text.encode(), file="hebe.yaml")).launcher
    assert isinstance(chosen, dict)
    ExecutorKeys.model_validate(chosen)


def test_every_launcher_and_key_is_described() -> None:
    text = (DOCS / "launchers.md").read_text(encoding="utf-8")
    described = set(re.findall(r"^\| `(\w+)` \|", text, re.MULTILINE))
    assert {*launcher_names(), *ExecutorKeys.model_fields} <= described


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """The package of the page, installed."""
    info = tmp_path / "site" / "night_shift-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: night-shift\nVersion: 1.0\n")
    (points,) = blocks("extending.md", "toml")
    group, name, value = re.search(r'entry-points\."(hebe.launchers)"\]\n(\S+) = "(.+)"', points).groups()  # type: ignore[union-attr]
    (info / "entry_points.txt").write_text(f"[{group}]\n{name} = {value}\n")
    (code,) = [code for code in blocks("extending.md", "python") if "class NightShift" in code]
    (info.parent / "night_shift.py").write_text(code)
    monkeypatch.setattr(sys, "path", [str(info.parent), *sys.path])
    plugins.cache_clear()
    yield info.parent
    plugins.cache_clear()
    sys.modules.pop("night_shift", None)


def test_the_launcher_of_the_page_runs(site: Path, tmp_path: Path) -> None:
    (text,) = [text for text in blocks("extending.md", "yaml") if "night-shift" in text]
    assert "begins: 19" in text
    (tmp_path / "hebe.yaml").write_text(text.replace("begins: 19", "begins: 0"))  # at any hour
    assert site.is_dir()
    store = open_store(tmp_path)
    first = jobs.add(1, 2)
    flow = Flow([first, jobs.add(first.output, 3)])
    summary = run_flow(get_launcher(None, Project(tmp_path, store)), flow, Wishes(workers=1))
    assert summary.jobs["completed"] == 2
    store.close()

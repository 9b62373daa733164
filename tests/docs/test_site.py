"""The site has every page and the reference of every public name; links that lead nowhere end its build."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Final

import pytest

import hebe

ROOT: Final = Path(__file__).parents[2]
PAGES: Final = sorted(page.relative_to(ROOT / "docs").with_suffix("") for page in (ROOT / "docs").rglob("*.md"))


def build(source: Path, target: Path) -> subprocess.CompletedProcess[str]:
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    command = [sys.executable, "-m", "sphinx", "-b", "html", "-W", "--keep-going", "-q", str(source), str(target)]
    return subprocess.run(command, check=False, capture_output=True, text=True, env=environment)


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("sphinx")
    folder = tmp_path_factory.mktemp("site")
    done = build(ROOT / "docs", folder)
    assert (done.returncode, done.stderr) == (0, "")
    return folder


@pytest.mark.slow
def test_every_page_is_there_and_reached_from_the_first(site: Path) -> None:
    first = (site / "index.html").read_text(encoding="utf-8")
    for page in PAGES:
        assert (site / page).with_suffix(".html").exists()
        assert f'href="{page.as_posix()}.html"' in first or page == Path("index")


@pytest.mark.slow
def test_every_public_name_is_in_the_reference(site: Path) -> None:
    reference = (site / "reference" / "campaigns.html").read_text(encoding="utf-8")
    for name in set(hebe.__all__) - {"__version__"}:
        assert f'id="hebe.{name}"' in reference


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Path) -> None:
    for page in site.rglob("*.html"):
        text = page.read_text(encoding="utf-8")
        for loading in ('src="http', '<link rel="stylesheet" type="text/css" href="http', "@import"):
            assert loading not in text


INDEX: Final = "# Home\n\n{}\n\n```{{toctree}}\ncli\n```\n"


@pytest.fixture(scope="module")
def two_pages(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A site of two pages that builds, with the settings of the documentation."""
    pytest.importorskip("sphinx")
    source = tmp_path_factory.mktemp("root") / "docs"
    (source / "_static").mkdir(parents=True)
    (source / "_static" / "site.css").touch()
    (source / "conf.py").write_text((ROOT / "docs" / "conf.py").read_text(encoding="utf-8"), encoding="utf-8")
    (source / "cli.md").write_text("# Commands\n\n[home](index.md)\n", encoding="utf-8")
    (source / "index.md").write_text(INDEX.format("[x](cli.md#commands)"), encoding="utf-8")
    done = build(source, source.parent / "good")
    assert done.returncode == 0, done.stderr
    return source


@pytest.mark.slow
@pytest.mark.parametrize(
    "link", ["[x](nowhere.md)", "[x](cli.md#nowhere)", "[x](../nowhere.yaml)", "![x](images/no.svg)"]
)
def test_a_link_that_leads_nowhere_ends_the_build(link: str, two_pages: Path, tmp_path: Path) -> None:
    (two_pages / "index.md").write_text(INDEX.format(link), encoding="utf-8")
    assert build(two_pages, tmp_path / "bad").returncode != 0

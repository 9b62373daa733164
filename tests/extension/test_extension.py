"""A package as docs/extending.md describes it, installed from a wheel: family, engine, analysis and launcher."""

from __future__ import annotations

import ast
import csv
import json
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Sequence

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "extending.md").read_text(encoding="utf-8")
NAMED = re.compile(r"^```(?:python|yaml)\n# (\w+\.(?:py|yaml))\n(.*?)^```$", re.MULTILINE | re.DOTALL)
SETTINGS = "hebe.yaml"
POINTS = re.compile(r'^\[project\.entry-points\."([\w.]+)"\]\n((?:[\w-]+ = ".+"\n)+)', re.MULTILINE)

CAMPAIGN = """
name: sulfides
host:
  family: zincblende
  sublattices: {M: {species: {Zn: [2], Cd: [2], Mn: [2]}, n_species: 3, grid: 4}}
structures: {cations: 4, per_candidate: 2, seed: 1, starts: 1}
stages:
  - engine: {name: morse, depth: 2.0, fmax: 0.05}
    analyses: [ANALYSES]
rank: {minimize: [RANK]}
"""
WITH = CAMPAIGN.replace("ANALYSES", "{bond_spread: {longest: 2.9}}").replace("RANK", "bond_spread")
WITHOUT = CAMPAIGN.replace("ANALYSES", "mixing").replace("RANK", "mixing_temperature_same_host")


def files() -> dict[str, str]:
    """Files of the package by name, as the page has them."""
    return {name: text for name, text in NAMED.findall(PAGE) if name != SETTINGS}


def wheel(folder: Path) -> Path:
    """Wheel of the package: its files and metadata as the format asks for them."""
    points = "".join(f"[{group}]\n{body.replace(chr(34), '')}\n" for group, body in POINTS.findall(PAGE))
    info = "hebe_more-1.0.dist-info"
    content = files() | {
        f"{info}/METADATA": "Metadata-Version: 2.1\nName: hebe-more\nVersion: 1.0\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: test\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
        f"{info}/entry_points.txt": points,
    }
    path = folder / "hebe_more-1.0-py3-none-any.whl"
    with zipfile.ZipFile(path, "w") as archive:
        for name, text in content.items():
            archive.writestr(name, text)
        archive.writestr(f"{info}/RECORD", "".join(f"{name},,\n" for name in [*content, f"{info}/RECORD"]))
    return path


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Folder into which the wheel was installed."""
    folder = tmp_path_factory.mktemp("more")
    command = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index", "--target"]
    subprocess.run([*command, str(folder / "site"), str(wheel(folder))], check=True, capture_output=True)
    return folder / "site"


@pytest.fixture(scope="module")
def project(site: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Project in which a campaign ran that uses all of the package."""
    folder = tmp_path_factory.mktemp("project")
    (folder / ".hebe").mkdir()
    (folder / "hebe.yaml").write_text("launcher: {name: night-shift, begins: 0, ends: 0}\n")
    (folder / "campaign.yaml").write_text(WITH)
    hebe(folder, site, "run", "campaign.yaml", "--workers", "1")
    return folder


def hebe(folder: Path, site: Path | None, *words: str) -> str:
    """Output of a command in a process of its own."""
    paths = [str(ROOT / "src"), *([] if site is None else [str(site)])]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(paths), "COLUMNS": "200"}
    command = [sys.executable, "-W", "ignore", "-m", "hebe", *words]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def results(project: Path, site: Path, *words: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads(hebe(project, site, "results", "campaign.yaml", "--json", *words))[
        "candidates"
    ]
    return found


def test_the_page_has_one_file_of_each() -> None:
    assert set(files()) == {"bond_spread.py", "morse.py", "zincblende.py", "zincblende.yaml", "night_shift.py"}
    assert [group for group, _ in POINTS.findall(PAGE)] == [
        "hebe.analyses",
        "hebe.engines",
        "hebe.families",
        "hebe.launchers",
    ]


def test_only_documented_names_are_imported() -> None:
    documented = re.search(r"What a module may import: (.*?)\n\n", PAGE, re.DOTALL)
    assert documented is not None
    for name, text in files().items():
        for node in ast.walk(ast.parse(text)) if name.endswith(".py") else ():
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("hebe"):
                places = [node.module, *(f"{node.module}.{alias.name}" for alias in node.names)]
                assert any(f"`{place}`" in documented[1] for place in places), (name, node.module)


def test_the_campaign_is_ranked_by_the_new_quantity(project: Path, site: Path) -> None:
    found = results(project, site)
    spreads = [candidate["bond_spread_A"] for candidate in found]
    assert len(found) == 3
    assert all(candidate["status"] == "complete" for candidate in found)
    assert spreads == sorted(spreads)
    assert all(0 < spread < 0.5 for spread in spreads)
    assert {candidate["engine"] for candidate in found} == {"morse"}
    assert {candidate["energy_scale"] for candidate in found} == {"morse 2.0"}
    for candidate in found:
        own = [r["spread_A"] for r in candidate["results"]["bond_spread"] if r["spread_A"] is not None]
        assert candidate["bond_spread_A"] == pytest.approx(sum(own) / len(own))


@pytest.mark.slow
def test_the_new_quantity_is_chosen_sorted_and_shown_by(project: Path, site: Path) -> None:
    spreads = [candidate["bond_spread_A"] for candidate in results(project, site)]
    kept = results(project, site, "--where", f"bond_spread <= {spreads[1]}", "--sort", "bond_length")
    assert len(kept) == 2
    table = hebe(project, site, "results", "campaign.yaml", "--columns", "bond_spread,bond_length")
    assert f"{spreads[0]:.3f}"[:4] in table
    assert "Å" in table
    exported = project / "all.csv"
    hebe(project, site, "export", "campaign.yaml", "-o", str(exported))
    with exported.open() as file:
        assert [float(row["bond_spread_A"]) for row in csv.DictReader(file)] == pytest.approx(spreads)


def test_the_report_has_its_column_and_its_figure(project: Path, site: Path) -> None:
    hebe(project, site, "report", "campaign.yaml", "-o", "report.html")
    page = (project / "report.html").read_text(encoding="utf-8")
    assert "spread of bonds" in page
    assert "<h3>Bonds</h3>" in page
    assert page.count('class="mark"') >= 3


def test_options_are_checked_with_file_and_line(project: Path, site: Path) -> None:
    (project / "wrong.yaml").write_text(WITH.replace("longest: 2.9", "longst: 2.9"))
    with pytest.raises(AssertionError, match=r"wrong.yaml:9.*longst.*did you mean longest"):
        hebe(project, site, "space", "wrong.yaml")


def test_the_doctor_lists_the_package(project: Path, site: Path) -> None:
    text = hebe(project, site, "doctor", "campaign.yaml")
    assert all(name in text for name in ("bond_spread", "morse", "zincblende", "night-shift"))


IDS = """
import sys
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_flow
for job in campaign_flow(load_campaign(sys.argv[1])).jobs:
    print(job.uuid, job.name)
"""


def ids(folder: Path, paths: Sequence[Path], text: str) -> dict[str, str]:
    (folder / "c.yaml").write_text(text)
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(map(str, (ROOT / "src", *paths)))}
    command = [sys.executable, "-W", "ignore", "-c", IDS, "c.yaml"]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=True)
    return dict(line.split(" ", 1) for line in done.stdout.splitlines())


@pytest.mark.slow
def test_an_analysis_that_is_not_asked_for_leaves_no_trace_in_ids(site: Path, tmp_path: Path) -> None:
    plain = (
        WITHOUT.replace("zincblende", "rocksalt")
        .replace("Cd: [2]", "Mg: [2]")
        .replace("name: morse, depth: 2.0,", "name: chgnet,")
    )
    assert ids(tmp_path, [], plain) == ids(tmp_path, [site], plain)
    asked, not_asked = ids(tmp_path, [site], WITH.replace("}}]", "}}, mixing]")), ids(tmp_path, [site], WITHOUT)
    new = [name for uuid, name in asked.items() if uuid not in not_asked]
    gone = [name for uuid, name in not_asked.items() if uuid not in asked]
    assert all(name.startswith(("bond_spread", "candidate")) for name in new), new
    assert all(name.startswith("candidate") for name in gone), gone

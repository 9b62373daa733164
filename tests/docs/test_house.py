"""What the pages for developers say is so: figures, targets, versions, public names, hooks."""

from __future__ import annotations

import re
import runpy
import tomllib
from pathlib import Path
from typing import Any, Final

import pytest
import yaml

import hebe

ROOT: Final = Path(__file__).parents[2]
GUIDE: Final = (ROOT / "CONTRIBUTING.md").read_text(encoding="utf-8")
MAKEFILE: Final = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT: Final[dict[str, Any]] = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
DRAWN: Final = runpy.run_path(str(ROOT / "benchmarks" / "architecture.py"))
TARGETS: Final = re.findall(r"^([a-z]+):", MAKEFILE, re.MULTILINE)


@pytest.mark.parametrize("name", DRAWN["FIGURES"])
def test_figures_are_those_of_the_code(name: str) -> None:
    drawn = (DRAWN["IMAGES"] / name).read_text(encoding="utf-8")
    assert drawn == DRAWN["FIGURES"][name](), "python benchmarks/architecture.py draws them anew"
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert f"images/{name}" in page


def test_every_layer_says_what_it_is() -> None:
    modules = [module for siblings in DRAWN["layers"]() for module in siblings]
    assert len(modules) > 10
    assert all(DRAWN["described"](module).endswith(".") for module in modules)


def test_targets_that_the_guide_names_exist_and_all_checks_are_named() -> None:
    named = set(re.findall(r"`make ([a-z]+)", GUIDE)) | set(re.findall(r"^\$ make ([a-z]+)", GUIDE, re.MULTILINE))
    assert named <= set(TARGETS)
    assert set(TARGETS) - named <= {"demo", "check", "clean", "help"}
    phony = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)[0].split()
    assert sorted(phony) == sorted(TARGETS)


def test_one_version_everywhere() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text(encoding="utf-8"))
    assert citation["version"] == PROJECT["version"] == hebe.__version__
    assert f"## {hebe.__version__} " in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
    assert (citation["license"], citation["cff-version"], citation["type"]) == (PROJECT["license"], "1.2.0", "software")
    assert citation["repository-code"] == PROJECT["urls"]["Documentation"]
    assert [author["name"] for author in citation["authors"]] == [author["name"] for author in PROJECT["authors"]]
    assert citation["keywords"] == PROJECT["keywords"]


def test_the_gate_tries_every_python_that_is_promised() -> None:
    promised = re.findall(r"Python :: (3\.\d+)", "\n".join(PROJECT["classifiers"]))
    gate = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    looped = re.findall(r"^for version in (.*); do$", gate, re.MULTILINE)[0].split()
    assert [PROJECT["requires-python"].removeprefix(">="), *looped] == promised


def test_public_names_are_those_whose_description_is_checked() -> None:
    """The list of the guide is that of the test that compares modules with the page on Python."""
    other = (ROOT / "tests" / "docs" / "test_python.py").read_text(encoding="utf-8")
    public = re.findall(r'"(hebe[.\w]*)"', re.findall(r"^PUBLIC = \((.*?)^\)", other, re.MULTILINE | re.DOTALL)[0])
    sentence = GUIDE[GUIDE.index("- the names in `__all__`") : GUIDE.index("the function `hebe.launchers")]
    assert re.findall(r"`(hebe[.\w]*)`", sentence) == public


def test_hooks_run_the_checks_of_the_gate() -> None:
    config = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text(encoding="utf-8"))
    entries = [hook["entry"] for repo in config["repos"] for hook in repo["hooks"]]
    for command in ("ruff check", "ruff format", "lint-imports"):
        assert any(f".venv/bin/{command}" in entry for entry in entries)
        assert f"$(BIN)/{command}" in MAKEFILE

"""The page on Python: its examples run in order, and it names everything public."""

from __future__ import annotations

import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "python.md"
_BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.MULTILINE | re.DOTALL)
PUBLIC = (
    "hebe",
    "hebe.campaigns.api",
    "hebe.makers",
    "hebe.engines",
    "hebe.stores",
    "hebe.science.chemistry",
    "hebe.science.literature",
    "hebe.science.analysis",
    "hebe.science.structures",
)


@pytest.mark.slow
def test_the_examples_run(tmp_path: Path) -> None:
    blocks = _BLOCK.findall(PAGE.read_text(encoding="utf-8"))
    (campaign,) = (code for language, code in blocks if language == "yaml")
    (tmp_path / "campaign.yaml").write_text(campaign, encoding="utf-8")
    script = "\n".join(code for language, code in blocks if language == "python")
    done = subprocess.run(
        [sys.executable, "-c", script], cwd=tmp_path, capture_output=True, text=True, check=False, timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 to run" in done.stdout
    assert "{'AB': 1.0, 'A': 1.0}" in done.stdout or "{'A': 1.0, 'AB': 1.0}" in done.stdout


@pytest.mark.parametrize("module", PUBLIC)
def test_every_public_name_is_described(module: str) -> None:
    text = PAGE.read_text(encoding="utf-8")
    imported = importlib.import_module(module)
    for name in imported.__all__:
        assert hasattr(imported, name)
        assert re.search(rf"\b{name}\b", text), f"{module}.{name}"


def test_every_exception_is_described() -> None:
    text = PAGE.read_text(encoding="utf-8")
    exceptions = vars(importlib.import_module("hebe.exceptions"))
    names = [n for n, v in exceptions.items() if isinstance(v, type) and issubclass(v, Exception)]
    assert names
    assert not [name for name in names if f"`{name}`" not in text]

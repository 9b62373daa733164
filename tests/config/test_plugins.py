"""Entry points of other packages."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from hebe.config.plugins import load_plugin, plugins
from hebe.exceptions import BadInputError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


def package(folder: Path, name: str, points: str) -> None:
    """Metadata of an installed package, as pip leaves it."""
    info = folder / f"{name}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {name}\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(points)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    monkeypatch.setattr(sys, "path", [str(tmp_path), *sys.path])
    plugins.cache_clear()
    yield tmp_path
    plugins.cache_clear()


def test_what_is_installed_is_found_and_loaded(folder: Path) -> None:
    package(folder, "other", "[hebe.analyses]\nwidth = json:dumps\n[hebe.engines]\nfast = json:loads\n")
    assert "width" in plugins("hebe.analyses")
    assert "fast" not in plugins("hebe.analyses")
    assert load_plugin("hebe.analyses", "width")([1]) == "[1]"


def test_what_cannot_be_imported_names_its_package(folder: Path) -> None:
    package(folder, "broken", "[hebe.engines]\nfast = no_such_module:thing\n")
    with pytest.raises(BadInputError, match=r"package broken cannot be loaded: ModuleNotFoundError"):
        load_plugin("hebe.engines", "fast")


def test_two_packages_with_one_name_are_refused(folder: Path) -> None:
    package(folder, "one", "[hebe.engines]\nfast = json:loads\n")
    package(folder, "two", "[hebe.engines]\nfast = json:dumps\n")
    with pytest.raises(BadInputError, match="two packages add 'fast'"):
        plugins("hebe.engines")

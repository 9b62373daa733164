"""The project that tests of the pages look at, made once."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from support.browsed import Browsed, finished

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A project whose campaigns have run; tests change nothing in it."""
    return finished(tmp_path_factory.mktemp("browsed"))


@pytest.fixture(scope="session")
def pages(project: Path) -> Browsed:
    """Its pages."""
    return Browsed.of(project)

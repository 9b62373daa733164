"""A LaunchPad for the session, and a project for each test."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from support.cluster import Project
from support.cluster import project as new_project
from support.mongo_stand_in import StandIn, stand_in

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[StandIn | None]:
    """The stand-in; None where a real server is named."""
    if "HEBE_TEST_MONGODB_URI" in os.environ:
        yield None
        return
    with stand_in(tmp_path_factory.mktemp("mongo")) as running:
        yield running


@pytest.fixture
def project(tmp_path: Path, server: StandIn | None, request: pytest.FixtureRequest) -> Iterator[Project]:
    """A project; with the parameter ``relay`` its queue jobs reach no database, and a relay serves them."""
    pytest.importorskip("fireworks", reason="needs the package fireworks")
    with new_project(tmp_path, server) as made:
        if getattr(request, "param", "direct") == "relay":
            made.set(relay=True)
            made.reopen()
            made.driver.serve()
        yield made

"""A private Slurm for the session, and a project for each test."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.cluster import Project
from support.cluster import project as new_project
from support.mongo_stand_in import StandIn, stand_in
from support.slurm import Slurm, is_installed, slurm

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = Path(__file__).parents[2]


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


@pytest.fixture(scope="session")
def private_slurm(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Slurm]:
    if not is_installed():
        pytest.skip("needs the packages slurm-wlm and munge")
    with slurm(tmp_path_factory.mktemp("slurm"), nodes=4, cpus=2) as cluster:
        yield cluster


@pytest.fixture
def cluster(private_slurm: Slurm, monkeypatch: pytest.MonkeyPatch) -> Iterator[Slurm]:
    """The Slurm, known to this process and to queue jobs, without queue jobs of earlier tests."""
    paths = [str(_TESTS.parent / "src"), str(_TESTS), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("SLURM_CONF", str(private_slurm.configuration))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(path for path in paths if path))
    yield private_slurm
    private_slurm.cancel_all()

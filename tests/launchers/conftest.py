"""A private Slurm for the session."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from support.slurm import Slurm, is_installed, slurm

if TYPE_CHECKING:
    from collections.abc import Iterator

_TESTS = Path(__file__).parents[1]


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

"""``hebe doctor`` on a project with a cluster."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from hebe.doctor.health import examine

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.launchers.check import Check


def checks(root: Path) -> dict[str, Check]:
    return {check.name: check for check in examine(start=root)}


def test_nothing_is_asked_without_a_cluster(tmp_path: Path) -> None:
    (tmp_path / "hebe.yaml").write_text("{}")
    assert not {"LaunchPad", "slurm", "hebe launch"} & checks(tmp_path).keys()


def test_a_database_that_is_away_and_a_missing_queue_are_said_without_a_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pytest.importorskip("fireworks", reason="needs the package fireworks")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("hebe.stores.mongodb._patience.seconds", 0.2)
    settings = tmp_path / "hebe.yaml"
    settings.write_text('{store: {kind: mongodb, uri: "mongodb://me:open-sesame@127.0.0.1:9/x"}, cluster: {}}')
    settings.chmod(0o644)
    found = checks(tmp_path)
    assert found["LaunchPad"].status == found["store"].status == "failed"
    assert found["slurm"].status == "failed"
    assert "squeue is not installed here" in found["slurm"].detail
    assert found["hebe.yaml"].advice == f"chmod 600 {settings}"
    assert "open-sesame" not in json.dumps([check.as_dict() for check in found.values()])
    settings.chmod(0o600)
    assert "hebe.yaml" not in checks(tmp_path)

"""Who may read what a store writes: the owner alone, or a group that shares the project."""

from __future__ import annotations

import grp
import os
import stat
from typing import TYPE_CHECKING

import pytest
from jobflow import Job, JobStore
from maggma.stores import MemoryStore

from hebe.doctor.health import examine
from hebe.exceptions import BadInputError, HebeWarning
from hebe.launchers.inline import run
from hebe.stores import open_store
from hebe.stores.care import backup
from hebe.stores.modes import open_to_others

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture(autouse=True, params=[0o022, 0o077, 0o000], ids=oct)
def umask(request: pytest.FixtureRequest) -> Iterator[None]:
    """Whatever the user has: it decides nothing."""
    before = os.umask(request.param)
    yield
    os.umask(before)


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.iterdir() if path.is_file())


def test_a_store_is_its_owners_alone(tmp_path: Path) -> None:
    store = open_store(tmp_path / "project")
    store.update({"uuid": "a", "index": 1, "output": 1})
    folder = tmp_path / "project" / ".hebe"
    assert mode(folder) == 0o700
    found = files(folder)
    assert {"store.db", "store.db-turn", "store.db-wal"} <= {path.name for path in found}
    assert {path.name: mode(path) for path in found} == {path.name: 0o600 for path in found}
    backup(folder / "store.db", tmp_path / "copy.db")
    assert mode(tmp_path / "copy.db") == 0o600
    store.close()


def test_a_folder_that_is_there_stays_as_it_is(tmp_path: Path) -> None:
    folder = tmp_path / ".hebe"
    folder.mkdir()
    folder.chmod(0o755)
    open_store(tmp_path).close()
    assert mode(folder) == 0o755
    assert mode(folder / "store.db") == 0o600
    (folder / "launcher.db").touch()
    (folder / "launcher.db").chmod(0o644)
    assert open_to_others(folder) == [folder, folder / "launcher.db"]
    said = [check for check in examine(start=tmp_path) if check.name == "privacy"]
    assert [(check.status, check.needed) for check in said] == [("failed", False)]
    assert f"chmod 700 {folder}" in said[0].advice
    assert "launcher.db 0644" in said[0].detail
    folder.chmod(0o700)
    assert open_to_others(folder) == []


def test_a_run_closes_a_folder_that_others_can_read_unless_it_is_a_groups(tmp_path: Path) -> None:
    folder = tmp_path / ".hebe"
    store = open_store(tmp_path)
    folder.chmod(0o755)
    (folder / "runs" / "old").mkdir(parents=True)
    run(Job(abs, function_args=(-1,)), store=store, root=tmp_path, progress=False)
    assert mode(folder) == 0o700, "the folder of an earlier version; what is below cannot be reached"
    folder.chmod(0o755)
    (folder / "store.db").chmod(0o644)
    with pytest.warns(HebeWarning, match="could be read by others and is closed to them now"):
        run(Job(abs, function_args=(-2,)), store=store, root=tmp_path, progress=False)
    assert (mode(folder), mode(folder / "store.db")) == (0o700, 0o600)
    folder.chmod(0o2775)
    (folder / "store.db").chmod(0o664)
    with pytest.warns(HebeWarning, match="closed to them"):
        run(Job(abs, function_args=(-3,)), store=store, root=tmp_path, progress=False)
    assert (mode(folder), mode(folder / "store.db")) == (0o2770, 0o660)
    run(Job(abs, function_args=(-4,)), store=store, root=tmp_path, progress=False)
    assert mode(folder) == 0o2770
    store.close()


def test_run_folders_and_logs_are_the_owners_alone_also_without_an_embedded_store(tmp_path: Path) -> None:
    outputs = JobStore(MemoryStore())
    outputs.connect()
    run(Job(abs, function_args=(-1,)), store=outputs, root=tmp_path, progress=False)
    assert mode(tmp_path / ".hebe") == 0o700


def test_a_group_shares_a_store_also_one_that_was_there(tmp_path: Path) -> None:
    open_store(tmp_path).close()
    group = grp.getgrgid(os.getgid()).gr_name
    (tmp_path / "hebe.yaml").write_text(f"store: {{group: {group}}}")
    store = open_store(tmp_path)
    store.update({"uuid": "a", "index": 1, "output": 1})
    folder = tmp_path / ".hebe"
    assert mode(folder) == 0o2770
    assert {mode(path) for path in files(folder)} == {0o660}
    assert {path.stat().st_gid for path in files(folder)} == {os.getgid()}
    store.close()


def test_an_unknown_group_is_refused(tmp_path: Path) -> None:
    (tmp_path / "hebe.yaml").write_text("store: {group: no-such-group}")
    with pytest.raises(BadInputError, match="no group called 'no-such-group'"):
        open_store(tmp_path)
    (tmp_path / "hebe.yaml").write_text(f"store: {{path: {tmp_path}/x.db, group: {grp.getgrgid(os.getgid()).gr_name}}}")
    with pytest.raises(BadInputError, match="is not shared with a group"):
        open_store(tmp_path)
    (tmp_path / "hebe.yaml").write_text("store: {kind: mongodb, uri: mongodb://x/y, group: users}")
    with pytest.raises(BadInputError, match="group"):
        open_store(tmp_path)

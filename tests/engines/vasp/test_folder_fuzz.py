"""Damaged folders of VASP by the hundred: taken in with finite numbers or refused in a line; none ends a call."""

from __future__ import annotations

import math
import os
import shutil
import time
from random import Random
from typing import TYPE_CHECKING, Any, Final

import pytest

from hebe.campaigns.api import project_store
from hebe.campaigns.vasp_folders import adopt
from hebe.engines.vasp.adoption import RECORD, write_folder
from hebe.engines.vasp.inputs import STATIC, Job
from support.vasp import distorted, engine, run_folders, use_stand_in
from support.vasp_fuzz import damage

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.vasp, pytest.mark.slow]

FOLDERS: Final = int(os.environ.get("VASP_FUZZ_FOLDERS", "60"))
"""500 take some minutes."""
LONGEST_S: Final = 10.0
BATCH: Final = 20


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A static calculation without a record."""
    folder = tmp_path_factory.mktemp("finished")
    with pytest.MonkeyPatch.context() as patch:
        use_stand_in(folder, patch)
        write_folder(engine(), Job(STATIC), distorted(), folder / "static", {})
        (folder / "static" / RECORD).unlink()
        run_folders(folder / "static")
    return folder / "static"


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    use_stand_in(tmp_path, monkeypatch)
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def _numbers(value: Any) -> Iterator[float]:
    """All floats of a document."""
    if isinstance(value, float):
        yield value
    elif isinstance(value, dict):
        for one in value.values():
            yield from _numbers(one)
    elif isinstance(value, list):
        for one in value:
            yield from _numbers(one)


@pytest.mark.parametrize("batch", range(-(-FOLDERS // BATCH)))
def test_damaged_folders_are_lines_and_the_good_one_is_taken(project: Path, finished: Path, batch: int) -> None:
    names = [f"d{number:05d}" for number in range(batch * BATCH, min((batch + 1) * BATCH, FOLDERS))]
    for name in names:
        damage(Random(name), shutil.copytree(finished, project / "tree" / name))
    shutil.copytree(finished, project / "tree" / "z-good")
    begin = time.process_time()
    found = adopt(project / "tree")
    assert time.process_time() - begin < LONGEST_S * len(names)
    for entry in found["refused"]:
        assert "\n" not in entry["reason"]
        assert "hebe-vasp-" not in entry["reason"]
        assert "Traceback" not in entry["reason"]
    taken = {entry["folder"]: entry for entry in (*found["adopted"], *found["known"])}
    good = taken[str(project / "tree" / "z-good")]
    assert good["energy_eV"] == pytest.approx(adopt(finished, dry_run=True)["known"][0]["energy_eV"])
    assert found["refused"], "some damage is seen"
    store = project_store(project)
    documents = [document["output"] for document in store.query({}, load=True)]
    store.close()
    assert len(documents) == len(found["adopted"])
    for output in documents:
        assert all(math.isfinite(number) for number in _numbers(output)), output["run_dir"]


ODD: Final = {
    "entities that grow": b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a "aaaaaaaaaa">'
    + b"".join(b'<!ENTITY %c "%s">' % (98 + i, b"&%c;" % (97 + i) * 10) for i in range(9))
    + b"]><modeling><i>&j;</i></modeling>",
    "deep": b"<modeling>" + b"<a>" * 20000 + b"</a>" * 20000 + b"</modeling>",
    "a file of the system": b'<?xml version="1.0"?><!DOCTYPE m [<!ENTITY a SYSTEM "file:///etc/passwd">]><modeling>&a;</modeling>',
    "no xml": b"POSCAR\n1.0\n",
    "empty": b"<modeling></modeling>",
}


@pytest.mark.parametrize("odd", ODD)
def test_odd_outputs_are_refused_in_seconds(project: Path, finished: Path, odd: str) -> None:
    place = shutil.copytree(finished, project / "tree" / "odd")
    (place / "vasprun.xml").write_bytes(ODD[odd])
    begin = time.process_time()
    (refused,) = adopt(place)["refused"]
    assert time.process_time() - begin < LONGEST_S
    assert "\n" not in refused["reason"]
    assert "root:" not in refused["reason"]

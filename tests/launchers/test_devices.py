"""The process of a device: it computes what workers would, is started again when it dies, ends with its launcher."""

from __future__ import annotations

import os
import signal
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.engines import get_engine
from hebe.engines.protocol import Evaluation
from hebe.engines.sharing.line import LINE, Line
from hebe.exceptions import DeviceDiedError, EngineError
from hebe.launchers import devices
from hebe.launchers.devices import Device, DeviceProcess, cuda_devices, might_have_cuda
from support.batched_springs import (
    BREAKS,
    KILLS,
    NO_ENERGY,
    BatchedSprings,
    BatchedSpringsBlock,
    installed,
    noted,
    oxide,
)
from support.waiting import until

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def device(tmp_path: Path) -> Iterator[DeviceProcess]:
    with installed(tmp_path / "site"):
        process = DeviceProcess(Device("cpu"), tmp_path / "device.log", None)
        yield process
        LINE.leave()
        process.close()


def springs(passes: Path) -> BatchedSprings:
    engine = get_engine(BatchedSpringsBlock(passes=str(passes)))
    assert isinstance(engine, BatchedSprings)
    return engine


def evaluator(device: DeviceProcess) -> int:
    """The process that evaluates: the child of the one that watches; the kernel may leave it out of a list."""
    watches = device._process.pid
    children = Path(f"/proc/{watches}/task/{watches}/children")
    found = list[str]()

    def is_listed() -> bool:
        found[:] = children.read_text(encoding="ascii").split()
        return len(found) == 1

    until(is_listed, "one process evaluates")
    return int(found[0])


def assert_same(found: Evaluation, expected: Evaluation) -> None:
    assert found.energy_eV == expected.energy_eV
    assert np.array_equal(found.forces, expected.forces)
    assert np.array_equal(found.stress, expected.stress)


def test_relaxations_through_it_are_those_of_the_engine_itself(device: DeviceProcess, tmp_path: Path) -> None:
    engine, cell = springs(tmp_path / "passes"), oxide(1)
    expected = engine.relax(cell, fmax=0.01, minimum=True)
    (tmp_path / "passes").unlink()
    LINE.use(*device.told)
    found = engine.relax(cell, fmax=0.01, minimum=True)
    assert found.converged
    assert found.energies == expected.energies
    assert found.structure == expected.structure
    assert len(noted(tmp_path / "passes")) == found.n_steps
    assert LINE.cpu_s > 0
    with pytest.raises(EngineError, match="springs: there are no springs to this element") as caught:
        engine.evaluate(oxide(1, element=NO_ENERGY))
    assert caught.value.deterministic


def test_a_process_that_dies_is_started_again_and_nobody_notices(device: DeviceProcess, tmp_path: Path) -> None:
    engine, cell = springs(tmp_path / "passes"), oxide(1)
    expected = engine.evaluate(cell)
    LINE.use(*device.told)
    for _ in range(4):
        assert_same(engine.evaluate(cell), expected)
        os.kill(evaluator(device), signal.SIGKILL)
    assert LINE.is_open
    assert "died (signal 9) and is started again" in (tmp_path / "device.log").read_text(encoding="utf-8")


def test_a_cell_that_kills_it_fails_and_no_other_does(device: DeviceProcess, tmp_path: Path) -> None:
    engine, found = springs(tmp_path / "passes"), dict[int, Evaluation]()
    assert engine.shared_as is not None
    block = engine.shared_as

    def keep_asking(number: int) -> None:
        line = Line()
        line.use(*device.told)
        for repeat in range(20):
            evaluation = line.evaluate(engine.name, block, oxide(100 * number + repeat), magmoms=False)
            assert evaluation is not None
            found[100 * number + repeat] = evaluation
        line.leave()

    others = [threading.Thread(target=keep_asking, args=(number,)) for number in range(3)]
    for other in others:
        other.start()
    LINE.use(*device.told)
    engine.evaluate(oxide(1))
    with pytest.raises(DeviceDiedError, match="died 3 times while it had this cell"):
        engine.evaluate(oxide(1, element=KILLS))
    for other in others:
        other.join()
    LINE.leave()
    assert len(found) == 60
    for number, evaluation in found.items():
        assert_same(evaluation, engine.evaluate(oxide(number)))


def test_one_that_computes_nothing_any_more_ends(device: DeviceProcess, tmp_path: Path) -> None:
    engine = springs(tmp_path / "passes")
    LINE.use(*device.told)
    first = engine.evaluate(oxide(1))
    with pytest.raises(DeviceDiedError, match="died 3 times while it had this cell"):
        engine.evaluate(oxide(1, element=BREAKS))
    assert_same(engine.evaluate(oxide(1)), first)
    assert LINE.is_open
    log = (tmp_path / "device.log").read_text(encoding="utf-8")
    assert log.count("LostDeviceError: CUDA error: an illegal memory access") == 3


def test_without_it_workers_evaluate_themselves(device: DeviceProcess, tmp_path: Path) -> None:
    engine = springs(tmp_path / "passes")
    LINE.use(*device.told)
    first = engine.evaluate(oxide(1))
    device.close()
    assert_same(engine.evaluate(oxide(1)), first)
    assert not LINE.is_open


def test_it_ends_with_the_launcher_and_leaves_nothing(device: DeviceProcess, tmp_path: Path) -> None:
    LINE.use(*device.told)
    springs(tmp_path / "passes").evaluate(oxide(1))
    pid = evaluator(device)
    stdin = device._process.stdin
    assert stdin is not None
    stdin.close()
    until(lambda: not Path(f"/proc/{pid}").exists(), "the process has ended")
    until(lambda: not Path(device.path).parent.exists(), "its folder is removed")


def test_workers_see_the_device_of_their_process_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,3")
    device, line = DeviceProcess(Device("cuda", "3"), tmp_path / "device.log", None), Line()
    try:
        line.use(*device.told)
        assert (line.is_open, line.kind, os.environ["CUDA_VISIBLE_DEVICES"]) == (True, "cuda", "3")
    finally:
        line.leave()
        device.close()


def test_torch_is_that_of_the_launcher_whatever_lies_here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    here, site = tmp_path / "here", tmp_path / "site"
    for folder, number in ((here, 7), (site, 2)):
        folder.mkdir()
        words = f"class cuda:\n    is_available = lambda: True\n    device_count = lambda: {number}\n"
        (folder / "torch.py").write_text(words, encoding="utf-8")
    (here / "json.py").write_text("raise SystemExit(1)", encoding="utf-8")
    monkeypatch.chdir(here)
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    monkeypatch.setattr(sys, "path", [str(site), *(entry for entry in sys.path if entry)])
    monkeypatch.setattr(devices, "_may_know_cuda", lambda: True)
    assert cuda_devices.__wrapped__() == [Device("cuda", "0"), Device("cuda", "1")]


def test_devices_are_looked_for_where_there_may_be_some() -> None:
    if might_have_cuda():
        pytest.skip("there may be a CUDA device")
    assert cuda_devices() == []
    assert Device("cuda", "2").environment == {"CUDA_VISIBLE_DEVICES": "2"}
    assert not Device("cpu").environment

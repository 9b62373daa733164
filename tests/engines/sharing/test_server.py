"""What the process of a device does with the cells that several workers want at the same time."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.engines import get_engine
from hebe.engines.sharing.budget import Budget, TorchMemory
from hebe.engines.sharing.server import Server
from hebe.engines.sharing.wire import Frames, is_begin, of_structure, pack, to_evaluation
from hebe.exceptions import EngineError
from support.batched_springs import NO_ENERGY, BatchedSpringsBlock, installed, noted, oxide

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pymatgen.core import Structure

    from hebe.engines.protocol import Evaluation


class Device:
    """A server in this process, and those who ask it."""

    def __init__(self, folder: Path, *, atoms: int | None = None, **block: Any) -> None:
        self.notes, self._block = folder / "passes", {"name": "batched-springs", "passes": str(folder / "passes")}
        self._block |= block
        self.listener, self._path = socket.socket(socket.AF_UNIX), str(folder / "device")
        self.listener.bind(self._path)
        self.listener.listen()
        self.server = Server(self.listener, Budget(atoms, TorchMemory()))
        self.guests: list[socket.socket] = []

    def connect(self) -> socket.socket:
        guest = socket.socket(socket.AF_UNIX)
        guest.connect(self._path)
        guest.settimeout(0)
        self.guests.append(guest)
        return guest

    def ask(self, cell: Structure, *, alone: bool = False, **block: Any) -> socket.socket:
        elements, numbers = of_structure(cell)
        head = {"engine": json.dumps(self._block | block), "magmoms": False, "elements": elements, "alone": alone}
        guest = self.connect()
        guest.sendall(pack(head, numbers))
        return guest

    def answers(self, *cells: Structure, **more: Any) -> list[Evaluation | str]:
        """Answers to what is asked for at the same time."""
        guests = [self.ask(cell, **more) for cell in cells]
        self.work()
        return [self.answer(guest) for guest in guests]

    def work(self) -> None:
        for _ in range(50):
            self.server.step(0)

    def answer(self, guest: socket.socket) -> Evaluation | str:
        *begins, message = Frames().feed(guest.recv(1 << 20))
        assert begins
        assert all(map(is_begin, begins))
        try:
            return to_evaluation("batched-springs", message)[0]
        except EngineError as err:
            return err.reason

    def close(self) -> None:
        for channel in (*self.guests, self.listener):
            channel.close()
        self.server.close()


@pytest.fixture
def device(tmp_path: Path) -> Iterator[Any]:
    made: list[Device] = []

    def make(**options: Any) -> Device:
        made.append(Device(tmp_path, **options))
        return made[-1]

    with installed(tmp_path / "site"):
        yield make
    for one in made:
        one.close()


def alone(cell: Structure) -> Evaluation:
    return get_engine(BatchedSpringsBlock()).evaluate(cell)


def test_what_is_asked_for_at_the_same_time_is_one_pass(device: Any) -> None:
    one = device()
    cells = [oxide(number) for number in range(5)]
    found = one.answers(*cells)
    assert noted(one.notes) == [[8] * 5]
    for cell, answer in zip(cells, found, strict=True):
        expected = alone(cell)
        assert answer.energy_eV == expected.energy_eV
        assert np.array_equal(answer.forces, expected.forces)
        assert np.array_equal(answer.stress, expected.stress)


def test_other_settings_are_another_pass(device: Any) -> None:
    one = device()
    soft, stiff, again = one.ask(oxide(1)), one.ask(oxide(1), depth=3.0), one.ask(oxide(1))
    one.work()
    assert noted(one.notes) == [[8, 8], [8]]
    answers = [one.answer(guest).energy_eV for guest in (soft, stiff, again)]
    assert answers[0] == answers[2] > answers[1]


def test_a_pass_has_no_more_atoms_than_it_may_and_the_longest_wait_goes_first(device: Any) -> None:
    one = device(atoms=20)
    found = one.answers(oxide(1), oxide(2, repeat=4), oxide(3), oxide(4))
    assert noted(one.notes) == [[8, 8], [32], [8]]
    assert not [answer for answer in found if isinstance(answer, str)]


def test_too_little_memory_halves_the_batch_and_goes_on(device: Any, capfd: pytest.CaptureFixture[str]) -> None:
    one = device(room=17)
    found = one.answers(*[oxide(number) for number in range(7)])
    assert not [answer for answer in found if isinstance(answer, str)]
    assert all(sum(cells) <= 17 for cells in noted(one.notes))
    assert sum(map(len, noted(one.notes))) == 7
    assert "56 atoms are too many for the memory: 28 from now on" in capfd.readouterr().err
    one.answers(*[oxide(number) for number in range(3)])
    assert capfd.readouterr().err == "", "what was too much is not tried again"


def test_a_cell_that_is_too_large_for_the_memory_fails_alone(device: Any) -> None:
    one = device(room=17)
    small, large, other = one.answers(oxide(1), oxide(2, repeat=4), oxide(3))
    assert "too little memory for a cell of 32 atoms" in large
    assert small.energy_eV == alone(oxide(1)).energy_eV
    assert other.energy_eV == alone(oxide(3)).energy_eV


def test_a_cell_without_an_energy_fails_alone(device: Any) -> None:
    one = device()
    first, none, last = one.answers(oxide(1), oxide(2, element=NO_ENERGY), oxide(3))
    assert none == "there are no springs to this element"
    assert (first.energy_eV, last.energy_eV) == (alone(oxide(1)).energy_eV, alone(oxide(3)).energy_eV)


def test_a_suspect_has_a_pass_of_its_own(device: Any) -> None:
    one = device()
    one.ask(oxide(1))
    one.ask(oxide(2), alone=True)
    one.ask(oxide(3))
    one.work()
    assert noted(one.notes) == [[8, 8], [8]]


def test_who_is_gone_or_says_what_is_no_message_holds_nobody_up(device: Any) -> None:
    one = device()
    gone, garbled, nonsense = one.ask(oxide(1)), one.connect(), one.connect()
    garbled.sendall(b"GET / HTTP/1.1\r\n\r\n")
    nonsense.sendall(pack({"hello": 1}, np.zeros(3)))
    gone.close()
    (answer,) = one.answers(oxide(2))
    assert answer.energy_eV == alone(oxide(2)).energy_eV
    assert garbled.recv(1) == b""
    assert nonsense.recv(1) == b""

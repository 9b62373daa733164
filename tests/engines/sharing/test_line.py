"""What a worker makes of a process of a device that answers late, or never."""

from __future__ import annotations

import signal
import socket
import threading
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from hebe.engines.protocol import Evaluation
from hebe.engines.sharing import line as module
from hebe.engines.sharing.line import Line
from hebe.engines.sharing.wire import Frames, of_evaluation
from hebe.exceptions import DeviceDiedError
from support.batched_springs import oxide

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


class _InterruptedError(Exception):
    """Of a signal, in the middle of anything."""


@pytest.fixture
def served(tmp_path: Path) -> Iterator[Callable[[Callable[[socket.socket], None]], Line]]:
    """A line to what treats each connection as a function says."""
    listener, line = socket.socket(socket.AF_UNIX), Line()
    listener.bind(str(tmp_path / "device"))
    listener.listen()

    def serve(treat: Callable[[socket.socket], None]) -> None:
        while True:
            try:
                channel, _ = listener.accept()
            except OSError:
                return
            threading.Thread(target=treat, args=(channel,), daemon=True).start()

    def use(treat: Callable[[socket.socket], None]) -> Line:
        threading.Thread(target=serve, args=(treat,), daemon=True).start()
        line.use(str(tmp_path / "device"), "cpu", {})
        return line

    yield use
    line.leave()
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()


def _answer(channel: socket.socket) -> None:
    """Tell the number of atoms as the energy; of small cells only after a while."""
    frames = Frames()
    with channel:
        while data := channel.recv(1 << 16):
            for head, _ in frames.feed(data):
                atoms = len(head["elements"])
                time.sleep(0.4 if atoms == 8 else 0)
                found = Evaluation(float(atoms), np.zeros((atoms, 3)), np.zeros((3, 3)), None)
                try:
                    channel.sendall(of_evaluation(found, 0.0))
                except OSError:
                    return


def test_an_answer_that_nobody_waited_for_is_not_that_of_the_next_cell(served: Any) -> None:
    def interrupt(*_: object) -> None:
        raise _InterruptedError

    line, before = served(_answer), signal.signal(signal.SIGALRM, interrupt)
    try:
        signal.setitimer(signal.ITIMER_REAL, 0.2)
        with pytest.raises(_InterruptedError):
            line.evaluate("springs", "{}", oxide(1), magmoms=False)
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert line.evaluate("springs", "{}", oxide(1, repeat=2), magmoms=False).energy_eV == 16.0


def test_one_that_never_takes_a_cell_is_given_up(served: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PAUSE_S", 0.0)
    line = served(socket.socket.close)
    with pytest.raises(DeviceDiedError, match=r"was lost \d+ times"):
        line.evaluate("springs", "{}", oxide(1), magmoms=False)

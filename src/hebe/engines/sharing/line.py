"""The connection of a worker to the process that evaluates for all workers of a device."""

from __future__ import annotations

import os
import socket
import time
from typing import TYPE_CHECKING, Any, Final, Literal

from hebe.engines.sharing.wire import Frames, GarbledError, is_begin, of_structure, pack, to_evaluation
from hebe.exceptions import DeviceDiedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pymatgen.core import Structure

    from hebe.engines.protocol import Evaluation
    from hebe.engines.sharing.wire import Message, Numbers

Device = Literal["cpu", "cuda"]

_TRIES: Final = 3
"""So often a process may die while it evaluates a cell; from the second time on the cell is evaluated alone."""
_LOSSES: Final = 100
"""So often a connection may be lost before the process has a cell, which those that others have may well cause."""
_PAUSE_S: Final = 0.05
_CHUNK: Final = 1 << 16


class Line:
    """Where evaluations of this process are made: nowhere else, unless it was told where.

    ``cpu_s`` is the CPU time (s) that the other process has spent for this one; ``kind`` is that of the device, None
    without one.
    """

    def __init__(self) -> None:
        self.cpu_s = 0.0
        self.kind: Device | None = None
        self._path = ""
        self._socket: socket.socket | None = None
        self._frames = Frames()
        self._pid = 0
        self._has_begun = False

    def use(self, path: str, kind: Device, environment: Mapping[str, str]) -> None:
        """Have evaluations made by the process that listens at a path.

        Its environment becomes that of this process as well, which sees the same device when it evaluates itself one
        day; torch must not be loaded yet.
        """
        self._hang_up()
        os.environ.update(environment)
        self._path, self.kind = path, kind

    def be(self, kind: Device) -> None:
        """Be the process that evaluates on a device of a kind."""
        self.leave()
        self.kind = kind

    def leave(self) -> None:
        """Evaluate here again."""
        self._hang_up()
        self._path, self.kind = "", None

    @property
    def is_open(self) -> bool:
        """Whether another process evaluates."""
        return bool(self._path)

    def evaluate(self, engine: str, block: str, structure: Structure, *, magmoms: bool) -> Evaluation | None:
        """Evaluation of an ordered structure; None if there is no process of the device any more.

        Parameters
        ----------
        engine
            Name of the engine, for errors.
        block
            Its block, as JSON.

        Raises
        ------
        EngineError
            If there is no energy.
        DeviceDiedError
            If the process died each time that it had this cell, or was lost again and again before it had.
        """
        elements, numbers = of_structure(structure)
        head: dict[str, Any] = {"engine": block, "magmoms": magmoms, "elements": elements}
        deaths = losses = 0
        while deaths < _TRIES and losses < _LOSSES:
            if not self._connected():
                self._path = ""
                return None
            try:
                answer = self._ask({**head, "alone": deaths > 0}, numbers)
            except (OSError, GarbledError):
                deaths, losses = deaths + self._has_begun, losses + 1
                time.sleep(0 if self._has_begun else _PAUSE_S)
                continue
            evaluation, cpu_s = to_evaluation(engine, answer)
            self.cpu_s += cpu_s
            return evaluation
        how = f"died {deaths} times while it had this cell" if deaths == _TRIES else f"was lost {losses} times"
        raise DeviceDiedError(f"{engine}: the process of the device {how}")

    def _ask(self, head: dict[str, Any], numbers: Numbers) -> Message:
        channel = self._socket
        if channel is None:
            raise ConnectionError
        self._has_begun = False
        try:
            channel.sendall(pack(head, numbers))
            return self._heard(channel)
        except BaseException:  # of a signal as well: an answer that is not read would be that of the next cell
            self._hang_up()
            raise

    def _heard(self, channel: socket.socket) -> Message:
        while True:
            data = channel.recv(_CHUNK)
            if not data:
                raise ConnectionError
            for message in self._frames.feed(data):
                if not is_begin(message):
                    return message
                self._has_begun = True

    def _connected(self) -> bool:
        """Connect, if that was not done by this very process: a copy of it must not read what is meant for it."""
        if self._socket is not None and self._pid == os.getpid():
            return True
        self._hang_up()
        channel = socket.socket(socket.AF_UNIX)
        channel.settimeout(None)
        try:
            channel.connect(self._path)
        except OSError:
            channel.close()
            return False
        self._socket, self._pid = channel, os.getpid()
        return True

    def _hang_up(self) -> None:
        if self._socket is not None:
            self._socket.close()
        self._socket, self._frames = None, Frames()


LINE: Final = Line()
"""That of this process."""

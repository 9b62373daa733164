"""The process of a device: what workers ask for while it evaluates is evaluated together in its next pass.

Nobody waits for a batch to fill: a pass takes what is there, and what arrives meanwhile is the next one. Workers take
their steps while the cells of others are evaluated.
"""

from __future__ import annotations

import json
import selectors
import socket
import sys
import time
from collections import deque
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, NoReturn

from pymatgen.core import Structure

from hebe.config.engines import EngineBlock
from hebe.engines.batched import Batched
from hebe.engines.registry import get_engine
from hebe.engines.sharing.budget import Budget, is_lost, is_out_of_memory
from hebe.engines.sharing.wire import Frames, GarbledError, Numbers, of_begin, of_error, of_evaluation, to_structure
from hebe.exceptions import EngineError, HebeError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from hebe.engines.protocol import Evaluation

_CHUNK = 1 << 18


class LostDeviceError(HebeError):
    """Nothing can be evaluated in this process any more; those who wait ask the one that is started next."""


@dataclass(eq=False)
class _Guest:
    """The connection of a worker."""

    channel: socket.socket
    frames: Frames = field(default_factory=Frames)


@dataclass(eq=False)
class _Request:
    """A cell to evaluate; ``alone`` if a process has died while it had it."""

    guest: _Guest
    block: str
    magmoms: bool
    alone: bool
    structure: Structure

    @property
    def kind(self) -> tuple[str, bool]:
        """What cells of one pass have in common: engine with its settings, and whether moments are wanted."""
        return self.block, self.magmoms

    @property
    def atoms(self) -> int:
        """Number of atoms."""
        return len(self.structure)


class Server:
    """Evaluates for all who connect.

    Parameters
    ----------
    listener
        Where they connect.
    budget
        How many atoms a pass may have.
    served
        Called at the first answer.
    """

    def __init__(self, listener: socket.socket, budget: Budget, served: Callable[[], None] = lambda: None) -> None:
        self._listener, self._budget, self._served = listener, budget, served
        listener.settimeout(0)
        self._selector = selectors.DefaultSelector()
        self._selector.register(listener, selectors.EVENT_READ)
        self._waiting: deque[_Request] = deque()
        self._has_answered = False

    def serve(self) -> NoReturn:
        """Evaluate until the process ends.

        Raises
        ------
        LostDeviceError
            If the device computes nothing any more for this process.
        """
        while True:
            self.step(None)

    def step(self, timeout_s: float | None) -> None:
        """Take in what has arrived, waiting for it if there is nothing to do, and make one pass."""
        for key, _ in self._selector.select(0 if self._waiting else timeout_s):
            if key.data is None:
                self._welcome()
            else:
                self._hear(key.data)
        if self._waiting:
            self._pass(self._chosen())

    def close(self) -> None:
        """Let go of all connections."""
        for key in list(self._selector.get_map().values()):
            if key.data is not None:
                key.data.channel.close()
        self._selector.close()

    def _welcome(self) -> None:
        with suppress(BlockingIOError):
            while True:
                channel, _ = self._listener.accept()
                channel.settimeout(None)
                self._selector.register(channel, selectors.EVENT_READ, _Guest(channel))

    def _hear(self, guest: _Guest) -> None:
        try:
            data = guest.channel.recv(_CHUNK)
            requests = [_request(guest, *message) for message in guest.frames.feed(data)]
        except (OSError, GarbledError):
            data, requests = b"", []
        if not data:
            self._part(guest)
        self._waiting.extend(requests)

    def _part(self, guest: _Guest) -> None:
        """Forget a worker that is no more, with what it has asked for."""
        self._selector.unregister(guest.channel)
        guest.channel.close()
        self._waiting = deque(request for request in self._waiting if request.guest is not guest)

    def _chosen(self) -> list[_Request]:
        """Cells of the next pass: the one that waits longest, and others of its kind as far as memory allows."""
        first = self._waiting[0]
        found, atoms, most = [first], first.atoms, self._budget.atoms
        for request in list(self._waiting)[1:] if not first.alone else []:
            if request.kind == first.kind and not request.alone and atoms + request.atoms <= most:
                found.append(request)
                atoms += request.atoms
        chosen = set(map(id, found))
        self._waiting = deque(request for request in self._waiting if id(request) not in chosen)
        return found

    def _pass(self, requests: Sequence[_Request]) -> None:
        """Evaluate cells together; one by one where one of them has no energy, half of them if memory is short."""
        atoms, began = sum(request.atoms for request in requests), time.process_time()
        for request in requests:
            self._say(request, of_begin())
        evaluations = _evaluated(requests)
        if isinstance(evaluations, Exception):
            self._failed(requests, atoms, evaluations)
            return
        self._budget.learn(atoms)
        cpu_s = time.process_time() - began
        for request, found in zip(requests, evaluations, strict=True):
            self._answer(request, of_evaluation(found, cpu_s * request.atoms / atoms))

    def _failed(self, requests: Sequence[_Request], atoms: int, err: Exception) -> None:
        if is_lost(err):
            raise LostDeviceError(str(err)) from err
        if is_out_of_memory(err):
            self._budget.halve(atoms)
            if len(requests) > 1:
                sys.stderr.write(f"{atoms} atoms are too many for the memory: {self._budget.atoms} from now on\n")
                self._waiting.extendleft(reversed(requests))
                return
            err = MemoryError(f"the device has too little memory for a cell of {atoms} atoms ({err})")
        if len(requests) == 1:
            self._answer(requests[0], of_error(err))
            return
        for request in requests:
            self._pass([request])

    def _answer(self, request: _Request, raw: bytes) -> None:
        if not self._has_answered:
            self._has_answered = True
            self._served()  # before the answer is out: who has it may end this process at once
        self._say(request, raw)

    def _say(self, request: _Request, raw: bytes) -> None:
        with suppress(OSError):  # a worker that is no more, which its connection tells next
            request.guest.channel.sendall(raw)


def _request(guest: _Guest, head: dict[str, Any], numbers: Numbers) -> _Request:
    try:
        cell = to_structure(head["elements"], numbers)
        return _Request(guest, str(head["engine"]), bool(head["magmoms"]), bool(head["alone"]), cell)
    except (KeyError, TypeError, ValueError) as err:
        raise GarbledError(f"a request without {err}") from err


def _evaluated(requests: Sequence[_Request]) -> Sequence[Evaluation] | Exception:
    """Evaluations, or why there are none."""
    block, magmoms = requests[0].kind
    try:
        engine = get_engine(EngineBlock.model_validate(json.loads(block)))
        if not isinstance(engine, Batched):
            return EngineError(engine.name, "it does not evaluate many cells at once", deterministic=True)
        return engine.evaluate_many([request.structure for request in requests], magmoms=magmoms)
    except Exception as err:  # noqa: BLE001 - of an engine, told to who has asked
        return _without_frames(err)


def _without_frames(err: Exception) -> Exception:
    """An error without its frames, which hold what has filled the memory."""
    part: BaseException | None = err
    while part is not None:
        part.__traceback__ = None
        part = part.__cause__ or part.__context__
    return err

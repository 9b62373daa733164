"""Messages between the launcher and its workers: length-prefixed pickles over a socket pair that only they hold."""

from __future__ import annotations

import io
import pickle
import struct
import sys
import types
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING, Any

from hebe.exceptions import HebeError

if TYPE_CHECKING:
    import socket

    from jobflow.core.job import Job

_HEADER = struct.Struct("!Q")
_CHUNK = 1 << 18
_LARGEST = 1 << 40
_SCRIPT = b"__main__"


@dataclass(frozen=True, slots=True)
class Task:
    """One job for a worker.

    ``after`` are the numbers of tasks of the same worker whose outputs it reads, ``is_brief`` says that it is known to
    take milliseconds, ``feeds`` that another task of the worker waits for it.
    """

    number: int
    identity: dict[str, Any]
    body: bytes
    after: tuple[int, ...] = ()
    is_brief: bool = False
    feeds: bool = False

    @property
    def of_script(self) -> bool:
        """Whether the job may be made of something that the launching script defines itself."""
        return _SCRIPT in self.body


def encode_job(job: Job) -> bytes:
    """Turn a job into bytes.

    Raises
    ------
    TypeError, ValueError, AttributeError, KeyError
        If it cannot be turned into data.
    """
    try:
        return _pickled(job)
    except (pickle.PicklingError, TypeError, AttributeError, ImportError):
        body = pickle.dumps(job.as_dict(), pickle.HIGHEST_PROTOCOL)
        if b"<locals>" in body or b"<lambda>" in body:
            raise ValueError("it holds a function that has no name in a module") from None
        return body


def decode_job(body: bytes) -> Job:
    """Turn the bytes of :func:`encode_job` into the job."""
    from monty.json import MontyDecoder

    loaded: Any = pickle.loads(body)  # noqa: S301 - written by the launcher that started this process
    job: Job = MontyDecoder().process_decoded(loaded) if isinstance(loaded, dict) else loaded
    return job


def frame(message: dict[str, Any]) -> bytes:
    """Turn a message into bytes with their length in front."""
    raw = pickle.dumps(message, pickle.HIGHEST_PROTOCOL)
    return _HEADER.pack(len(raw)) + raw


class FrameBuffer:
    """Collects received bytes and cuts them into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Add bytes; return the messages that are complete now.

        Raises
        ------
        UnreadableError
            If they are none.
        """
        self._bytes += data
        messages = []
        while len(self._bytes) >= _HEADER.size:
            size = _HEADER.unpack_from(self._bytes)[0]
            if size > _LARGEST:
                raise UnreadableError(f"a message of {size} bytes")
            end = _HEADER.size + size
            if len(self._bytes) < end:
                break
            messages.append(_unpickled(self._bytes[_HEADER.size : end]))
            del self._bytes[:end]
        return messages


class UnreadableError(HebeError):
    """What came over a connection is no message, or holds what this process does not know."""


def _unpickled(raw: bytearray) -> dict[str, Any]:
    try:
        message: dict[str, Any] = pickle.loads(raw)  # noqa: S301 - from our own process
    except Exception as err:
        raise UnreadableError(f"{type(err).__name__}: {err}") from err
    return message


def receive(channel: socket.socket, buffer: FrameBuffer) -> list[dict[str, Any]] | None:
    """Read what has arrived, waiting if the socket does; None at the end of the connection.

    Raises
    ------
    UnreadableError
        If it is no message.
    """
    try:
        data = channel.recv(_CHUNK)
    except (BlockingIOError, InterruptedError):
        return []
    except OSError:
        return None
    return buffer.feed(data) if data else None


class _Pickler(pickle.Pickler):
    """Knows that jobflow's decorator hides the function of a job under a function of the same name."""

    def reducer_override(self, value: Any) -> Any:
        if not isinstance(value, types.FunctionType):
            return NotImplemented
        name = value.__module__, value.__qualname__
        found = _named(*name)
        if found is value:
            return NotImplemented
        if getattr(found, "original", None) is not value:
            raise pickle.PicklingError(f"{'.'.join(name)} is not the function of this name")
        return _named, name


def _pickled(value: Any) -> bytes:
    stream = io.BytesIO()
    _Pickler(stream, pickle.HIGHEST_PROTOCOL).dump(value)
    return stream.getvalue()


def _named(module: str, name: str) -> Any:
    found: Any = sys.modules.get(module) or import_module(module)
    for part in name.split("."):
        found = getattr(found, part)
    return found

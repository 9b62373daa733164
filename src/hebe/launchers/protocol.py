"""Messages between the launcher and its workers: length-prefixed JSON over a socket pair."""

from __future__ import annotations

import struct
from typing import TYPE_CHECKING, Any

from hebe.stores import codec

if TYPE_CHECKING:
    import socket

_HEADER = struct.Struct("!Q")
_CHUNK = 1 << 18


def frame(message: dict[str, Any]) -> bytes:
    """Turn a message into bytes with their length in front."""
    raw = codec.dumps(message)
    return _HEADER.pack(len(raw)) + raw


class FrameBuffer:
    """Collects received bytes and cuts them into messages."""

    def __init__(self) -> None:
        self._bytes = bytearray()

    def feed(self, data: bytes) -> list[dict[str, Any]]:
        """Add bytes; return the messages that are complete now."""
        self._bytes += data
        messages = []
        while len(self._bytes) >= _HEADER.size:
            end = _HEADER.size + _HEADER.unpack_from(self._bytes)[0]
            if len(self._bytes) < end:
                break
            messages.append(codec.loads(bytes(self._bytes[_HEADER.size : end])))
            del self._bytes[:end]
        return messages


def receive(channel: socket.socket, buffer: FrameBuffer) -> list[dict[str, Any]] | None:
    """Read what has arrived, waiting if the socket does; None at the end of the connection."""
    try:
        data = channel.recv(_CHUNK)
    except (BlockingIOError, InterruptedError):
        return []
    except OSError:
        return None
    return buffer.feed(data) if data else None

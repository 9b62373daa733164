"""The state of a process that jobs share: put back after a job that has changed it, or found to be beyond that."""

from __future__ import annotations

import contextlib
import errno
import gc
import os
import resource
import signal
import socket
import sys
from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

_MOST_LEAKED: Final = 100
"""So many more open descriptors than at first are a leak: libraries keep a few for good."""
_RESERVE: Final = 16
_ROOM: Final = 8
_STREAMS: Final = (0, 1, 2)
_OBJECTS: Final = "streams and tracing"
_TOO_MANY: Final = (errno.EMFILE, errno.ENFILE)
_LIMITS: Final = [getattr(resource, name) for name in dir(resource) if name.startswith("RLIMIT_")]
_TIMERS: Final = (signal.ITIMER_REAL, signal.ITIMER_VIRTUAL, signal.ITIMER_PROF)
_get_handler: Final = import_module("_signal").getsignal
"""As that of `signal`, without the names that it makes of handlers, which takes long."""
_SIGNALS: Final = sorted(signal.valid_signals() - {signal.SIGKILL, signal.SIGSTOP})


class Condition:
    """What a process was like when this was made: limits, signals, folder, streams, descriptors and the like.

    ``is_sound`` says whether all that jobs have changed could be put back. Variables of the environment are put back
    that were there; new ones stay, which libraries set for themselves when they are imported.
    """

    def __init__(self) -> None:
        self.is_sound = True
        self._kept = [os.dup(number) for number in _STREAMS]
        self._reserve = [os.dup(self._kept[0]) for _ in range(_RESERVE)]
        self._before = {name: get() for name, (get, _) in _ASPECTS.items()}
        self._files = [_file(number) for number in _STREAMS]
        self._free = _lowest_free()

    def close(self) -> None:
        """Give the descriptors up that are held in reserve."""
        for number in [*self._kept, *self._reserve]:
            os.close(number)
        self._kept, self._reserve = [], []

    def restore(self) -> None:
        """Put back what has changed."""
        for name, (get, put) in _ASPECTS.items():
            before = self._before[name]
            if get() != before:
                with self._trying():
                    put(before)
        for number in _STREAMS:
            if _file(number) != self._files[number]:
                with self._trying():
                    os.dup2(self._kept[number], number)
        self._before[_OBJECTS] = _reopened(self._before[_OBJECTS])
        count, limit = _lowest_free(), resource.getrlimit(resource.RLIMIT_NOFILE)[0]
        if count > min(self._free + _MOST_LEAKED, (limit if limit > 0 else sys.maxsize) - _ROOM):
            self.is_sound = False
            while self._reserve:  # the output of the job is still to be written
                os.close(self._reserve.pop())

    @contextlib.contextmanager
    def _trying(self) -> Iterator[None]:
        try:
            yield
        except (OSError, ValueError, TypeError):
            self.is_sound = False


def _file(number: int) -> tuple[int, int] | None:
    """Which file a descriptor leads to."""
    try:
        status = os.fstat(number)
    except OSError:
        return None
    return status.st_dev, status.st_ino


def _lowest_free() -> int:
    """The lowest number that no open descriptor has: about how many there are, and cheaper than counting them."""
    try:
        number = os.dup(2)
    except OSError as err:
        return sys.maxsize if err.errno in _TOO_MANY else 0
    os.close(number)
    return number


def _limits() -> list[tuple[int, int]]:
    return [resource.getrlimit(number) for number in _LIMITS]


def _set_limits(before: list[tuple[int, int]]) -> None:
    for number, limits in zip(_LIMITS, before, strict=True):
        if resource.getrlimit(number) != limits:
            resource.setrlimit(number, limits)


def _umask() -> int:
    mask = os.umask(0o077)
    os.umask(mask)
    return mask


def _set_umask(before: int) -> None:
    os.umask(before)


def _handlers() -> list[Any]:
    return list(map(_get_handler, _SIGNALS))


def _set_handlers(before: list[Any]) -> None:
    for number, handler in zip(_SIGNALS, before, strict=True):
        if _get_handler(number) != handler and handler is not None:
            signal.signal(number, handler)


def _mask() -> set[Any]:
    return signal.pthread_sigmask(signal.SIG_BLOCK, ())


def _set_mask(before: set[Any]) -> None:
    signal.pthread_sigmask(signal.SIG_SETMASK, before)


def _timers() -> list[bool]:
    return [bool(signal.getitimer(timer)[0]) for timer in _TIMERS]


def _stop_timers(_before: list[bool]) -> None:
    for timer in _TIMERS:
        signal.setitimer(timer, 0)


def _folder() -> str:
    try:
        return os.getcwd()  # noqa: PTH109 - called often
    except OSError:
        return ""


def _environment() -> dict[bytes, bytes]:
    variables: Any = os.environb
    return dict(variables._data)  # noqa: SLF001 - one by one takes long


def _set_environment(before: dict[bytes, bytes]) -> None:
    for name, value in before.items():
        if os.environb.get(name) != value:
            os.environb[name] = value


def _objects() -> tuple[Any, ...]:
    return sys.stdin, sys.stdout, sys.stderr, sys.gettrace(), sys.getprofile()


def _set_objects(before: tuple[Any, ...]) -> None:
    sys.stdin, sys.stdout, sys.stderr = before[:3]
    sys.settrace(before[3])
    sys.setprofile(before[4])


def _reopened(objects: tuple[Any, ...]) -> tuple[Any, ...]:
    """The same, with new streams in place of those that were closed; they are those of the process from now on."""
    if not any(getattr(stream, "closed", False) for stream in objects[:3]):
        return objects
    streams = [
        open(number, "w" if number else "r", buffering=1, closefd=False, errors="backslashreplace")  # noqa: SIM115 - for good
        if getattr(stream, "closed", False)
        else stream
        for number, stream in zip(_STREAMS, objects[:3], strict=True)
    ]
    found = (*streams, *objects[3:])
    _set_objects(found)
    return found


def _affinity() -> set[int]:
    return os.sched_getaffinity(0) if hasattr(os, "sched_getaffinity") else set()


def _set_affinity(before: set[int]) -> None:
    os.sched_setaffinity(0, before)


def _collector() -> bool:
    return gc.isenabled()


def _set_collector(before: bool) -> None:  # noqa: FBT001 - one of a table of functions
    (gc.enable if before else gc.disable)()


_ASPECTS: Final[dict[str, tuple[Callable[[], Any], Callable[[Any], None]]]] = {
    "resource limits": (_limits, _set_limits),
    "timers": (_timers, _stop_timers),
    "signal handlers": (_handlers, _set_handlers),
    "signal mask": (_mask, _set_mask),
    "umask": (_umask, _set_umask),
    "folder": (_folder, os.chdir),
    "environment": (_environment, _set_environment),
    _OBJECTS: (_objects, _set_objects),
    "processors": (_affinity, _set_affinity),
    "recursion limit": (sys.getrecursionlimit, sys.setrecursionlimit),
    "switch interval": (sys.getswitchinterval, sys.setswitchinterval),
    "time limit of sockets": (socket.getdefaulttimeout, socket.setdefaulttimeout),
    "garbage collector": (_collector, _set_collector),
}

"""Jobs that fork, leave processes, spoil their own process, or fail in ways that are hard to write down."""

from __future__ import annotations

import errno
import gc
import math
import multiprocessing
import os
import resource
import shutil
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

from jobflow import job

if TYPE_CHECKING:
    from collections.abc import Callable

FOR_EVER = "import time; time.sleep(100000)"


def tell(folder: str, name: str, number: int) -> None:
    """Leave the number of a process."""
    path = Path(folder, name)
    path.with_suffix(".new").write_text(str(number), encoding="ascii")
    path.with_suffix(".new").rename(path)


@job
def fork_and_return() -> str:
    """Come back twice, and wait in the parent for the child."""
    pid = os.fork()
    if pid == 0:
        return "child"
    return f"parent of one that left with {os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])}"


@job
def fork_and_raise(kind: str) -> int:
    """Come back once and raise in a copy."""
    pid = os.fork()
    if pid == 0:
        if kind == "exit":
            sys.exit(7)
        raise {"error": ValueError, "interrupt": KeyboardInterrupt}[kind]("of the child")
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])


@job
def fork_twice() -> int:
    """Come back as a grandchild, too."""
    pid = os.fork()
    if pid == 0 and os.fork() == 0:
        return 3
    if pid == 0:
        return 2
    os.waitpid(pid, 0)
    return 1


@job
def fork_in_thread() -> list[int]:
    """Fork beside the main thread."""
    codes: list[int] = []

    def fork() -> None:
        pid = os.fork()
        if pid == 0:
            os._exit(4)
        codes.append(os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]))

    thread = threading.Thread(target=fork)
    thread.start()
    thread.join()
    return codes


def square(value: int) -> int:
    """Work for another process."""
    return value * value


@job
def spread(method: str) -> list[int]:
    """Have processes of multiprocessing compute."""
    with multiprocessing.get_context(method).Pool(2) as pool:
        found: list[int] = pool.map(square, range(4))
    return found


@job
def leave_processes(folder: str) -> int:
    """Leave a child, one in a session of its own, a daemon whose parent has ended, and a copy that goes on."""
    tell(folder, "child", subprocess.Popen([sys.executable, "-c", FOR_EVER]).pid)
    tell(folder, "session", subprocess.Popen([sys.executable, "-c", FOR_EVER], start_new_session=True).pid)
    subprocess.run(["/bin/sh", "-c", f"setsid sleep 100000 & echo $! > {folder}/daemon"], check=True)
    copy = os.fork()
    if copy == 0:
        os.setsid()
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
        time.sleep(100000)
    tell(folder, "copy", copy)
    process = multiprocessing.get_context("fork").Process(target=time.sleep, args=(100000,))
    process.start()
    tell(folder, "process", process.pid or 0)
    return 1


@job
def leave_daemon_and_die(folder: str) -> None:
    """Leave a daemon that holds everything open that this process has, and die."""
    pid = os.fork()
    if pid == 0:
        os.setsid()
        if os.fork():
            os._exit(0)
        tell(folder, "daemon", os.getpid())
        time.sleep(100000)
    os.waitpid(pid, 0)
    while not Path(folder, "daemon").exists():
        time.sleep(0.01)
    os.kill(os.getpid(), signal.SIGKILL)


@job
def copy_unseen_and_die(folder: str) -> None:
    """Leave a copy that Python knows nothing of, with the connection to the launcher open, and die."""
    import ctypes

    fork = ctypes.CDLL(None).fork
    pid = fork()
    if pid == 0:
        time.sleep(100000)
    tell(folder, "unseen", pid)
    os.kill(os.getpid(), signal.SIGKILL)


@job
def stop_first(folder: str) -> int:
    """Stop the own process at the first try."""
    path = Path(folder, "stopped")
    if not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGSTOP)
    return 1


KEPT: list[Any] = []


def leak_descriptors() -> None:
    """Open files until no more can be opened."""
    resource.setrlimit(resource.RLIMIT_NOFILE, (256, resource.getrlimit(resource.RLIMIT_NOFILE)[1]))
    while True:
        KEPT.append(open(os.devnull))  # noqa: PTH123, SIM115 - it is to stay open


def forbid_files() -> None:
    """Let no file grow, for good."""
    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.getrlimit(resource.RLIMIT_FSIZE)[1]))


def lose_folder() -> None:
    """Remove the working folder."""
    shutil.rmtree(Path.cwd())


def set_alarm() -> None:
    """Have a signal end the process soon."""
    signal.signal(signal.SIGALRM, signal.SIG_DFL)
    signal.setitimer(signal.ITIMER_REAL, 0.05)


def close_streams() -> None:
    """Close standard output and errors, at both levels."""
    sys.stdout.close()
    for number in (0, 1, 2):
        os.close(number)


def block_signals() -> None:
    """Hear no signals, and ignore the end of children."""
    signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGALRM, signal.SIGTERM})
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)


def change_settings() -> None:
    """Change what belongs to the whole process."""
    os.umask(0o777)
    os.chdir("/")
    os.environ["PATH"] = "/nowhere"
    sys.setrecursionlimit(500)
    socket.setdefaulttimeout(1e-6)
    gc.disable()


SPOILING: dict[str, Callable[[], None]] = {
    spoil.__name__: spoil
    for spoil in (leak_descriptors, forbid_files, lose_folder, set_alarm, close_streams, block_signals, change_settings)
}


@job
def spoil(name: str) -> str:
    """Spoil the process, and end well where that is possible."""
    try:
        SPOILING[name]()
    except OSError:
        return f"{name} to the end"
    return name


@job
def use_process(number: int) -> int:
    """Use what others may have spoilt."""
    print("a line")  # noqa: T201 - it is to work
    Path("file").write_text("x" * 1000, encoding="ascii")
    files = [open(os.devnull) for _ in range(100)]  # noqa: PTH123, SIM115 - many at a time
    for file in files:
        file.close()
    assert subprocess.run(["sh", "-c", "exit 3"], check=False).returncode == 3
    assert oct(Path("file").stat().st_mode & 0o600) == oct(0o600)
    time.sleep(0.1)
    Path("file").unlink()
    return number


class NoTextError(Exception):
    """Its text cannot be made."""

    def __str__(self) -> str:
        raise RuntimeError("no text")

    __repr__ = __str__


class Interrupt(BaseException):
    """Not an `Exception`."""


class Odd(str):
    """Text of a class that only this process knows."""

    __slots__ = ()


class LockedError(Exception):
    """Cannot be pickled, and its text is of a class of its own."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        super().__init__()

    def __str__(self) -> str:
        return Odd("locked")


def recurse(depth: int) -> int:
    """Call itself for ever."""
    return recurse(depth + 1) + 1


def raise_group() -> NoReturn:
    """Raise several errors at once."""
    raise ExceptionGroup("several", [ValueError("one"), NoTextError()])


ERRORS: dict[str, Callable[[], Any]] = {
    "OSError": lambda: throw(OSError(errno.EMFILE, "Too many open files", "input")),
    "BrokenPipeError": lambda: throw(BrokenPipeError(errno.EPIPE, "Broken pipe")),
    "ConnectionResetError": lambda: throw(ConnectionResetError("gone")),
    "TimeoutError": lambda: throw(TimeoutError("slow")),
    "MemoryError": lambda: bytearray(1 << 62),
    "RecursionError": lambda: recurse(0),
    "KeyboardInterrupt": lambda: throw(KeyboardInterrupt()),
    "SystemExit": lambda: sys.exit("left"),
    "GeneratorExit": lambda: throw(GeneratorExit()),
    "Interrupt": lambda: throw(Interrupt("not an exception")),
    "NoTextError": lambda: throw(NoTextError()),
    "LockedError": lambda: throw(LockedError()),
    "UnicodeError": lambda: throw(UnicodeError("half \ud800 and \0 in between")),
    "RuntimeError": lambda: throw(RuntimeError("x" * 20_000_000)),
    "ExceptionGroup": raise_group,
}


def throw(err: BaseException) -> NoReturn:
    """Raise."""
    raise err


@job
def fail(name: str) -> Any:
    """Fail in one of many ways."""
    return ERRORS[name]()


@job
def no_space() -> None:
    """Find the disk full."""
    raise OSError(errno.ENOSPC, "No space left on device", "output.bin")


class Strange:
    """Cannot be described."""

    def as_dict(self) -> dict[str, Any]:
        """Fail."""
        raise ZeroDivisionError


def round_about() -> dict[str, Any]:
    """Something that holds itself."""
    found: dict[str, Any] = {}
    found["again"] = found
    return found


OUTPUTS: dict[str, tuple[Callable[[], Any], str]] = {
    "nan": (lambda: {"energies": [1.0, math.nan]}, "output.energies[1] is nan: only finite numbers are stored"),
    "infinity": (lambda: {"a b": -math.inf, "none": None}, "output['a b'] is -inf: only finite numbers are stored"),
    "object": (lambda: [1, {"inner": object()}], "output[1].inner is a builtins.object, which no document can hold"),
    "function": (lambda: {"call": round_about}, ""),
    "strange": (lambda: (Strange(),), "output[0] is a support.faulty_jobs.Strange, which no document can hold"),
    "surrogate": (lambda: {"text": "\ud800"}, "output.text is text with half a surrogate pair, which is no Unicode"),
    "circle": (round_about, "is nested too deeply, or holds itself"),
}


@job
def give(name: str) -> Any:
    """Return something that no document can hold."""
    return OUTPUTS[name][0]()


@job
def garble() -> None:
    """Write onto every connection that is open, as the launcher's is, and wait."""
    for place in list(Path("/proc/self/fd").iterdir()):  # a process of many open files gives its workers high numbers
        try:
            stream = socket.socket(fileno=os.dup(int(place.name)))
            stream.send(b"\x00" * 8 + b"garbage" * 3, socket.MSG_DONTWAIT)
        except OSError:
            continue
    time.sleep(100000)


@job
def say_and_die(text: str) -> None:
    """Say something and die."""
    print(text, file=sys.stderr, flush=True)  # noqa: T201 - it is looked for in the log
    os.abort()


@job
def noise(size: int) -> str:
    """Return text that nothing makes shorter."""
    return os.urandom(size).hex()

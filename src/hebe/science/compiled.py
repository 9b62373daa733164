"""How loops are compiled, and where their code is kept between processes, of which one compiles and others wait."""

from __future__ import annotations

import fcntl
import os
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any, Final, TypeVar, cast

import numba
from numba.core.caching import FunctionCache

_Function = TypeVar("_Function", bound=Callable[..., object])

_PATIENCE_S: Final = 60.0
"""So long another process may take to compile one function: the slowest of the package takes 3 s."""
_LOOK_S: Final = 0.02


def compiled(function: _Function) -> _Function:
    """Compile a function that allocates nothing: without the counting of references it takes half the time."""
    return compile_cached(function, allocates=False)


def allocating(function: _Function) -> _Function:
    """Compile a function that allocates arrays."""
    return compile_cached(function, allocates=True)


def compile_cached(function: _Function, *, allocates: bool, fastmath: bool = False) -> _Function:
    """Compile a function when it is first called, and keep the code for other processes where a folder allows that.

    The folder is the one in ``NUMBA_CACHE_DIR``, else that of the module, else the user's cache. Where none of them can
    be written every process compiles for itself; else one does, and those that need the same function wait for it.
    """
    options = {"error_model": "numpy", "fastmath": fastmath, "_nrt": allocates}
    try:
        found: Any = numba.njit(cache=True, **options)(function)  # type: ignore[call-overload]
        found._cache = OneCompilerCache(function)  # type: ignore[no-untyped-call]  # noqa: SLF001 - as its enable_caching
    except RuntimeError:  # numba finds no folder that it can write
        found = numba.njit(**options)(function)  # type: ignore[call-overload]
    return cast("_Function", found)


class OneCompilerCache(FunctionCache):
    """Numba's cache of a function, with a lock from the look that finds nothing to the code that is kept.

    The lock is the kernel's, on a file beside the code: it ends with its process. A file system without locks, a folder
    that cannot be written and a holder that takes too long only mean that the function is compiled twice.
    """

    _lock: int | None = None

    def load_overload(self, sig: Any, target_context: Any) -> Any:
        """Code for a signature; None, and the lock as far as it is to be had, where this process is to compile it."""
        found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
        if found is None and self._lock is None:
            self._lock = self._take()
            found = super().load_overload(sig, target_context)  # type: ignore[no-untyped-call]
            if found is not None:
                self._give_up()
        return found

    def save_overload(self, sig: Any, data: Any) -> None:
        """Keep code for others, who may look now."""
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call]
        finally:
            self._give_up()

    def _take(self) -> int | None:
        """Open file that holds the lock; None where it is not to be had."""
        path, end = Path(self._cache_path) / f"{self._impl.filename_base}.lock", time.monotonic() + _PATIENCE_S
        with suppress(OSError):
            self._impl.locator.ensure_cache_path()
            number = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
            while True:
                try:
                    fcntl.flock(number, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except OSError as err:
                    if not isinstance(err, BlockingIOError) or time.monotonic() > end:
                        os.close(number)
                        raise
                    time.sleep(_LOOK_S)
                else:
                    return number
        return None

    def _give_up(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

"""How loops are compiled, and where their code is kept between processes."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar, cast

import numba

_Function = TypeVar("_Function", bound=Callable[..., object])


def compiled(function: _Function) -> _Function:
    """Compile a function that allocates nothing: without the counting of references it takes half the time."""
    return compile_cached(function, allocates=False)


def allocating(function: _Function) -> _Function:
    """Compile a function that allocates arrays."""
    return compile_cached(function, allocates=True)


def compile_cached(function: _Function, *, allocates: bool, fastmath: bool = False) -> _Function:
    """Compile a function when it is first called, and keep the code for other processes where a folder allows that.

    The folder is the one in ``NUMBA_CACHE_DIR``, else that of the module, else the user's cache. Where none of them can
    be written every process compiles for itself.
    """
    options = {"error_model": "numpy", "fastmath": fastmath, "_nrt": allocates}
    try:
        return cast("_Function", numba.njit(cache=True, **options)(function))  # type: ignore[call-overload]
    except RuntimeError:  # numba finds no folder that it can write
        return cast("_Function", numba.njit(**options)(function))  # type: ignore[call-overload]

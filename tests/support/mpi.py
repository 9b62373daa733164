"""As much of MPI as a stand-in for a parallel program needs, by Open MPI's own library; one process without mpirun."""

from __future__ import annotations

import ctypes
import ctypes.util
import os
import shutil
from typing import Any

WORDS = ("mpirun", "--oversubscribe", "-n", "2")
"""Two processes, also on a machine with one core."""


def is_installed() -> bool:
    """Whether Open MPI is there."""
    return shutil.which("mpirun") is not None and ctypes.util.find_library("mpi") is not None


class Processes:
    """Those that mpirun started together with this one."""

    def __init__(self) -> None:
        self.rank, self.size = 0, 1
        self._library: Any = None
        if "OMPI_COMM_WORLD_SIZE" in os.environ:
            self._library = ctypes.CDLL(ctypes.util.find_library("mpi"), mode=ctypes.RTLD_GLOBAL)
            self._check(self._library.MPI_Init(None, None))
            self._world = ctypes.c_void_p(ctypes.addressof(ctypes.c_char.in_dll(self._library, "ompi_mpi_comm_world")))
            self.rank, self.size = self._ask("MPI_Comm_rank"), self._ask("MPI_Comm_size")

    def meet(self) -> None:
        """Wait for all others, and end MPI."""
        if self._library is not None:
            self._check(self._library.MPI_Barrier(self._world))
            self._check(self._library.MPI_Finalize())

    def _ask(self, name: str) -> int:
        found = ctypes.c_int()
        self._check(getattr(self._library, name)(self._world, ctypes.byref(found)))
        return found.value

    def _check(self, code: int) -> None:
        assert code == 0, f"MPI says {code}"

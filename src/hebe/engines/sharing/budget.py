"""How many atoms one pass over a device may have: what its memory holds, learned from passes that were made."""

from __future__ import annotations

import sys
from typing import Any, Final, Protocol

_FIRST: Final = 512
"""Atoms that are tried before it is known what a pass of so many takes."""
_SHARE: Final = 0.6
"""Part of the free memory that a pass may take: cells of the same number of atoms differ in bonds and angles."""
_WITHOUT_MEMORY: Final = 2048
"""Atoms where a device tells nothing of its memory."""
_OF_CUDA: Final = ("CUDA error", "Error [CUDA]")
"""Words of torch and of Triton for an error of CUDA itself."""


class Memory(Protocol):
    """Memory of a device."""

    def free(self) -> float | None:
        """Bytes that a pass could have, None where that is not told."""
        ...

    def peak(self) -> float:
        """Most bytes that a pass has had since this was asked for the last time."""
        ...

    def release(self) -> None:
        """Give back what is not in use."""
        ...


class TorchMemory:
    """Memory of the CUDA device of this process, as torch tells it."""

    def free(self) -> float | None:
        """Bytes that torch has not given out: free ones of the device, and those that it keeps in reserve."""
        cuda = _cuda()
        if cuda is None:
            return None
        left, _ = cuda.mem_get_info()
        return float(left + cuda.memory_reserved() - cuda.memory_allocated())

    def peak(self) -> float:
        """Most bytes above what is allocated between passes (the weights)."""
        cuda = _cuda()
        if cuda is None:
            return 0.0
        found = float(cuda.max_memory_allocated() - cuda.memory_allocated())
        cuda.reset_peak_memory_stats()
        return found

    def release(self) -> None:
        """Give back what torch keeps in reserve."""
        cuda = _cuda()
        if cuda is not None:
            cuda.empty_cache()


class Budget:
    """Bound on the atoms of a pass.

    Parameters
    ----------
    atoms
        The bound; None: learned from the memory that passes have taken.
    memory
        Memory of the device.
    """

    def __init__(self, atoms: int | None, memory: Memory) -> None:
        self._asked, self._memory = atoms, memory
        self._per_atom, self._largest = 0.0, 0
        self._most = float("inf")

    @property
    def atoms(self) -> int:
        """Atoms that a pass may have."""
        return max(1, int(min(self._most, self._wanted())))

    def learn(self, atoms: int) -> None:
        """A pass over so many atoms was made; what small ones take whatever their size says nothing of large ones."""
        per_atom = self._memory.peak() / atoms
        if atoms > 2 * self._largest:
            self._per_atom = per_atom
        elif 2 * atoms >= self._largest:
            self._per_atom = max(self._per_atom, per_atom)
        self._largest = max(self._largest, atoms)

    def halve(self, atoms: int) -> None:
        """A pass over so many atoms did not find enough memory."""
        self._memory.release()
        self._memory.peak()
        self._most = min(self._most, atoms / 2)

    def _wanted(self) -> float:
        if self._asked is not None:
            return self._asked
        free = self._memory.free()
        if free is None:
            return _WITHOUT_MEMORY if self._largest else _FIRST  # CUDA tells nothing before the first pass
        known = _SHARE * free / self._per_atom if self._per_atom else 0.0
        return known if self._largest >= _FIRST else max(known, _FIRST)


def is_out_of_memory(err: BaseException | None) -> bool:
    """Whether an error, or one that it was raised from, says that a device or the machine has too little memory."""
    while err is not None:
        if isinstance(err, MemoryError) or "out of memory" in str(err).lower():
            return True
        err = err.__cause__
    return False


def is_lost(err: BaseException | None) -> bool:
    """Whether an error says that CUDA computes nothing any more in this process, whatever it is asked for next.

    That is so after an illegal access, a failed assertion on the device or an error of its memory.
    """
    if is_out_of_memory(err):
        return False
    while err is not None:
        if any(words in str(err) for words in _OF_CUDA):
            return True
        err = err.__cause__ or err.__context__
    return False


def _cuda() -> Any:
    """CUDA of torch, None where nothing computes on it."""
    torch = sys.modules.get("torch")
    return torch.cuda if torch is not None and torch.cuda.is_initialized() else None

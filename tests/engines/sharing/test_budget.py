"""How many atoms a pass may have: what was asked for, what the memory holds, half of what was too much."""

from __future__ import annotations

from dataclasses import dataclass, field

import pytest

from hebe.engines.sharing.budget import Budget, TorchMemory, is_lost, is_out_of_memory
from hebe.exceptions import EngineError


@dataclass
class Megabytes:
    """A device of 1,000 MB, whose passes take what a test says."""

    peaks: list[float] = field(default_factory=list)
    is_silent: bool = False

    def free(self) -> float | None:
        return None if self.is_silent else 1000e6

    def peak(self) -> float:
        return self.peaks.pop(0) if self.peaks else 0.0

    def release(self) -> None:
        pass


def test_the_bound_follows_from_the_memory_that_atoms_have_taken() -> None:
    budget = Budget(None, Megabytes([600e6, 300e6]))
    first = budget.atoms
    budget.learn(600)  # 1 MB an atom: at most 1,000 of them fit
    assert first < 1000
    assert 450 < budget.atoms < 950
    before = budget.atoms
    budget.learn(900)  # lighter ones do not make room for heavy ones
    assert budget.atoms == before


def test_small_passes_say_nothing_of_large_ones() -> None:
    """50 MB for every pass, and 1 MB for each atom: 950 of them fit."""
    sizes = [4, 8, 100, 520, 4, 100, 4]
    budget = Budget(None, Megabytes([50e6 + size * 1e6 for size in sizes]))
    found = []
    for size in sizes:
        budget.learn(size)
        found.append(budget.atoms)
    assert found[3:] == [found[3]] * 4
    assert all(450 < atoms < 950 for atoms in found)


def test_what_was_asked_for_is_a_bound_whatever_the_memory() -> None:
    budget = Budget(64, Megabytes([1e9]))
    budget.learn(1)
    assert budget.atoms == 64


@pytest.mark.parametrize("asked", [None, 300])
def test_what_did_not_fit_is_halved_until_one_is_left(asked: int | None) -> None:
    budget = Budget(asked, Megabytes())
    budget.halve(200)
    assert budget.atoms == 100
    budget.halve(300)  # of a request that came before
    assert budget.atoms == 100
    for _ in range(10):
        budget.halve(budget.atoms)
    assert budget.atoms == 1


def test_a_device_that_tells_its_memory_after_the_first_pass_has_a_small_one_first() -> None:
    """CUDA is initialised by that pass: before it nothing is known, not even that there is a device."""
    memory = Megabytes([1e9])
    memory.is_silent = True
    budget = Budget(None, memory)
    assert budget.atoms == 512
    memory.is_silent = False
    budget.learn(500)  # 2 MB an atom: at most 500 of them fit
    assert budget.atoms <= 512


def test_without_a_device_there_is_a_bound() -> None:
    memory = TorchMemory()
    assert memory.free() is None
    budget = Budget(None, memory)
    budget.learn(10)
    assert 100 < budget.atoms < 10_000


def test_errors_of_memory_are_known_by_their_words_and_causes() -> None:
    assert is_out_of_memory(MemoryError())
    assert is_out_of_memory(RuntimeError("CUDA out of memory. Tried to allocate 2.00 GiB"))
    wrapped = EngineError("sevennet", "it failed")
    wrapped.__cause__ = RuntimeError("CUDA error: out of memory")
    assert is_out_of_memory(wrapped)
    assert not is_out_of_memory(EngineError("chgnet", "isolated atom"))


def test_a_lost_device_is_known_by_the_words_of_cuda() -> None:
    wrapped = EngineError("sevennet", "it failed")
    wrapped.__cause__ = RuntimeError("CUDA error: device-side assert triggered")
    assert is_lost(wrapped)
    assert is_lost(RuntimeError("Triton Error [CUDA]: an illegal memory access was encountered"))
    assert not is_lost(RuntimeError("CUDA error: out of memory"))
    assert not is_lost(EngineError("chgnet", "isolated atom"))

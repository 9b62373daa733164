"""Springs as an engine that evaluates many cells in one pass, and notes how many; some cells make it fail."""

from __future__ import annotations

import os
import signal
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Literal

import numpy as np
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineBlock, Traits
from hebe.config.plugins import plugins
from hebe.engines.ase import evaluate_calculator
from hebe.engines.batched import Batched
from hebe.exceptions import EngineError
from support.spring_crystal import SpringCrystal

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from hebe.engines.protocol import Evaluation

NO_ENERGY = "Xe"
"""A cell with this element has no energy."""
KILLS = "Kr"
"""A cell with this element kills the process that evaluates it."""
BREAKS = "Rn"
"""After a cell with this element its process computes nothing any more, as after an illegal access to a device."""


class BatchedSpringsBlock(EngineBlock):
    """Springs; more than ``room`` atoms at once are too many for the memory, ``passes`` is a file of notes."""

    traits: ClassVar[Traits] = Traits(
        factory="support.batched_springs:BatchedSprings",
        called="batched-springs",
        capabilities=frozenset({"forces", "stress", "batch", "oxides", "metals"}),
    )

    name: Literal["batched-springs"] = "batched-springs"
    depth: float = 1.0
    room: int = 10_000
    passes: str = ""


class BatchedSprings(Batched):
    """Evaluates cell by cell, so that a batch gives the numbers of its members to the last bit."""

    name, energy_scale = "batched-springs", "springs"
    capabilities = BatchedSpringsBlock.traits.capabilities

    def __init__(self, block: BatchedSpringsBlock) -> None:
        self.block, self.calculator = block, SpringCrystal(depth=block.depth)
        self.is_broken = False

    @property
    def settings(self) -> dict[str, Any]:
        """What changes the numbers."""
        return {"depth": self.block.depth}

    @property
    def versions(self) -> dict[str, str]:
        """None that matters."""
        return {}

    def check(self) -> None:
        """It is always there."""

    def evaluate_many(self, structures: Sequence[Structure], *, magmoms: bool = False) -> list[Evaluation]:
        """Evaluate, and note how many atoms each cell has."""
        elements = {site.specie.symbol for structure in structures for site in structure}
        if KILLS in elements:
            os.kill(os.getpid(), signal.SIGKILL)
        self.is_broken |= BREAKS in elements
        if self.is_broken:
            raise RuntimeError("CUDA error: an illegal memory access was encountered")
        if NO_ENERGY in elements:
            raise EngineError(self.name, "there are no springs to this element", deterministic=True)
        if sum(map(len, structures)) > self.block.room:
            raise RuntimeError("Device out of memory")
        if self.block.passes:
            with Path(self.block.passes).open("a", encoding="ascii") as notes:
                notes.write(" ".join(str(len(structure)) for structure in structures) + "\n")
        return [evaluate_calculator(self.name, self.calculator, one, magmoms=magmoms) for one in structures]


def oxide(number: int, *, element: str = "Mg", repeat: int = 1) -> Structure:
    """Displaced rock salt, a different one for each number; 8 atoms times the repeats."""
    cations = np.array([[0, 0, 0], [0, 0.5, 0.5], [0.5, 0, 0.5], [0.5, 0.5, 0]])
    shifts = [np.array(shift) for k in range(repeat) for shift in ([k, 0, 0], [k + 0.5, 0.5, 0.5])]
    sites = np.vstack([cations + shift for shift in shifts])
    elements = ([*["Mg"] * 4, *["O"] * 4] * repeat)[1:]
    moved = 4.2 * sites + np.random.default_rng(number).normal(scale=0.05, size=sites.shape)
    lattice = Lattice.orthorhombic(4.2 * repeat, 4.2, 4.2)
    return Structure(lattice, [element, *elements], moved, coords_are_cartesian=True)


def noted(passes: Path) -> list[list[int]]:
    """Atoms of the cells of each pass."""
    return [[int(word) for word in line.split()] for line in passes.read_text(encoding="ascii").splitlines()]


@contextmanager
def installed(folder: Path) -> Iterator[None]:
    """The engine as another package adds it, also for processes that are told the path."""
    info = folder / "batched_springs-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: batched-springs\nVersion: 1.0\n")
    point = f"batched-springs = {__name__}:BatchedSpringsBlock"
    (info / "entry_points.txt").write_text(f"[hebe.engines]\n{point}\n")
    sys.path.insert(0, str(folder))
    plugins.cache_clear()
    try:
        yield
    finally:
        sys.path.remove(str(folder))
        plugins.cache_clear()

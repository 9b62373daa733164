"""Analytic crystals with energies of pairs of cations on top, so that errors of pairs are known exactly.

``E = E_springs + N sum_{i<j} w_ij x_i x_j`` over the N cations of a cell, x their shares: a regular solution, which no
atom feels, so that both crystals relax to the same cells.
"""

from __future__ import annotations

import os
import signal
from collections import Counter
from itertools import combinations
from pathlib import Path
from typing import Any

from support.spring_crystal import SpringCrystal

_OTHERS = ("O", "F", "Li", "Na")


class PairCrystal(SpringCrystal):
    """The analytic crystal with pairs.

    Parameters
    ----------
    depth, length
        Of its bonds.
    pairs
        ``"Co Mg"`` (sorted) -> w in eV per cation.
    """

    def __init__(self, depth: float, length: float, pairs: dict[str, float]) -> None:
        super().__init__(depth, length)
        self.pairs = pairs

    def calculate(self, atoms: Any = None, *arguments: Any, **settings: Any) -> None:
        """Energy, forces and stress of `atoms`; each call leaves a dot in the file that ``PAIRS_LOG`` names."""
        log = os.environ.get("PAIRS_LOG")
        if log is not None:
            with Path(log).open("ab") as file:
                file.write(b".")
            if Path(log).stat().st_size == int(os.environ.get("PAIRS_KILL", "0")):
                os.kill(os.getpid(), signal.SIGKILL)
        super().calculate(atoms, *arguments, **settings)
        held = Counter(symbol for symbol in atoms.get_chemical_symbols() if symbol not in _OTHERS)
        number = sum(held.values())
        for pair in combinations(sorted(held), 2):
            w = self.pairs.get(" ".join(pair), 0.0)
            self.results["energy"] += w * held[pair[0]] * held[pair[1]] / number


def make(depth: float = 2.0, length: float = 2.25, pairs: dict[str, float] | None = None) -> PairCrystal:
    """Factory for a campaign's engine block."""
    return PairCrystal(depth, length, pairs or {})

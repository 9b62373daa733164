"""The state of a relaxation on disk: written whole after each evaluation, read by the next attempt."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.engines.protocol import Evaluation
from hebe.science.keys import structure_hash

_VERSION: Final = 1


@dataclass(frozen=True)
class SearchState:
    """What a quasi-Newton search needs to go on.

    ``q`` (A and strain), shape (3n + 6,), counts from ``start``; ``evaluation`` is that of q; ``hessian``, shape
    (3n + 6, 3n + 6); ``trust`` in A; ``energies`` (eV) of all evaluations so far.
    """

    start: Structure
    q: NDArray[np.float64]
    evaluation: Evaluation
    hessian: NDArray[np.float64]
    trust: float
    energies: list[float]


@dataclass(frozen=True)
class Checkpoint:
    """A file that holds the last `SearchState`; half a file is never seen."""

    path: Path

    def save(self, state: SearchState, reached: Structure) -> None:
        """Write the state and the structure that it has come to."""
        found = state.evaluation
        content = {
            "version": _VERSION,
            "of": [structure_hash(state.start), structure_hash(reached)],
            "start": state.start.as_dict(),
            "q": state.q.tolist(),
            "energy_eV": found.energy_eV,
            "forces": found.forces.tolist(),
            "stress": found.stress.tolist(),
            "magmoms": None if found.magmoms is None else found.magmoms.tolist(),
            "hessian": state.hessian.tolist(),
            "trust": state.trust,
            "energies": state.energies,
        }
        self.path.parent.mkdir(parents=True, exist_ok=True)
        part = self.path.with_name(self.path.name + ".part")
        part.write_text(json.dumps(content))
        part.replace(self.path)

    def load(self, start: Structure) -> SearchState | None:
        """State of a search that began at `start` or had come to it; None if there is none."""
        try:
            content: dict[str, Any] = json.loads(self.path.read_text())
        except (OSError, ValueError):
            return None
        if content.get("version") != _VERSION or structure_hash(start) not in content["of"]:
            return None
        moments = content["magmoms"]
        evaluation = Evaluation(
            content["energy_eV"],
            np.array(content["forces"]),
            np.array(content["stress"]),
            None if moments is None else np.array(moments),
        )
        return SearchState(
            Structure.from_dict(content["start"]),
            np.array(content["q"]),
            evaluation,
            np.array(content["hessian"]),
            content["trust"],
            content["energies"],
        )

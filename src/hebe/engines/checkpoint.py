"""The state of a calculation on disk: written after each evaluation, read by the next attempt."""

from __future__ import annotations

import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.config.decoding import require_data
from hebe.engines.protocol import Evaluation
from hebe.science.keys import structure_hash

if TYPE_CHECKING:
    from collections.abc import Mapping

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
        write_whole(self.path, content)

    def load(self, start: Structure) -> SearchState | None:
        """State of a search that began at `start` or had come to it; None if there is none."""
        content = read_whole(self.path)
        if content.get("version") != _VERSION or structure_hash(start) not in content["of"]:
            return None
        moments = content["magmoms"]
        evaluation = Evaluation(
            content["energy_eV"],
            np.array(content["forces"]),
            np.array(content["stress"]),
            None if moments is None else np.array(moments),
        )
        require_data(content["start"], str(self.path))
        return SearchState(
            Structure.from_dict(content["start"]),
            np.array(content["q"]),
            evaluation,
            np.array(content["hessian"]),
            content["trust"],
            content["energies"],
        )


@dataclass(frozen=True)
class Log:
    """Results of a calculation of many evaluations, one a line after a line that says what they are results ``of``."""

    path: Path
    of: str

    def resume(self) -> list[Any]:
        """Results so far, none if the file is of something else; what was half written is cut away."""
        try:
            lines = self.path.read_bytes().splitlines(keepends=True)
        except OSError:
            lines = []
        found: list[Any] = []
        whole = b""
        for line in lines:
            try:
                content = json.loads(line)
            except ValueError:
                break
            if not line.endswith(b"\n") or (not whole and content != self._head):
                break
            whole += line
            found.append(content)
        self.path.parent.mkdir(parents=True, exist_ok=True)
        if not whole:
            self.path.write_text(json.dumps(self._head) + "\n")
        elif len(whole) < sum(map(len, lines)):
            os.truncate(self.path, len(whole))
        return found[1:]

    def keep(self, number: int) -> None:
        """Cut away what stands after the first results, after `resume`."""
        with self.path.open("rb+") as file:
            for _ in range(number + 1):
                file.readline()
            file.truncate(file.tell())

    def append(self, result: Any) -> None:
        """Write one more result, after `resume`."""
        with self.path.open("a") as file:
            file.write(json.dumps(result) + "\n")

    @property
    def _head(self) -> dict[str, Any]:
        return {"version": _VERSION, "of": self.of}


def write_whole(path: Path, content: Mapping[str, Any]) -> None:
    """Write a file of JSON that never is half of what it shall be."""
    path.parent.mkdir(parents=True, exist_ok=True)
    part = path.with_name(path.name + ".part")
    part.write_text(json.dumps(content))
    part.replace(path)


def read_whole(path: Path) -> dict[str, Any]:
    """What `write_whole` wrote; empty if there is nothing."""
    try:
        content: dict[str, Any] = json.loads(path.read_text())
    except (OSError, ValueError):
        return {}
    return content

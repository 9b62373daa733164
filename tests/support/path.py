"""Migration paths as a task that the package does not know: a nudged elastic band with a climbing image.

Henkelman, Uberuaga, Jonsson, J. Chem. Phys. 113, 9901 (2000); tangents: Henkelman, Jonsson, ibid. 9978.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
from jobflow import JobConfig, Maker, OnMissing, OutputReference, job
from numpy.typing import NDArray
from pymatgen.core import Structure

from hebe.config.engines import EngineBlock
from hebe.engines.checkpoint import read_whole, write_whole
from hebe.engines.deadline import DEADLINE
from hebe.engines.registry import get_engine
from hebe.makers.attempt import Attempt
from hebe.makers.start import Start
from hebe.schemas.task import Correction, TaskDoc
from hebe.science.keys import structure_content, structure_hash

if TYPE_CHECKING:
    import pathlib
    from collections.abc import Callable, Mapping

    from hebe.engines.protocol import Evaluation

_SPRING = 1.0  # eV/A^2
_STEP = 0.08  # A^2/eV
_LONGEST = 0.1  # A


@dataclass
class Band:
    """Images between two ends: positions (A), shape (m + 2, n, 3), and energies (eV), shape (m + 2,)."""

    positions: NDArray[np.float64]
    energies: NDArray[np.float64]
    residual: float
    converged: bool = False
    n_steps: int = 0
    cpu_s: float = 0.0
    corrections: tuple[Correction, ...] = ()
    versions: dict[str, str] = field(default_factory=dict)

    @property
    def barrier(self) -> float:
        """Energy (eV) of the highest image above the start."""
        return float(self.energies.max() - self.energies[0])


@dataclass(frozen=True)
class Path:
    """The way of least energy from a structure to another one with the same sites, in a fixed cell."""

    end: Structure
    images: int = 3
    fmax: float = 0.02
    steps: int = 2000
    kind: ClassVar[str] = "path"
    needs: ClassVar[frozenset[str]] = frozenset({"forces"})

    def identity(self) -> Mapping[str, Any]:
        """The other end, the number of images and the threshold; the limit of steps only says how far it goes."""
        return {"task": self.kind, "end": structure_content(self.end), "images": self.images, "fmax": self.fmax}

    def drive(self, evaluate: Callable[[Structure], Evaluation], start: Structure, folder: pathlib.Path | None) -> Band:
        """Relax the band from the last evaluation that was written down."""
        file = None if folder is None else folder / "path.json"
        known: dict[str, Any] = {} if file is None else read_whole(file)
        of = [structure_hash(start), structure_hash(self.end), self.images]
        if known.get("of") != of:
            weights = np.linspace(0, 1, self.images + 2)[:, None, None]
            positions = (1 - weights) * start.cart_coords + weights * self.end.cart_coords
            known = {"of": of, "positions": positions.tolist(), "found": [], "ends": []}
        band = Band(np.array(known["positions"]), np.zeros(self.images + 2), np.inf)

        def look(image: int, store: list[Any]) -> bool:
            """One evaluation; whether there is time for another one."""
            place = Structure(start.lattice, start.species, band.positions[image], coords_are_cartesian=True)
            found = evaluate(place)
            store.append([found.energy_eV, found.forces.tolist()])
            band.n_steps += 1
            if file is not None:
                write_whole(file, known)
            return not DEADLINE.passed

        while band.n_steps < self.steps:
            while len(known["ends"]) < 2:
                if not look(-len(known["ends"]), known["ends"]):
                    return band
            while len(known["found"]) < self.images:
                if not look(len(known["found"]) + 1, known["found"]):
                    return band
            inner = known["found"]
            band.energies = np.array([known["ends"][0][0], *(energy for energy, _ in inner), known["ends"][1][0]])
            force = self._nudged(band, np.array([forces for _, forces in inner]))
            band.residual = float(np.linalg.norm(force, axis=2).max())
            if band.residual < self.fmax:
                band.converged = True
                break
            step = _STEP * force
            band.positions[1:-1] += step * min(1.0, _LONGEST / float(np.linalg.norm(step, axis=2).max()))
            known["positions"], known["found"] = band.positions.tolist(), []
        return band

    def _nudged(self, band: Band, forces: NDArray[np.float64]) -> NDArray[np.float64]:
        """Forces across the band and of springs along it; the highest image climbs instead."""
        nudged = np.zeros_like(forces)
        top = int(np.argmax(band.energies[1:-1]))
        for n, force in enumerate(forces):
            ahead, behind = (band.positions[n + k + 1] - band.positions[n + k] for k in (1, 0))
            low, here, high = band.energies[n : n + 3]
            tangent = _tangent(low, here, high, ahead, behind)
            along = float((force * tangent).sum())
            if n == top:
                nudged[n] = force - 2 * along * tangent
            else:
                stretch = np.linalg.norm(ahead) - np.linalg.norm(behind)
                nudged[n] = force - along * tangent + _SPRING * stretch * tangent
        return nudged


def _tangent(low: float, here: float, high: float, ahead: Any, behind: Any) -> NDArray[np.float64]:
    if low < here < high:
        tangent = ahead
    elif low > here > high:
        tangent = behind
    else:
        most, least = sorted((abs(high - here), abs(low - here)), reverse=True)
        weights = (most, least) if high > low else (least, most)
        tangent = weights[0] * ahead + weights[1] * behind
    if not np.any(tangent):
        tangent = ahead + behind
    return np.asarray(tangent / np.linalg.norm(tangent))


class PathDoc(TaskDoc):
    """Energies (eV) along a path, ends included."""

    energies_eV: list[float] = []  # noqa: N815, RUF012 - the unit keeps its case; a model copies its defaults


@dataclass(kw_only=True)
class PathMaker(Maker):
    """The way from one structure to another."""

    name: str = "path"
    engine: dict[str, Any]
    images: int = 3
    fmax: float = 0.02

    @job(config=JobConfig(expose_store=True, on_missing_references=OnMissing.NONE))
    def make(self, structure: Structure, end: Structure, label: str = "") -> PathDoc | OutputReference:
        """Calculate, or refer to what was calculated before."""
        engine = get_engine(EngineBlock.model_validate(self.engine))
        return Attempt(
            schema=PathDoc,
            engine=engine,
            task=Path(end, self.images, self.fmax),
            start=structure,
            identity=Start(structure).identity(engine),
            payload=lambda found: {"energies_eV": found.energies.tolist()},
            label=label,
        ).make()

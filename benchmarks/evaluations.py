"""How many evaluations relaxations take: models of the curvature side by side, on twenty cells and in one run.

    OMP_NUM_THREADS=1 python benchmarks/evaluations.py [--fmax 0.05 0.01] [--campaign] [--cells A:B] [--histories DIR]

`fixed` starts BFGS from springs of fixed strength, as the optimizer did before its springs learned; `learned` is the
optimizer. Each goes down once, to the smallest `fmax`, and is read where it first meets the others; with `--campaign`
once more as in a campaign: starts to 0.05 eV/A, then the end to 0.01 with a look for a minimum. Nothing is cached.
Energies are meV per atom above those of `fixed`. Histories (coordinates, energies, forces, stresses) are written for a
replay without the engine.
"""

from __future__ import annotations

import argparse
import time
import warnings
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np

from evaluations_cells import twenty
from hebe.config.engines.base import FMAX
from hebe.config.structures import STARTS
from hebe.engines import get_engine
from hebe.engines.curvature import Curvature
from hebe.engines.descent import Limits, Progress, descend
from hebe.engines.minimum import settle
from hebe.engines.springs import Springs
from hebe.engines.surface import ExplosionError, Point, Surface
from hebe.exceptions import CalculationCutError
from hebe.flows.wiring import TRIAL_FMAX

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymatgen.core import Structure

    from hebe.engines.descent import Part
    from hebe.engines.protocol import Engine, Evaluation
    from hebe.engines.surface import Vector

    Model = Callable[[Surface, Vector], Curvature]

STEPS: Final = 400
WORSE: Final = 0.5
"""meV per atom above which an energy counts as higher."""


def fixed(surface: Surface, q: Vector) -> Curvature:
    """Springs of fixed strength."""
    springs = Springs.of(surface.structure(q), cell=surface.cell)
    return Curvature(springs.hessian(springs.prior))


MODELS: Final[dict[str, Model]] = {"fixed": fixed, "learned": Curvature.of}


@dataclass
class Watched(Progress):
    """A search that keeps all its points in order."""

    points: list[Point] = field(default_factory=list)

    def take(self, step: Vector, trial: Point) -> None:
        """Keep the point, and go on as every search."""
        self.points.append(trial)
        super().take(step, trial)

    def met(self, fmax: float) -> tuple[int, float] | None:
        """Evaluations until forces and virial are below `fmax` (eV/A), and the energy (eV) there."""
        limits = Limits(fmax, STEPS, cell=True)
        n = next((n for n, point in enumerate(self.points) if limits.met(point)), None)
        return None if n is None else (n + 1, self.points[n].evaluation.energy_eV)


def go_down(
    engine: Engine, start: Structure, model: Model, fmax: float, *, look: bool = False
) -> tuple[Watched, float, float]:
    """One search with one model, to a minimum if it shall `look`; CPU seconds of evaluations and of the rest."""
    surface, q, evaluating = Surface(start, cell=True), np.zeros(3 * len(start) + 6), 0.0

    def evaluated(structure: Structure) -> Evaluation:
        nonlocal evaluating
        begin = time.process_time()
        evaluation = engine.evaluate(structure)
        evaluating += time.process_time() - begin
        return evaluation

    begin, first = time.process_time(), surface.structure(q)
    point = surface.point(q, first, evaluated(first))
    progress = Watched(point, model(surface, q), [point.evaluation.energy_eV], points=[point])
    limits = Limits(fmax, STEPS, cell=True)
    parts = [descend(surface, progress, limits, None), *([settle(surface, progress, limits, None)] if look else [])]
    search = _one_after_the_other(parts)
    try:
        structure = next(search)
        while True:
            structure = search.send(evaluated(structure))
    except (StopIteration, ExplosionError, CalculationCutError):
        return progress, evaluating, time.process_time() - begin - evaluating


def _one_after_the_other(parts: list[Part]) -> Part:
    for part in parts:
        yield from part


def campaign(engine: Engine, start: Structure, model: Model) -> tuple[int, float]:
    """Evaluations of all starts, each taken for as long as this one, and of the final search; its energy (eV)."""
    trial, *_ = go_down(engine, start, model, TRIAL_FMAX)
    final, *_ = go_down(engine, trial.point.structure, model, FMAX, look=True)
    return STARTS * len(trial.energies) + len(final.energies), final.point.evaluation.energy_eV


def keep(folder: Path, name: str, label: str, found: Watched) -> None:
    """Write a history."""
    folder.mkdir(parents=True, exist_ok=True)
    np.savez_compressed(
        folder / f"{name.replace('/', '-')}, {label}.npz",
        q=np.array([point.q for point in found.points]),
        lattice=np.array([point.structure.lattice.matrix for point in found.points]),
        positions=np.array([point.structure.cart_coords for point in found.points]),
        energy=np.array([point.evaluation.energy_eV for point in found.points]),
        forces=np.array([point.evaluation.forces for point in found.points]),
        stress=np.array([point.evaluation.stress for point in found.points]),
    )


def summarise(rows: dict[str, list[list[tuple[int, float]]]], labels: list[str]) -> None:
    """Sums, ratios and energies of each model on each way, over cells where all of them came there."""
    for way, found in rows.items():
        table = np.array(found)
        for n, label in enumerate(labels):
            counts, above = table[:, n, 0], table[:, n, 1] - table[:, 0, 1]
            mean = np.exp(np.log(table[:, 0, 0] / counts).mean())
            print(
                f"{way} {label:<8} {counts.sum():5.0f} evaluations of {len(table)} cells, "
                f"{table[:, 0, 0].sum() / counts.sum():.2f} times fewer, geometric mean {mean:.2f}; "
                f"meV/atom {above.mean():+.3f}, median {np.median(above):+.3f}, at most {above.max():+.2f}, "
                f"at least {above.min():+.2f}, above {WORSE}: {(above > WORSE).sum()}"
            )


def main() -> None:
    """Print one row per cell, then sums."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--fmax", type=float, nargs="+", default=[0.05, 0.01])
    parser.add_argument("--campaign", action="store_true", help="go the way of a campaign, too")
    parser.add_argument("--cells", default=":", help="only these, as a slice")
    parser.add_argument("--histories", type=Path, help="folder for the histories")
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    engine = get_engine("chgnet")
    ways = [*map(str, options.fmax), *(["campaign"] if options.campaign else [])]
    rows: dict[str, list[list[tuple[int, float]]]] = {way: [] for way in ways}
    first, last = (int(bound) if bound else None for bound in options.cells.split(":"))
    chosen = list(twenty().items())[first:last]
    engine.evaluate(chosen[0][1])  # compiles
    for name, start in chosen:
        line, ends = f"{name:<26}{len(start):3d}", []
        for label, model in MODELS.items():
            found, evaluating, rest = go_down(engine, start, model, min(options.fmax))
            ends.append([found.met(fmax) for fmax in options.fmax])
            if options.campaign:
                ends[-1].append(campaign(engine, start, model))
            seconds = f"{evaluating:6.2f} +{rest:5.2f} s"
            above = [
                f"{end[0]:4d} {1000 * (end[1] - base[1]) / len(start):+6.2f}" if end and base else "   -      -"
                for end, base in zip(ends[-1], ends[0], strict=True)
            ]
            line += f" | {label} {' '.join(above)} {seconds}"
            if options.histories:
                keep(options.histories, name, label, found)
        print(line, flush=True)
        for n, way in enumerate(ways):
            there = [end for row in ends if (end := row[n])]
            if len(there) == len(MODELS):
                rows[way].append([(count, 1000 * energy / len(start)) for count, energy in there])
    summarise(rows, list(MODELS))


if __name__ == "__main__":
    main()

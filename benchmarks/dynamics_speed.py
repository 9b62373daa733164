"""Steps of molecular dynamics per CPU second: Hebe's CHGNet beside the package's own MolecularDynamics, cell by cell.

    OMP_NUM_THREADS=1 python benchmarks/dynamics_speed.py [--steps 20] [--rounds 3]

Both integrate the same cells without a thermostat, 1 fs a step, in one process on one core, and take turns: a round is
some steps of one and then of the other, the ratio is the median over rounds. Times are CPU seconds. Frames are kept
every step, in memory by Hebe and nowhere by the package. Of Hebe's time the parts of an evaluation are printed too.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import time
import warnings
from typing import TYPE_CHECKING

import numpy as np

from cells import DISPLACEMENT, host
from hebe.engines.chgnet import CHGNetEngine
from hebe.engines.chgnet.graph import build_graph
from hebe.engines.chgnet.pretrained import load_model
from hebe.engines.dynamics import Dynamics
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Callable

    from pymatgen.core import Structure

TEMPERATURE = 600.0  # K
GOALS = {48: 4.0, 192: 8.0}


def layered(repeats: int) -> Structure:
    """Layered lithium oxide of 12 nickel, cobalt and manganese, repeated along two axes, displaced as in a campaign."""
    cell = host("layered-o3", "Li", {"Ni": 4, "Co": 4, "Mn": 4}, 0.56)
    return displaced(cell.make_supercell((repeats, repeats, 1), in_place=False), DISPLACEMENT, seed="dynamics")


def own(structure: Structure, steps: int) -> float:
    """CPU seconds per step of Hebe's dynamics."""
    task = Dynamics(steps=steps, temperature=TEMPERATURE, thermostat="none", every=1)
    engine = CHGNetEngine()
    start = time.process_time()
    task.drive(engine.evaluate, structure, None)
    return (time.process_time() - start) / (steps + 1)


def package(structure: Structure, steps: int) -> float:
    """CPU seconds per step of the package's dynamics, which looks at the first cell too."""
    from chgnet.model.dynamics import MolecularDynamics

    with contextlib.redirect_stdout(io.StringIO()):
        moves = MolecularDynamics(
            structure.copy(),
            model=load_model(),
            ensemble="nve",
            temperature=int(TEMPERATURE),
            starting_temperature=int(TEMPERATURE),
            timestep=1.0,
            use_device="cpu",
        )
        start = time.process_time()
        moves.run(steps)
        return (time.process_time() - start) / (steps + 1)


def share_of_graph(structure: Structure, evaluate: Callable[[Structure], object]) -> float:
    """Share of an evaluation that goes into finding neighbours and angles."""
    spent = []
    for call in (build_graph, evaluate):
        start = time.process_time()
        for _ in range(5):
            call(structure)
        spent.append(time.process_time() - start)
    return spent[0] / spent[1]


def main() -> None:
    """Print rounds and ratios."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    warnings.simplefilter("ignore")
    for repeats in (1, 2):
        structure = layered(repeats)
        own(structure, 2)
        package(structure, 2)
        rounds = [(own(structure, options.steps), package(structure, options.steps)) for _ in range(options.rounds)]
        rows = np.array(rounds)
        ours, theirs = np.median(rows, axis=0)
        ratios = rows[:, 1] / rows[:, 0]
        print(
            f"{len(structure):4d} atoms: {1 / ours:6.2f} steps per CPU second, the package {1 / theirs:6.2f}; ratio "
            f"{np.median(ratios):.2f} ({ratios.min():.2f} to {ratios.max():.2f}), goal {GOALS[len(structure)]:.0f}; "
            f"{100 * share_of_graph(structure, CHGNetEngine().evaluate):.1f} % of an evaluation is the graph",
            flush=True,
        )


if __name__ == "__main__":
    main()

"""Special quasi-random structures by sqsgenerator and icet: the other side of ``sqs.py``, in an environment of its own.

Reads one case as JSON from stdin and prints one line of JSON per run: program, steps, seconds, species per site.
"""

from __future__ import annotations

import json
import os
import sys
import time
from typing import Any

for _name in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):
    os.environ[_name] = "1"


def sqsgenerator(case: dict[str, Any], steps: int, _seed: int) -> list[list[str]]:
    """Species per site of the best structures, by random search over both sublattices; it takes no seed."""
    import sqsgenerator as program

    species = [min(part) for part, n in zip(case["composition"], case["sizes"], strict=True) for _ in range(n)]
    names = [f"{min(part)}" for part in case["composition"]]
    config: dict[str, Any] = {
        "structure": {"lattice": case["lattice"], "coords": case["coords"], "species": species},
        "iteration_mode": "random",
        "iterations": steps,
        "thread_config": 1,
        "max_results_per_objective": 1,
    }
    if len(case["composition"]) == 1:
        config["composition"], config["shell_weights"] = case["composition"][0], {1: 1.0, 2: 1.0}
    else:
        config["sublattice_mode"] = "split"
        parts = zip(names, case["composition"], strict=True)
        config["composition"] = [{"sites": name, **part} for name, part in parts]
        config["shell_weights"] = [{1: 1.0, 2: 1.0} for _ in names]
    parsed = program.parse_config(config)
    if type(parsed).__name__ == "ParseError":
        raise ValueError(f"{parsed.key}: {parsed.msg}")
    best = program.optimize(parsed).best()
    return [list(best.structure().symbols)]


def icet(case: dict[str, Any], steps: int, seed: int) -> list[list[str]]:
    """Species per site by annealing of the cluster vector with pairs of two shells."""
    from ase import Atoms
    from icet import ClusterSpace
    from icet.tools.structure_generation import generate_sqs_from_supercells

    cell = Atoms([min(p) for p in case["composition"]], cell=case["cell"], scaled_positions=case["basis"], pbc=True)
    space = ClusterSpace(cell, [case["cutoff"]], [sorted(part) for part in case["composition"]])
    species = [min(part) for part, n in zip(case["composition"], case["sizes"], strict=True) for _ in range(n)]
    supercell = Atoms(species, cell=case["lattice"], scaled_positions=case["coords"], pbc=True)
    target: dict[str, Any] = {}
    # its sublattices are named in the order of their sorted symbols
    for name, part in zip("AB", sorted(case["composition"], key=sorted), strict=False):
        target[name] = {e: n / sum(part.values()) for e, n in part.items()}
    wanted = target if len(case["composition"]) > 1 else target["A"]
    found = generate_sqs_from_supercells(space, [supercell], wanted, n_steps=steps, random_seed=seed)
    return [found.get_chemical_symbols()]


def main() -> None:
    """Run both programs on the case given."""
    case = json.load(sys.stdin)
    for name, program in (("sqsgenerator", sqsgenerator), ("icet", icet)):
        for steps in case["steps"][name]:
            for seed in case["seeds"]:
                start, cpu = time.perf_counter(), time.process_time()
                try:
                    found = program(case, steps, seed)
                except Exception as err:  # noqa: BLE001  one program that cannot do a case is part of the result
                    print(json.dumps({"program": name, "error": f"{type(err).__name__}: {err}"}), flush=True)
                    break
                row = {"program": name, "steps": steps, "seconds": time.perf_counter() - start}
                row |= {"cpu": time.process_time() - cpu, "species": found}
                print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()

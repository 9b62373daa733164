"""Coverage of intervals and order of candidates in synthetic campaigns with a known truth.

    OMP_NUM_THREADS=1 PYTHONPATH=tests python benchmarks/synthetic_truth.py FOLDER [-n 1000] [--noise 1] [--solution]

A third of the campaigns break what the model assumes (terms of three ions, heavy tails). Each is one line of a file in
the folder and is not run again. ``--solution`` has other compositions of the host on the hull.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "tests"))

from support.synthetic_score import LEVELS, STAGES, covered, kind_of, score, uncertainty
from support.synthetic_truth import SyntheticCampaign


def run(file: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run what is missing; all campaigns."""
    lines = file.read_text(encoding="utf-8").splitlines() if file.exists() else []
    done = {one["seed"]: one for one in map(json.loads, lines)}
    for seed in range(options.first, options.n):
        if seed in done:
            continue
        campaign = SyntheticCampaign(seed, kind_of(seed), options.noise, options.draws, options.solution)
        start = time.process_time()
        found = asdict(score(campaign))
        done[seed] = {"seed": seed, "kind": campaign.kind, "cpu_s": time.process_time() - start, **found}
        with file.open("a", encoding="utf-8") as out:
            out.write(json.dumps(done[seed]) + "\n")
    return [done[seed] for seed in sorted(done)]


def table(found: list[dict[str, Any]]) -> None:
    """Print coverage and order by what the errors are like."""
    print(f"{len(found)} campaigns, {np.mean([one['cpu_s'] for one in found]):.2f} CPU s each")
    print("| errors | quantity | stage | n | 68 % | 95 % |\n|---|---|---|---|---|---|")
    kinds = sorted({one["kind"] for one in found})
    for kind in kinds:
        few = [one for one in found if one["kind"] == kind]
        for quantity in ("margins", "temperatures"):
            for stage in STAGES:
                print(
                    f"| {kind} | {quantity} | {stage} | {len(few)} | {_coverage([o[quantity][stage] for o in few])} |"
                )
    print("\n| errors | stage | pairs in order | spread of a difference, meV per site |\n|---|---|---|---|")
    for kind in kinds:
        few = [one for one in found if one["kind"] == kind]
        for stage in few[0]["ordered"]:
            share = np.mean([one["ordered"][stage] for one in few])
            spread = 1000 * np.mean([one["spread"].get(stage, np.nan) for one in few])
            print(f"| {kind} | {stage} | {share:.3f} | {spread:.1f} |")


def _coverage(places: list[list[float]]) -> str:
    every = [place for one in places for place in one]
    return " | ".join(f"{covered(every, level):.3f} ± {uncertainty(places, level):.3f}" for level in LEVELS)


def main() -> None:
    """Run and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("-n", type=int, default=1000)
    parser.add_argument("--first", type=int, default=0)
    parser.add_argument("--noise", type=float, default=1.0)
    parser.add_argument("--draws", type=int, default=200)
    parser.add_argument("--solution", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    name = f"noise-{options.noise:g}{'-solution' if options.solution else ''}.jsonl"
    table(run(options.folder / name, options))


if __name__ == "__main__":
    main()

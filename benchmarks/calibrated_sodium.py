"""Six sodium oxides with CHGNet, calibrated with small cells of GPAW: before and after, residuals, CPU time.

The campaign of ``examples/na-o3-quick.yaml`` with a stage that calibrates. Everything stays in a folder: run it again
to go on. It says first what it will cost; with ``--plan`` that is all.

    OMP_NUM_THREADS=1 python benchmarks/calibrated_sodium.py FOLDER [--n 10] [--preset screen] [--workers 1] [--plan]
"""

from __future__ import annotations

import argparse
import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from hebe.analyses.mixing import ANALYSIS
from hebe.campaigns.api import plan, project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.cli.output import calibration_cost_text
from hebe.flows.calibration_cost import expected_choice
from hebe.flows.campaign import campaign_members
from hebe.report.calibration import calibration_text

if TYPE_CHECKING:
    from collections.abc import Mapping

    from hebe.schemas.mixing import Formation

NAME = "na-o3-calibrated"
EXAMPLE = Path(__file__).parents[1] / "examples" / "na-o3-quick.yaml"


def campaign_file(folder: Path, n: int, preset: str) -> Path:
    """The campaign with a stage that calibrates."""
    stage = f"  - calibrate: {{engine: {{name: gpaw, preset: {preset}}}, n: {n}}}\n"
    text = EXAMPLE.read_text().replace("name: na-o3-quick", f"name: {NAME}").replace("rank:", f"{stage}rank:")
    path = folder / f"{NAME}.yaml"
    path.write_text(text)
    (folder / ".hebe").mkdir(exist_ok=True)
    return path


def print_plan(path: Path) -> None:
    """What would be chosen if all pairs mattered alike, and what that costs."""
    campaign = load_campaign(path)
    choice = expected_choice(campaign, 1, campaign_members(campaign))
    for cell in choice.cells:
        vertices = " + ".join(f"{vertex.amount} {vertex.spec.formula}" for vertex in cell.vertices)
        print(f"{cell.spec.formula:32s} against {vertices}{'' if cell.fitted else '  (kept aside)'}")
    planned = plan(path)
    for cost in planned["calibrations"]:
        print(calibration_cost_text(cost))
    print(f"Everything else: {planned['cpu_hours_estimate']:.2f} CPU hours", flush=True)


def formations(folder: Path, stage: int) -> dict[str, Formation]:
    """What a stage says of each candidate, by formula."""
    store = project_store(folder)
    try:
        criteria = {
            "metadata.campaign": "na-o3-calibrated",
            "output.stage": stage,
            "output.calculations": {"$exists": True},
        }
        found = {}
        for document in store.docs_store.query(criteria):
            (result,) = document["output"]["results"]["mixing"]
            formation = ANALYSIS.Result.model_validate(result).formation
            if formation is not None:
                found[document["output"]["formula"]] = formation
    finally:
        store.close()
    return found


def print_before_and_after(before: Mapping[str, Formation], after: Mapping[str, Formation]) -> None:
    """Margin, probability and temperature of each candidate, then how sure their order is."""
    print(f"{'candidate':40s} {'margin / meV per site':>34s} {'forms / %':>12s} {'T_mix / K':>14s}")
    for formula in before:
        shown = [_texts(stage[formula]) for stage in (before, after) if formula in stage]
        margin, forms, temperature = (" -> ".join(part) for part in zip(*shown, strict=True))
        print(f"{formula:40s} {margin:>34s} {forms:>12s} {temperature:>14s}")
    for name, stage in (("before", before), ("after", after)):
        draws = [one.margin_draws.values for one in stage.values() if one.margin_draws is not None]
        sure = [max(np.mean(a < b), np.mean(a > b)) for a, b in combinations(draws, 2)]
        if sure:
            print(f"{name}: a pair is in order with {np.mean(sure):.2f} (least {min(sure):.2f}, {len(sure)} pairs)")


def _texts(formation: Formation) -> tuple[str, str, str]:
    margin, temperature = formation.margin_draws, formation.T_mix_draws_K
    if margin is None or temperature is None or formation.probability is None:
        return "none", "none", "none"
    median, low, high = (1000 * margin.quantile(share) for share in (0.5, 0.16, 0.84))
    median_K = temperature.quantile(0.5)
    return f"{median:.0f} ({low:.0f} to {high:.0f})", f"{100 * formation.probability:.0f}", f"{median_K:.0f}"


def print_residuals(path: Path) -> None:
    """Each cell with what the others say of it."""
    for document in results(path).calibrations:
        print(calibration_text(document))
        for row in document["rows"]:
            values = [1000 * row[name] for name in ("computed", "value", "predicted", "sd")]
            score = (row["value"] - row["predicted"]) / row["sd"]
            aside = "" if row["fitted"] else "  (kept aside)"
            numbers = f"{values[0]:8.1f} {values[1]:8.1f} {values[2]:8.1f} +- {values[3]:5.1f} {score:6.2f}"
            print(f"{row['formula']:32s} {numbers}{aside}")
        for warning in document["warnings"]:
            print(f"  {warning}")
        print(f"{document['cpu_s'] / 3600:.2f} CPU hours of the reference")


def main() -> None:
    """Say what it costs, run it, print what changed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--n", type=int, default=10)
    parser.add_argument("--preset", default="screen")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--plan", action="store_true")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    path = campaign_file(options.folder.resolve(), options.n, options.preset)
    os.chdir(path.parent)
    print_plan(path)
    if options.plan:
        return
    summary = run(path, workers=options.workers, progress=True)
    print(summary.status, *(failure.message for failure in summary.failures))
    print_before_and_after(formations(path.parent, 0), formations(path.parent, 1))
    print_residuals(path)


if __name__ == "__main__":
    main()

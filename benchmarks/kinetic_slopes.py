"""Sodium in O3 and P3 of one composition at equal content: slopes of ln D by kinetic Monte Carlo on CHGNet barriers.

    OMP_NUM_THREADS=1 python benchmarks/kinetic_slopes.py FOLDER [--metals 12] [--hops 8] [--configurations 2]

Only the sign of the difference is judged: the potential errs by about 0.2 eV on barriers, and the published slopes are
of another composition. Nothing is fitted. Results stay in FOLDER: run it again to go on. Takes about an hour.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import hebe

_CAMPAIGN: Final = """\
name: slopes-{stacking}
host:
  family: layered-{stacking}
  working_ion: Na
  x_made: 2/3
  sublattices:
    TM: {{species: {{Ni: [2, 3, 4], Fe: [3, 4], Mn: [3, 4]}}}}
select: {{method: explicit, formulas: [Na2/3Ni1/3Fe1/3Mn1/3O2]}}
structures: {{method: sqs, cations: {metals}, per_candidate: {configurations}, seed: 7, starts: 1}}
stages:
  - engine: {{name: chgnet, check_minimum: false}}
    x: [2/3]
    window: 2/3..2/3
    analyses: [{{kinetics: {{n: {hops}, temperatures: [300, 350, 400, 500, 600]}}}}]
rank: {{minimize: [hopping_activation_energy]}}
"""

PUBLISHED: Final = {"o3": 0.24, "p3": 0.17}
"""Slopes of ln D (eV), as a review prints them."""


def computed(folder: Path, stacking: str, options: argparse.Namespace) -> dict[str, Any]:
    """The candidate in one stacking."""
    (folder / ".hebe").mkdir(parents=True, exist_ok=True)
    file = folder / f"{stacking}.yaml"
    fields = {"metals": options.metals, "configurations": options.configurations, "hops": options.hops}
    file.write_text(_CAMPAIGN.format(stacking=stacking, **fields))
    hebe.run(file, workers=1)
    (candidate,) = hebe.results(file).candidates
    found: dict[str, Any] = candidate
    return found


def lines(stacking: str, candidate: dict[str, Any]) -> list[str]:
    """One line per configuration, with what it rests on."""
    found = []
    for result in candidate["results"]["kinetics"]:
        if result is None or result["activation_eV"] is None:
            said = "no result" if result is None else "; ".join(result["warnings"]) or "ions stay where they are"
            found.append(f"{stacking}: {said}")
            continue
        slope = " to ".join(f"{result[key]:.3f}" for key in ("activation_low_eV", "activation_high_eV"))
        error = "" if result["model_error_eV"] is None else f" with an error of {result['model_error_eV']:.2f} eV"
        found.append(
            f"{stacking}: {result['activation_eV']:.3f} eV ({slope}), {result['n_ions']} ions on {result['n_sites']}"
            f" sites, {result['filled_share']:.0%} of the hops filled by {result['model']}{error}"
        )
    return found


def main() -> None:
    """Print both slopes beside the published ones."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    for name, default in (("metals", 12), ("hops", 8), ("configurations", 2)):
        parser.add_argument(f"--{name}", type=int, default=default)
    options = parser.parse_args()
    slopes = {}
    for stacking, published in PUBLISHED.items():
        candidate = computed(options.folder, stacking, options)
        slopes[stacking] = candidate["hopping_activation_energy_eV"]
        for line in lines(stacking, candidate):
            print(line)
        print(f"{stacking}: mean {slopes[stacking]} eV, published {published} eV")
    if None not in slopes.values():
        same = (slopes["o3"] > slopes["p3"]) == (PUBLISHED["o3"] > PUBLISHED["p3"])
        print(f"sign of the difference: {'as' if same else 'not as'} published")


if __name__ == "__main__":
    main()

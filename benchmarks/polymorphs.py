"""Spinel and rock salt of LixCoO2 and LixMnO2, and distorted layers of sodium oxides, with CHGNet at x = 1 and 1/2.

    OMP_NUM_THREADS=1 python benchmarks/polymorphs.py FOLDER

Results stay in FOLDER: run it again to go on.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Final

import hebe

_CAMPAIGN: Final = """\
name: {name}
host:
  family: layered-o3
  working_ion: {ion}
  sublattices:
    TM: {{species: {{{species}}}}}
select: {{method: explicit, formulas: [{formulas}]}}
structures: {{method: sqs, cations: 4, per_candidate: 1, seed: 7}}
stages:
  - engine: chgnet
    x: [1, 1/2]
    window: 1..1/2
    accept: [glide]
    analyses: [voltage, {{phases_along_x: {{{options}}}}}]
rank: {{maximize: [average_voltage]}}
"""

CAMPAIGNS: Final = {
    "polymorphs": ("Li", ("Co", "Mn"), "polymorphs: [spinel, rock-salt]"),
    "distorted": ("Na", ("Mn", "Fe", "Ni"), 'stackings: [P3], polymorphs: ["O\'3", "P\'3"]'),
}


def main() -> None:
    """Compute and print energies above the host's own form."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    folder: Path = parser.parse_args().folder
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".hebe").mkdir(exist_ok=True)
    for name, (ion, metals, options) in CAMPAIGNS.items():
        path = folder / f"{name}.yaml"
        species = ", ".join(f"{metal}: [3]" for metal in metals)
        formulas = ", ".join(f"{ion}{metal}O2" for metal in metals)
        path.write_text(_CAMPAIGN.format(name=name, ion=ion, species=species, formulas=formulas, options=options))
        hebe.run(path, workers=1, progress=False)
        for candidate in hebe.results(path).candidates:
            (document,) = candidate["results"]["phases_along_x"]
            for state in document["states"]:
                above = state["relative_eV_per_fu"]
                energy = "own" if above is None else f"{1000 * above:+.0f} meV/f.u."
                print(f"{candidate['formula']:8s} x = {state['x']:.2f}  {state['stacking']} ({energy})")
            print(f"{candidate['formula']:8s} onsets {document['onsets']}; {'; '.join(document['warnings'])}")


if __name__ == "__main__":
    main()

"""Volume strains of three hosts that are called strain-free, beside what was measured; nothing is fitted.

    OMP_NUM_THREADS=1 python benchmarks/strains.py FOLDER

Layered HE-LNMO and NMC-811 are computed here in cells of 48 atoms, one dopant at a time: 7 % of four dopants need more
than a hundred sites. NVMP and HE-PBA, with simpler hosts of their kind, are the rows of `literature_rows.json`. Results
stay in FOLDER: run it again to go on.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path
from typing import Any, Final

import hebe

FORMULAS: Final = {
    "LiNi5/6Mn1/12Co1/12O2": "NMC-811",
    "LiNi3/4Mn1/6Ti1/12O2": "HE-LNMO, titanium for all dopants",
    "LiNi3/4Mn1/6Mg1/12O2": "HE-LNMO, magnesium for all dopants",
    "LiNi3/4Mn1/6Nb1/12O2": "HE-LNMO, niobium for all dopants",
}
_CAMPAIGN: Final = f"""\
name: strains
host:
  family: layered-o3
  working_ion: Li
  sublattices:
    TM: {{species: {{Ni: [2, 3, 4], Mn: [4], Co: [3], Ti: [4], Mg: [2], Nb: [5]}}}}
select: {{method: explicit, formulas: [{", ".join(FORMULAS)}]}}
structures: {{method: sqs, cations: 12, per_candidate: 2, seed: 7}}
stages:
  - engine: chgnet
    x: [1, 1/2, 1/4]
    window: 1..1/4
    analyses: [volume_strain, local_structure]
rank: {{minimize: [max_volume_strain]}}
"""

MEASURED: Final = {
    "NMC-811": "-4 to -5 % to 4.3 V (x about 0.2), half of it at the last tenth of the lithium; figures from memory",
    "HE-LNMO": "0.3 % (review 001:88; LiNi0.8Mn0.13Ti0.02Mg0.02Nb0.01Mo0.02O2, Nature 610, 67 (2022), from memory)",
    "NVMP": "1.1 % (review 000:153)",
    "NVP": "-8.3 % from Na3V2(PO4)3 to NaV2(PO4)3, from memory",
    "HE-PBA": "a from 10.23 to 10.31 A, 2.4 % in volume (review 001:128)",
}
ROWS: Final = {
    "nas-na-nvp": ("NVP", "three to one sodium"),
    "nas-na-nvmp": ("NVMP", "three to one sodium"),
    "pba-na-hepba": ("HE-PBA", "dry, two to 0.6 sodium"),
    "pba-na-hepba136": ("HE-PBA", "dry, 1.33 to 0.5 sodium"),
}


def recorded() -> list[str]:
    """Lines on the rows of the literature run."""
    rows = json.loads((Path(__file__).parent / "literature_rows.json").read_text())
    lines = []
    for name, (host, where) in ROWS.items():
        states = sorted(rows[name]["x_states"], key=lambda one: -float(one["x"]))
        first = float(states[0]["volume_A3_per_fu"])
        changes = [f"x = {one['x']:.2f} {100 * (one['volume_A3_per_fu'] / first - 1):+.1f} %" for one in states[1:]]
        edges = [f"{(4 * one['volume_A3_per_fu']) ** (1 / 3):.2f}" for one in states]
        cubic = f"; edge of a cube of that volume {' to '.join(edges)} A" if host == "HE-PBA" else ""
        lines.append(f"{name}, {where}: {', '.join(changes)}{cubic}; measured {MEASURED[host]}")
    return lines


def computed(folder: Path) -> list[str]:
    """Lines on the layered oxides, relaxed here."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / ".hebe").mkdir(exist_ok=True)
    file = folder / "strains.yaml"
    file.write_text(_CAMPAIGN)
    hebe.run(file, workers=1)
    lines = []
    for candidate in hebe.results(file).candidates:
        states: dict[float, list[float]] = {}
        for document in candidate["results"]["volume_strain"]:
            for state in document["x_states"] if document else ():
                if state["volume_strain"] is not None:
                    states.setdefault(round(state["x"], 3), []).append(state["volume_strain"])
        lines.append(f"{candidate['formula']}: {_changes(states)}; gap {_gap(candidate)}")
    return [*lines, *(f"measured: {name} {MEASURED[name]}" for name in ("NMC-811", "HE-LNMO"))]


def _changes(states: dict[float, list[float]]) -> str:
    known = {x: [f"{100 * one:+.1f}" for one in states[x]] for x in sorted(states, reverse=True)[1:]}
    return ", ".join(f"x = {x:.2f} {' and '.join(changes)} %" for x, changes in known.items())


def _gap(candidate: dict[str, Any]) -> str:
    change = candidate.get("gap_change")
    return "unknown" if change is None else f"{100 * change:+.1f} % at most"


def main() -> None:
    """Print computed strains beside those that were measured."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("folder", type=Path)
    for line in (*computed(parser.parse_args().folder), *recorded()):
        print(line)


if __name__ == "__main__":
    main()

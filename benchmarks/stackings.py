"""Prism against octahedron in NaxMO2: E(P3) - E(O3) with CHGNet for single metals, at x = 1 and 1/2, and the onset.

    OMP_NUM_THREADS=1 python benchmarks/stackings.py FOLDER [--metals 4] [--starts 3] [--literature]

``--literature`` computes three high-entropy hosts of the literature instead: two configurations of two starts in cells
of at most 48 atoms. Minima of cobalt and what GPAW says of chromium: stackings_control.py.

Results stay in FOLDER: run it again to go on. Experiment is what charging does to the O3 hosts; a host that transforms
where the potential keeps O3 is counted as a miss.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml

import hebe
from hebe.campaigns.literature import campaign_of_system

_CAMPAIGN: Final = """\
name: {name}
host:
  family: layered-o3
  working_ion: Na
  sublattices:
    TM: {{species: {species}, n_species: {n}, grid: {grid}, fraction: {fraction}}}
structures: {{method: sqs, cations: {cations}, per_candidate: 1, seed: 7, starts: {starts}}}
stages:
  - engine: chgnet
    x: [1, 3/4, 1/2]
    window: 1..1/2
    orderings: {{keep: 2}}
    accept: [glide]
    analyses: [voltage, {{phases_along_x: {{stackings: [P3, O1]}}}}]
rank: {{maximize: [average_voltage]}}
"""

SINGLE: Final = ("Co", "Cr", "Mn", "Fe", "Ni")

EXPERIMENT: Final = {
    "Co": "O3 to O'3 to P'3 below x = 0.8 (Lei, Li, Liu, Ceder, Chem. Mater. 26, 5288 (2014), from memory)",
    "Cr": "O3 to O'3 to P'3 at x about 0.6 (Kubota et al., J. Phys. Chem. C 119, 166 (2015), from memory)",
    "Mn": "O'3 stays, in steps of sodium order (Ma, Chen, Ceder, J. Electrochem. Soc. 158, A1307 (2011), from memory)",
    "Fe": "O3 stays to x = 0.5, iron migrates beyond (Yabuuchi et al., Electrochemistry 80, 716 (2012), from memory)",
    "Ni": "O'3 to P'3 to P''3 (Vassilaras, Ma, Li, Ceder, J. Electrochem. Soc. 160, A207 (2013), from memory)",
}

LITERATURE: Final = {
    "na-o3-heo9": "O3 to P3 (Zhao, Ding, Lu, Chen, Hu, Angew. Chem. 59, 264 (2020)), after about 60 % of the capacity",
    "na-o3-nfmczs": "O3 to P3 (EcoEnergy (2026), review)",
    "na-o3-ncnfmt": "O3 to P3, later than in the ternary host (Energy Environ. Sci. 18, 19 (2025), review)",
}
TRANSFORMS: Final = {"Co", "Cr", "Ni", *LITERATURE}
"""Hosts whose slabs glide to prisms on charging."""
_MOST_ATOMS: Final = 48


def literature_campaign(name: str, folder: Path) -> Path:
    """File of a material of the literature in a small cell, with contents near 1, 4/5, 2/3 and 1/2."""
    asked = yaml.safe_load(campaign_of_system(name, f"{name}.yaml", most_atoms=_MOST_ATOMS))
    sites = int(asked["structures"]["cations"])
    contents = [f"{round(x * sites)}/{sites}" for x in (Fraction(1), Fraction(4, 5), Fraction(2, 3), Fraction(1, 2))]
    asked["structures"] |= {"per_candidate": 2, "starts": 2}
    asked["stages"][0] |= {
        "engine": {"name": "chgnet", "fmax": 0.03, "check_minimum": False},
        "x": contents,
        "window": f"1..{contents[-1]}",
        "orderings": {"keep": 2},
        "accept": ["glide"],
        "analyses": ["voltage", {"phases_along_x": {"stackings": ["P3"]}}],
    }
    asked["rank"] = {"maximize": ["average_voltage"]}
    path = folder / f"{name}.yaml"
    path.write_text(yaml.safe_dump(asked, sort_keys=False), encoding="utf-8")
    return path


def campaign(name: str, metals: dict[str, int], folder: Path, cations: int, starts: int) -> Path:
    """File of one composition, amounts in parts of their sum."""
    total = sum(metals.values())
    species = "{" + ", ".join(f"{metal}: [3]" for metal in metals) + "}"
    low, high = min(metals.values()), max(metals.values())
    path = folder / f"{name}.yaml"
    text = _CAMPAIGN.format(
        name=name,
        species=species,
        n=len(metals),
        grid=total,
        fraction=f"{low}/{total}..{high}/{total}",
        cations=cations,
        starts=starts,
    )
    path.write_text(text, encoding="utf-8")
    return path


def table(name: str, document: dict[str, Any]) -> None:
    """Differences of one configuration with their spread over starts."""
    for state in document["states"]:
        if state["relative_eV_per_fu"] is None:
            continue
        spread = state["energy_sd_starts_eV_per_fu"]
        print(
            f"{name:8s} x = {state['x']:.2f}  {state['stacking']:4s} from {state['started_as']:4s} "
            f"{1000 * state['relative_eV_per_fu']:+7.1f} meV/f.u."
            f"  starts {'-' if spread is None else f'{1000 * spread:.1f}'}"
        )
    onset = document["onsets"].get("P3")
    verdict = "none" if onset is None else f"{onset:.2f}"
    if (onset is not None) != (name in TRANSFORMS):
        verdict += " (missed)" if onset is None else " (experiment sees none)"
    print(f"{name:8s} onset of P3 {verdict}; {(EXPERIMENT | LITERATURE)[name]}")


def compute(name: str, path: Path) -> None:
    """Run a campaign and print what it says of stackings."""
    hebe.run(path, launcher="inline", progress=False, start=path.parent)
    for candidate in hebe.results(path, start=path.parent).candidates:
        for document in candidate["results"]["phases_along_x"]:
            table(name, document)
            for text in document["warnings"]:
                print(f"{name:8s}   {text}", flush=True)


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--metals", type=int, default=4, help="per cell")
    parser.add_argument("--starts", type=int, default=3)
    parser.add_argument("--literature", action="store_true", help="high-entropy hosts of the literature alone")
    given = parser.parse_args()
    (given.folder / ".hebe").mkdir(parents=True, exist_ok=True)
    if given.literature:
        for name in LITERATURE:
            compute(name, literature_campaign(name, given.folder))
        return
    for metal in SINGLE:
        compute(metal, campaign(metal, {metal: 1}, given.folder, given.metals, given.starts))


if __name__ == "__main__":
    main()

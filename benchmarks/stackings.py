"""Prism against octahedron in NaxMO2: E(P3) - E(O3) with CHGNet for single metals, at x = 1 and 1/2, and the onset.

    OMP_NUM_THREADS=1 python benchmarks/stackings.py FOLDER [--metals 4] [--starts 3] [--cobalt | --literature]

``--cobalt`` relaxes O3 and P3 NaCoO2 from cells of three sizes instead: each spin state is a minimum. ``--literature``
computes three high-entropy hosts of the literature instead, two configurations of two starts in cells of at most 48 atoms.

Results stay in FOLDER: run it again to go on. Experiment is what charging does to the O3 hosts; a host that transforms
where the potential keeps O3 is counted as a miss.
"""

from __future__ import annotations

import argparse
from fractions import Fraction
from pathlib import Path
from typing import Any, Final

import yaml
from pymatgen.core import Lattice, Structure

import hebe
from hebe.campaigns.literature import campaign_of_system
from hebe.engines import get_engine
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import family_of, member_spec
from hebe.science.structures.configuration import build_configuration
from hebe.science.structures.stackings import restack, stacked_spec
from hebe.science.structures.working import apply_ordering, choose_orderings

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
    print(f"{name:8s} onsets {document['onsets']}; {(EXPERIMENT | LITERATURE)[name]}")


def cobalt() -> None:
    """Energies, volumes and moments of NaCoO2 from cells that are too small, about right and too large."""
    made = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {"Co": Fraction(1)}})
    spec = member_spec(made, {"TM": {Ion("Co", 3): Fraction(1)}}, "TM", {"TM": {"Co": (3,)}})
    own, engine = build_configuration(made, "TM", n_sites=1), get_engine("chgnet")
    for name in ("O3", "P3"):
        cell = own if name == "O3" else restack(spec, own, name)
        member = spec if name == "O3" else stacked_spec(spec, name)
        if cell.structure is None:
            raise ValueError(f"{name} has no cell")
        (occupied, *_) = choose_orderings(member, cell, Fraction(1), 1).occupied
        ideal = apply_ordering(cell.structure, occupied, family_of(member).working_of("Na"))
        for scale in (0.94, 1.0, 1.06):
            start = Structure(Lattice(ideal.lattice.matrix * scale), ideal.species, ideal.frac_coords)
            found = engine.relax(start, fmax=0.01)
            moment = max(found.magmoms) if found.magmoms is not None else 0.0
            print(
                f"{name} from {scale:.2f} a: {found.energy_eV:.4f} eV, {found.structure.volume:.2f} A^3 per f.u., "
                f"moment of cobalt {moment:.2f}"
            )


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
    which = parser.add_mutually_exclusive_group()
    which.add_argument("--cobalt", action="store_true", help="minima of NaCoO2 alone")
    which.add_argument("--literature", action="store_true", help="high-entropy hosts of the literature alone")
    given = parser.parse_args()
    if given.cobalt:
        cobalt()
        return
    (given.folder / ".hebe").mkdir(parents=True, exist_ok=True)
    if given.literature:
        for name in LITERATURE:
            compute(name, literature_campaign(name, given.folder))
        return
    for metal in SINGLE:
        compute(metal, campaign(metal, {metal: 1}, given.folder, given.metals, given.starts))


if __name__ == "__main__":
    main()

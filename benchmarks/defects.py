"""Migration of cations and heat of decomposition of single metals with CHGNet, beside what is known of them.

    OMP_NUM_THREADS=1 python benchmarks/defects.py FOLDER [--metals 12] [--sites 1]

Runs one campaign for each host in FOLDER, x = 1 and 1/2, and prints the energies of cations in empty octahedra and
tetrahedra and swapped with ions, of oxygen vacancies, and the decomposition. The heats of Li0.5CoO2 and Li0.5NiO2 stand
beside those of a cycle of measured enthalpies of formation and the measured voltage.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any, Final

import hebe

_CAMPAIGN: Final = """
name: {name}
host:
  family: layered-o3
  working_ion: {ion}
  sublattices:
    TM: {{species: {{{metal}: [3]}}, amounts: {{{metal}: 1}}}}
structures: {{cations: {cations}, per_candidate: 1, seed: 7}}
stages:
  - engine: chgnet
    x: [1, 1/2]
    window: 1..1/2
    orderings: {{keep: 2}}
    analyses:
      - voltage
      - cation_migration: {{n: {sites}}}
      - oxygen_stability: {{vacancies: {sites}}}
rank: {{maximize: [average_voltage]}}
"""

HOSTS: Final = {
    "Na Fe": "iron goes into tetrahedra of the gap below x = 0.5 (Yabuuchi et al., Electrochemistry 80, 716 (2012))",
    "Na Cr": "chromium moves below x = 0.5 (Kubota et al., J. Phys. Chem. C 119, 166 (2015))",
    "Na Mn": "",
    "Na Ni": "",
    "Na Co": "",
    "Li Co": "heat -4 kJ/mol by the cycle; cobalt moves above 600 K",
    "Li Ni": "heat -3 kJ/mol by the cycle; nickel and lithium mix as made",
    "Li Mn": "manganese moves, the layers become a spinel (Reed and Ceder, Chem. Rev. 104, 4513 (2004))",
}
"""Hosts and what experiments say of them; from memory."""

CYCLE: Final = """
Cycle: H(LiMO2) from the oxides -142.5 (Co) and -56.2 kJ/mol (Ni) (Wang and Navrotsky, Solid State Ionics 166, 167
(2004)), half a lithium taken out at 3.97 and 3.75 V, products LiCoO2 + Co3O4 + O2 and LiNiO2 + NiO + O2: -3.6 and
-3.3 kJ/mol.
"""


def show(name: str, candidate: dict[str, Any]) -> None:
    """Energies of one host."""
    print(f"{name}: {candidate['formula']}, {candidate['average_voltage_V']} V. {HOSTS[name]}")
    for found in candidate["results"]["cation_migration"][0]["statistics"]:
        lowest = "none stays" if found["lowest_eV"] is None else f"{found['lowest_eV']:+.2f} eV"
        print(f"  x = {found['x']:.2f} {found['kind']:12s} {lowest} ({found['returned']} back)")
    oxygen = candidate["results"]["oxygen_stability"][0]
    for found in oxygen["vacancies"]:
        print(f"  x = {found['x']:.2f} vacancy {found['lowest_eV']:+.2f} eV, leaves from {found['release_K']} K")
    for found in oxygen["releases"]:
        products = " + ".join(f"{p['amount']:.3f} {p['formula']}" for p in found["products"])
        print(
            f"  x = {found['x']:.2f} {products} + {found['oxygen_per_fu']:.3f} O2, "
            f"{found['heat_kJ_per_mol']:+.1f} kJ/mol, {found['heat_J_per_g']:+.0f} J/g, from {found['release_K']} K"
        )


def main() -> None:
    """Compute and print."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--metals", type=int, default=12, help="per cell")
    parser.add_argument("--sites", type=int, default=1, help="of each kind")
    given = parser.parse_args()
    given.folder.mkdir(parents=True, exist_ok=True)
    (given.folder / ".hebe").mkdir(exist_ok=True)
    for name in HOSTS:
        ion, metal = name.split()
        path = given.folder / f"{ion}{metal}.yaml"
        text = _CAMPAIGN.format(name=f"{ion}{metal}", ion=ion, metal=metal, cations=given.metals, sites=given.sites)
        path.write_text(text, encoding="utf-8")
        hebe.run(path, workers=1, progress=False)
        for candidate in hebe.results(path).candidates:
            show(name, candidate)
    print(CYCLE)


if __name__ == "__main__":
    main()

"""Which five-cation rock salts form: (Co,Cu,Mg,Ni,Zn)O beside controls, and the 56 sets of Pitike et al. ranked.

    python benchmarks/rocksalt_formers.py [--folder DIR] [--workers N] [--configurations N] [--show]

Every set is a candidate of an ordinary campaign, against the stable oxides and simpler members of the host; equimolar
pairs give the comparison descriptors. Nothing is fitted. The folder keeps the store: a second run resumes or only
prints. Experiment: (Co,Cu,Mg,Ni,Zn)O becomes single-phase between 1123 and 1173 K (Rost et al., Nat. Commun. 6, 8485
(2015)); the sets are those of Pitike et al., Chem. Mater. 32, 7507 (2020).
"""

from __future__ import annotations

import argparse
import os
from itertools import combinations
from pathlib import Path
from typing import Any

from hebe.campaigns import api
from hebe.config.campaign import Campaign
from hebe.science.mixing.formability import regular_solution_enthalpy, relative_formation

CATIONS = ("Ca", "Co", "Cu", "Fe", "Mg", "Mn", "Ni", "Zn")
KNOWN = frozenset(("Co", "Cu", "Mg", "Ni", "Zn"))
CONTROLS = (("Co", "Mg", "Ni"), ("Mg", "Ni"))
SITES = 20


def formula(cations: tuple[str, ...]) -> str:
    """Equimolar rock salt of these cations."""
    share = "" if len(cations) == 1 else f"1/{len(cations)}"
    return "".join(f"{element}{share}" for element in cations) + "O"


def campaign(configurations: int) -> Campaign:
    """All sets, pairs and controls as explicit candidates."""
    sets = [*combinations(CATIONS, 5), *combinations(CATIONS, 2), CONTROLS[0]]
    species = {element: [2] for element in CATIONS}
    return Campaign.model_validate(
        {
            "name": "rocksalt-formers",
            "host": {"family": "rocksalt", "sublattices": {"M": {"species": species, "grid": 60, "n_species": "2..5"}}},
            "select": {"method": "explicit", "formulas": [formula(cations) for cations in sets]},
            "structures": {"cations": SITES, "per_candidate": configurations, "seed": 7},
            "mixing": {"members": [formula(CONTROLS[0])], "temperatures": ["900 degC"]},
            "stages": [{"engine": "chgnet", "analyses": ["mixing"]}],
            "rank": {"minimize": ["mixing_temperature"]},
        }
    )


def described(candidate: dict[str, Any]) -> str:
    """Mixing temperature with both uncertainties and the binding decomposition."""
    mixing = candidate["mixing"]
    competing = mixing["competing"]
    products = competing["decomposition_at_T_mix"] or competing["decomposition"]
    against = " + ".join(f"{part['amount']:.3g} {part['phase']}" for part in products)
    value = "none" if competing["T_mix_K"] is None else f"{competing['T_mix_K']:.0f} K"
    spread = mixing["T_mix_sd_configurations_K"]
    model = mixing["T_mix_sd_model_K"]
    known = "–" if spread is None else f"{spread:.0f} K"
    engine = "–" if model is None else f"{model:.0f} K"
    reason = f" ({competing['reason']})" if competing["reason"] else ""
    gained = competing["dS_eV_per_K_per_site"] / 8.617333262e-5
    return (
        f"T_mix {value}{reason}, sd over configurations {known}, of the engine {engine}; "
        f"dH {1000 * competing['dH_eV_per_site']:.0f} meV per site, dS {gained:.3f} k; against {against}; "
        f"hull grade {candidate['hull_grade']}"
    )


def elements_of(candidate: dict[str, Any]) -> frozenset[str]:
    """Cations of a candidate."""
    return frozenset(species.rstrip("+0123456789") for species in candidate["composition"]["M"])


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description="Rock salts that form.")
    parser.add_argument("--folder", type=Path, default=Path("rocksalt-formers"))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--configurations", type=int, default=1)
    parser.add_argument("--show", action="store_true", help="compute nothing")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(options.folder)
    (Path.cwd() / ".hebe").mkdir(exist_ok=True)
    asked = campaign(options.configurations)
    if not options.show:
        summary = api.run(asked, workers=options.workers)
        print(summary.as_dict())
    found = {elements_of(candidate): candidate for candidate in api.results(asked).candidates}
    for cations in (KNOWN, *map(frozenset, CONTROLS)):
        if cations in found:
            print(f"({','.join(sorted(cations))})O: {described(found[cations])}")
    print("experiment: (Co,Cu,Mg,Ni,Zn)O single-phase from 1123 to 1173 K; (Co,Mg,Ni)O and NiO-MgO are miscible")
    pairs = {
        cations: candidate["mixing"]["competing"]["dH_eV_per_site"]
        for cations, candidate in found.items()
        if len(cations) == 2
    }
    quinaries = [cations for cations in found if len(cations) == 5]
    if len(pairs) < 28 or not quinaries:
        print(f"{len(pairs)} of 28 pairs and {len(quinaries)} of 56 sets are finished")
        return
    print_ranking(found, quinaries, pairs)


def print_ranking(
    found: dict[frozenset[str], dict[str, Any]],
    quinaries: list[frozenset[str]],
    pairs: dict[frozenset[str], float],
) -> None:
    """The sets by mixing temperature, with the place that each descriptor gives the known former."""
    temperature = {c: found[c]["mixing"]["competing"]["T_mix_K"] for c in quinaries}
    mean = {c: relative_formation(c, pairs).mean for c in quinaries}
    sd = {c: relative_formation(c, pairs).sd for c in quinaries}
    interactions = {pair: 4 * value for pair, value in pairs.items()}
    regular = {c: regular_solution_enthalpy(dict.fromkeys(c, 0.2), interactions) for c in quinaries}
    print(f"{len(quinaries)} sets by T_mix; pair mean and spread after Pitike et al., regular solution, meV per site:")
    for place, cations in enumerate(sorted(quinaries, key=lambda c: (temperature[c] is None, temperature[c])), 1):
        value = "none" if temperature[cations] is None else f"{temperature[cations]:.0f} K"
        mark = "  <- known to form" if cations == KNOWN else ""
        print(
            f"{place:3d} {' '.join(sorted(cations)):16s} {value:>8s}  mean {1000 * mean[cations]:5.0f}  "
            f"spread {1000 * sd[cations]:5.0f}  regular {1000 * regular[cations]:5.0f}{mark}"
        )
    for name, values in (
        ("T_mix", temperature),
        ("pair mean", mean),
        ("pair spread", sd),
        ("regular solution", regular),
    ):
        own = values[KNOWN]
        if own is None:
            print(f"rank of the known former by {name}: none, it has no value")
            continue
        above = sum(1 for c in quinaries if values[c] is not None and values[c] < own)
        print(f"rank of the known former by {name}: {above + 1} of {len(quinaries)}")


if __name__ == "__main__":
    main()

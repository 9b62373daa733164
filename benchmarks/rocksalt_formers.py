"""Which five-cation rock salts form: (Co,Cu,Mg,Ni,Zn)O beside controls, and the 56 sets of Pitike et al. ranked.

    python benchmarks/rocksalt_formers.py [--folder DIR] [--workers N] [--configurations N] [--oxygen] [--show]
        [--model chgnet|r2scan|l3i5] [--known]

Every set is a candidate of an ordinary campaign, against the stable oxides and simpler members of the host; equimolar
pairs give the comparison descriptors. Nothing is fitted to them. With `--oxygen` they exchange it with air at 1173 K as
well, and three more ranks are printed. `--model` computes with another potential, SevenNet-l3i5 as a static on CHGNet's
cells; `--known` computes no other sets than the known former and the controls. The folder keeps the store: a second run
resumes or only prints. Experiment: (Co,Cu,Mg,Ni,Zn)O becomes single-phase between 1123 and 1173 K (Rost et al., Nat.
Commun. 6, 8485 (2015)); the sets are those of Pitike et al., Chem. Mater. 32, 7507 (2020).
"""

from __future__ import annotations

import argparse
import os
from itertools import combinations
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hebe.campaigns import api
from hebe.config.campaign import Campaign
from hebe.science.mixing.formability import regular_solution_enthalpy, relative_formation

if TYPE_CHECKING:
    from collections.abc import Mapping

CATIONS = ("Ca", "Co", "Cu", "Fe", "Mg", "Mn", "Ni", "Zn")
KNOWN = frozenset(("Co", "Cu", "Mg", "Ni", "Zn"))
CONTROLS = (("Co", "Mg", "Ni"), ("Mg", "Ni"))
SITES = 20
FIRED = "900 degC"


def formula(cations: tuple[str, ...]) -> str:
    """Equimolar rock salt of these cations."""
    share = "" if len(cations) == 1 else f"1/{len(cations)}"
    return "".join(f"{element}{share}" for element in cations) + "O"


STAGES: dict[str, list[dict[str, Any]]] = {
    "chgnet": [{"engine": "chgnet", "analyses": ["mixing"]}],
    "r2scan": [{"engine": {"name": "chgnet", "model": "r2scan"}, "analyses": ["mixing"]}],
    "l3i5": [
        {"engine": "chgnet", "analyses": ["mixing"]},
        {"engine": {"name": "sevennet", "model": "l3i5"}, "task": "static", "keep": "all", "analyses": ["mixing"]},
    ],
}


def campaign(configurations: int, *, oxygen: bool, model: str = "chgnet", known: bool = False) -> Campaign:
    """All sets, pairs and controls as explicit candidates, or the known former and the controls alone."""
    mixing: dict[str, Any] = {"members": [formula(CONTROLS[0])], "temperatures": [FIRED]}
    if oxygen:
        mixing["oxygen"] = {"temperature": FIRED, "pressure": "0.21 bar"}
    sets = [*combinations(CATIONS, 5), *combinations(CATIONS, 2), CONTROLS[0]]
    sets = [tuple(sorted(KNOWN)), *CONTROLS] if known else sets
    species = {element: [2] for element in CATIONS}
    return Campaign.model_validate(
        {
            "name": "rocksalt-formers" if model == "chgnet" and not known else f"rocksalts-{model}",
            "host": {"family": "rocksalt", "sublattices": {"M": {"species": species, "grid": 60, "n_species": "2..5"}}},
            "select": {"method": "explicit", "formulas": [formula(cations) for cations in sets]},
            "structures": {"cations": SITES, "per_candidate": configurations, "seed": 7},
            "mixing": mixing,
            "firing_temperature": FIRED,
            "stages": STAGES[model],
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


def formed(candidate: dict[str, Any]) -> str:
    """Formation probability, margin and mixing temperature with intervals, and the mixture when fired."""
    found = candidate["results"]["mixing"][0]["formation"]
    drawn, margin = found["T_mix_draws_K"], found["margin_draws"]
    products = " + ".join(f"{part['amount']:.3g} {part['formula']}" for part in found["decomposition"])
    if drawn is None or margin is None:
        return f"no error of the engine is known; as computed {found['T_mix_K']} K against {products}"
    ends = [margin["low"], margin["median"], margin["high"]]
    low, median, high = (f"{1000 * end:+.0f}" for end in ends)
    oxygen = "closed" if found["pressure_O2_bar"] is None else f"{found['pressure_O2_bar']:g} bar O2"
    words = [
        f"forms {100 * found['probability']:.0f} % at {found['temperature_K']:.0f} K ({oxygen})",
        f"margin {median} ({low} to {high}), as computed {1000 * found['margin_eV_per_site']:+.0f} meV per site",
        f"against {products}",
        f"T_mix {drawn['median']:.0f} K ({drawn['low']:.0f} to {drawn['high']:.0f}), computed {found['T_mix_K']:.0f}",
        f"solution {found['solution']}",
    ]
    return "; ".join(words)


def in_air(candidate: dict[str, Any]) -> str:
    """Where it is stable in exchange with air, what it becomes at the firing temperature, and windows of oxygen."""
    found = candidate["mixing"]["oxygen"]
    products = " + ".join(f"{part['amount']:.3g} {part['phase']}" for part in found["decomposition"])
    intervals = ", ".join(f"{low:.0f} to {high:.0f} K" for low, high in found["stable_K"]) or "nowhere"
    overlap = found["window_overlap_eV"]
    return (
        f"stable {intervals}; at {found['temperature_K']:.0f} K {1000 * found['dG_eV_per_site']:+.0f} meV per site "
        f"against {products}, {found['O2_given_off_per_site']:+.3f} O2 given off; overlap of windows "
        f"{'none' if overlap is None else f'{overlap:+.2f} eV'}"
    )


def print_in_air(found: dict[frozenset[str], dict[str, Any]], quinaries: list[frozenset[str]]) -> None:
    """The sets by free energy at the firing temperature in air, and ranks of the known former with and without air."""
    closed = {c: found[c]["mixing"]["competing"]["at"][0]["dG_eV_per_site"] for c in quinaries}
    documents = {c: found[c]["mixing"]["oxygen"] for c in quinaries}
    opened = {c: document["dG_eV_per_site"] for c, document in documents.items()}
    temperature = {c: document["T_mix_K"] for c, document in documents.items()}
    overlap = {c: document["window_overlap_eV"] for c, document in documents.items()}
    for place, cations in enumerate(sorted(quinaries, key=lambda c: opened[c]), 1):
        mark = "  <- known to form" if cations == KNOWN else ""
        print(f"{place:3d} {' '.join(sorted(cations)):16s} {in_air(found[cations])}{mark}")
    fit = documents[KNOWN]["fit"]
    print(f"O2 {fit['energy_eV']:.2f} eV, standard deviation {fit['sd_eV']:.2f} eV; {fit['residuals_eV']}")
    for name, values in (
        ("dG at the firing temperature", closed),
        ("that in air", opened),
        ("T_mix in air", temperature),
    ):
        print_rank(name, values)
    print_rank("overlap of windows", {c: None if width is None else -width for c, width in overlap.items()})


def print_rank(name: str, values: Mapping[frozenset[str], float | None]) -> None:
    """Place of the known former, the lowest value first."""
    own = values[KNOWN]
    if own is None:
        print(f"rank of the known former by {name}: none, it has no value")
        return
    above = sum(1 for value in values.values() if value is not None and value < own)
    known = sum(1 for value in values.values() if value is not None)
    print(f"rank of the known former by {name}: {above + 1} of {len(values)}, {known} of which have a value")


def elements_of(candidate: dict[str, Any]) -> frozenset[str]:
    """Cations of a candidate."""
    return frozenset(species.rstrip("+0123456789") for species in candidate["composition"]["M"])


def main() -> None:
    """Run what is missing and print the tables."""
    parser = argparse.ArgumentParser(description="Rock salts that form.")
    parser.add_argument("--folder", type=Path, default=Path("rocksalt-formers"))
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--configurations", type=int, default=1)
    parser.add_argument("--model", choices=STAGES, default="chgnet")
    parser.add_argument("--known", action="store_true", help="the known former and the controls alone")
    parser.add_argument("--oxygen", action="store_true", help="exchange oxygen with air too")
    parser.add_argument("--show", action="store_true", help="compute nothing")
    options = parser.parse_args()
    options.folder.mkdir(parents=True, exist_ok=True)
    os.chdir(options.folder)
    (Path.cwd() / ".hebe").mkdir(exist_ok=True)
    asked = campaign(options.configurations, oxygen=options.oxygen, model=options.model, known=options.known)
    if not options.show:
        summary = api.run(asked, workers=options.workers)
        print(summary.as_dict())
    found = {elements_of(candidate): candidate for candidate in api.results(asked).candidates}
    for cations in (KNOWN, *map(frozenset, CONTROLS)):
        if cations in found:
            print(f"({','.join(sorted(cations))})O: {described(found[cations])}")
            print(f"    {formed(found[cations])}")
            if options.oxygen:
                print(f"    in air: {in_air(found[cations])}")
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
    if options.oxygen:
        print_in_air(found, quinaries)


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
        print_rank(name, values)


if __name__ == "__main__":
    main()

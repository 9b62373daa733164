"""Tables of docs/phases.md: how completely the materials of the literature are covered, and what relaxing tells.

PYTHONPATH=src:tests python tests/support/phases_table.py   # writes them into the page
"""

from __future__ import annotations

import csv
from collections import defaultdict
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from hebe.config.family import family_names, load_family
from hebe.science.hulls.competing import (
    competing_phases,
    coverage_grade,
    load_coverage,
    load_phases,
    missing_formulas,
    unlisted_systems,
)
from hebe.science.hulls.working_metals import package_phases
from hebe.science.literature.system import System, load_systems

RELAXED = Path(__file__).parents[2] / "benchmarks" / "phases.csv"
PAGE = Path(__file__).parents[2] / "docs" / "phases.md"
KJ_PER_EV = 96.48533212331002
MEASURED = {
    "Li2S-antifluorite": -441.4,
    "Na2S-antifluorite": -364.8,
    "K2S-antifluorite": -380.7,
    "ZnS-sphalerite": -206.0,
    "MnS-alabandite": -214.2,
    "FeS-troilite": -100.0,
    "FeS2-pyrite": -178.2,
    "CuS-covellite": -53.1,
    "MoS2-2H": -235.1,
    "SnS-herzenbergite": -100.0,
    "Na2Se-antifluorite": -341.4,
    "ZnSe-zinc-blende": -163.0,
    "ZnTe-zinc-blende": -117.6,
    "Sb2Te3-bi2te3": -56.5,
    "Bi2Te3": -77.4,
    "AlP-zinc-blende": -166.5,
    "GaP-zinc-blende": -88.0,
    "InP-zinc-blende": -88.7,
}
"""Formation enthalpies at 298 K, kJ/mol: Wagman et al., J. Phys. Chem. Ref. Data 11, Suppl. 2 (1982); from memory."""
_SHOWN = 12
_FAR = 10.0


@dataclass(frozen=True)
class Coverage:
    """Coverage of one material: its grade, what is missing by group, and how many phases compete."""

    system: System
    grade: str
    missing: dict[str, tuple[str, ...]]
    unlisted: tuple[str, ...]
    phases: int


def coverage_of(system: System) -> Coverage:
    """Coverage of the elements that its formula holds, by the phases of the package alone."""
    elements = set(system.elements)
    anions = load_family(system.host).anion_elements & elements
    ion = next((ion for ion in (*system.working_ion, "Li", "Na", "K") if ion in elements), "")
    present = [phase.id for phase in competing_phases(elements)]
    unlisted = unlisted_systems(elements, working_ion=ion, anions=anions)
    return Coverage(
        system,
        coverage_grade(elements, present, working_ion=ion, anions=anions),
        missing_formulas(elements, present, working_ion=ion, anions=anions),
        tuple(chain.from_iterable(unlisted.values())),
        len(present),
    )


def hosted() -> dict[str, list[System]]:
    """Family of Hebe -> materials of the table that it holds."""
    found: dict[str, list[System]] = defaultdict(list)
    for system in load_systems().values():
        if system.host in family_names():
            found[system.host].append(system)
    return dict(sorted(found.items()))


def grades_table() -> str:
    """One line a family: grades of its materials, and the missing formulas that most of them lack."""
    lines = ["| family | grades of its materials | binaries missing | ternaries missing |", "|---|---|---|---|"]
    for family, systems in hosted().items():
        found = [coverage_of(system) for system in systems]
        grades = ", ".join(
            f"{sum(c.grade == g for c in found)} {g}" for g in "ABCD" if any(c.grade == g for c in found)
        )
        binaries = _listed(found, ("binary",))
        ternaries = _listed(found, ("A-M-O", "M-M'-O"))
        lines.append(f"| `{family}` | {grades} | {binaries} | {ternaries} |")
    return "\n".join(lines)


def _listed(found: list[Coverage], groups: tuple[str, ...]) -> str:
    """The formulas that most materials lack, and how many more there are."""
    counts: dict[str, int] = defaultdict(int)
    for one in found:
        for formula in chain.from_iterable(one.missing[group] for group in groups):
            counts[formula] += 1
    ranked = sorted(counts, key=lambda formula: (-counts[formula], formula))
    more = f" and {len(ranked) - _SHOWN} more" if len(ranked) > _SHOWN else ""
    return ", ".join(ranked[:_SHOWN]) + more if ranked else "none"


def numbers() -> dict[str, int]:
    """How many phases, structure types and listed systems there are."""
    phases = package_phases().values()
    return {
        "phases": len(phases),
        "structure types": len({phase.structure_type for phase in phases}),
        "compounds": len({phase.formula for phase in load_phases()}),
        "systems": len(load_coverage().systems),
        "unverified": sum(phase.unverified for phase in phases),
        "models": sum(phase.model for phase in phases),
    }


def relaxed() -> dict[str, dict[str, str]]:
    """Rows of benchmarks/phases.csv by id."""
    with RELAXED.open(newline="", encoding="utf-8") as handle:
        return {row["id"]: row for row in csv.DictReader(handle)}


def kept() -> dict[str, int]:
    """How many phases keep their density and shortest distance, and how many are off by how much."""
    deviations = [abs(float(row["deviation"] or "inf")) for row in relaxed().values() if row["id"] in package_phases()]
    return {
        "relaxed phases": len(deviations),
        "within 5 %": sum(d <= 5 for d in deviations),
        "from 5 to 10 %": sum(5 < d <= 10 for d in deviations),
        "by more than 10 %": sum(d > 10 for d in deviations),
    }


def deviations_table() -> str:
    """Phases whose density is off by more than 10 %, or that have no energy, worst first."""
    phases = package_phases()
    off = [row for row in relaxed().values() if row["verdict"] != "kept" and row["id"] in phases]
    off = [row for row in off if not row["deviation"] or abs(float(row["deviation"])) > _FAR]
    off.sort(key=lambda row: (-abs(float(row["deviation"] or 0)), row["id"]))
    lines = [
        "| phase | formula | density, data (g/cm3) | relaxed | % | shortest distance, ratio |",
        "|---|---|---|---|---|---|",
    ]
    for row in off:
        values = " | ".join(row[name] or "no energy" for name in ("density", "relaxed", "deviation", "bond"))
        lines.append(f"| `{row['id']}` | {phases[row['id']].formula} | {values} |")
    return "\n".join(lines)


def formation(name: str) -> tuple[float, float]:
    """Energy of formation of a phase from the elements as computed, and as measured, eV per atom."""
    rows, phases = relaxed(), package_phases()
    amounts = phases[name].structure().composition.element_composition
    pure = {str(element): _lowest(str(element)) for element in amounts}
    computed = float(rows[name]["energy_per_atom"])
    computed -= sum(pure[str(element)] * n for element, n in amounts.items()) / amounts.num_atoms
    units = amounts.get_reduced_composition_and_factor()[1]
    return computed, MEASURED[name] / KJ_PER_EV * units / amounts.num_atoms


def _lowest(element: str) -> float:
    """Energy of the lowest polymorph of an element, eV per atom."""
    rows = relaxed()
    own = (phase.id for phase in package_phases().values() if phase.elements == {element})
    return min(float(rows[name]["energy_per_atom"]) for name in own)


def formation_table() -> str:
    """Energies of formation beside measured enthalpies."""
    lines = ["| phase | computed | measured | difference |", "|---|---|---|---|"]
    for name in MEASURED:
        computed, measured = formation(name)
        lines.append(f"| `{name}` | {computed:.2f} | {measured:.2f} | {computed - measured:+.2f} |")
    differences = [computed - measured for computed, measured in map(formation, MEASURED)]
    mean = sum(map(abs, differences)) / len(differences)
    return "\n".join([*lines, "", f"Mean absolute difference: {mean:.2f} eV/atom."])


def counts() -> str:
    """Both sentences of figures of the page."""
    number, found = numbers(), kept()
    return (
        f"{number['phases']} phases of {number['structure types']} structure types; {number['unverified']} of them are "
        f"unverified and {number['models']} models. The list names the compounds of {number['systems']} systems.\n"
        f"Of {found['relaxed phases']} relaxed phases {found['within 5 %']} keep their density within 5 %, "
        f"{found['from 5 to 10 %']} are off by 5 to 10 %, {found['by more than 10 %']} by more."
    )


def written(text: str) -> str:
    """The page with tables of the data between its marks."""
    made = {"counts": counts, "grades": grades_table, "deviations": deviations_table, "formation": formation_table}
    for name, table in made.items():
        start, end = f"<!-- {name}: from the data -->\n", f"\n<!-- end of {name} -->"
        before, rest = text.split(start)
        text = before + start + table() + end + rest.split(end)[1]
    return text


if __name__ == "__main__":
    PAGE.write_text(written(PAGE.read_text(encoding="utf-8")), encoding="utf-8")

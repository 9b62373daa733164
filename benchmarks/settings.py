"""The same numbers everywhere: one campaign under settings that make libraries round differently, compared in full.

    python benchmarks/settings.py CAMPAIGN.yaml --folder FOLDER [--only plain,together]

Each setting runs in a project of its own below FOLDER; one that is complete is not run again. Compared with the first:
job ids, content keys, selection, configurations, orderings, marks, ranks, and the table, which must be the same;
energies of cells that are what they stand for, which may differ by 0.05 meV per formula unit. The largest difference of
cells that left their host, which enter nothing, is printed beside it. The exit status says whether all hold.
"""

from __future__ import annotations

import argparse
import difflib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Final

ALLOWED: Final = 0.05
"""Largest difference of energies, meV per formula unit (per three atoms of a cell that is no host)."""

SETTINGS: Final[dict[str, tuple[dict[str, str], int]]] = {
    "plain": ({}, 1),
    "blas": ({"OPENBLAS_CORETYPE": "Prescott"}, 1),
    "numba": ({"NUMBA_CPU_NAME": "generic"}, 1),
    "aten": ({"ATEN_CPU_CAPABILITY": "default"}, 1),
    "onednn": ({"ONEDNN_MAX_CPU_ISA": "SSE41"}, 2),
    "together": (
        {
            "OPENBLAS_CORETYPE": "Nehalem",
            "NUMBA_CPU_NAME": "generic",
            "ATEN_CPU_CAPABILITY": "default",
            "ONEDNN_MAX_CPU_ISA": "SSE41",
        },
        2,
    ),
}
"""Name -> variables and number of workers. Kernels are compiled anew for each (cold) but ``aten`` and ``onednn``."""

_FACTS: Final = ("rank", "formula", "status", "marks", "states_left", "configuration")
_WARM: Final = ("aten", "onednn")


@dataclass
class Found:
    """What one run left: by job label ids, keys, cells that were built, orderings, energies; candidates; the table.

    ``energies`` (meV per formula unit) are those of cells that are what they stand for, ``left`` those of the others.
    """

    ids: dict[str, str] = field(default_factory=dict)
    keys: dict[str, str] = field(default_factory=dict)
    built: dict[str, Any] = field(default_factory=dict)
    orderings: dict[str, Any] = field(default_factory=dict)
    energies: dict[str, float] = field(default_factory=dict)
    left: dict[str, float] = field(default_factory=dict)
    candidates: dict[str, Any] = field(default_factory=dict)
    table: list[str] = field(default_factory=list)


def run(name: str, campaign: Path, folder: Path) -> Found:
    """Run the campaign under one setting and read what it left."""
    variables, workers = SETTINGS[name]
    project = folder / name
    (project / ".hebe").mkdir(parents=True, exist_ok=True)
    copy = project / campaign.name
    if not copy.exists():
        shutil.copy(campaign, copy)
    cache = folder / ("warm" if name in _WARM else f"cold-{name}")
    environment = {**os.environ, **variables, "NUMBA_CACHE_DIR": str(cache), "COLUMNS": "140", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "hebe"]
    subprocess.run([*command, "run", copy.name, "--workers", str(workers)], cwd=project, env=environment, check=True)
    shown = subprocess.run(
        [*command, "results", copy.name], cwd=project, env=environment, check=True, capture_output=True, text=True
    )
    return read(project, shown.stdout.splitlines(), copy)


def read(project: Path, table: list[str], campaign: Path) -> Found:
    """What is in the store of a project."""
    import hebe
    from hebe.campaigns.api import existing_store

    found, store = Found(table=table), existing_store(project)
    try:
        for doc in store.docs_store.query({}):
            output, label = doc["output"], f"{doc['name']}"
            found.ids[label] = doc["uuid"]
            if not isinstance(output, dict):
                continue
            if "key" in output:
                found.keys[label] = output["key"]
            if "realised" in output and output.get("structure"):
                found.built[label] = [output["structure"]["lattice"]["matrix"], _sites(output["structure"])]
            if "occupied" in output:
                found.orderings[label] = [output["occupied"], output["energies_eV"]]
            if output.get("energy_eV") is not None and "/start" not in label:
                atoms = len(output["structure"]["sites"])
                units = _units(output["structure"]) or atoms / 3
                kept = found.energies if output.get("topology") in (None, "host") else found.left
                kept[label] = output["energy_eV"] / units * 1e3
    finally:
        store.close()
    for candidate in hebe.results(campaign).candidates:
        facts = {
            name: candidate[name] for name in ("rank", "formula", "status", "marks", "states_left", "configuration")
        }
        found.candidates[candidate["candidate_id"]] = facts
    return found


def _sites(structure: dict[str, Any]) -> list[Any]:
    return [[site["species"][0]["element"], site["abc"]] for site in structure["sites"]]


def _units(structure: dict[str, Any]) -> float | None:
    """Formula units of a cell of a layered host or rock salt, None for other cells."""
    names = [site.get("properties", {}).get("sublattice") for site in structure["sites"]]
    mixed = names.count("TM") or names.count("M")
    return float(mixed) or None


def differences(first: Found, other: Found) -> list[str]:
    """What differs between two runs, in words."""
    result = []
    for name in ("ids", "keys", "built", "orderings", "candidates"):
        one, two = getattr(first, name), getattr(other, name)
        if one != two:
            labels = [label for label in one.keys() | two.keys() if one.get(label) != two.get(label)]
            result.append(f"{name}: {len(labels)} of {len(one)} differ, for example {sorted(labels)[:3]}")
    shifts = {label: abs(e - other.energies.get(label, float("inf"))) for label, e in first.energies.items()}
    far = {label: shift for label, shift in shifts.items() if shift > ALLOWED}
    if far:
        worst = max(far, key=lambda label: far[label])
        result.append(f"energies: {len(far)} of {len(shifts)} differ by more, {worst} by {far[worst]:.3f} meV")
    if not _same_table(first.table, other.table):
        result.append("table:\n" + "\n".join(difflib.unified_diff(first.table, other.table, lineterm="", n=0)))
    return result


def _largest(one: dict[str, float], two: dict[str, float]) -> float | None:
    """Largest difference of energies that both runs have, None if there is none."""
    return max((abs(e - two[label]) for label, e in one.items() if label in two), default=None)


def _same_table(one: list[str], two: list[str]) -> bool:
    """Whether two tables are equal but for one unit in the last place of a number."""
    number = re.compile(r"-?\d+(?:\.\d+)?")
    if [number.sub("#", line) for line in one] != [number.sub("#", line) for line in two]:
        return False
    pairs = zip(number.findall("\n".join(one)), number.findall("\n".join(two)), strict=True)
    return all(a == b or abs(_last(a) - _last(b)) <= 1 for a, b in pairs)


def _last(text: str) -> int:
    """A printed number in units of its last place; that of a whole number is its last digit that is not 0."""
    return int(text.replace(".", "")) if "." in text else int(text.rstrip("0") or "0")


def main() -> int:
    """Run all settings and compare them with the first."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("campaign", type=Path)
    parser.add_argument("--folder", type=Path, required=True)
    parser.add_argument("--only", default=",".join(SETTINGS))
    options = parser.parse_args()
    names, status = options.only.split(","), 0
    first: Found | None = None
    for name in names:
        found = run(name, options.campaign.absolute(), options.folder.absolute())
        if first is None:
            first = found
            continue
        problems = differences(first, found)
        status |= bool(problems)
        shifts = {name: _largest(getattr(first, name), getattr(found, name)) for name in ("energies", "left")}
        print(json.dumps({"setting": name, "largest_meV": shifts, "problems": problems}, indent=1))
    return status


if __name__ == "__main__":
    sys.exit(main())

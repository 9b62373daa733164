"""The chain with CHGNet: known voltages, the spread of configurations, oxidation states, and kill -9 in the middle."""

from __future__ import annotations

import json
import random
import statistics
import subprocess
import sys
from fractions import Fraction
from typing import TYPE_CHECKING, Any

import pytest

from hebe.campaigns.api import results, run
from hebe.config.structures import StructureSpec
from hebe.engines import get_engine
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.formula import parse_formula
from hebe.science.structures.configuration import build_configuration, displaced
from hebe.science.structures.objective import Objective
from support.processes import kill_launcher
from support.waiting import until

if TYPE_CHECKING:
    from pathlib import Path

    from pymatgen.core import Structure

pytestmark = pytest.mark.slow

VOLTAGE = """
name: {name}
host: {{family: layered-o3, working_ion: {ion}, sublattices: {{TM: {{species: {{{metal}: [3]}}}}}}}}
structures: {{cations: {cations}, per_candidate: 1, displacement: {displacement}}}
stages:
  - engine: {{name: chgnet, fmax: 0.03, check_minimum: {minimum}}}
    x: [1, 0]
    window: 1..0
    analyses: [voltage]
    accept: [glide, migrated, delaminated, collapsed]  # the empty host is another crystal, and known as such
"""

# CHGNet 0.3.0 in hexagonal three-formula cells, full to empty; measured independently of this package.
# Published experiments (approximate, V): LiCoO2 3.9 to 4.1, NaCoO2 2.8 to 3.0, NaFeO2 3.3, NaMnO2 2.7 to 3.0,
# NaCrO2 3.0, NaTiO2 1.0.
KNOWN = {("Li", "Co"): 3.49, ("Na", "Co"): 2.74, ("Na", "Fe"): 3.55, ("Na", "Cr"): 3.13, ("Na", "Ti"): 1.10}

FIVE = {"Ni": Fraction(1, 4), "Cu": Fraction(1, 12), "Fe": Fraction(1, 4), "Mn": Fraction(1, 4), "Ti": Fraction(1, 6)}

MIXING = """
name: mixing
host:
  family: layered-o3
  working_ion: Na
  sublattices: {TM: {species: {Ni: [2], Fe: [3], Mn: [3, 4], Ti: [4], Cu: [2]}}}
select: {method: explicit, formulas: [NaNi1/4Fe1/4Mn1/4Ti1/6Cu1/12O2, NaNi1/2Mn1/2O2]}
structures: {cations: 12, per_candidate: 1}
stages: [{engine: chgnet, analyses: [mixing]}]
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def voltage(
    folder: Path, ion: str, metal: str, *, cations: int = 1, displacement: float = 0.0, minimum: bool = False
) -> dict[str, Any]:
    path = folder / "v.yaml"
    keys = {"ion": ion, "metal": metal, "cations": cations, "displacement": displacement}
    name = "-".join(map(str, keys.values())) + f"-{minimum}"
    path.write_text(VOLTAGE.format(name=name, minimum=str(minimum).lower(), **keys))
    run(path, workers=1, progress=False)
    return results(path).candidates[0]


def test_voltages_of_the_end_members(project: Path) -> None:
    table = ["average voltages, full to empty (V): known, symmetric cell, displaced 12-cation cell"]
    for (ion, metal), known in KNOWN.items():
        symmetric = voltage(project, ion, metal)["average_voltage_V"]
        wide = voltage(project, ion, metal, cations=12, displacement=0.02)
        table.append(f"{ion}{metal}O2 {known:.2f} {symmetric:.2f} {wide['average_voltage_V']} {wide['warnings'][:1]}")
        assert symmetric == pytest.approx(known, abs=0.15)
    sys.stdout.write("\n".join(["", *table, ""]))


def test_namno2_needs_its_jahn_teller_distortion(project: Path) -> None:
    # Without displacement the cell stays on the symmetric saddle point, 0.20 eV per formula unit above the
    # distorted one, and the voltage is too low by as much, unless the end is looked at.
    symmetric = voltage(project, "Na", "Mn")["average_voltage_V"]
    distorted = voltage(project, "Na", "Mn", displacement=0.02)["average_voltage_V"]
    assert distorted == pytest.approx(2.79, abs=0.15)
    assert distorted - symmetric == pytest.approx(0.20, abs=0.05)
    looked_at = voltage(project, "Na", "Mn", minimum=True)["average_voltage_V"]
    assert looked_at == pytest.approx(distorted, abs=0.02)


def test_configurations_agree_better_than_shuffled_ones() -> None:
    """Of several starts the lowest, as in a campaign: SQS of twelve cations spread over 5 to 6 meV per formula unit.

    A spread below 5 was asked for here while the cells were relaxed to 0.05 eV/A from one start: it was not that of
    their minima.
    """
    composition = HostComposition("layered-o3", "Na", Fraction(1), {"TM": FIVE})
    objective, spread = Objective(shells=StructureSpec().shells), {}
    built = [
        build_configuration(composition, "TM", n_sites=12, index=index, seed=7, radius=0.6375, objective=objective)
        for index in range(6)
    ]
    ordered = [one.structure for one in built if one.structure is not None]
    assert len(ordered) == len(built)
    cells_of = {"sqs": ordered, "shuffled": [shuffled(cell, seed) for seed, cell in enumerate(ordered)]}
    for name, cells in cells_of.items():
        energies = [lowest_energy(cell, f"{name}/{index}") / built[0].n_fu for index, cell in enumerate(cells)]
        spread[name] = 1000 * statistics.stdev(energies)
    sys.stdout.write(f"\nspread of six configurations, meV per formula unit: {spread}\n")
    assert spread["sqs"] < 0.75 * spread["shuffled"]


def lowest_energy(cell: Structure, name: str) -> float:
    spec, engine = StructureSpec(), get_engine("chgnet")
    found = [engine.relax(displaced(cell, spec.shift, f"{name}/{n}")) for n in range(spec.n_starts(costly=False))]
    assert all(one.converged for one in found)
    return min(one.energy_eV for one in found)


def shuffled(cell: Structure, seed: int) -> Structure:
    copy = cell.copy()
    sites = [site for site in copy if site.properties["sublattice"] == "TM"]
    species = [site.species for site in sites]
    random.Random(seed).shuffle(species)
    for site, one in zip(sites, species, strict=True):
        site.species = one
    return copy


def test_references_keep_the_oxidation_states_or_say_that_they_do_not(project: Path) -> None:
    path = project / "mixing.yaml"
    path.write_text(MIXING)
    assert run(path, workers=2, progress=False).status == "complete"
    charges = {"Ni": 2, "Cu": 2, "Fe": 3, "Ti": 4}
    for candidate in results(path).candidates:
        same_host = candidate["mixing"]["same_host"]
        total: dict[str, float] = {}
        electrons = 0.0
        for phase in same_host["decomposition"]:
            amounts = parse_formula(phase["formula"])
            known = sum(charges.get(e, 0) * float(x) for e, x in amounts.items())
            manganese = float(amounts.get("Mn", 0))
            valence = (3 - known) / manganese if manganese else 0.0
            electrons += phase["amount"] * manganese * valence
            for element, x in amounts.items():
                total[element] = total.get(element, 0.0) + phase["amount"] * float(x)
        species = candidate["composition"]["TM"]
        expected = sum(int(ion[2]) * x for ion, x in species.items() if ion.startswith("Mn"))
        assert electrons == pytest.approx(expected, abs=1e-6), "electrons moved between members of the host"
        for element in ("Ni", "Cu", "Fe", "Ti"):
            wanted = sum(x for ion, x in species.items() if ion.startswith(element))
            assert total.get(element, 0.0) == pytest.approx(wanted, abs=1e-6)
        competing = candidate["mixing"]["competing"]
        assert competing["dH_eV_per_site"] is not None
        if competing["T_mix_K"] == 0:
            changed = any(p["formula"] in ("NaCuO2", "NaNiO2", "Cu2O", "NaCuO") for p in competing["decomposition"])
            warned = any("redox-decomposition" in w for w in candidate["warnings"])
            assert warned or not changed
        assert abs(competing["dH_eV_per_site"]) < 0.3
    ordered = next(c for c in results(path).candidates if "Fe" not in c["formula"])
    assert ordered["mixing"]["same_host"]["dH_eV_per_site"] == pytest.approx(0.0, abs=0.01), (
        "a vertex is its own reference"
    )


def hebe(folder: Path, *words: str) -> dict[str, Any]:
    command = [sys.executable, "-m", "hebe", *words, "--json"]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def finished(folder: Path) -> set[str]:
    """Keys of the calculations that are in the store."""
    from hebe.campaigns.api import project_store

    if not (folder / ".hebe" / "store.db").exists():
        return set()
    store = project_store(folder)
    try:
        found = store.docs_store.query(
            {"output.status": "converged", "output.task": "relax"}, properties=["output.key"]
        )
        return {doc["output"]["key"] for doc in found}
    finally:
        store.close()


def test_kill_9_in_the_middle_loses_and_repeats_nothing(project: Path) -> None:
    path = project / "mixing.yaml"
    path.write_text(MIXING.replace("cations: 12", "cations: 4").replace(", NaNi1/2Mn1/2O2", ""))
    command = [sys.executable, "-m", "hebe", "run", str(path), "--workers", "2"]
    survivors = 0
    for wanted in (3, 9, 15):
        process = subprocess.Popen(command, cwd=project, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until(lambda n=wanted: len(finished(project)) >= n, f"{wanted} are done", running=process)  # type: ignore[misc]
        kill_launcher(process)  # and its workers, which may still leave what they had finished
        survivors = len(finished(project))
    before = finished(project)
    summary = hebe(project, "run", str(path), "--workers", "2")
    after = finished(project)
    assert summary["status"] == "complete"
    assert before <= after
    assert summary["calculations"]["computed"] == len(after - before), "something finished was computed again"
    assert len(before) == survivors
    assert hebe(project, "run", str(path))["calculations"]["computed"] == 0

"""Energies that a campaign brings: what is read of pymatgen's entries, what is refused, and where they compete."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any

import pytest
from jobflow import Job
from monty.serialization import dumpfn
from pymatgen.core import Lattice, Structure
from pymatgen.entries.computed_entries import (
    CompositionEnergyAdjustment,
    ComputedEntry,
    ComputedStructureEntry,
    GibbsComputedStructureEntry,
    ManualEnergyAdjustment,
)

from hebe.campaigns.api import project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.config.mixing import MixingSpec
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.science.hulls.given_entries import given_entries
from support.campaigns import STIFF, rocksalt

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from hebe.science.hulls.hull import PhaseEntry

ROCK_SALT = Structure(Lattice.cubic(4.2), ["Ni2+", "O2-"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project folder that is also the working folder."""
    (tmp_path / ".hebe").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def bringing(folder: Path, entries: Any, keys: str = "", scale: str = "springs") -> Path:
    """Rock salts of two cations on springs that bring a file of entries."""
    if isinstance(entries, str):
        (folder / "mine.json").write_text(entries)
    else:
        dumpfn(entries, folder / "mine.json")
    path = rocksalt(folder, "Mg: [2], Ni: [2], Zn: [2]")
    file = f"{{file: mine.json, energy_scale: {scale}{keys}}}"
    path.write_text(path.read_text().replace("rank:", f"mixing: {{entries: [{file}]}}\nrank:"))
    return path


def read(folder: Path, entries: Sequence[Any], keys: str = "") -> list[PhaseEntry]:
    return list(given_entries(load_campaign(bringing(folder, list(entries), keys))).entries)


def test_energies_are_per_reduced_formula_and_names_are_kept(tmp_path: Path) -> None:
    first, second, third = read(
        tmp_path,
        [
            ComputedEntry("Ni4O4", -40.0, entry_id="mp-19009"),
            ComputedStructureEntry(ROCK_SALT, -10.5),
            ComputedEntry({"Mg2+": 2, "Ni4+,spin=0": 1, "O2-": 4}, -33.0, entry_id="mine"),
        ],
    )
    assert (first.name, first.source, first.energy, first.formula) == ("mp-19009", "mp-19009", -10.0, "NiO")
    assert first.ions == {}
    assert (second.name, second.source, second.energy) == ("mine-1", "mine.json", -10.5)
    assert second.ions == {"Ni2+": 1.0, "O2-": 1.0}
    assert third.amounts == {"Mg": 2.0, "Ni": 1.0, "O": 4.0}
    assert third.ions == {"Mg2+": 2.0, "Ni4+": 1.0, "O2-": 4.0}
    assert {entry.energy_scale for entry in (first, second, third)} == {"springs"}


def test_lists_of_plain_dictionaries_and_data_of_the_materials_project_do_too(tmp_path: Path) -> None:
    states = {"oxidation_states": {"Ni": 3, "O": -2}}
    plain = [
        ComputedEntry("Ni2O3", -25.0, entry_id="mp-1", data=states).as_dict(),
        {"composition": {"Mg": 1, "O": 1}, "energy": -9},
    ]
    expected = [("Ni2O3", -25.0, {"Ni3+": 2.0, "O2-": 3.0}), ("MgO", -9.0, {})]
    for text in (json.dumps(plain), json.dumps({"entries": plain})):
        path = bringing(tmp_path, text)
        found = given_entries(load_campaign(path)).entries
        assert [(entry.formula, entry.energy, dict(entry.ions)) for entry in found] == expected


@pytest.mark.parametrize(("keys", "energy"), [(", corrections: keep", -11.2), (", corrections: drop", -10.0)])
def test_corrections_count_only_where_the_campaign_says_so(tmp_path: Path, keys: str, energy: float) -> None:
    entry = ComputedStructureEntry(
        ROCK_SALT, -10.0, energy_adjustments=[CompositionEnergyAdjustment(-0.6, 2, name="two of them")]
    )
    assert entry.energy == pytest.approx(-11.2)
    assert read(tmp_path, [entry], keys)[0].energy == pytest.approx(energy)
    bare = entry.as_dict()
    del bare["correction"]
    found = given_entries(load_campaign(bringing(tmp_path, json.dumps([bare]), keys))).entries
    assert found[0].energy == pytest.approx(energy)


def test_corrections_are_refused_where_nothing_is_said_even_if_they_cancel(tmp_path: Path) -> None:
    one = ComputedEntry("NiO", -10.0, correction=-0.5, entry_id="mp-7")
    with pytest.raises(BadInputError, match=r"rs.yaml:\d+: mixing.entries\[0\].*entry 1 \(mp-7\).*-0.5 eV.*keep.*drop"):
        load_campaign(bringing(tmp_path, [ComputedEntry("MgO", -9.0), one]))
    both = ComputedEntry("NiO", -10.0, energy_adjustments=[ManualEnergyAdjustment(0.5), ManualEnergyAdjustment(-0.5)])
    with pytest.raises(BadInputError, match=r"entry 0.*correction"):
        load_campaign(bringing(tmp_path, [both]))


NICKEL = {"composition": {"Ni": 1, "O": 1}, "energy": -10.0, "entry_id": "mp-9"}


@pytest.mark.parametrize(
    ("entry", "told"),
    [
        ({**NICKEL, "energy": math.nan}, r"entry 1 \(mp-9\): its energy is no finite number"),
        ({**NICKEL, "energy": None}, "its energy is no finite number"),
        ({**NICKEL, "energy": True}, "its energy is no finite number"),
        ({"composition": {"Ni": 1}}, "entry 1: it has no energy"),
        ({**NICKEL, "composition": {}}, "it holds no atoms"),
        ({**NICKEL, "composition": {"Ni": 0}}, "it holds no atoms"),
        ({**NICKEL, "composition": {"Ni": -1, "O": 1}}, "its amount of Ni is negative"),
        ({**NICKEL, "composition": {"Xx": 1}}, "'Xx' is no element"),
        ({**NICKEL, "composition": {"NiO": 1}}, "'NiO' is no element or ion"),
        ({**NICKEL, "entry_id": "mp-0"}, r"entry 1 \(mp-0\): entry 0 \(mp-0\) of mine.json has that name"),
        ({**NICKEL, "entry_id": "MgO"}, "a phase of Hebe has that name"),
        ({**NICKEL, "energy_adjustments": [{"@class": "Odd"}]}, "a correction of it cannot be read"),
        ({**NICKEL, "@class": "Popen", "@module": "subprocess"}, "it is a Popen.*ComputedEntry"),
        ({**NICKEL, "structure": {"sites": [{"label": "Ni"}]}}, "entry 1 .*not built like an entry"),
        ({**NICKEL, "data": [3]}, "entry 1 .*not built like an entry"),
        ({**NICKEL, "composition": "NiO"}, "it holds no atoms"),
        ("NiO", "entry 1: expected an object"),
    ],
)
def test_bad_entries_are_named_by_file_position_and_reason(tmp_path: Path, entry: Any, told: str) -> None:
    good = {**NICKEL, "entry_id": "mp-0"}
    with pytest.raises(BadInputError, match=told) as refused:
        load_campaign(bringing(tmp_path, json.dumps([good, entry])))
    assert "mine.json" in str(refused.value)
    assert refused.value.key == "mixing.entries[0]"


def test_entries_that_are_no_plain_energies_are_refused(tmp_path: Path) -> None:
    structure = Structure(Lattice.cubic(4.2), ["Ni", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    hot = GibbsComputedStructureEntry(structure, -5.0, temp=300)
    with pytest.raises(BadInputError, match="it is a GibbsComputedStructureEntry"):
        load_campaign(bringing(tmp_path, [hot]))
    for text in ("{", "3", '{"NiO": -3}'):
        with pytest.raises(BadInputError, match=r"mine.json.*(no JSON|expected a list)"):
            load_campaign(bringing(tmp_path, text))


def test_what_a_file_names_is_never_imported(tmp_path: Path) -> None:
    (tmp_path / "trap.py").write_text("raise SystemExit('imported')\n")
    bad = {"@module": "trap", "@class": "Trap", "@version": "1"}
    entry = {**NICKEL, "parameters": bad, "data": {"x": bad}}
    assert len(given_entries(load_campaign(bringing(tmp_path, json.dumps([entry])))).entries) == 1


def test_other_elements_are_left_out_and_said_unless_they_are_all_others(tmp_path: Path) -> None:
    entries = [
        ComputedEntry("NiO", -10.0),
        ComputedEntry("Fe2P", -20.0),
        ComputedEntry("NiCl2", -9.0),
        ComputedEntry("SiO2", -23.0),
        ComputedEntry("O2", -9.8),
        ComputedEntry("Ni", -5.0),
    ]
    found = given_entries(load_campaign(bringing(tmp_path, entries)))
    assert [entry.formula for entry in found.entries] == ["NiO"]
    (remark,) = found.remarks
    assert remark.startswith("competing: entries of mine.json are left out: ")
    assert remark.endswith(": 2 with elements outside the campaign (Cl, Si), 2 of elements (Ni, O2)")


def test_another_energy_scale_is_refused_with_both(tmp_path: Path) -> None:
    path = bringing(tmp_path, [ComputedEntry("NiO", -10.0)], scale="vasp/PBE")
    with pytest.raises(BadInputError, match=r"energy scale 'vasp/PBE', that of the stages is 'springs'") as refused:
        load_campaign(path)
    assert refused.value.key == "mixing.entries[0].energy_scale"


def test_a_campaign_without_entries_is_written_as_before() -> None:
    assert "entries" not in MixingSpec().model_dump(mode="json")
    assert "entries" not in MixingSpec(temperatures=(300.0,)).model_dump(mode="json")


@pytest.mark.slow
def test_a_stable_entry_decides_and_is_counted(project: Path) -> None:
    path = bringing(project, [])
    run(path, workers=2, progress=False)
    before = {c["formula"]: c for c in results(path).candidates}["Mg0.5Ni0.5O"]
    store = project_store(project)
    try:
        energies = {
            doc["output"]["label"]: doc["output"]["energy_eV"] / (len(doc["output"]["structure"]["sites"]) / 2)
            for doc in store.docs_store.query({"output.status": "converged", "output.energy_eV": {"$exists": True}})
        }
    finally:
        store.close()
    candidate = energies[next(label for label in energies if label.startswith(f"{before['candidate_id']}/c0"))]
    ordered = candidate - 0.1  # eV per formula unit and mixed site, 0.1 below the candidate
    bringing(project, [ComputedEntry("Mg2Ni2O4", 4 * ordered, entry_id="mp-5")])
    again = run(path, workers=2, progress=False)
    assert again.calculations["computed"] == 0
    after = {c["formula"]: c for c in results(path).candidates}["Mg0.5Ni0.5O"]
    competing = after["mixing"]["competing"]
    assert competing["dH_eV_per_site"] == pytest.approx(0.1, abs=1e-6)
    (phase,) = competing["decomposition"]
    assert (phase["phase"], phase["formula"], phase["source"]) == ("mp-5", "MgNiO2", "mp-5")
    assert "mp-5" in after["hull_phases"]
    assert after["mixing"]["same_host"] == before["mixing"]["same_host"]


def test_entries_compete_in_the_stages_of_their_scale_alone(project: Path) -> None:
    path = bringing(project, [ComputedEntry("MgNiO2", -1e4, entry_id="mp-5")], scale="stiff")
    text = path.read_text().replace("mixing: {entries", f"  - {{engine: {STIFF}, keep: all}}\nmixing: {{entries")
    path.write_text(text.replace("Mg: [2], Ni: [2], Zn: [2]", "Mg: [2], Ni: [2]"))
    jobs = [job for job in campaign_flow(load_campaign(path)).jobs if isinstance(job, Job)]
    first = [job for job in jobs if job.metadata["label"].endswith("/s0/mixing")]
    assert len(first) == 1
    assert [shared for job in first for shared in job.function_args if "entries" in shared] == []
    assert run(path, workers=2, progress=False).status == "complete"
    (later,) = results(path).candidates
    assert later["energy_scale"] == "stiff"
    assert "mp-5" in later["hull_phases"]

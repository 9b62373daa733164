"""Comparison descriptors from campaigns: tiles and members between are wired once, and what comes out follows."""

from __future__ import annotations

import statistics
from itertools import combinations
from typing import TYPE_CHECKING, Any

import pytest

from hebe.campaigns.api import project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from support.campaigns import SPRINGS, STIFF, layered, rocksalt

if TYPE_CHECKING:
    from pathlib import Path

THREE = "Mg: [2], Ni: [2], Co: [2], Zn: [2]"


def asked(path: Path, analyses: str, later: str = "") -> Path:
    text = path.read_text().replace("analyses: [mixing]", f"analyses: {analyses}")
    path.write_text(text.replace("rank: {minimize: [mixing_temperature_same_host]}", f"{later}rank: {{}}"))
    return path


def three_cations(folder: Path, analyses: str = "[formability]", later: str = "", engine: str = SPRINGS) -> Path:
    path = asked(rocksalt(folder, THREE, engine=engine), analyses, later)
    path.write_text(path.read_text().replace("n_species: 2", "n_species: 3").replace("grid: 2", "grid: 3"))
    return path


def labels(path: Path) -> list[str]:
    return [job.metadata["label"] for job in campaign_flow(load_campaign(path)).jobs]


def calculations(folder: Path) -> dict[str, dict[str, Any]]:
    store = project_store(folder)
    try:
        wanted = {"output.status": "converged", "output.energy_eV": {"$exists": True}}
        return {doc["output"]["label"]: doc["output"] for doc in store.docs_store.query(wanted)}
    finally:
        store.close()


def test_descriptors_follow_from_the_stored_energies(project: Path) -> None:
    path = three_cations(project)
    assert run(path, workers=2, progress=False).status == "complete"
    done = calculations(project)
    for candidate in results(path).candidates:
        (document,) = candidate["results"]["formability"]
        tiles = {name: doc for name, doc in done.items() if name.startswith(f"{candidate['candidate_id']}/tile")}
        assert len(tiles) == document["n_tiles"] == document["n_tiles_used"] == 3
        assert document["tile_arrangements"] == 78  # 13 lattices of index 3, 3! arrangements
        assert not document["tiles_sampled"]
        energies = [doc["energy_eV"] / len(doc["structure"]["sites"]) for doc in tiles.values()]
        spread = document["tile_spread_eV_per_atom"]
        assert 0 < spread <= max(energies) - min(energies)
        assert candidate["entropy_forming_ability_atom_per_eV"] == pytest.approx(1 / spread)
        distance = document["tile_hull_distance_eV_per_atom"]
        if distance > 0:
            assert candidate["deed_atom_per_eV"] == pytest.approx((1 / spread / distance) ** 0.5)
        else:
            assert candidate["deed_atom_per_eV"] is None
        cations = candidate["composition"]["M"]
        per_fu = {
            frozenset(cation.rstrip("+0123456789") for cation in part): energy_of(done, part)
            for n in (1, 2)
            for part in combinations(sorted(cations), n)
        }
        single = {name: per_fu[frozenset({name})] for pair in per_fu if len(pair) == 1 for name in pair}
        pairs = [per_fu[frozenset(pair)] - sum(single[e] for e in pair) / 2 for pair in combinations(single, 2)]
        # equal parts of three: 4/9 of the sum over pairs
        expected = 4 / 9 * sum(pairs)
        assert candidate["pairwise_mixing_enthalpy_eV_per_site"] == pytest.approx(expected, abs=1e-8)
        assert document["n_pairs"] == 6
        if document["relative_formation_eV_per_site"] is not None:
            assert document["relative_formation_eV_per_site"] >= statistics.fmean(pairs) - 1e-8


def energy_of(done: dict[str, dict[str, Any]], cations: tuple[str, ...]) -> float:
    """Energy per formula unit of the shared member of these cations."""
    names = {cation.rstrip("+0123456789") for cation in cations}
    (found,) = [
        doc
        for label, doc in done.items()
        if label.startswith("shared/")
        and "/c0/x0/o0/s0" in label
        and {site["label"] for site in doc["structure"]["sites"]} == {*names, "O"}
    ]
    energy: float = found["energy_eV"]
    return energy / sum(1 for site in found["structure"]["sites"] if site["label"] == "O")


def test_members_between_are_shared_and_start_once(project: Path) -> None:
    path = three_cations(project)
    path.write_text(path.read_text().replace("starts: 1", "starts: 3"))
    found = labels(path)
    assert len(found) == len(set(found))
    for a, b in combinations(("Co", "Mg", "Ni", "Zn"), 2):
        (one,) = [label for label in found if label.startswith(f"shared/{a}0.5{b}0.5O/") and "/s0" in label]
        assert one.endswith("/s0")
    assert sum(label.startswith("shared/MgO/c0/") and "/start" in label for label in found) == 3
    path.write_text(path.read_text().replace("rank:", "mixing: {members: [Mg0.5Ni0.5O]}\nrank:"))
    named = labels(path)
    assert sum(label.startswith("shared/Mg0.5Ni0.5O/") and "/start" in label for label in named) == 3
    assert sum(label.startswith("shared/Co0.5Ni0.5O/") and "/start" in label for label in named) == 0


@pytest.mark.parametrize("first", ["[mixing]", "[mixing, formability]"])
def test_a_later_stage_has_its_own_tiles_and_members(project: Path, first: str) -> None:
    stage = f"  - {{engine: {STIFF}, keep: all, analyses: [mixing, formability]}}\n"
    path = three_cations(project, first, stage)
    path.write_text(path.read_text().replace(THREE, "Mg: [2], Ni: [2], Zn: [2]"))
    assert run(path, workers=2, progress=False).status == "complete"
    (later,) = [candidate for candidate in results(path).candidates if candidate["stage"] == 1]
    (document,) = later["results"]["formability"]
    assert document["energy_scale"] == "stiff"
    assert document["n_tiles_used"] == 3
    assert later["pairwise_mixing_enthalpy_eV_per_site"] is not None


def test_too_many_tiles_are_refused_before_anything_runs(project: Path) -> None:
    path = layered(project)
    text = path.read_text().replace("[voltage, volume_strain, mixing]", "[voltage, volume_strain, formability]")
    text = text.replace("grid: 4", "grid: 8").replace("method: all", "method: diverse, n: 2, seed: 1")
    path.write_text(text)
    told = r"o3.yaml:\d+: stages\[0\].analyses: .* has \d+ ordered tiles of 8 mixed sites, more than at_most: 60"
    with pytest.raises(BadInputError, match=told):
        campaign_flow(load_campaign(path))
    path.write_text(text.replace("formability]", "{formability: {tiles: {sample: 20}}}]"))
    found = labels(path)
    assert 0 < sum("/tile" in label for label in found if label.endswith("/s0")) <= 40
    path.write_text(text.replace("formability]", "{formability: {tiles: false}}]"))
    assert not any("/tile" in label for label in labels(path))


def test_tiles_of_a_later_stage_are_refused_before_the_first_one_runs(project: Path) -> None:
    path = layered(project)
    text = path.read_text().replace("grid: 4", "grid: 8").replace("method: all", "method: diverse, n: 2, seed: 1")
    path.write_text(text.replace("rank:", f"  - {{engine: {STIFF}, keep: 1, analyses: [formability]}}\nrank:"))
    with pytest.raises(BadInputError, match=r"stages\[1\].analyses: .* ordered tiles"):
        campaign_flow(load_campaign(path))


@pytest.mark.slow
def test_without_tiles_a_candidate_is_complete_and_says_why(project: Path) -> None:
    path = layered(project)
    text = path.read_text().replace("[voltage, volume_strain, mixing]", "[mixing, {formability: {tiles: false}}]")
    path.write_text(text.replace("{maximize: [average_voltage], minimize: [max_volume_strain]}", "{}"))
    assert run(path, workers=2, progress=False).status == "complete"
    for candidate in results(path).candidates:
        (document,) = candidate["results"]["formability"]
        assert candidate["pairwise_mixing_enthalpy_eV_per_site"] is not None
        if candidate["formula"] == "NaFe0.5Mn0.25Ni0.25O2":  # halfway between NaFeO2 and NaMn0.5Ni0.5O2
            own = candidate["mixing"]["same_host"]["dH_eV_per_site"]
            assert candidate["pairwise_mixing_enthalpy_eV_per_site"] == pytest.approx(own, abs=1e-9)
        assert document["tiles_reason"] == "no tiles were asked for"
        assert (
            "equal parts" in document["relative_formation_reason"] or "charge" in document["relative_formation_reason"]
        )

"""Campaigns that compare stackings: what is wired, what comes out, what is refused before anything runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Job

from hebe.campaigns.api import project_store, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from support.campaigns import layered, rocksalt, staged

if TYPE_CHECKING:
    from pathlib import Path


def asking(path: Path, options: str = "") -> Path:
    asked = f"{{phases_along_x: {options}}}" if options else "phases_along_x"
    text = path.read_text().replace("[voltage, volume_strain, mixing]", f"[voltage, {asked}]")
    path.write_text(text.replace("[max_volume_strain]", "[transition_x]"))
    return path


def jobs_of(path: Path) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in campaign_flow(load_campaign(path)).jobs if isinstance(job, Job)}


def test_only_a_campaign_that_asks_has_more_jobs_and_the_others_keep_their_ids(project: Path) -> None:
    plain = project / "plain.yaml"
    plain.write_text(layered(project).read_text().replace("[voltage, volume_strain, mixing]", "[voltage]"))
    plain.write_text(plain.read_text().replace("minimize: [max_volume_strain]", "minimize: []"))
    before, after = jobs_of(plain), jobs_of(asking(layered(project)))
    shared = [name for name in before if not name.endswith("/candidate")]
    assert len(shared) > 20
    for name in shared:
        assert after[name].uuid == before[name].uuid
    added = {name for name in set(after) - set(before) if "/P3/" in name or "/O1/" in name}
    assert len(added) * 2 > len(after) - len(before)
    assert all(("/P3/" in n or "/O1/" in n or n.endswith("phases_along_x")) for n in set(after) - set(before))


def test_stackings_are_computed_compared_and_printed(project: Path) -> None:
    path = asking(layered(project), "{stackings: [P3], configurations: 1}")
    assert run(path, workers=1, progress=False).status == "complete"
    again = run(path, workers=1, progress=False)
    assert again.calculations["computed"] == 0
    store = project_store(project)
    try:
        wanted = {
            "output.label": {"$regex": "/P3/x"},
            "output.status": "converged",
            "output.energy_eV": {"$exists": True},
        }
        stored = list(store.docs_store.query(wanted))
    finally:
        store.close()
    assert stored
    for candidate in results(path).candidates:
        first, second = candidate["results"]["phases_along_x"]
        assert first["own"] == second["own"] == "O3"
        assert {state["started_as"] for state in first["states"]} <= {"O3", "P3"}
        assert "this configuration is not stacked otherwise" in second["warnings"]
        value = candidate["stacking_preference_eV_per_fu"]
        assert value is None or value == first["preference_eV_per_fu"]


@pytest.mark.slow
def test_polymorphs_are_computed_and_told(project: Path) -> None:
    path = asking(layered(project), "{polymorphs: [spinel, rock-salt], configurations: 1}")
    jobs = jobs_of(path)
    assert {name.split("/")[2] for name in jobs if "/c0/" in name and "/build" in name} >= {"spinel", "rock-salt"}
    assert run(path, workers=1, progress=False).status == "complete"
    for candidate in results(path).candidates:
        first, _ = candidate["results"]["phases_along_x"]
        started = {state["started_as"] for state in first["states"]}
        assert {"O3", "spinel"} <= started
        assert all(state["stacking"] in {"O3", "P3", "O1", "spinel", "rock-salt"} for state in first["states"])


@pytest.mark.slow
def test_a_later_stage_takes_the_stackings_of_the_one_before(project: Path) -> None:
    engine = (
        "{ase: 'support.spring_crystal:make', energy_scale: stiff, arguments: {depth: 2.6, length: 2.2}, fmax: 0.1}"
    )
    path = asking(staged(project, f"{{engine: {engine}, keep: 1}}"), "{stackings: [P3], configurations: 1}")
    assert run(path, workers=1, progress=False).status == "complete"
    (kept,) = [c for c in results(path).candidates if c["energy_scale"] == "stiff"]
    (document, _) = kept["results"]["phases_along_x"]
    assert {state["started_as"] for state in document["states"]} == {"O3", "P3"}


@pytest.mark.parametrize(
    ("options", "said"),
    [
        ("{stackings: [P4]}", "no stacking is called 'P4'"),
        ("{stackings: [P3], configurations: 0}", "expected at least 1, got 0"),
        ("{stackings: P3}", "stackings"),
        ("{stacking: [P3]}", "stacking"),
        ("{temperature: cold}", "temperature"),
        ("{polymorphs: [spinell]}", "no polymorph is called 'spinell'"),
        ("{polymorphs: [monoclinic]}", "monoclinic is no polymorph of layered-o3"),
        ("{polymorphs: [spinel], temperature: 300 K}", "free energies are known of stackings alone"),
    ],
)
def test_options_that_mean_nothing_are_refused(project: Path, options: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(layered(project), options))


def test_a_host_without_slabs_is_refused(project: Path) -> None:
    path = rocksalt(project)
    text = path.read_text().replace("analyses: [mixing]", "analyses: [phases_along_x]")
    path.write_text(text.replace("rank: {minimize: [mixing_temperature_same_host]}", "rank: {}"))
    with pytest.raises(BadInputError, match="rocksalt is not made of slabs"):
        load_campaign(path)


def test_lithium_does_not_go_into_prisms_and_is_said(project: Path) -> None:
    path = asking(layered(project), "{stackings: [P3]}")
    path.write_text(path.read_text().replace("working_ion: Na", "working_ion: Li"))
    with pytest.raises(BadInputError, match="layered-p3, the family of P3, has no lattice with Li"):
        load_campaign(path)

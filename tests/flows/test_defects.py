"""Campaigns that ask for cation migration and the stability of the oxygen: what is wired, computed and refused."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from jobflow import Job

from hebe.campaigns.api import estimate, results, run
from hebe.campaigns.loading import load_campaign
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.members import plain_campaign
from hebe.flows.stage import StageFlowMaker
from hebe.launchers.graph import references
from hebe.science.hulls.oxygen import oxygen_oxides
from support.campaigns import SPRINGS, STIFF
from support.given_cells import coo2, licoo2, write

if TYPE_CHECKING:
    from pathlib import Path

CAMPAIGN = """
name: {name}
host:
  family: {family}
  working_ion: {ion}
  sublattices:
    {mixed}: {{species: {{{species}}}, amounts: {{{amounts}}}}}{extra}
structures: {{cations: 4, per_candidate: 2, seed: 3, starts: 1}}
stages:
  - engine: {engine}
    x: [1, 1/2]
    window: 1..1/2
    analyses: {analyses}
{later}
rank: {{maximize: [average_voltage]}}
"""
O3 = {
    "family": "layered-o3",
    "ion": "Na",
    "mixed": "TM",
    "species": "Fe: [3], Mn: [4], Ni: [2]",
    "amounts": "Fe: 1/2, Mn: 1/4, Ni: 1/4",
    "engine": SPRINGS,
    "extra": "",
}
BOTH = "[voltage, {cation_migration: {n: 1}}, {oxygen_stability: {vacancies: 2}}]"


def asking(folder: Path, analyses: str, *, name: str = "m", later: str = "", **more: str) -> Path:
    path = folder / f"{name}.yaml"
    path.write_text(CAMPAIGN.format(name=name, analyses=analyses, later=later, **{**O3, **more}))
    return path


def jobs_of(path: Path) -> dict[str, Job]:
    return {job.metadata["label"]: job for job in campaign_flow(load_campaign(path)).jobs if isinstance(job, Job)}


def test_only_a_campaign_that_asks_has_more_jobs_and_the_others_keep_their_ids(project: Path) -> None:
    before, after = jobs_of(asking(project, "[voltage]")), jobs_of(asking(project, BOTH))
    shared = [name for name in before if not name.endswith("/candidate")]
    for name in shared:
        assert after[name].uuid == before[name].uuid
    added = set(after) - set(before)
    defects = [name for name in added if "/d0/" in name or "/d1/" in name or "/d2/" in name]
    assert len([n for n in defects if "/oxygen_vacancy/" in n]) == 2 * 2  # as made and at 1/2, in one configuration
    assert len([n for n in defects if "/antisite/" in n]) == 3
    assert not [n for n in defects if "/c1/" in n]
    assert {f"shared/{phase.id}" for phase in oxygen_oxides()} <= added


def test_cations_are_moved_computed_and_printed(project: Path) -> None:
    path = asking(project, "[voltage, {cation_migration: {n: 1, sites: [octahedral, antisite]}}]")
    assert run(path, workers=1, progress=False).status == "complete"
    assert run(path, workers=1, progress=False).calculations["computed"] == 0
    (candidate,) = results(path).candidates
    first, second = candidate["results"]["cation_migration"]
    assert second["defects"] == []
    assert "no defects of this configuration are computed" in second["warnings"]
    assert {s["kind"] for s in first["statistics"]} == {"octahedral", "antisite"}
    assert first["x"] == 0.5
    swapped = [d["energy_eV"] for d in first["defects"] if d["kind"] == "antisite"]
    assert len(swapped) == 3
    assert swapped == pytest.approx([0.0] * 3, abs=5e-3)  # springs see no difference between cations
    assert candidate["migration_energy_eV"] == first["lowest_eV"] == pytest.approx(min(swapped), abs=5e-3)
    assert candidate["octahedral_energy_eV"] == first["octahedral_eV"] > 0


@pytest.mark.slow
def test_oxygen_is_taken_out_and_released(project: Path) -> None:
    path = asking(project, "[voltage, {oxygen_stability: {vacancies: 2}}]")
    assert run(path, workers=1, progress=False).status == "complete"
    (candidate,) = results(path).candidates
    oxygen, _ = candidate["results"]["oxygen_stability"]
    assert [v["x"] for v in oxygen["vacancies"]] == [1.0, 0.5]
    assert [r["x"] for r in oxygen["releases"]] == [1.0, 0.5]
    assert candidate["oxygen_vacancy_energy_eV"] == pytest.approx(oxygen["vacancies"][1]["free_energy_eV"])
    assert {d["ended"] for d in oxygen["defects"]} == {"there"}


@pytest.mark.parametrize("task", ["relax", "relax-ions"])
@pytest.mark.parametrize("first", ["[voltage]", BOTH, "[voltage, {cation_migration: {n: 2}}]"])
def test_a_later_stage_refers_to_nothing_that_is_not_computed(project: Path, first: str, task: str) -> None:
    """Also where the first stage asked for other defects, or none; in another lattice defects are made anew."""
    path = asking(project, first, later=f"  - {{engine: {STIFF}, keep: 1, task: {task}, analyses: {BOTH}}}")
    campaign = load_campaign(path)
    later = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(campaign_members(campaign))
    known = {job.uuid for flow in (campaign_flow(campaign), later) for job in flow.jobs}
    own = [job for job in later.jobs if isinstance(job, Job)]
    wanted = {uuid for job in own for uuid in references((job.function_args, job.function_kwargs))}
    assert wanted <= known
    built = [job for job in own if job.metadata["label"].endswith("/build") and "/antisite/" in job.metadata["label"]]
    assert len(built) == (0 if first == BOTH and task == "relax-ions" else 1)


@pytest.mark.slow
@pytest.mark.parametrize("task", ["relax", "relax-ions"])
def test_a_later_stage_has_defects_in_the_lattice_of_its_perfect_cell(project: Path, task: str) -> None:
    """Springs see no difference between cations: energies in another lattice than the perfect cell's would."""
    cations = "[voltage, {cation_migration: {n: 1, sites: [antisite]}}]"
    path = asking(project, cations, later=f"  - {{engine: {STIFF}, keep: 1, task: {task}, analyses: {cations}}}")
    assert run(path, workers=1, progress=False).status == "complete"
    (kept,) = results(path).candidates
    assert kept["energy_scale"] == "stiff"
    document, _ = kept["results"]["cation_migration"]
    swapped = [d["energy_eV"] for d in document["defects"] if d["kind"] == "antisite"]
    assert swapped == pytest.approx([0.0] * 3, abs=5e-3)


@pytest.mark.parametrize("keep", [1, 2])
def test_a_third_stage_compares_with_the_cell_that_its_defects_were_made_of(project: Path, keep: int) -> None:
    """Where the second stage has several cells at a content, another one than the perfect one may be the lowest."""
    asked = f"[voltage, {{cation_migration: {{n: 1, sites: [antisite]}}}}]\n    orderings: {{keep: {keep}}}\n"
    later = f"  - engine: {STIFF}\n    keep: 1\n    task: static\n    analyses: {asked}"
    campaign = load_campaign(asking(project, asked, later=2 * later))
    third = StageFlowMaker(campaign=plain_campaign(campaign), stage=2).make(campaign_members(campaign))
    second = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(campaign_members(campaign))
    jobs = {job.metadata["label"]: job for flow in (second, third) for job in flow.jobs if isinstance(job, Job)}
    state = next(name for name in jobs if name.endswith("/o0/s1") and "/x1/o0/" not in name).removesuffix("/o0/s1")
    assert (f"{state}/o1/s1" in jobs) == (keep == 2)
    perfect = f"{state}/o0/s2" if keep == 1 else f"{state}/antisite/perfect/s2"
    of = references((jobs[perfect].function_args, jobs[perfect].function_kwargs))
    assert jobs[f"{state}/o0/s1"].uuid in of
    assert jobs.get(f"{state}/o1/s1", jobs[perfect]).uuid not in of
    assert (f"{state}/antisite/perfect/s2" in jobs) == (keep == 2)
    read = [job for job in third.jobs if isinstance(job, Job) and "cation_migration" in job.metadata["label"]]
    assert read
    configuration = state.split("/x")[0]
    own = [job for job in read if job.metadata["label"].startswith(configuration)]
    assert any(jobs[perfect].uuid in references((j.function_args, j.function_kwargs)) for j in own)


def test_an_estimate_counts_defects(project: Path) -> None:
    plain, more = (load_campaign(asking(project, a, name=f"e{i}")) for i, a in enumerate(("[voltage]", BOTH)))
    few, many, shared = estimate(plain, 10), estimate(more, 10), estimate(plain, 0)
    assert many["cpu_hours"] > few["cpu_hours"] > shared["cpu_hours"]
    defects = 3 * 3 + 2 * 2
    assert many["jobs"] - few["jobs"] >= 10 * defects


@pytest.mark.parametrize(
    ("analyses", "said"),
    [
        ("[{cation_migration: {sites: [cubic]}}]", "sites"),
        ("[{cation_migration: {sites: []}}]", "sites"),
        ("[{cation_migration: {n: 0}}]", "expected at least 1, got 0"),
        ("[{cation_migration: {x: [half]}}]", "x"),
        ("[{oxygen_stability: {pressure: 0 bar}}]", "pressure"),
        ("[{oxygen_stability: {temperature: 3000 K}}]", "temperature"),
        ("[{oxygen_stability: {vacancies: 0}}]", "expected at least 1, got 0"),
        ("[{oxygen_stability: {vacancy: 2}}]", "vacancy"),
    ],
)
def test_options_that_mean_nothing_are_refused(project: Path, analyses: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(project, analyses))


PHOSPHATE = {
    "family": "nasicon",
    "mixed": "M",
    "species": "V: [3], Fe: [3], Cr: [3]",
    "amounts": "V: 1/2, Fe: 1/4, Cr: 1/4",
}
DRX = {
    "family": "drx",
    "mixed": "M",
    "ion": "Li",
    "species": "Li: [1], Mn: [3]",
    "amounts": "Li: 5/8, Mn: 3/8",
    "extra": "\n    X: {species: {O: [-2], F: [-1]}, amounts: {O: 3/4, F: 1/4}}",
}


@pytest.mark.parametrize(
    ("host", "analyses", "said"),
    [
        (PHOSPHATE, "[oxygen_stability]", "rigid units"),
        (PHOSPHATE, "[cation_migration]", "rigid units"),
        (DRX, "[{cation_migration: {sites: [antisite]}}]", "no sites of its own"),
    ],
)
def test_hosts_without_such_defects_are_refused(project: Path, host: dict[str, str], analyses: str, said: str) -> None:
    with pytest.raises(BadInputError, match=said):
        load_campaign(asking(project, analyses, **host))


def test_a_disordered_rock_salt_has_no_antisites(project: Path) -> None:
    labels = jobs_of(asking(project, "[voltage, cation_migration]", **DRX))
    assert not [name for name in labels if "/antisite/" in name]
    assert [name for name in labels if "/tetrahedral/" in name]


def test_unrelaxed_defects_are_refused_and_relaxed_ones_calculated_anew(project: Path) -> None:
    static = "  - {{engine: {0}, keep: 1, task: static, analyses: {1}}}"
    path = asking(project, "[voltage]", later=static.format(STIFF, "[voltage, cation_migration]"))
    with pytest.raises(BadInputError, match=r"stages\[1\].*defects need cells that relax"):
        jobs_of(path)
    asked = "[voltage, {cation_migration: {n: 1, sites: [antisite]}}]"
    campaign = load_campaign(asking(project, asked, later=static.format(STIFF, asked)))
    later = StageFlowMaker(campaign=plain_campaign(campaign), stage=1).make(campaign_members(campaign))
    swapped = [job for job in later.jobs if isinstance(job, Job) and "/antisite/d" in job.metadata["label"]]
    assert len(swapped) == 3
    assert {type(job.maker).__name__ for job in swapped} == {"StaticMaker"}


def test_cells_that_are_given_have_defects_too(project: Path) -> None:
    """LiCoO2 and CoO2 of a campaign: lithium and cobalt swapped as made, cobalt in an empty site of CoO2."""
    path = write(project, ("full.vasp", licoo2()), ("empty.vasp", coo2()))
    text = path.read_text().replace("task: static", "task: relax-ions")
    path.write_text(text.replace("[voltage, volume_strain]", "[voltage, {cation_migration: {n: 1, x: [1, 0]}}]"))
    assert run(path, workers=1, progress=False).status == "complete"
    (candidate,) = results(path).candidates
    (document,) = candidate["results"]["cation_migration"]
    found = [(one["kind"], one["x"]) for one in document["defects"]]
    assert ("antisite", 1.0) in found
    assert ("octahedral", 0.0) in found
    assert ("antisite", 0.0) not in found
    assert ("octahedral", 1.0) not in found
    assert all(one["energy_eV"] is not None for one in document["defects"])
    assert document["octahedral_eV"] == pytest.approx(0.0, abs=1e-3)  # the only cobalt moved: the same crystal

"""The pages show what the store has, in the numbers that the command line prints."""

from __future__ import annotations

import io
import json
import re
import shlex
from typing import TYPE_CHECKING, Any

import pytest
from ase import Atoms
from ase.io import read
from jobflow import Job
from pymatgen.analysis.structure_matcher import StructureMatcher
from pymatgen.core import Structure

from hebe.analyses.columns import columns_of
from hebe.browse.graph import direct
from hebe.browse.provenance import SHARED, graph_of, jobs_behind, label_of
from hebe.campaigns import api
from hebe.campaigns.api import project_store
from hebe.campaigns.loading import load_campaign
from hebe.flows.campaign import campaign_flow
from hebe.launchers.graph import references
from hebe.report.values import quantity_text, rank_text
from support.browsed import Browsed, Page
from support.command import hebe

if TYPE_CHECKING:
    from pathlib import Path

ID = re.compile(r"layered-o3-[0-9a-f]{10}")


def ids(page: Page) -> list[str]:
    """Candidates of a table in their order."""
    return list(dict.fromkeys(ID.findall(page.source)))


def test_the_overview_has_the_counts_of_status(project: Path, pages: Browsed) -> None:
    page = pages.page("/")
    state = api.status(start=project)
    for one in state["campaigns"]:
        assert one["campaign"] in page.text
        assert re.search(
            rf"{one['campaign']}{one['status']}.*?{one['jobs']['total']}{one['jobs']['completed']}", page.text
        )
    assert f"{state['jobs']['failed']} failed" in page.text
    part = pages.page("/", part=1)
    assert "html" not in part.tags
    assert page.text.find(part.text) > 0


def test_the_table_has_the_digits_and_order_of_the_ranking(project: Path, pages: Browsed) -> None:
    results = api.results(project / "o3.yaml")
    page = pages.page("/candidates", campaign="o3")
    assert ids(page) == [one.candidate_id for one in results]
    columns = columns_of(results.ranked, results.rank.maximize)
    rows = re.findall(r"<tr>(.*?)</tr>", page.source)[-len(results) :]
    for one, row in zip(results, rows, strict=True):
        shown = Page(row).text
        assert one.candidate_id in shown
        assert rank_text(one) in shown
        for quantity in columns:
            assert quantity_text(quantity, one, bound="≥ ") in shown


@pytest.mark.parametrize(
    "where",
    [
        "average_voltage > 2",
        "entropy > 0.7 and rank <= 2",
        "not (rank == 1)",
        "formula == 'x'",
        "max_volume_strain < 0.05",
    ],
)
def test_a_filter_chooses_what_the_command_line_chooses(
    project: Path, pages: Browsed, where: str, capsys: pytest.CaptureFixture[str]
) -> None:
    told = hebe(capsys, "results", project / "o3.yaml", "--where", where, "--json")
    found = pages.page("/candidates", campaign="o3", where=where, part=1)
    assert ids(found) == [one["candidate_id"] for one in told.json["candidates"]]


def test_elements_are_required_and_excluded(pages: Browsed) -> None:
    (holdings,) = pages.source.table(["o3"]).holdings  # type: ignore[union-attr]
    every = [one.candidate_id for one in holdings.candidates]
    with_fe = {one.candidate_id for one in holdings.candidates if "Fe3+" in one.composition["TM"]}
    assert 0 < len(with_fe) < len(every)
    assert ids(pages.page("/candidates", campaign="o3", with_="Fe")) == [one for one in every if one in with_fe]
    assert ids(pages.page("/candidates", campaign="o3", without="Fe")) == [one for one in every if one not in with_fe]
    assert ids(pages.page("/candidates", campaign="o3", with_=["Fe", "O"])) == [one for one in every if one in with_fe]


def test_a_link_of_the_periodic_table_goes_round(pages: Browsed) -> None:
    first = pages.page("/candidates", campaign="o3")
    (on,) = [link for link in first.links if "with=Fe" in link]
    assert on == "/candidates?campaign=o3&with=Fe"
    (out,) = [link for link in pages.page("/candidates", campaign="o3", with_="Fe").links if "without=Fe" in link]
    assert out == "/candidates?campaign=o3&without=Fe"
    third = pages.page("/candidates", campaign="o3", without="Fe")
    assert "/candidates?campaign=o3" in third.links, "a third click forgets it"


@pytest.mark.parametrize("descending", [False, True])
def test_columns_sort(pages: Browsed, descending: bool) -> None:  # noqa: FBT001 - pytest calls it
    (holdings,) = pages.source.table(["o3"]).holdings  # type: ignore[union-attr]
    means = {one.candidate_id: one.mean("average_voltage") or 0.0 for one in holdings.candidates}
    page = pages.page("/candidates", campaign="o3", sort="average_voltage_V", order="down" if descending else "")
    assert ids(page) == sorted(means, key=lambda name: means[name], reverse=descending)
    assert ("th", "aria-sort", "descending" if descending else "ascending") in page.attributes


@pytest.mark.parametrize(
    "where", ["foo > 1", "average_voltage >", "__import__('os')", "1" * 2000, "formula > 1", "((((", "\x00"]
)
def test_an_expression_that_cannot_be_read_is_a_line(pages: Browsed, where: str) -> None:
    page = pages.page("/candidates", campaign="o3", where=where)
    assert ("p", "class", "wrong") in page.attributes
    assert "Traceback" not in page.text
    assert ids(page) == []


def test_campaigns_stand_side_by_side(pages: Browsed) -> None:
    page = pages.page("/candidates")
    both = pages.source.table(["broken", "o3"])
    assert both is not None
    assert [row.campaign for row in both.rows if row.campaign == "o3"]
    assert len(ids(page)) == sum(row.campaign == "o3" for row in both.rows)
    assert {("input", "value", "o3"), ("input", "value", "broken")} <= set(page.attributes)
    assert "campaign" in page.text


def first_of(pages: Browsed) -> Any:
    table = pages.source.table(["o3"])
    assert table is not None
    return next(row.candidate for row in table.rows if row.candidate.status == "complete")


def test_a_candidate_has_values_profile_correlations_and_provenance(pages: Browsed) -> None:
    one = first_of(pages)
    page = pages.page("/candidate", campaign="o3", id=one.candidate_id)
    for shown in (one.formula, one.candidate_id, "Correlations", "Provenance", f"hebe show {one.candidate_id}"):
        assert shown in page.text
    assert "Voltage profile" in page.text
    assert page.tags.count("canvas") == 1
    states = [value for tag, name, value in page.attributes if name == "data-cell"]
    assert len(states) == 2, "x = 1 and x = 1/2"
    for address in states:
        query = dict(pair.split("=") for pair in address.partition("?")[2].split("&"))
        cell = json.loads(pages.get("/structure", **query).body)
        assert len(cell["sites"]) == len(structure(pages, query["id"]))


def structure(pages: Browsed, key: str, kind: str = "cif") -> Structure:
    answer = pages.get("/structure", id=key, as_=kind)
    assert answer.headers["Content-Disposition"].startswith("attachment")
    return Structure.from_str(answer.body.decode(), fmt=kind)  # type: ignore[arg-type]


def test_structures_are_saved_without_loss(project: Path, pages: Browsed) -> None:
    one = first_of(pages)
    key = one.calculations[one.configuration]
    stored = Structure.from_dict(api.show(key, start=project)["structure"])
    matcher = StructureMatcher(primitive_cell=False, scale=False)
    for kind in ("cif", "poscar"):
        found = structure(pages, key, kind)
        assert found.composition == stored.composition
        assert found.volume == pytest.approx(stored.volume, rel=1e-6)
        assert matcher.fit(found, stored)
    atoms = read(io.StringIO(pages.get("/structure", id=key, as_="extxyz").body.decode()), format="extxyz")
    assert isinstance(atoms, Atoms)
    assert atoms.get_cell()[:] == pytest.approx(stored.lattice.matrix, abs=1e-6)
    assert atoms.get_positions() == pytest.approx(stored.cart_coords, abs=1e-6)
    assert atoms.get_chemical_symbols() == [site.specie.symbol for site in stored]


def test_provenance_is_what_the_flow_wired(project: Path) -> None:
    """The graph from the store holds the jobs of the candidate's flow, and the references that were wired."""
    flow = campaign_flow(load_campaign(project / "o3.yaml"))
    jobs = {str(job.uuid): job for job in flow.jobs if isinstance(job, Job)}
    last = next(job for job in jobs.values() if job.name.startswith("candidate"))
    store = project_store(project)
    try:
        found = jobs_behind(store.docs_store, str(last.uuid))
    finally:
        store.close()
    nodes = graph_of(found)
    wired, queue = set[str](), [str(last.uuid)]
    while queue:
        job = jobs[queue.pop()]
        new = set(references((job.function_args, job.function_kwargs))) - wired
        wired |= new
        queue += [uuid for uuid in new if not jobs[uuid].metadata["label"].startswith(SHARED)]
    assert set(found) - {str(last.uuid)} == wired
    assert sum(node.count for node in nodes) == len(found)
    depth = {node.label: node.depth for node in nodes}
    assert all(depth[source] < node.depth for node in nodes for source in node.sources)
    assert label_of(found[str(last.uuid)]) == max(nodes, key=lambda node: node.depth).label


def test_the_drawing_leaves_out_what_a_longer_way_says(project: Path) -> None:
    store = project_store(project)
    try:
        first = store.docs_store.query_one({"output.candidate_id": {"$exists": True}, "metadata.campaign": "o3"})
        nodes = graph_of(jobs_behind(store.docs_store, first["uuid"]))
    finally:
        store.close()
    kept = direct(nodes)

    def reach(links: Any, name: str) -> set[str]:
        return set(links[name]).union(*(reach(links, source) for source in links[name]))

    full = {node.label: sorted(node.sources) for node in nodes}
    assert all(reach(kept, node.label) == reach(full, node.label) for node in nodes), "nothing is lost"
    assert sum(map(len, kept.values())) < sum(map(len, full.values()))


def test_a_document_is_shown_with_everything_in_it(pages: Browsed) -> None:
    one = first_of(pages)
    page = pages.page("/document", id=one.calculations[one.configuration])
    for key in ("energy_eV", "forces_max_eV_per_A", "optimizer", "made_from"):
        assert key in page.text
    assert "structure of" in page.text


def test_chosen_candidates_are_compared(pages: Browsed) -> None:
    table = pages.source.table(["o3"])
    assert table is not None
    rows = [row for row in table.rows if row.candidate.status == "complete"][:3]
    page = pages.page("/compare", row=[row.name for row in rows])
    for row in rows:
        assert row.candidate.candidate_id in page.text
        for quantity in table.columns:
            assert quantity_text(quantity, row.candidate, bound="≥ ") in page.text
    assert "Choose 2" in pages.page("/compare", row=[rows[0].name]).text


def test_failures_name_error_logs_and_a_command_that_reruns_them(project: Path, pages: Browsed) -> None:
    page = pages.page("/failures")
    assert "no energy today" in page.text
    commands = [shlex.split(text) for text in re.findall(r"hebe rerun [^\n]*?(?=and then)", page.text)]
    chosen: list[str] = []
    for command in commands:
        error = command[command.index("--error") + 1]
        found = api.rerun(project / command[2], error=re.compile(error), dry_run=True)
        chosen += [job["uuid"] for job in found["jobs"]]
    everything = [job["uuid"] for job in api.rerun(start=project, dry_run=True)["jobs"]]
    assert sorted(chosen) == sorted(everything) != []


@pytest.mark.parametrize(
    ("path", "fields"),
    [
        ("/nothing", {}),
        ("/static/../routes.py", {}),
        ("/static/", {}),
        ("/candidate", {"campaign": "o3", "id": "x"}),
        ("/candidate", {"campaign": "no", "id": "x"}),
        ("/candidate", {}),
        ("/document", {"id": "../../etc/passwd"}),
        ("/document", {}),
        ("/structure", {"id": "x"}),
        ("/structure", {"as_": "exe"}),
        ("/compare", {"row": ["a/b", "c/d"]}),
        ("/compare", {"row": ["a", "c"]}),
    ],
)
def test_what_is_not_there_is_a_404(pages: Browsed, path: str, fields: dict[str, Any]) -> None:
    answer = pages.get(path, **fields)
    assert answer.status == 404
    assert b"Traceback" not in answer.body


def test_a_campaign_without_its_file_is_shown_unranked(project: Path, tmp_path: Path) -> None:
    import shutil

    shutil.copytree(project / ".hebe", tmp_path / ".hebe")
    page = Browsed.of(tmp_path).page("/candidates", campaign="o3")
    assert len(ids(page)) == len(api.results(project / "o3.yaml"))
    assert "not ranked" in page.text
    again = Browsed.of(tmp_path / ".hebe" / "store.db").page("/candidates", campaign="o3")
    assert ids(again) == ids(page)


def test_a_campaign_file_names_its_project(project: Path) -> None:
    pages = Browsed.of(project / "o3.yaml")
    assert pages.source.place.root == project
    assert "not ranked" not in pages.page("/candidates", campaign="o3").text

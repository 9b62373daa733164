"""Where a candidate comes from: the correlations of its configurations, and the graph of its jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from hebe.browse.graph import drawing
from hebe.browse.provenance import graph_of, jobs_behind, label_of
from hebe.report.markup import Markup, table, tag

if TYPE_CHECKING:
    from collections.abc import Iterable

    from maggma.core.store import Store

    from hebe.schemas.candidate import RankedCandidate

_HEAD: Final = (
    *("configuration", "sublattice", "sites", "shells / Å"),
    *("largest |α|", "sum |α|", "sum in random cells", "search"),
)
_MEANING: Final = (
    "α = 1 − P_ij / (N/(N−1) x_i x_j) of unlike pairs within the shells, against a random cell of N sites; 0 is random."
)


def origin_of(documents: Store, one: RankedCandidate) -> list[Markup]:
    """Sections on the configurations of a candidate, and on the jobs that it was computed from."""
    uuid = _job_of(documents, one)
    if uuid is None:
        return []
    found = jobs_behind(documents, uuid)
    builds = {job: label for job, other in found.items() if (label := label_of(other)).endswith("/build")}
    graph = tag("div", Markup(drawing(graph_of(found), one.candidate_id)), class_="scroll graphs")
    note = tag("p", "Each box is a job, or several starts of one cell, and leads to its document.", class_="note")
    return [*_correlations(documents, builds, one.candidate_id), tag("h2", "Provenance"), graph, note]


def _job_of(documents: Store, one: RankedCandidate) -> str | None:
    """Job that has stored the document of a candidate: the latest of its campaign and stage."""
    names = ["uuid", "metadata", "output.stage", "output.campaign", "output.entropy_R"]
    wanted = (one.campaign, one.stage)
    for found in reversed(list(documents.query({"output.candidate_id": one.candidate_id}, names))):
        output = found.get("output") or {}
        if (output.get("campaign"), output.get("stage")) == wanted and output.get("entropy_R") is not None:
            return str(found["uuid"])
    return None


def _correlations(documents: Store, builds: dict[str, str], candidate_id: str) -> list[Markup]:
    """How far the pair correlations of each configuration are from random."""
    criteria = {"uuid": {"$in": sorted(builds)}}
    rows: list[list[object]] = []
    for found in documents.query(criteria, ["uuid", "output.quality", "output.search"]):
        name = builds[found["uuid"]].removeprefix(f"{candidate_id}/").removesuffix("/build")
        rows += _qualities(name, found.get("output") or {})
    if not rows:
        return []
    listed = table(_HEAD, sorted(rows, key=lambda row: str(row[0])), [2, 4, 5, 6])
    return [tag("h2", "Correlations"), tag("div", listed, class_="scroll"), tag("p", _MEANING, class_="note")]


def _qualities(name: str, output: dict[str, Any]) -> Iterable[list[object]]:
    search = output.get("search") or {}
    ended = "optimal" if search.get("certified") else "converged" if search.get("converged") else "cut off"
    for sublattice, quality in (output.get("quality") or {}).items():
        shells = ", ".join(f"{shell:.2f}" for shell in quality["shells"])
        numbers = (f"{quality[key]:.3g}" for key in ("largest", "total", "random_total"))
        yield [name, sublattice, str(quality["n_sites"]), shells, *numbers, ended if search else ""]

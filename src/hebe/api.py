"""What people call from Python: run a campaign, ask for its state and its results."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from jobflow import Job

from hebe.config.campaign import Campaign
from hebe.config.loading import load_campaign
from hebe.config.settings import get_settings
from hebe.config.wording import suggest
from hebe.engines.registry import get_engine
from hebe.exceptions import BadInputError
from hebe.flows.campaign import campaign_flow
from hebe.flows.estimate import cost_of, estimate
from hebe.launchers import local
from hebe.launchers.records import Records
from hebe.makers.calculation import CalculationMaker
from hebe.science.analysis.promotion import objectives_of
from hebe.science.analysis.ranking import rank
from hebe.science.chemistry.screening import screen
from hebe.stores.builders import build_candidates
from hebe.stores.factory import embedded_path, find_project, open_collection, open_store

if TYPE_CHECKING:
    import re
    from collections.abc import Sequence

    import pandas as pd
    from jobflow import Flow, JobStore
    from maggma.core.store import Store

    from hebe.launchers.local import RunSummary

__all__ = ["campaign_flow", "estimate", "load_campaign", "plan", "rerun", "results", "run", "show", "status"]


@dataclass(frozen=True)
class Results:
    """Ranked candidates of a campaign: plain documents, best first.

    ``promotions`` and ``agreement`` say, for each border of two stages, who went on and how far both stages agree.
    """

    campaign: str
    candidates: list[dict[str, Any]]
    promotions: list[dict[str, Any]] = field(default_factory=list)
    agreement: list[dict[str, Any]] = field(default_factory=list)

    def to_pandas(self) -> pd.DataFrame:
        """One row per candidate, nested keys joined by dots.

        Raises
        ------
        MissingDependencyError
            Without pandas.
        """
        from hebe.exceptions import MissingDependencyError

        try:
            import pandas as pd
        except ImportError as err:
            raise MissingDependencyError("pandas", "a table of results", "report") from err
        return pd.json_normalize(self.candidates)


def project_store(start: Path | None = None) -> JobStore:
    """Connected store of the project of a folder (the working folder by default)."""
    return open_store(project_root(start))


def project_root(start: Path | None = None) -> Path:
    configured = get_settings(start).project_dir
    return configured if configured is not None else find_project(start or Path.cwd())


def run(
    campaign: Campaign | str | Path,
    *,
    workers: int | None = None,
    progress: bool | None = None,
    retry_failed: bool = False,
    start: Path | None = None,
) -> RunSummary:
    """Run a campaign to the end with the local launcher; run again to resume.

    Parameters
    ----------
    campaign
        A campaign or the path of its file.
    workers
        Worker processes; settings, then the number of processors by default.
    progress
        Show a progress bar; by default when standard error is a terminal.
    retry_failed
        Also run failed calculations again, with what depends on them.
    start
        Folder from which the project is searched.
    """
    chosen = as_campaign(campaign)
    for stage in chosen.stages:
        get_engine(stage.engine).check()
    flow = campaign_flow(chosen)
    store = project_store(start)
    try:
        summary = local.run(
            flow,
            store=store,
            workers=workers or get_settings(start).workers or _processors(),
            progress=progress,
            retry_failed=retry_failed,
            root=project_root(start),
        )
        _update_candidates(store, chosen.name)
    finally:
        store.close()
    return summary


def as_campaign(campaign: Campaign | str | Path) -> Campaign:
    return campaign if isinstance(campaign, Campaign) else load_campaign(campaign)


def _processors() -> int:
    import os

    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _candidates_store(store: JobStore) -> Store:
    return open_collection(store, "candidates", "candidate_id")


def _update_candidates(store: JobStore, campaign: str) -> list[dict[str, Any]]:
    """Bring the candidates of a campaign up to date and return them."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates, campaign)
        return list(candidates.query({"campaign": campaign}))
    finally:
        candidates.close()


def results(campaign: Campaign | str | Path, *, start: Path | None = None) -> Results:
    """Ranked candidates of the campaign as its file is now; unfinished ones are left out."""
    chosen = as_campaign(campaign)
    wanted = {candidate.candidate_id for candidate in screen(chosen).selected}
    store = project_store(start)
    try:
        found = [doc for doc in _update_candidates(store, chosen.name) if doc["candidate_id"] in wanted]
        promotions, agreement = (_borders(store, chosen, name) for name in ("promote", "agree"))
    finally:
        store.close()
    latest = _latest_stages(found, promotions, len(chosen.stages))
    return Results(chosen.name, ranked([_contract(doc) for doc in latest], chosen), promotions, agreement)


def _borders(store: JobStore, campaign: Campaign, kind: str) -> list[dict[str, Any]]:
    """Newest promotion or agreement at each border of two stages of a campaign."""
    newest: dict[int, dict[str, Any]] = {}
    criteria = {"metadata.campaign": campaign.name, "metadata.label": {"$in": _border_labels(campaign, kind)}}
    for found in store.docs_store.query(criteria, sort={"completed_at": 1}):
        newest[found["output"]["stage"]] = _without_versions(found["output"])
    return [newest[number] for number in sorted(newest)]


def _border_labels(campaign: Campaign, kind: str) -> list[str]:
    return [f"border/s{number}/{kind}" for number in range(1, len(campaign.stages))]


def _latest_stages(
    found: Sequence[dict[str, Any]], promotions: Sequence[dict[str, Any]], n_stages: int
) -> list[dict[str, Any]]:
    """Document of each candidate after the last stage of the file that it was promoted to."""
    promoted = {doc["stage"]: {c["candidate_id"] for c in doc["candidates"] if c["promoted"]} for doc in promotions}
    latest: dict[str, dict[str, Any]] = {}
    for doc in sorted(found, key=lambda d: int(d["stage"])):
        stage = doc["stage"]
        if stage < n_stages and (stage == 0 or doc["candidate_id"] in promoted.get(stage, ())):
            latest[doc["candidate_id"]] = doc
    return list(latest.values())


def ranked(documents: Sequence[dict[str, Any]], campaign: Campaign) -> list[dict[str, Any]]:
    """Documents with their ``rank``, best first, unranked ones last.

    Candidates of a later stage come before those of an earlier one, and each stage is ranked in itself by the
    objectives that it computes: numbers of two stages are not compared.
    """
    result: list[dict[str, Any]] = []
    for number in range(len(campaign.stages) - 1, -1, -1):
        part = [document for document in documents if document["stage"] == number]
        ranks = rank(part, objectives_of(campaign.rank, campaign.stages[number].analyses))
        above = sum(1 for document in result if document["rank"] is not None)
        for document, place in zip(part, ranks, strict=True):
            shown = {"candidate_id": document["candidate_id"], "rank": None, **document}
            result.append({**shown, "rank": None if place is None else above + place})
    return sorted(result, key=lambda d: (d["rank"] is None, d["rank"] or 0, d["candidate_id"]))


def _contract(document: dict[str, Any]) -> dict[str, Any]:
    """A candidate as ``hebe results --json`` prints it."""
    mixing = document["mixing"]
    plain = _without_versions(document)
    inner = {name: plain["mixing"][name] for name in _MIXING}
    taken = {name: plain[name] for name in _DIRECT}
    lifted = {name: mixing[name] for name in ("energy_above_hull_eV_per_atom", "hull_phases", "hull_grade")}
    return {**taken, **lifted, "mixing": inner}


def _without_versions(value: Any) -> Any:
    if isinstance(value, dict):
        return {k: _without_versions(v) for k, v in value.items() if k != "schema_version" and not k.startswith("@")}
    return [_without_versions(item) for item in value] if isinstance(value, list) else value


_DIRECT = (
    "candidate_id",
    "stage",
    "status",
    "formula",
    "family",
    "working_ion",
    "x_made",
    "composition",
    "entropy_R",
    "descriptors",
    "engine",
    "energy_scale",
    "configuration",
    "n_configurations",
    "average_voltage_V",
    "average_voltage_V_sd",
    "voltage_profile",
    "x_states",
    "capacity_theoretical_mAh_g",
    "capacity_redox_mAh_g",
    "capacity_window_mAh_g",
    "max_volume_strain",
    "max_volume_strain_sd",
    "max_delta_volume",
    "max_delta_volume_sd",
    "warnings",
    "calculations",
)
_MIXING = (
    "competing",
    "same_host",
    "sites_per_fu",
    "atoms_per_fu",
    "dH_sd_eV_per_site",
    "energy_above_hull_sd",
    "T_mix_sd_configurations_K",
    "T_mix_sd_model_K",
)


def plan(campaign: Campaign | str | Path, *, start: Path | None = None) -> dict[str, Any]:
    """What a run would do: jobs, relaxations, how many have no output yet, CPU hours of those."""
    chosen = as_campaign(campaign)
    flow = campaign_flow(chosen)
    store = project_store(start)
    try:
        records = Records.beside(store.docs_store, project_root(start))
        asked = records.asked([job.uuid for job in flow.jobs])
        jobs = list({j.uuid: j for part in (flow, *asked) for j in part.jobs if isinstance(j, Job)}.values())
        done = {
            d["uuid"] for d in store.docs_store.query({"uuid": {"$in": [j.uuid for j in jobs]}}, properties=["uuid"])
        }
        relaxations = [job for job in jobs if isinstance(job.maker, CalculationMaker)]
        to_do = [job for job in relaxations if job.uuid not in done]
        cost = cost_of(chosen, store, to_do)
    finally:
        store.close()
    decided = {job.metadata["stage"] for job in jobs}
    return {
        "campaign": chosen.name,
        "candidates": len({job.metadata["candidate"] for job in jobs if job.metadata.get("candidate")}),
        "jobs": len(jobs),
        "calculations": len(relaxations),
        "to_run": len(jobs) - len(done),
        "calculations_to_run": len(to_do),
        "undecided_stages": [number for number in range(len(chosen.stages)) if number not in decided],
        **cost,
    }


def rerun(
    campaign: Campaign | str | Path | None = None,
    *,
    error: re.Pattern[str] | None = None,
    candidate: str | None = None,
    older_than_s: float | None = None,
    within_s: float | None = None,
    dry_run: bool = False,
    start: Path | None = None,
) -> dict[str, Any]:
    """Have failed jobs run again at the next run, with what reads from them.

    Parameters
    ----------
    campaign
        Only jobs of this campaign; everything in the project's store by default.
    error
        Only errors whose ``class: message`` it finds.
    candidate
        Only jobs of this candidate.
    older_than_s, within_s
        Only failures of at least, at most this age in seconds.
    dry_run
        Change nothing.

    Raises
    ------
    BadInputError
        If the store knows nothing of the candidate.
    """
    from hebe.launchers.rerun import Choice
    from hebe.launchers.rerun import rerun as take_back

    flow: Flow | None = None if campaign is None else campaign_flow(as_campaign(campaign))
    store = existing_store(start)
    try:
        choice = Choice(error, candidate, older_than_s, within_s)
        found = take_back(store, project_root(start), choice, flow=flow, dry_run=dry_run)
        if candidate is not None and not found["jobs"]:
            _must_be_known(store, candidate)
    finally:
        store.close()
    return {"campaign": None if flow is None else flow.name, **found}


def existing_store(start: Path | None) -> JobStore:
    """Store of the project, which must be there."""
    path = embedded_path(project_root(start))
    if path is not None and not path.is_file():
        raise BadInputError("there is no store yet", file=path, suggestion="hebe run CAMPAIGN makes it")
    return project_store(start)


def _must_be_known(store: JobStore, candidate: str) -> None:
    known = [str(name) for name in store.docs_store.distinct("output.candidate_id")]
    if candidate not in known:
        raise BadInputError(f"no candidate is called {candidate!r}", suggestion=suggest(candidate, known))


def status(campaign: Campaign | str | Path | None = None, *, start: Path | None = None) -> dict[str, Any]:
    """State of a campaign, or of everything in the project's store."""
    from hebe.launchers.status import read_status

    flow: Flow | None = None if campaign is None else campaign_flow(as_campaign(campaign))
    uuids = None if flow is None else [str(job.uuid) for job in flow.jobs]
    path = embedded_path(project_root(start))
    found: dict[str, Any] = read_status(path or open_store(project_root(start)), uuids, root=project_root(start))
    return {"campaign": None if flow is None else flow.name, **found}


def show(identifier: str, *, start: Path | None = None) -> dict[str, Any]:
    """Candidate, calculation or job by its id; a unique prefix of at least 8 digits is enough.

    Raises
    ------
    BadInputError
        If nothing or more than one document has that id.
    """
    store = project_store(start)
    try:
        found = _find(store, identifier)
    finally:
        store.close()
    if not found:
        raise BadInputError(
            f"nothing in the store is called {identifier!r}", suggestion="give a candidate id, key or job id"
        )
    distinct = {json.dumps([d.get("candidate_id"), d.get("key"), d.get("uuid")]): d for d in found}
    if len(distinct) > 1:
        raise BadInputError(f"{identifier!r} names {len(distinct)} documents", suggestion="give more digits")
    shown: dict[str, Any] = _without_versions(next(iter(distinct.values())))
    return shown


def _find(store: JobStore, identifier: str) -> list[dict[str, Any]]:
    """Documents that an identifier may mean, candidates first."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates)
        named = list(candidates.query({"candidate_id": identifier}))
    finally:
        candidates.close()
    if named:
        return [max(named, key=lambda d: (d["stage"], d["completed_at"]))]
    if len(identifier) < 8:
        return []
    exact = list(store.docs_store.query({"$or": [{"output.key": identifier}, {"uuid": identifier}]}))
    if not exact:
        prefix = {"$gte": identifier, "$lt": identifier + "~"}
        exact = list(store.docs_store.query({"$or": [{"output.key": prefix}, {"uuid": prefix}]}))
    return [_unwrapped(doc, identifier) for doc in exact]


def _unwrapped(doc: dict[str, Any], identifier: str) -> dict[str, Any]:
    """The calculation itself when asked by key, the job with its output when asked by job id."""
    output = doc["output"]
    if isinstance(output, dict) and str(output.get("key", "")).startswith(identifier):
        return output
    return doc

"""What people call from Python: run a campaign, ask for its state and its results."""

from __future__ import annotations

import json
from contextlib import closing, nullcontext, suppress
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from jobflow import Job, JobStore

from hebe.campaigns.comparison import Comparison
from hebe.campaigns.comparison import compare as compared
from hebe.campaigns.contract import without_versions
from hebe.campaigns.edited import edited_since, jobs_as_it_ran, remember, remember_file, warn_of_others
from hebe.campaigns.loading import load_campaign
from hebe.campaigns.place import has_store, project_root, start_of
from hebe.campaigns.results import Results, documents_called, results_of, update_candidates
from hebe.campaigns.selection import selected_ids, with_selection
from hebe.campaigns.summaries import Keeping
from hebe.config.campaign import Campaign
from hebe.config.reading.wording import suggest
from hebe.config.settings import get_settings
from hebe.engines.registry import get_engine
from hebe.exceptions import BadInputError, StoreError
from hebe.flows.calibration_cost import calibration_costs
from hebe.flows.campaign import campaign_flow, campaign_members
from hebe.flows.controls import PREFIX
from hebe.flows.estimate import cost_of, estimate
from hebe.flows.expectation import expectations
from hebe.flows.wiring_key import wiring_key
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.early import StartsEarly
from hebe.launchers.finished import finished, wired
from hebe.launchers.launcher import Project, Wishes
from hebe.launchers.preparation import Preparation
from hebe.launchers.records import Records
from hebe.launchers.registry import get_launcher, launchers_in_use
from hebe.launchers.running import run_flow
from hebe.launchers.shared_pool import Sharing, is_of_batches
from hebe.makers.calculation import CalculationMaker
from hebe.makers.dynamics import DiffusionMaker
from hebe.science.vibrations.harmonic import require_phonopy
from hebe.stores.factory import embedded_path, open_store

if TYPE_CHECKING:
    import re
    from contextlib import AbstractContextManager
    from pathlib import Path

    from jobflow import Flow

    from hebe.launchers.launcher import Launcher
    from hebe.launchers.summary import RunSummary

__all__ = [
    "Comparison",
    "Results",
    "campaign_flow",
    "compare",
    "estimate",
    "load_campaign",
    "plan",
    "rerun",
    "results",
    "run",
    "show",
    "status",
]


def project_store(start: Path | None = None) -> JobStore:
    """Connected store of the project of a folder (the working folder by default)."""
    return open_store(project_root(start))


def run(
    campaign: Campaign | str | Path,
    *,
    workers: int | None = None,
    progress: bool | None = None,
    retry_failed: bool = False,
    launcher: str | dict[str, Any] | None = None,
    start: Path | None = None,
) -> RunSummary:
    """Run a campaign to the end; run again to resume.

    Parameters
    ----------
    campaign
        A campaign or the path of its file.
    workers
        How many jobs run at a time; settings, then the number of processors by default.
    progress
        Show a progress bar; by default when standard error is a terminal.
    retry_failed
        Also run failed calculations again, with what depends on them.
    launcher
        Name of a launcher, or a mapping as in settings; that of the settings by default.
    start
        Folder from which the project is searched; that of the campaign's file by default.
    """
    chosen = as_campaign(campaign)
    start = start_of(chosen, start)
    chosen = with_selection(chosen, start, writes=True)
    for block in (block for stage in chosen.stages for block in stage.engines):
        get_engine(block).check()
    if chosen.mixing.vibrations is not None:
        require_phonopy()
    store = project_store(start)
    try:
        root = project_root(start)
        found = get_launcher(launcher, Project(root, store))
        heard, expects = Keeping(store), expectations(chosen)
        wishes = Wishes(workers, progress, retry_failed=retry_failed, on_event=heard, expects=expects)
        with closing(Records.beside(store.docs_store, root)) as records:
            warn_of_others(records)
            summary = None if found.keeps else _finished(store, records, chosen, retry_failed=retry_failed)
        if summary is None:
            summary = _run(found, wishes, chosen, store, root)
        with closing(Records.beside(store.docs_store, root)) as records:
            current = jobs_of_campaigns(records).get(chosen.name, set())
        update_candidates(store, chosen.name, current)
    finally:
        store.close()
    return summary


def _finished(store: JobStore, records: Records, campaign: Campaign, *, retry_failed: bool) -> RunSummary | None:
    """Summary of a run that has nothing to do, which is told by what was noted when it ran; None of another one."""
    jobs = wired(records, campaign.name, wiring_key(campaign))
    if jobs is None or not {uuid for uuid, _ in jobs} <= jobs_of_campaigns(records).get(campaign.name, set()):
        return None
    summary = finished(store.docs_store, records, jobs, retry_failed=retry_failed)
    if summary is not None:
        remember_file(records, campaign)
        if campaign.name in records.controls():
            records.control(campaign.name, None)
    return summary


def _run(launcher: Launcher, wishes: Wishes, campaign: Campaign, store: JobStore, root: Path) -> RunSummary:
    """Put the flow together and run it."""
    with _workers_started(launcher, wishes, campaign, store, root):
        flow = campaign_flow(campaign)
        with closing(Records.beside(store.docs_store, root)) as records:
            remember(records, campaign, flow)
        return run_flow(launcher, flow, wishes)


def _workers_started(
    launcher: Launcher, wishes: Wishes, campaign: Campaign, store: JobStore, root: Path
) -> AbstractContextManager[None]:
    """Have workers start while the flow is put together, where it is sure that there will be jobs for them."""
    if not isinstance(launcher, StartsEarly):
        return nullcontext()
    with closing(Records.beside(store.docs_store, root)) as records:
        if campaign.name in jobs_of_campaigns(records):
            return nullcontext()
    members = campaign_members(campaign)
    built = campaign.structures.method == "sqs"
    spec = members[0].model_dump(mode="json") if built and members else None
    preparation = Preparation(
        "hebe.makers.ready:get_ready", (_first_engines(campaign, root), spec, campaign.structures.shells)
    )
    return launcher.started(wishes, len(members), preparation)


def _first_engines(campaign: Campaign, root: Path) -> list[dict[str, Any]]:
    """Engines that workers will need soon: those of the first stage, without those of a device that jobs share."""
    shared = Sharing.of(get_settings(root)).is_worth_a_look
    blocks = [block for block in campaign.stages[0].engines if not (shared and is_of_batches(block))]
    return [block.model_dump(mode="json") for block in blocks]


def _nothing() -> JobStore:
    """Store without outputs, for a project that has none yet."""
    from maggma.stores import MemoryStore

    store = JobStore(MemoryStore())
    store.connect()
    return store


def as_campaign(campaign: Campaign | str | Path) -> Campaign:
    return campaign if isinstance(campaign, Campaign) else load_campaign(campaign)


def results(campaign: Campaign | str | Path, *, start: Path | None = None) -> Results:
    """Ranked candidates of the campaign as its file is now; unfinished ones are left out, and no store is made."""
    chosen = as_campaign(campaign)
    start = start_of(chosen, start)
    if not has_store(start):
        return Results(chosen.name, [], rank=chosen.rank)
    wanted, root = selected_ids(chosen, start), project_root(start)
    store = project_store(start)
    try:
        with closing(Records.beside(store.docs_store, root)) as records:
            edited = edited_since(records, chosen)
            current = jobs_of_campaigns(records).get(chosen.name, set())
        return replace(results_of(store, chosen, wanted, current, root=root), edited=edited)
    finally:
        store.close()


def compare(first: Campaign | str | Path, second: Campaign | str | Path, *, start: Path | None = None) -> Comparison:
    """Two campaigns side by side: differences of the candidates that both have, and which only one of them has."""
    return compared(results(first, start=start), results(second, start=start))


def plan(campaign: Campaign | str | Path, *, start: Path | None = None) -> dict[str, Any]:
    """What a run would do: jobs, relaxations, how many have no output yet, CPU hours of those."""
    chosen = as_campaign(campaign)
    start = start_of(chosen, start)
    chosen = with_selection(chosen, start)
    flow = campaign_flow(chosen)
    is_new = not has_store(start)
    store = _nothing() if is_new else project_store(start)
    try:
        jobs_of = [job.uuid for job in flow.jobs]
        asked = [] if is_new else Records.beside(store.docs_store, project_root(start)).asked(jobs_of)
        jobs = list({j.uuid: j for part in (flow, *asked) for j in part.jobs if isinstance(j, Job)}.values())
        done = {
            d["uuid"] for d in store.docs_store.query({"uuid": {"$in": [j.uuid for j in jobs]}}, properties=["uuid"])
        }
        relaxations = [job for job in jobs if isinstance(job.maker, CalculationMaker)]
        to_do = [job for job in relaxations if job.uuid not in done]
        runs = [job for job in jobs if isinstance(job.maker, DiffusionMaker) and job.uuid not in done]
        cost = cost_of(chosen, store, [*to_do, *runs])
        specs = campaign_members(chosen) if chosen.calibrates else []
        costs = calibration_costs(chosen, specs, store=store, jobs=relaxations, done=frozenset(done))
    finally:
        store.close()
    decided = {job.metadata["stage"] for job in jobs}
    own = [job for job in jobs if not job.metadata["label"].startswith(PREFIX)]
    return {
        "campaign": chosen.name,
        "candidates": len({job.metadata["candidate"] for job in own if job.metadata.get("candidate")}),
        "jobs": len(jobs),
        "calculations": len(relaxations),
        "to_run": len(jobs) - len(done),
        "calculations_to_run": len(to_do),
        "undecided_stages": [number for number in range(len(chosen.stages)) if number not in decided],
        **cost,
        **({"calibrations": costs} if costs else {}),
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
    """Have failed jobs run again at the next run, with what reads from them where they come out differently.

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

    chosen = None if campaign is None else as_campaign(campaign)
    start = start if chosen is None else start_of(chosen, start)
    flow: Flow | None = None if chosen is None else campaign_flow(with_selection(chosen, start))
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
    chosen = None if campaign is None else as_campaign(campaign)
    start = start if chosen is None else start_of(chosen, start)
    uuids = None if chosen is None else _jobs_of(chosen, start)
    found: dict[str, Any] = {}
    for launcher in launchers_in_use(Project(project_root(start))).values():
        found = found or launcher.status(uuids)
        seen = getattr(launcher, "seen", None)
        found = found if seen is None else seen(found, uuids)
    return {"campaign": None if chosen is None else chosen.name, **found}


def _jobs_of(campaign: Campaign, start: Path | None) -> list[str]:
    """Jobs of a campaign: those with which it ran, else those of its flow."""
    if has_store(start):
        with (
            suppress(StoreError),
            closing(project_store(start)) as store,
        ):  # one that a launcher has alone is not opened
            with closing(Records.beside(store.docs_store, project_root(start))) as records:
                known = jobs_as_it_ran(records, campaign)
            if known:
                return sorted(known)
    return [str(job.uuid) for job in campaign_flow(with_selection(campaign, start)).jobs]


def show(identifier: str, *, start: Path | None = None) -> dict[str, Any]:
    """Candidate, calculation or job by its id; a unique prefix of at least 8 digits is enough.

    Raises
    ------
    BadInputError
        If there is no store, or nothing or more than one document has that id.
    """
    store = existing_store(start)
    try:
        found = documents_called(store, identifier)
    finally:
        store.close()
    if not found:
        raise BadInputError(
            f"nothing in the store is called {identifier!r}", suggestion="give a candidate id, key or job id"
        )
    distinct = {json.dumps([d.get("candidate_id"), d.get("key"), d.get("uuid")]): d for d in found}
    if len(distinct) > 1:
        raise BadInputError(f"{identifier!r} names {len(distinct)} documents", suggestion="give more digits")
    shown: dict[str, Any] = without_versions(next(iter(distinct.values())))
    return shown

"""What the project of a campaign knows for its report, from its store alone."""

from __future__ import annotations

from contextlib import closing
from dataclasses import asdict, replace
from typing import TYPE_CHECKING, Any, Final

from hebe.campaigns import api
from hebe.campaigns.models import kept_models
from hebe.campaigns.place import has_store, project_root, start_of
from hebe.campaigns.selection import read_selection
from hebe.config.decoding import require_data
from hebe.exceptions import HebeError
from hebe.flows.campaign import selection_key
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.outcome import TOLD, Failure
from hebe.launchers.records import Records
from hebe.launchers.summary import group
from hebe.report.crystal import viewer_cell
from hebe.report.data import Funnel, Page
from hebe.report.sections.volume_strain import states_of
from hebe.schemas.loop import LoopDoc
from hebe.stores.cache import lookup

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from pathlib import Path

    from jobflow import JobStore
    from pymatgen.core import Structure

    from hebe.campaigns.results import Results
    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import RankedCandidate

_DAMAGED: Final = (HebeError, ArithmeticError, AttributeError, LookupError, TypeError, ValueError)
"""What reading a structure raises that was damaged or written by someone else."""

_MOST_CRYSTALS: Final = 150


def page_of(
    campaign: Campaign,
    results: Results | None = None,
    *,
    start: Path | None = None,
    weights: Mapping[str, float] | None = None,
    written: str | None = None,
    crystals: bool = True,
) -> Page:
    """Everything that a report of a campaign shows.

    Parameters
    ----------
    results
        Its ranked candidates, those of its project by default.
    start
        Folder from which the project is searched; that of the campaign's file by default.
    weights
        Weights of objectives by name, for scores.
    written
        Date for the foot of the page.
    crystals
        Whether structures are read from the store.
    """
    found = api.results(campaign, start=start) if results is None else results
    page = Page(
        campaign,
        found.ranked,
        promotions=found.promotions,
        agreement=found.agreement,
        calibrations=found.calibrations,
        controls=found.controls,
        loop=None if found.loop is None else LoopDoc.model_validate(found.loop),
        weights=dict(weights or {}),
        written=written,
    )
    where = start_of(campaign, start)
    if not has_store(where):
        return page
    more: dict[str, Any] = {"funnel": _funnel(campaign, where)}
    store = api.project_store(where)
    try:
        with closing(Records.beside(store.docs_store, project_root(where))) as records:
            jobs = jobs_of_campaigns(records).get(campaign.name, set())
            more["failures"] = _failures(store, records, campaign, jobs)
        more["learned"] = None if page.loop is None else kept_models(store, campaign.name, jobs)
        more["crystals"] = _crystals(store, page.detailed) if crystals else {}
    finally:
        store.close()
    return replace(page, **more)


def _funnel(campaign: Campaign, start: Path | None) -> Funnel | None:
    """Counts of the selection that the project keeps, None where it keeps another one or none."""
    kept = read_selection(project_root(start), campaign)
    if kept is None or kept.key != selection_key(campaign):
        return None
    return Funnel(kept.size, kept.by_filter, len(kept.members))


def _failures(store: JobStore, records: Records, campaign: Campaign, jobs: Collection[str]) -> list[dict[str, Any]]:
    """Jobs of the campaign as it ran last that left no output, or one that says that it failed, by reason."""
    if not jobs:
        return []
    failed = [
        (uuid, Failure(record["error_class"], record["message"])) for (uuid, _), record in records.failed(jobs).items()
    ]
    criteria = {"metadata.campaign": campaign.name, "output.status": "failed"}
    documents = store.docs_store.query(criteria, properties=["uuid", *TOLD])
    failed += [(d["uuid"], Failure.of_output(d.get("output"))) for d in documents if d["uuid"] in jobs]
    return [asdict(one) for one in group(failed)]


def _crystals(store: JobStore, candidates: Sequence[RankedCandidate]) -> dict[str, dict[str, Any]]:
    """Cells of the configuration of lowest energy of each candidate, by the content of the working ion."""
    found: dict[str, dict[str, Any]] = {}
    for candidate in candidates[:_MOST_CRYSTALS]:
        cells = {}
        for name, key in _states(candidate).items():
            structure = _structure(store, key)
            cell = None if structure is None else viewer_cell(structure, candidate.working_ion)
            if cell is not None:
                cells[name] = cell
        if cells:
            found[candidate.candidate_id] = cells
    return found


def _states(candidate: RankedCandidate) -> dict[str, str]:
    """Names of the states of a candidate with the keys of their calculations, as made first."""
    made = candidate.calculations.get(candidate.configuration or "")
    found = {"as made": made} if made else {}
    for state in sorted(states_of(candidate), key=lambda one: -one.x):
        if state.calculation is not None and state.calculation != made:
            found[f"x = {state.x:.3g}"] = state.calculation
    return found


def _structure(store: JobStore, key: str) -> Structure | None:
    """Relaxed structure of a calculation, None where the store has none that can be read."""
    from pymatgen.core import Structure

    try:
        hit = lookup(store, key)
        plain = None if hit is None else hit.output.get("structure")
        if plain is None or isinstance(plain, Structure):
            return plain
        require_data(plain, "a structure of the store")
        return Structure.from_dict(plain)
    except _DAMAGED:
        return None

"""What a project's results teach: models of the quantities of a campaign, predictions, and what to compute next."""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from hebe.analyses.before import candidate_of
from hebe.analyses.constraint import Constraint
from hebe.analyses.learning import acquisition_of, learn_from, learned_document, prediction, proposal
from hebe.analyses.registry import get_analysis, objectives_of
from hebe.campaigns.api import as_campaign, existing_store, project_store
from hebe.campaigns.measured import read_measured
from hebe.campaigns.models import keep_models
from hebe.campaigns.place import has_store, project_root, start_of
from hebe.campaigns.prior import prior_of
from hebe.campaigns.results import candidate_documents
from hebe.config.reading.wording import shown
from hebe.exceptions import BadInputError
from hebe.launchers.campaign_jobs import jobs_of_campaigns
from hebe.launchers.records import Records
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.formula import parse_host_formula
from hebe.science.learning.proposing import pick
from hebe.stores.builders import candidate_document

if TYPE_CHECKING:
    from collections.abc import Sequence

    from jobflow import JobStore

    from hebe.analyses.learning import Learned
    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.learned import LearnedDoc, Predicted, ProposalDoc


@dataclass(frozen=True)
class Data:
    """What models of a campaign are asked to learn from.

    Parameters
    ----------
    stage
        Number of the stage whose values are learned, from 1.
    others
        Names of other campaigns of the project whose candidates were computed alike.
    measured
        Table of measured values.
    """

    stage: int = 1
    others: tuple[str, ...] = ()
    measured: Path | None = None


def learn(
    campaign: Campaign | str | Path, data: Data | None = None, *, start: Path | None = None, curve: bool = True
) -> LearnedDoc:
    """Fit models of what a campaign ranks by and of everything that its stage computes; they are kept in the store.

    Raises
    ------
    BadInputError
        If there is no store yet, there are no candidates, or measured values cannot be read.
    """
    chosen = as_campaign(campaign)
    data = data or Data()
    start = start_of(chosen, start)
    candidates, jobs = _known(chosen, data, start)
    learned = _learned(chosen, candidates, data, start, curve=curve)
    document = learned_document(chosen, learned, candidates).model_copy(update={"jobs": jobs})
    with closing(project_store(start)) as store:
        keep_models(store, document)
    return document


def predict(
    campaign: Campaign | str | Path, formulas: Sequence[str], data: Data | None = None, *, start: Path | None = None
) -> dict[str, dict[str, Predicted]]:
    """Predictions of compositions: formula -> quantity -> value with its interval, or why it is refused.

    Raises
    ------
    BadInputError
        As `learn`, and if a formula cannot be made or has another content of the working ion than the campaign.
    """
    chosen = as_campaign(campaign)
    data = data or Data()
    start = start_of(chosen, start)
    candidates, _ = _known(chosen, data, start)
    learned = _learned(chosen, candidates, data, start)
    found = {}
    for text in formulas:
        composition = parse_host_formula(text, learned.study.space)
        learned.study.space.check_content(composition, text)
        candidate = make_candidate(learned.study.space, composition)
        if candidate is None:
            raise BadInputError(f"{shown(text)} cannot be charge-neutral with the oxidation states listed")
        found[text] = {name: prediction(learned, name, candidate.species) for name in learned.models}
    return found


def propose(
    campaign: Campaign | str | Path,
    number: int = 8,
    constraints: Sequence[str] = (),
    data: Data | None = None,
    *,
    seed: int = 0,
    start: Path | None = None,
) -> ProposalDoc:
    """What a campaign is to compute, or to make, next; nothing is run.

    Parameters
    ----------
    number
        How many candidates are wanted.
    constraints
        Such as ``formation_probability > 0.8``.
    seed
        Of the sample of a space that is too large to be streamed.

    Raises
    ------
    BadInputError
        As `learn`, and if nothing is ranked by, or a quantity cannot be predicted.
    """
    chosen = as_campaign(campaign)
    data = data or Data()
    start = start_of(chosen, start)
    limits = [Constraint.parse(text) for text in constraints]
    candidates, _ = _known(chosen, data, start)
    learned = _learned(chosen, candidates, data, start, [one.name for one in limits])
    objectives = objectives_of(chosen.rank, chosen.stages[data.stage - 1].analyses)
    acquisition = acquisition_of(chosen, learned, objectives, limits, {})
    rows = (learned.study.row_of(composition) for composition in learned.study.known)
    taken = [row for row in rows if row is not None]
    picks = pick(chosen, learned.study, acquisition, taken, number, seed)
    return proposal(chosen, learned, acquisition, picks, limits)


def _known(campaign: Campaign, data: Data, start: Path | None) -> tuple[list[CandidateDoc], list[str]]:
    """Candidates of a stage of a campaign and of others, one document each, and the jobs that made them.

    None where only measured values are given, and nothing is computed.

    Raises
    ------
    BadInputError
        If there is no such stage, there are none, or those of another campaign were not computed alike.
    """
    if not 1 <= data.stage <= len(campaign.stages):
        raise BadInputError(f"{campaign.name} has no stage {data.stage}", suggestion=f"1 to {len(campaign.stages)}")
    if data.measured is not None and not data.others and not has_store(start):
        return [], []
    with closing(existing_store(start)) as store:
        return _in_store(store, campaign, data, start)


def _in_store(
    store: JobStore, campaign: Campaign, data: Data, start: Path | None
) -> tuple[list[CandidateDoc], list[str]]:
    with closing(Records.beside(store.docs_store, project_root(start))) as records:
        current = jobs_of_campaigns(records)
        takes = campaign.select.takes_prior and data.stage == 1
        prior = prior_of(store, records, campaign).jobs if takes else ()
    found = _known_before(store, prior)
    for name in (*data.others, campaign.name):  # its own values come last, and stand
        jobs = current.get(name, set())  # what earlier versions of its file left may be computed otherwise
        documents = [doc for doc in candidate_documents(store, name, jobs) if not jobs or doc.get("job_id") in jobs]
        part = {
            doc["candidate_id"]: (candidate_of(doc), str(doc.get("job_id", "")))
            for doc in documents
            if doc["stage"] == data.stage - 1
        }
        if not part and (name != campaign.name or not (prior or data.measured)):
            what = "hebe run computes them" if name == campaign.name else f"campaigns with results: {_names(store)}"
            raise BadInputError(f"no candidate of {name} is computed", suggestion=what)
        found |= part
    chosen = [found[key] for key in sorted(found)]
    _check_alike([one for one, _ in chosen])
    return [one for one, _ in chosen], [job for _, job in chosen]


def _known_before(store: JobStore, jobs: Sequence[str]) -> dict[str, tuple[CandidateDoc, str]]:
    """Candidates of what a loop started from, with the jobs that made them."""
    stored = store.docs_store.query({"uuid": {"$in": list(jobs)}}) if jobs else ()
    documents = [one for found in stored if (one := candidate_document(found)) is not None]
    return {one["candidate_id"]: (candidate_of(one), str(one["job_id"])) for one in documents}


def _names(store: JobStore) -> str:
    return ", ".join(sorted({str(name) for name in store.docs_store.distinct("metadata.campaign")})) or "none"


def _check_alike(candidates: Sequence[CandidateDoc]) -> None:
    """Refuse values of several hosts or energy scales."""
    for field in ("family", "working_ion", "energy_scale"):
        values = sorted({str(getattr(one, field) or "none") for one in candidates if one.status != "failed"})
        if len(values) > 1:
            reason = f"candidates with {field.replace('_', ' ')} {' and '.join(values)} are not learned from together"
            raise BadInputError(reason, suggestion="take the other campaign out")


def _learned(
    campaign: Campaign,
    candidates: Sequence[CandidateDoc],
    data: Data,
    start: Path | None,
    more: Sequence[str] = (),
    *,
    curve: bool = False,
) -> Learned:
    """Models of what is ranked by, is named or measured, and of the main quantity of each analysis of the stage."""
    analyses = campaign.stages[data.stage - 1].analyses
    measured = {} if data.measured is None else read_measured(campaign, data.measured, start)
    ranked = [one.name for one in objectives_of(campaign.rank, analyses)]
    main = [get_analysis(name).quantities[0].name for name in analyses if get_analysis(name).quantities]
    names = list(dict.fromkeys([*ranked, *main, *more, *measured]))
    return learn_from(campaign, candidates, names, measured, curve=curve)

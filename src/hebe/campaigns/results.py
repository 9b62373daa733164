"""Candidates of a campaign as their latest stage left them, ranked; the documents behind an identifier."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, overload

from pydantic import ValidationError

from hebe.analyses.before import candidate_of
from hebe.analyses.errors import with_errors
from hebe.analyses.registry import analysis_names, get_analysis, objectives_of
from hebe.analyses.samples import samples_of, with_intervals
from hebe.campaigns.contract import contract, without_versions
from hebe.campaigns.order import order_probability
from hebe.config.ranking import Rank
from hebe.config.reading.wording import dotted
from hebe.exceptions import HebeWarning
from hebe.flows.calibrate import CHOOSE_LABEL, ERRORS_LABEL
from hebe.flows.campaign import campaign_members
from hebe.schemas.candidate import RankedCandidate
from hebe.science.choosing.sample import draws_for
from hebe.science.choosing.standing import standings
from hebe.stores.builders import build_candidates
from hebe.stores.factory import open_collection

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping

    import pandas as pd
    from jobflow import JobStore
    from maggma.core.store import Store

    from hebe.config.campaign import Campaign
    from hebe.schemas.candidate import CandidateDoc
    from hebe.science.choosing.standing import Standing


@dataclass(frozen=True)
class Results(Sequence[RankedCandidate]):
    """Ranked candidates of a campaign, best first; itself a sequence of them.

    ``promotions`` and ``agreement`` say, for each border of two stages, who went on and how far both stages agree;
    ``calibrations`` what small cells told of the errors of an engine; ``edited`` says that the
    file was edited since it ran, if it was.
    """

    campaign: str
    ranked: list[RankedCandidate]
    promotions: list[dict[str, Any]] = field(default_factory=list)
    agreement: list[dict[str, Any]] = field(default_factory=list)
    rank: Rank = field(default_factory=Rank)
    calibrations: list[dict[str, Any]] = field(default_factory=list)
    edited: str | None = None

    @overload
    def __getitem__(self, index: int) -> RankedCandidate: ...

    @overload
    def __getitem__(self, index: slice) -> list[RankedCandidate]: ...

    def __getitem__(self, index: int | slice) -> RankedCandidate | list[RankedCandidate]:
        return self.ranked[index]

    def __len__(self) -> int:
        return len(self.ranked)

    @property
    def candidates(self) -> list[dict[str, Any]]:
        """Candidates as ``hebe results --json`` prints them."""
        return [contract(candidate) for candidate in self.ranked]

    def probability_before(self, quantity: str, first: str, second: str) -> float:
        """Probability (0 to 1) that one candidate is really before another, under the errors that are known.

        Errors of the engine that both share cancel in it. Where nothing is known of the errors it is 0, 1/2 or 1.

        Parameters
        ----------
        quantity
            Name of a quantity, or ``rank`` for the ranking by all objectives of the campaign.
        first, second
            Ids of two candidates of one stage.

        Raises
        ------
        BadInputError
            If there is no such candidate or quantity, or nothing says whether a high or a low one is better.
        """
        return order_probability(self.ranked, self.rank, quantity, first, second)

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


def results_of(store: JobStore, campaign: Campaign, current: Collection[str] = ()) -> Results:
    """Ranked candidates of a campaign that a connected store holds; unfinished ones are left out.

    Of several documents for one thing, that of one of the `current` jobs counts, else the one that was stored last.
    """
    wanted = {spec.candidate_id for spec in campaign_members(campaign)}
    found = [doc for doc in update_candidates(store, campaign.name, current) if doc["candidate_id"] in wanted]
    promotions, agreement = (_borders(store, campaign, name, current) for name in ("promote", "agree"))
    latest = _latest_stages(found, promotions, len(campaign.stages))
    in_order = ranked(_readable(latest), campaign)
    calibrations = _calibrations(store, campaign, current)
    return Results(campaign.name, in_order, promotions, agreement, campaign.rank, calibrations)


def _readable(documents: Iterable[Mapping[str, Any]]) -> list[CandidateDoc]:
    """Candidates of stored documents; one that is damaged is left out, with a warning that says what is wrong."""
    found, known = [], set(analysis_names())
    for document in documents:
        try:
            candidate = candidate_of(document)
            for name in known.intersection(candidate.results):
                get_analysis(name).of(candidate)
        except ValidationError as err:
            first = err.errors(include_url=False, include_input=False)[0]
            reason = f"{dotted(first['loc'])}: {first['msg']}"
            told = f"candidate {document['candidate_id']} is left out, its document in the store is damaged: {reason}"
            warnings.warn(told, HebeWarning, stacklevel=3)
        else:
            found.append(candidate)
    return found


def _candidates_store(store: JobStore) -> Store:
    return open_collection(store, "candidates", "candidate_id")


def update_candidates(store: JobStore, campaign: str, current: Collection[str] = ()) -> list[dict[str, Any]]:
    """Bring the candidates of a campaign up to date and return them."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates, campaign, current)
        return list(candidates.query({"campaign": campaign}))
    finally:
        candidates.close()


def documents_called(store: JobStore, identifier: str) -> list[dict[str, Any]]:
    """Documents that an identifier may mean, candidates first."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates)
        named = list(candidates.query({"candidate_id": identifier}))
    finally:
        candidates.close()
    if named:
        return [max(enumerate(named), key=lambda one: (one[1]["stage"], one[0]))[1]]
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


def _borders(store: JobStore, campaign: Campaign, kind: str, current: Collection[str]) -> list[dict[str, Any]]:
    """Newest promotion or agreement at each border of two stages of a campaign."""
    criteria = {"metadata.campaign": campaign.name, "metadata.label": {"$in": _border_labels(campaign, kind)}}
    return _newest(store.docs_store.query(criteria), current)


def _calibrations(store: JobStore, campaign: Campaign, current: Collection[str]) -> list[dict[str, Any]]:
    """Newest calibration of each stage that calibrates."""
    numbers = [number for number, stage in enumerate(campaign.stages) if stage.calibrate is not None]
    labels = [label.format(number=number) for number in numbers for label in (CHOOSE_LABEL, ERRORS_LABEL)]
    criteria = {"metadata.campaign": campaign.name, "metadata.label": {"$in": labels}, "output.rows": {"$exists": True}}
    return _newest(store.docs_store.query(criteria), current) if labels else []


def _newest(documents: Iterable[dict[str, Any]], current: Collection[str]) -> list[dict[str, Any]]:
    """Output of each stage: that of a current job, else the one that was stored last."""
    newest: dict[int, dict[str, Any]] = {}
    for found in sorted(documents, key=lambda document: document["uuid"] in current):
        newest[found["output"]["stage"]] = without_versions(found["output"])
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


def ranked(candidates: Sequence[CandidateDoc], campaign: Campaign) -> list[RankedCandidate]:
    """Candidates with their ranks and the standard errors of their values, best first, unranked ones last.

    Candidates of a later stage come before those of an earlier one, and each stage is ranked in itself by the
    objectives that it computes: numbers of two stages are not compared. Candidates whose order cannot be told share a
    rank and stand in the order of their values, then of their ids.
    """
    result: list[RankedCandidate] = []
    without: list[RankedCandidate] = []
    for number in range(len(campaign.stages) - 1, -1, -1):
        part = with_intervals(with_errors([RankedCandidate(**dict(c)) for c in candidates if c.stage == number]))
        objectives = objectives_of(campaign.rank, campaign.stages[number].analyses)
        samples = {one.name: samples_of(part, one.name, draws_for(len(part))) for one in objectives}
        found = list(zip(standings(part, objectives, samples), part, strict=True))
        without += [candidate for standing, candidate in found if standing is None]
        inside = [(standing, candidate) for standing, candidate in found if standing is not None]
        above = len(result)
        result += [_placed(c, standing, above) for standing, c in sorted(inside, key=lambda pair: pair[0].place)]
    return result + sorted(without, key=lambda candidate: candidate.candidate_id)


def _placed(candidate: RankedCandidate, standing: Standing, above: int) -> RankedCandidate:
    """Candidate with its standing, behind those `above` it."""
    ranks = {"rank": standing.rank, "rank_low": standing.low, "rank_high": standing.high}
    return candidate.model_copy(
        update={**{name: above + place for name, place in ranks.items()}, "tied": standing.tied}
    )

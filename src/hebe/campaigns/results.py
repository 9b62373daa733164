"""Candidates of a campaign as their latest stage left them, ranked; the documents behind an identifier."""

from __future__ import annotations

import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass, field, replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any, TypeVar, overload

from hebe.analyses.before import candidate_of
from hebe.analyses.columns import columns_of, printed_row
from hebe.analyses.loop import loop_of
from hebe.campaigns.contract import contract, without_versions
from hebe.campaigns.expression import Expression, in_order_of
from hebe.campaigns.keys import in_columns, key_names, key_of, scalar_keys, searchable
from hebe.campaigns.order import order_probability
from hebe.campaigns.ranked import RankedDocuments, ranked, ranked_summaries
from hebe.campaigns.rounds import chosen_ids, rounds_of
from hebe.campaigns.summaries import Summaries, is_late, read_documents, with_late
from hebe.config.ranking import Rank
from hebe.exceptions import HebeWarning
from hebe.flows import controls
from hebe.flows.calibrate import CHOOSE_LABEL, ERRORS_LABEL
from hebe.schemas.candidate import RankedCandidate
from hebe.stores.builders import build_candidates
from hebe.stores.factory import open_collection, open_store

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping
    from pathlib import Path

    import pandas as pd
    from jobflow import JobStore
    from maggma.core.store import Store

    from hebe.campaigns.keys import Names
    from hebe.campaigns.summary import Job, Summary
    from hebe.config.campaign import Campaign

Kept = TypeVar("Kept")

__all__ = ["Results", "candidate_documents", "documents_called", "ranked", "results_of", "update_candidates"]


@dataclass(frozen=True)
class Results(Sequence[RankedCandidate]):
    """Ranked candidates of a campaign, best first; itself a sequence of them.

    ``promotions`` and ``agreement`` say, for each border of two stages, who went on and how far both stages agree;
    ``calibrations`` what small cells told of the errors of an engine; ``controls`` how far the best candidates differ
    from hosts with an element less; ``edited`` says that the file was edited since it ran, if it was; ``rounds`` what
    each round of a campaign that learns said, ``loop`` how that went so far.
    """

    campaign: str
    ranked: Sequence[RankedCandidate]
    promotions: list[dict[str, Any]] = field(default_factory=list)
    agreement: list[dict[str, Any]] = field(default_factory=list)
    rank: Rank = field(default_factory=Rank)
    calibrations: list[dict[str, Any]] = field(default_factory=list)
    controls: list[dict[str, Any]] = field(default_factory=list)
    edited: str | None = None
    rounds: list[dict[str, Any]] = field(default_factory=list)
    loop: dict[str, Any] | None = None

    @overload
    def __getitem__(self, index: int) -> RankedCandidate: ...

    @overload
    def __getitem__(self, index: slice) -> list[RankedCandidate]: ...

    def __getitem__(self, index: int | slice) -> RankedCandidate | list[RankedCandidate]:
        return list(self.ranked[index]) if isinstance(index, slice) else self.ranked[index]

    def __iter__(self) -> Iterator[RankedCandidate]:
        return iter(self.ranked)

    def __len__(self) -> int:
        return len(self.ranked)

    @cached_property
    def candidates(self) -> list[dict[str, Any]]:
        """Candidates as ``hebe results --json`` prints them."""
        return [contract(candidate) for candidate in self.ranked]

    def table(self) -> dict[str, list[Any]] | None:
        """Columns of a table of the candidates, from what is kept of them; None where only documents can tell."""
        return self.ranked.table() if isinstance(self.ranked, RankedDocuments) else None

    def where(self, expression: str) -> Results:
        """Those candidates for which an expression is true, in their order and with their ranks.

        Parameters
        ----------
        expression
            As of ``hebe results --where``: ``average_voltage > 3.2 V and 'Co' not in elements``.

        Raises
        ------
        BadInputError
            If it cannot be read, names a key that candidates do not have, or compares what cannot be compared.
        """
        wanted = Expression.parse(expression)
        rows, known = self._rows(wanted.keys)
        return self._only(wanted.holding(rows, known))

    def sort(self, key: str, *, reverse: bool = False) -> Results:
        """Candidates by the value of a key or quantity, smallest first; those without a value last.

        Parameters
        ----------
        key
            Key of a document, or name or printed title of a quantity.
        reverse
            Largest first.

        Raises
        ------
        BadInputError
            If candidates have no such key.
        """
        rows, known = self._rows(lambda known: {key_of(key, known)})
        return self._only(in_order_of(rows, key_of(key, known), reverse=reverse))

    def head(self, number: int) -> Results:
        """The first candidates."""
        return self._only(range(min(number, len(self))))

    def _rows(self, asked: Callable[[Names], set[str]]) -> tuple[Sequence[Mapping[str, Any]], Names]:
        """Candidates by printed keys, and the names of those: of summaries where these have what is asked for."""
        if isinstance(self.ranked, RankedDocuments):
            known = key_names(with_late(self.ranked.columns.keys))
            keys = asked(known)
            if not any(map(is_late, keys)):
                return self.ranked.rows(keys), known
        rows = [searchable(candidate) for candidate in self.candidates]
        return rows, key_names(scalar_keys(rows))

    def _only(self, positions: Sequence[int]) -> Results:
        if isinstance(self.ranked, RankedDocuments):
            return replace(self, ranked=self.ranked.only(positions))
        return replace(self, ranked=[self.ranked[position] for position in positions])

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

    def printed(self) -> list[dict[str, str]]:
        """Candidates as tables print them: the digits that are known, errors and intervals, by titles with units."""
        columns = columns_of(self.ranked, (*self.rank.maximize, *self.rank.minimize))
        return [printed_row(candidate, columns) for candidate in self.ranked]

    def to_pandas(self, *, printed: bool = False) -> pd.DataFrame:
        """One row per candidate, nested keys joined by dots; calculations by their labels stay together.

        Parameters
        ----------
        printed
            Texts as tables print them instead of numbers.

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
        return pd.DataFrame(self.printed() if printed else [in_columns(candidate) for candidate in self.candidates])


def results_of(
    store: JobStore,
    campaign: Campaign,
    wanted: Collection[str],
    current: Collection[str] = (),
    *,
    root: Path | None = None,
) -> Results:
    """Ranked candidates of a campaign that a connected store holds; unfinished ones are left out.

    Of several documents for one thing, that of one of the `current` jobs counts, else the one that was stored last.

    Parameters
    ----------
    wanted
        Ids of the candidates that the campaign has, without those that its rounds chose; in the order of its selection
        where rounds are told.
    root
        Project of the store: where there are many candidates, their documents are read when they are asked for.
    """
    rounds, started = rounds_of(store, campaign, current), list(wanted)
    wanted = {*wanted, *chosen_ids(rounds)}
    promotions, agreement = (_borders(store, campaign, name, current) for name in ("promote", "agree"))
    calibrations = _calibrations(store, campaign, current)
    with closing(Summaries(store)) as kept:
        own = [row for row in kept.rows if row.campaign == campaign.name]
        found = [row for row in own if row.candidate_id in wanted]
        rows = _latest_stages(_chosen(found, current), promotions, len(campaign.stages))
        in_order = _in_order(store, campaign, [row for row in rows if row.damaged is None], kept, root)
    _warn_of_damaged(rows)
    compared = _controls(store, campaign, current)
    made = Results(campaign.name, in_order, promotions, agreement, campaign.rank, calibrations, compared, rounds=rounds)
    if not campaign.select.learns:
        return made
    first = [row for row in _chosen(own, current) if row.stage == 0 and row.damaged is None]
    return replace(made, loop=_loop(store, campaign, rounds, _began(started, rounds, first, current), first))


def _began(
    started: Sequence[str], rounds: Sequence[Mapping[str, Any]], rows: Sequence[Summary], current: Collection[str]
) -> list[str]:
    """Candidates that a loop began with: those of what ran, which are not those of its file where that was edited.

    Those of the file are in its order, others come after them in the order of ids; where nothing is written down of
    what ran, and while it has no round yet, the file says it.
    """
    ran = {row.candidate_id for row in rows if row.job[0] in current} - chosen_ids(rounds)
    if not rounds or not ran:
        return list(started)
    return [*(name for name in started if name in ran), *sorted(ran.difference(started))]


def _loop(
    store: JobStore,
    campaign: Campaign,
    rounds: list[dict[str, Any]],
    started: Sequence[str],
    rows: Iterable[Summary],
) -> dict[str, Any] | None:
    """How a campaign that learns went, by what its first stage computed; None before anything is."""
    wanted = {*started, *chosen_ids(rounds)}
    first = [row.job for row in rows if row.candidate_id in wanted]
    if not first:
        return None
    documents = read_documents(store, first)
    found = loop_of(campaign, rounds, started, [candidate_of(one) for one in documents.values()])
    plain: dict[str, Any] = without_versions(found.model_dump(mode="json"))
    return plain


def _in_order(
    store: JobStore, campaign: Campaign, rows: Sequence[Summary], kept: Summaries, root: Path | None
) -> Sequence[RankedCandidate]:
    """The candidates ranked by their documents, or, where they are many, by their summaries."""
    if root is not None and kept.has_draws_for(rows):
        read = partial(_read_again, root)
        placed = ranked_summaries(rows, campaign, kept.draws)
        keys = partial(_kept_again, root, Summaries.columns)
        return RankedDocuments(placed, read, keys, partial(_kept_again, root, Summaries.cells))
    documents = read_documents(store, [row.job for row in rows])
    return ranked([candidate_of(documents[row.job]) for row in rows if row.job in documents], campaign)


def _read_again(root: Path, jobs: Sequence[Job]) -> dict[Job, dict[str, Any]]:
    with closing(open_store(root)) as store:
        return read_documents(store, jobs)


def _kept_again(root: Path, part: Callable[[Summaries], Kept]) -> Kept:
    with closing(open_store(root)) as store, closing(Summaries(store)) as kept:
        return part(kept)


def _chosen(found: Iterable[Summary], current: Collection[str]) -> list[Summary]:
    """One summary per candidate and stage: that of a current job, else the one that was stored last."""
    chosen: dict[tuple[str, int], Summary] = {}
    for row in found:
        before = chosen.get((row.candidate_id, row.stage))
        if before is None or row.job[0] in current or before.job[0] not in current:
            chosen[row.candidate_id, row.stage] = row
    return list(chosen.values())


def _warn_of_damaged(rows: Iterable[Summary]) -> None:
    """Say which candidates are left out, and what is wrong with their documents."""
    for row in rows:
        if row.damaged is not None:
            told = f"candidate {row.candidate_id} is left out, its document in the store is damaged: {row.damaged}"
            warnings.warn(told, HebeWarning, stacklevel=4)


def _candidates_store(store: JobStore) -> Store:
    return open_collection(store, "candidates", "candidate_id")


def update_candidates(store: JobStore, campaign: str, current: Collection[str] = ()) -> list[str]:
    """Bring the candidates of a campaign up to date and return their ids."""
    candidates = _candidates_store(store)
    try:
        build_candidates(store, candidates, campaign, current)
        return [str(one["candidate_id"]) for one in candidates.query({"campaign": campaign}, ["candidate_id"])]
    finally:
        candidates.close()


def candidate_documents(store: JobStore, campaign: str, current: Collection[str] = ()) -> list[dict[str, Any]]:
    """Bring the candidates of a campaign up to date and return their documents."""
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
    labels = _border_labels(campaign, kind)
    criteria = {"metadata.campaign": campaign.name, "metadata.label": {"$in": labels}}
    return _newest(store.docs_store.query(criteria), current) if labels else []


def _calibrations(store: JobStore, campaign: Campaign, current: Collection[str]) -> list[dict[str, Any]]:
    """Newest calibration of each stage that calibrates."""
    numbers = [number for number, stage in enumerate(campaign.stages) if stage.calibrate is not None]
    labels = [label.format(number=number) for number in numbers for label in (CHOOSE_LABEL, ERRORS_LABEL)]
    criteria = {"metadata.campaign": campaign.name, "metadata.label": {"$in": labels}, "output.rows": {"$exists": True}}
    return _newest(store.docs_store.query(criteria), current) if labels else []


def _controls(store: JobStore, campaign: Campaign, current: Collection[str]) -> list[dict[str, Any]]:
    """Newest comparison with controls of each stage that has some; of one that chose none the choice."""
    numbers = [number for number, stage in enumerate(campaign.stages) if stage.controls is not None]
    labels = [label.format(number=number) for label in (controls.CHOSEN, controls.COMPARED) for number in numbers]
    named = {"metadata.campaign": campaign.name, "metadata.label": {"$in": labels}}
    criteria = {**named, "output.method": {"$exists": True}}
    found = store.docs_store.query(criteria) if labels else ()
    return _newest(sorted(found, key=lambda one: labels.index(one["metadata"]["label"])), current)


def _newest(documents: Iterable[dict[str, Any]], current: Collection[str]) -> list[dict[str, Any]]:
    """Output of each stage: that of a current job, else the one that was stored last."""
    newest: dict[int, dict[str, Any]] = {}
    for found in sorted(documents, key=lambda one: (one["uuid"] in current, one["output"].get("round") or 0)):
        newest[found["output"]["stage"]] = without_versions(found["output"])
    return [newest[number] for number in sorted(newest)]


def _border_labels(campaign: Campaign, kind: str) -> list[str]:
    return [f"border/s{number}/{kind}" for number in range(1, len(campaign.stages))]


def _latest_stages(found: Sequence[Summary], promotions: Sequence[dict[str, Any]], n_stages: int) -> list[Summary]:
    """Document of each candidate after the last stage of the file that it was promoted to."""
    promoted = {doc["stage"]: {c["candidate_id"] for c in doc["candidates"] if c["promoted"]} for doc in promotions}
    latest: dict[str, Summary] = {}
    for row in sorted(found, key=lambda one: one.stage):
        if row.stage < n_stages and (row.stage == 0 or row.candidate_id in promoted.get(row.stage, ())):
            latest[row.candidate_id] = row
    return list(latest.values())

"""Members of a campaign's space that are worth most to compute next: the whole space where it can be streamed.

Of a larger one a uniform sample is looked at, and what evolves from the best of it; the same for the same seed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import TYPE_CHECKING, Final

import numpy as np

from hebe.config.reading.refusal import bad_key
from hebe.science.chemistry.candidate import Candidate, make_candidate
from hebe.science.chemistry.row_table import RowTable
from hebe.science.chemistry.screening import MOST_MASKED, MOST_ROWS
from hebe.science.chemistry.sieve import Sieve
from hebe.science.learning.batch import choose_batch
from hebe.science.learning.evolving import evolve

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from numpy.typing import NDArray

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import Rows
    from hebe.science.learning.acquisition import Acquisition
    from hebe.science.learning.batch import Choice
    from hebe.science.learning.gaussian_process import Array
    from hebe.science.learning.study import Study

MOST_SAMPLED: Final = 2_000_000
"""Members that are looked at of a space that is too large to be streamed."""

FOUNDERS: Final = 4_096
"""Members of another uniform sample, from which evolution starts besides."""

MOST_AIMS: Final = 4
"""Objectives of which the boxes of a front are few enough."""

_PART: Final = 4_096


@dataclass(frozen=True)
class Pick:
    """A member that was chosen, its expected gain and its probability to meet the constraints."""

    candidate: Candidate
    gain: float
    probability: float


@dataclass(frozen=True)
class Picks:
    """Members that were chosen, of how many that were scored, and how many compositions the space has.

    Parameters
    ----------
    evolved
        How many of those that were scored evolution looked at, its founders included; 0 where all of the space were.
    """

    picks: tuple[Pick, ...]
    looked_at: int
    of: int
    evolved: int = 0

    @property
    def remarks(self) -> list[str]:
        """What is to be said of how members were looked for."""
        if not self.evolved:
            return []
        drawn = f"{self.looked_at - self.evolved:,} compositions were drawn uniformly"
        bred = f"{self.evolved:,} were looked at by evolution from the best of them and from the front"
        return [f"the space is too large to score in full: {drawn}, {bred}"]


class Reachable:
    """Members of a space that pass the filters of its campaign and are not taken, block by block.

    Parameters
    ----------
    campaign, study
        The campaign, and what is known of its space.
    taken
        Rows that are passed over.
    seed
        Of the sample of a space that is too large.
    """

    def __init__(self, campaign: Campaign, study: Study, taken: Iterable[tuple[int, ...]], seed: int) -> None:
        self.campaign, self.study, self.seed = campaign, study, seed
        self._taken = set(taken)

    @property
    def streams(self) -> bool:
        """Whether all members are looked at."""
        most = MOST_MASKED if self.study.space.layout.steps is None else MOST_ROWS
        return self._sieve.space.count() <= most

    @property
    def layout(self) -> Layout:
        """Of the space, with the elements that filters ask for."""
        return self._sieve.space.layout

    @cached_property
    def _sieve(self) -> Sieve:
        return Sieve(self.campaign, self.study.space)

    def __call__(self) -> Iterator[tuple[Rows, Array]]:
        """Rows with their scaled descriptors."""
        for table in self._tables(self._sieve):
            part = self._not_taken(table)
            if len(part):
                yield part.rows, self.study.of_rows(part)

    def passing(self, rows: Rows) -> Rows:
        """Those of some rows of the space that pass the filters and are not taken."""
        return self._not_taken(self._sieve.sift(self._sieve.table(rows))).rows

    def sample(self, number: int, seed: int) -> Rows:
        """Rows of the space, whether they pass or not, each equally likely."""
        return self._sieve.space.sample(number, seed)

    @property
    def taken(self) -> Rows:
        """Rows of the space that are taken, in order."""
        rows = np.array(sorted(self._taken), dtype=np.int16).reshape(-1, len(self.layout.columns))
        return rows[self.study.space.contains(rows)]

    def table(self, rows: Rows) -> Array:
        """Scaled descriptors of some rows."""
        return self.study.of_rows(RowTable(self.study.space, rows, None, None, self.study.plan))

    def _tables(self, sieve: Sieve) -> Iterator[RowTable]:
        if self.streams:
            for rows, entropies in sieve.space.stream(_PART, sieve.bounds):
                yield sieve.sift(sieve.table(rows, entropies))
            return
        rows = sieve.space.sample(MOST_SAMPLED, self.seed)
        for begin in range(0, len(rows), _PART):
            yield sieve.sift(sieve.table(rows[begin : begin + _PART]))

    def _not_taken(self, table: RowTable) -> RowTable:
        free = self._free(table.rows)
        return table if free.all() else table.at(free)

    def _free(self, rows: Rows) -> NDArray[np.bool_]:
        """Which rows are not taken: those whose number is that of a taken one are compared with it."""
        free = np.ones(len(rows), dtype=bool)
        if self._taken:
            for at in np.flatnonzero(np.isin(_numbers(rows), self._taken_numbers)).tolist():
                free[at] = tuple(rows[at].tolist()) not in self._taken
        return free

    @cached_property
    def _taken_numbers(self) -> NDArray[np.int64]:
        return _numbers(np.array(sorted(self._taken), dtype=np.int16))


def _numbers(rows: Rows) -> NDArray[np.int64]:
    """A number of each row, shape ``(rows,)``: equal rows have equal ones."""
    powers = np.cumprod(np.full(rows.shape[1], 1_000_003, dtype=np.int64))
    return np.asarray((rows.astype(np.int64) * powers).sum(axis=1))


def pick(
    campaign: Campaign,
    study: Study,
    acquisition: Acquisition,
    taken: Iterable[tuple[int, ...]],
    number: int,
    seed: int = 0,
) -> Picks:
    """Choose what to compute next.

    Parameters
    ----------
    campaign, study, acquisition
        The campaign, what is known of its space, and what a calculation is expected to gain.
    taken
        Rows that are computed or chosen already.
    number
        How many are wanted; fewer come back where no other gains anything.
    seed
        Of the samples and the evolution of a space that is too large to be streamed.

    Raises
    ------
    BadInputError
        If there are more objectives than an expected gain can be computed for.
    """
    if len(acquisition.aims) > MOST_AIMS:
        reason = f"{len(acquisition.aims)} objectives: an expected gain is computed for at most {MOST_AIMS}"
        raise bad_key(campaign, ("rank",), reason, "rank by fewer, or make some of them constraints")
    if number < 1:
        return Picks((), 0, study.space.count())
    members = Reachable(campaign, study, taken, seed)
    choice, evolved = choose_batch(acquisition, members, number), 0
    if not members.streams:
        bred = _evolved(acquisition, members, choice, number)
        looked_at, evolved = choice.looked_at + bred.looked_at, bred.looked_at
        choice = replace(max(choice, bred, key=lambda one: sum(one.gains)), looked_at=looked_at)
    space, found = study.space, list[Pick]()
    for row, gain, probability in zip(choice.rows.tolist(), choice.gains, choice.probabilities, strict=True):
        candidate = make_candidate(space, space.composition(row), campaign.host.primary)
        assert candidate is not None  # noqa: S101 - rows without a split do not pass
        found.append(Pick(candidate, gain, probability))
    return Picks(tuple(found), choice.looked_at, space.count(), evolved)


def _evolved(acquisition: Acquisition, members: Reachable, choice: Choice, number: int) -> Choice:
    """What evolution finds from a choice, another sample and the front of what is known."""
    drawn = members.sample(FOUNDERS, members.seed + 1)
    founders = np.concatenate([drawn, choice.rows.reshape(-1, drawn.shape[1])])
    return evolve(acquisition, members, founders, members.taken, number, members.seed)

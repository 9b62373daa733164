"""Evolution finds what exact scoring of a whole space would choose, from a small part of it."""

from __future__ import annotations

import time
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.campaigns.loading import load_campaign
from hebe.science.chemistry.candidate import make_candidate
from hebe.science.chemistry.space import CompositionSpace
from hebe.science.learning import proposing
from hebe.science.learning.acquisition import Acquisition, Aim
from hebe.science.learning.batch import choose_batch
from hebe.science.learning.evolving import evolve
from hebe.science.learning.gaussian_process import fit
from hebe.science.learning.study import Study
from support.learned_project import CAMPAIGN
from support.mixture_truth import FIFTEEN, SEVEN, Described, sodium_space
from support.scored_space import Members, acquisition_of

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.config.campaign import Campaign
    from hebe.science.chemistry.layout import Layout
    from hebe.science.chemistry.walking import Rows

TWENTY = FIFTEEN | {"Sc": [3], "Ga": [3], "Nb": [5], "Sb": [5], "Ru": [4]}
LARGE = CAMPAIGN.replace(
    "{Fe: [3], Mn: [3, 4], Ni: [2], Ti: [4], Mg: [2], Cu: [2], Co: [3]}",
    "{" + ", ".join(f"{name}: {states}" for name, states in TWENTY.items()) + "}",
).replace("n_species: 3..5\n      grid: 12", "n_species: 5..9\n      grid: 48")


class Relatives(Members):
    """Members of a space, some of which are taken."""

    def __init__(self, described: Described, taken: Rows | None = None) -> None:
        super().__init__(described, described.space.sample(1, 0))
        self.taken = set() if taken is None else set(map(tuple, taken.tolist()))

    @cached_property
    def layout(self) -> Layout:
        """Of the space."""
        return self.described.space.layout

    def passing(self, rows: Rows) -> Rows:
        """Those that are not taken."""
        return np.asarray(rows[np.array([tuple(row) not in self.taken for row in rows.tolist()], dtype=bool)])


def compared(described: Described, known: int, seeds: int) -> tuple[list[float], list[float], float]:
    """Gains of evolution and of uniform samples of as many, relative to the best; largest share looked at."""
    acquisition = acquisition_of(described, known)
    rows = np.concatenate(list(described.space.blocks()))
    best = sum(choose_batch(acquisition, Members(described, rows), 8).gains)
    bred, drawn, most = list[float](), list[float](), 0.0
    for seed in range(seeds):
        found = evolve(acquisition, Relatives(described), described.space.sample(500, seed), rows[:0], 8, seed)
        uniform = described.space.sample(found.looked_at, seed + 100)
        drawn.append(sum(choose_batch(acquisition, Members(described, uniform), 8).gains) / best)
        bred.append(sum(found.gains) / best)
        most = max(most, found.looked_at / len(rows))
    return bred, drawn, most


@pytest.mark.slow
@pytest.mark.parametrize("known", [20, 100])
def test_evolution_finds_the_best_batch_of_350_000_from_a_small_part(known: int) -> None:
    bred, drawn, most = compared(Described(sodium_space(FIFTEEN, "3..6", 12)), known, 5)
    assert min(bred) >= 0.95
    assert np.median(bred) > np.median(drawn) + 0.1
    assert most < 0.07


def test_evolution_finds_the_best_batch_of_a_streamed_space() -> None:
    bred, drawn, most = compared(Described(sodium_space(SEVEN, "3..6", 24)), 40, 3)
    assert min(bred) >= 0.95
    assert np.median(bred) > np.median(drawn)
    assert most < 0.2


def test_a_choice_follows_from_the_seed_whatever_the_order_of_founders() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition, founders = acquisition_of(described, 40), described.space.sample(50, 1)
    first, again, turned = (
        evolve(acquisition, Relatives(described), rows, founders[:0], 4, 3)
        for rows in (founders, founders, np.concatenate([founders[::-1], founders]))
    )
    assert first.rows.tolist() == again.rows.tolist() == turned.rows.tolist()
    assert first.gains == again.gains == turned.gains
    assert first.looked_at == again.looked_at == turned.looked_at
    assert described.space.contains(first.rows).all()
    assert len(np.unique(first.rows, axis=0)) == 4


def test_what_is_taken_is_not_chosen_again() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition, founders = acquisition_of(described, 40), described.space.sample(50, 1)
    first = evolve(acquisition, Relatives(described), founders, founders[:0], 4)
    other = evolve(acquisition, Relatives(described, first.rows), founders, founders[:0], 4)
    assert not set(map(tuple, first.rows.tolist())) & set(map(tuple, other.rows.tolist()))
    assert other.gains[0] < first.gains[0]


def test_the_front_of_what_is_known_is_enough_to_begin_with() -> None:
    described = Described(sodium_space(SEVEN, "3..5", 12))
    acquisition, known = acquisition_of(described, 40), described.space.sample(40, 11)
    found = evolve(acquisition, Relatives(described, known), known[:0], known, 3)
    best = choose_batch(acquisition, Members(described, np.concatenate(list(described.space.blocks()))), 3)
    assert sum(found.gains) >= 0.95 * sum(best.gains)
    nothing = evolve(acquisition, Relatives(described), known[:0], known[:0], 3)
    assert nothing.rows.shape == (0, 7)
    assert nothing.looked_at == 0


def learned_space(campaign: Campaign, n: int = 60) -> tuple[Study, Acquisition, list[tuple[int, ...]]]:
    """What is known of a space of which some rows are computed: a quadratic form of the descriptors, made up."""
    space = CompositionSpace.from_campaign(campaign)
    rows = [tuple(row) for row in space.sample(n, 3).tolist()]
    known = [make_candidate(space, space.composition(row)) for row in rows]
    study, aims = Study(space, [one.species for one in known if one]), []
    table = study.of_members(study.known)
    for seed in range(2):
        slopes, pairs = (
            np.random.default_rng(seed).normal(size=size) for size in (table.shape[1], [table.shape[1]] * 2)
        )
        values = table @ slopes / 4 + np.einsum("ij,jk,ik->i", table, pairs, table) / 20
        aims.append(Aim(f"q{seed}", fit(table, values, np.full(n, 0.1 * values.std())), 1.0))
    edges = np.array([float(np.median(one.model.predict(table)[0])) for one in aims])
    return study, Acquisition(aims, [], table, edges), rows


def test_a_space_of_more_than_a_million_millions_takes_seconds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(proposing, "MOST_SAMPLED", 20_000)
    path = tmp_path / "large.yaml"
    path.write_text(LARGE)
    campaign = load_campaign(path)
    study, acquisition, taken = learned_space(campaign)
    assert study.space.count() > 10**12
    members = proposing.Reachable(campaign, study, taken, 0)
    drawn = choose_batch(acquisition, members, 4)
    begin = time.process_time()
    found = proposing.pick(campaign, study, acquisition, taken, 4)
    assert time.process_time() - begin < 15
    assert sum(one.gain for one in found.picks) > 1.5 * sum(drawn.gains)
    assert found.looked_at == drawn.looked_at + found.evolved
    assert f"{found.evolved:,} were looked at by evolution" in found.remarks[0]
    rows = [study.space.row(one.candidate.composition) for one in found.picks]
    assert len(set(rows) - set(taken)) == 4
    for one, row in zip(found.picks, rows, strict=True):
        assert row is not None
        study.space.rank(row)
        assert one.candidate.charge == 0
        assert "Cu" not in one.candidate.composition.elements
    assert proposing.pick(campaign, study, acquisition, taken, 4) == found


def test_a_space_that_is_streamed_is_not_evolved(tmp_path: Path) -> None:
    path = tmp_path / "small.yaml"
    path.write_text(CAMPAIGN)
    campaign = load_campaign(path)
    study, acquisition, taken = learned_space(campaign, 20)
    found = proposing.pick(campaign, study, acquisition, taken, 2)
    exact = choose_batch(acquisition, proposing.Reachable(campaign, study, taken, 0), 2)
    assert [study.space.row(one.candidate.composition) for one in found.picks] == [*map(tuple, exact.rows.tolist())]
    assert (found.evolved, found.remarks) == (0, [])

"""A committee moves the spread of pairs, and its score says whether that helps."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from hebe.science.errors.committee import FLOOR, CommitteeCell, committee_prior, committee_score
from hebe.science.errors.entry_errors import EntryErrors
from hebe.science.errors.pair_fit import Difference

PRIOR = EntryErrors(bias=-0.1, sd=0.2, remainder=0.01, freedom=20.0)
IONS = ("Al3+", "Co3+", "Cr3+", "Fe3+", "Mn3+", "V3+")
PAIRS = [" ".join(pair) for pair in combinations(IONS, 2)]


def cells(spread: dict[str, float], seed: int = 0) -> list[CommitteeCell]:
    """Half and half of every two ions: three models that differ by a given amount."""
    generator = np.random.default_rng(seed)
    return [
        CommitteeCell({pair: 0.25}, {model: 0.05 + generator.normal(0, spread[pair]) for model in "abc"})
        for pair in PAIRS
    ]


def sds(errors: EntryErrors) -> dict[str, float]:
    return dict(zip(errors.pairs, np.sqrt(np.diag(errors.covariance)).tolist(), strict=True))


def test_models_that_agree_alike_change_nothing() -> None:
    alike = [CommitteeCell({pair: 0.25}, {"a": 0.05, "b": 0.09}) for pair in PAIRS]
    assert sds(committee_prior(PRIOR, alike)) == pytest.approx(dict.fromkeys(PAIRS, PRIOR.sd))


def test_a_pair_on_which_models_differ_more_is_less_certain() -> None:
    found = sds(committee_prior(PRIOR, cells({pair: 0.05 if "Mn3+" in pair else 0.005 for pair in PAIRS})))
    wide, narrow = ([sd for pair, sd in found.items() if ("Mn3+" in pair) is held] for held in (True, False))
    assert np.mean(wide) > PRIOR.sd > np.mean(narrow)
    assert min(found.values()) >= FLOOR * PRIOR.sd
    assert committee_prior(PRIOR, cells(dict.fromkeys(PAIRS, 0.01))).mean == pytest.approx(np.full(15, PRIOR.bias))


def test_the_spread_of_a_pair_is_that_of_its_cells_drawn_towards_the_average() -> None:
    """Two cells of one pair each, of variances 3 to 1: factors by hand."""
    two = [
        CommitteeCell({"a": 0.25}, {"x": 0.0, "y": 0.3**0.5}),
        CommitteeCell({"b": 0.25}, {"x": 0.0, "y": 0.1**0.5}),
    ]
    found = sds(committee_prior(PRIOR, two))
    assert found == pytest.approx({"a": 0.2 * 1.25**0.5, "b": 0.2 * 0.75**0.5})


def test_pairs_with_values_of_their_own_keep_them() -> None:
    known = EntryErrors(
        bias=-0.1, sd=0.2, remainder=0.01, pairs=("Al3+ Co3+",), mean=np.array([0.4]), covariance=np.array([[0.01]])
    )
    found = committee_prior(known, cells(dict.fromkeys(PAIRS, 0.01)))
    assert found.mean[found.pairs.index("Al3+ Co3+")] == 0.4
    assert sds(found)["Al3+ Co3+"] == pytest.approx(0.1)


@pytest.mark.parametrize(("where", "sign"), [("right", 1), ("wrong", -1)])
def test_the_score_says_whether_the_committee_knows_where_the_errors_are(where: str, sign: int) -> None:
    gained = []
    for seed in range(8):
        generator = np.random.default_rng(100 + seed)
        true = {pair: 0.35 if "Mn3+" in pair else 0.06 for pair in PAIRS}
        rows = [
            Difference(pair, 0.25 * (-0.1 + sd * generator.standard_normal()), {pair: 0.25}, {pair: 1.0})
            for pair, sd in true.items()
        ]
        other = {pair: 0.05 if ("Mn3+" in pair) is (where == "right") else 0.01 for pair in PAIRS}
        found = committee_score(PRIOR, committee_prior(PRIOR, cells(other, seed)), rows)
        assert found.n == 15
        gained.append(found.committee - found.plain)
    assert sign * np.mean(gained) > 0.1


def test_too_few_models_are_refused() -> None:
    with pytest.raises(ValueError, match="two models"):
        committee_prior(PRIOR, [CommitteeCell({"a": 0.25}, {"x": 0.1}), CommitteeCell({"b": 0.25}, {"x": 0.1})])

"""Ranked results under errors: shared ranks, their order, how sure it is, and what JSON has of it."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from scipy.stats import norm

from hebe.campaigns.results import Results, ranked
from hebe.cli.output import plain
from hebe.config.campaign import Campaign
from hebe.config.keep import Keep
from hebe.exceptions import BadInputError
from hebe.science.choosing.promotion import promote
from hebe.science.choosing.ranking import Objective
from hebe.science.choosing.sample import DRAWS
from support.forming import formation, forming, known_to_hebe

if TYPE_CHECKING:
    from hebe.schemas.candidate import RankedCandidate

MARGINS = {"a": -0.020, "b": -0.018, "c": 0.010, "d": 0.011}
OWN = 0.004


@pytest.fixture(autouse=True)
def _known(monkeypatch: pytest.MonkeyPatch) -> None:
    known_to_hebe(monkeypatch)


def campaign(**rank: list[str]) -> Campaign:
    host = {"family": "rocksalt", "sublattices": {"M": {"species": {"Mg": [2], "Co": [2]}}}}
    stages = [{"engine": "chgnet", "analyses": ["forming"]}]
    return Campaign.model_validate({"name": "x", "host": host, "stages": stages, "rank": rank})


def candidates(shared: float = 0.05, own: float = OWN) -> list[RankedCandidate]:
    generator = np.random.default_rng(7)
    errors = generator.normal(0, shared, DRAWS)
    found = []
    for name, margin in MARGINS.items():
        drawn = margin + errors + generator.normal(0, own, DRAWS)
        found.append(forming(name, formation(drawn, drawn / 1e-4)))
    return found


def results(shared: float = 0.05, own: float = OWN) -> Results:
    chosen = campaign(minimize=["drawn_margin"])
    return Results("x", ranked(candidates(shared, own), chosen), rank=chosen.rank)


@pytest.mark.parametrize("shared", [0.0, 0.05, 5.0])
def test_ranks_hang_on_what_the_candidates_do_not_share(shared: float) -> None:
    found = {c.candidate_id: (c.rank, c.rank_low, c.rank_high, c.tied) for c in results(shared).ranked}
    assert found == {"a": (1, 1, 2, True), "b": (1, 1, 2, True), "c": (3, 3, 4, True), "d": (3, 3, 4, True)}
    assert [c.rank for c in results(shared, 1e-5).ranked] == [1, 2, 3, 4]


def test_inside_a_group_the_order_is_that_of_the_values_and_promotion_goes_by_it() -> None:
    assert [c.candidate_id for c in results().ranked] == list(MARGINS)
    rule = Keep.model_validate(1)
    assert promote(candidates(), rule, [Objective("drawn_margin", maximize=False)]).promoted == ["a"]


def test_the_probability_of_an_order_is_that_of_the_difference() -> None:
    """Phi(0.002 / (0.004 sqrt 2)), the shared error of 0.05 eV cancels; of the temperature, which divides, the same."""
    expected = float(norm.cdf(0.002 / (OWN * math.sqrt(2))))
    error = 3 * math.sqrt(expected * (1 - expected) / DRAWS)
    for name in ("drawn_margin", "drawn_temperature", "rank"):
        assert results().probability_before(name, "a", "b") == pytest.approx(expected, abs=error)
        assert results().probability_before(name, "b", "a") == pytest.approx(1 - expected, abs=error)
    assert results().probability_before("drawn_margin", "a", "c") > 0.999
    assert results().probability_before("drawn_margin", "a", "a") == 0.5


def test_a_campaign_may_ask_for_the_other_end() -> None:
    chosen = campaign(maximize=["drawn_margin"])
    turned = Results("x", ranked(candidates(), chosen), rank=chosen.rank)
    assert turned.ranked[0].candidate_id == "d"
    assert turned.probability_before("drawn_margin", "c", "a") > 0.999


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (("drawn_margn", "a", "b"), "did you mean drawn_margin"),
        (("drawn_margin", "a", "z"), "no candidate is called 'z'"),
        (("x_made", "a", "b"), "no quantity"),
    ],
)
def test_what_is_not_there_is_named(given: tuple[str, str, str], told: str) -> None:
    with pytest.raises(BadInputError, match=told):
        results().probability_before(*given)


def test_without_objectives_there_is_no_order_of_the_whole() -> None:
    with pytest.raises(BadInputError, match="ranks by nothing"):
        Results("x", ranked(candidates(), campaign())).probability_before("rank", "a", "b")


def test_any_of_the_quantities_ranks() -> None:
    for rank in ({"maximize": ["drawn_probability"]}, {"minimize": ["drawn_temperature", "drawn_margin"]}):
        found = ranked(candidates(), campaign(**rank))
        assert [c.candidate_id for c in found] == list(MARGINS)


def test_json_has_intervals_and_no_samples() -> None:
    documents = results().candidates
    text = json.dumps(plain(documents))
    assert len(text) < 20_000
    assert '"data"' not in text
    for document in documents:
        assert document["rank_low"] <= document["rank_high"]
        low, median, high = (document[f"drawn_margin_eV_per_site_{end}"] for end in ("low", "median", "high"))
        assert low < median < high
        drawn = document["results"]["forming"][0]["formation"]["margin_draws"]
        assert drawn["n"] == DRAWS
        assert drawn["median"] == pytest.approx(median, abs=1e-6)


def test_results_are_a_sequence_of_their_candidates() -> None:
    found = Results("x", ranked(candidates(), campaign()))
    assert len(found) == len(found.ranked) > 1
    assert list(found) == found.ranked
    assert (found[0], found[-1], found[:2]) == (found.ranked[0], found.ranked[-1], found.ranked[:2])
    assert found.ranked[1] in found
    assert found.index(found.ranked[1]) == 1
    with pytest.raises(IndexError):
        _ = found[len(found)]

"""The document of an entropy series: which members it has, what is refused."""

from __future__ import annotations

from pathlib import Path

import pytest

from hebe.campaigns.loading import load_campaign
from hebe.campaigns.series import series_document
from hebe.exceptions import BadInputError
from support.candidate_documents import candidate

EXAMPLES = Path(__file__).parents[2] / "examples"


def test_members_without_a_result_are_named_and_those_with_one_are_points() -> None:
    campaign = load_campaign(EXAMPLES / "drx-series.yaml")
    (empty,) = series_document(campaign, [], "mixing_temperature")["series"][:1]
    assert (empty["points"], empty["trend"]) == ([], None)
    first, second, *rest = empty["unfinished"]
    known = {first: 900.0, second: 700.0}
    found = [
        candidate(name, {"mixing_temperature": value}, entropy_R={"mixed-site": 1 + value / 1000})
        for name, value in known.items()
    ]
    (filled,) = series_document(campaign, found, "mixing_temperature")["series"][:1]
    assert filled["unfinished"] == rest
    assert [(point["candidate_id"], point["value"]) for point in filled["points"]] == [(second, 700.0), (first, 900.0)]


def test_what_is_no_series_quantity_or_convention_is_refused() -> None:
    campaign = load_campaign(EXAMPLES / "drx-series.yaml")
    with pytest.raises(BadInputError, match="did you mean mixing_temperature"):
        series_document(campaign, [], "mixing_temprature")
    with pytest.raises(BadInputError, match="did you mean per-atom"):
        series_document(campaign, [], "entropy", "per-atm")
    with pytest.raises(BadInputError, match=r"na-o3-quick.yaml.*no series"):
        series_document(load_campaign(EXAMPLES / "na-o3-quick.yaml"), [], "entropy")

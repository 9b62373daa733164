"""Who goes on to the next stage, and how far two stages agree."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.config.keep import Keep
from hebe.science.choosing.promotion import agree, promote
from hebe.science.choosing.ranking import Objective
from support.candidate_documents import candidate as plain

if TYPE_CHECKING:
    from hebe.schemas.candidate import CandidateDoc

BEST = [Objective("average_voltage", maximize=True), Objective("max_volume_strain", maximize=False)]


QUANTITIES = {"average_voltage": "V", "max_volume_strain": "1"}


def candidate(name: str, voltage: float | None, strain: float | None = 0.01, **others: Any) -> CandidateDoc:
    fields = {"status": "partial" if voltage is None else "complete", **others}
    return plain(name, {"average_voltage": voltage, "max_volume_strain": strain}, **fields)


FIVE = [
    candidate("a", 3.0, 0.01),
    candidate("b", 3.2, 0.03),
    candidate("c", 3.1, 0.05),
    candidate("d", 2.9, 0.02),
    candidate("e", None),
]


@pytest.mark.parametrize(
    ("keep", "promoted"),
    [
        (2, {"a", "b"}),
        ("50 %", {"a", "b", "c"}),  # 2.5 of five candidates, rounded up
        ("20 %", {"b"}),
        ("pareto", {"a", "b"}),  # c is worse than b in both, d worse than a in both
        ("pareto(average_voltage)", {"b"}),
        ("pareto(max_volume_strain)", {"a"}),
        ("all", {"a", "b", "c", "d"}),
        (10, {"a", "b", "c", "d"}),
    ],
)
def test_rules(keep: Any, promoted: set[str]) -> None:
    document = promote(FIVE, Keep.model_validate(keep), BEST)
    if keep == "20 %":  # a and b are of one front and one sum of ranks or not: the first of the ranking goes on
        assert document.promoted == [document.candidates[0].candidate_id]
        return
    assert set(document.promoted) == promoted


def test_everybody_has_a_rank_or_a_reason() -> None:
    document = promote([*FIVE, candidate("f", None, status="failed")], Keep.model_validate(1), BEST)
    reasons = {row.candidate_id: row.reason for row in document.candidates}
    assert reasons["e"] == "an objective has no value"
    assert reasons["f"] == "failed"
    assert [row.candidate_id for row in document.candidates][-2:] == ["e", "f"]
    assert document.cut_off == 1
    assert all((row.reason is None) == row.promoted for row in document.candidates)


def test_a_rule_reads_back_as_it_was_written() -> None:
    for text in ("3", "20 %", "12.5 %", "pareto", "pareto(average_voltage, entropy)", "all"):
        assert str(Keep.model_validate(text)) == text


def test_rank_correlation_is_that_of_a_published_example() -> None:
    """IQ against hours of television a week, the worked example of many textbooks: rho = -29/165."""
    iq = [106, 100, 86, 101, 99, 103, 97, 113, 112, 110]
    hours = [7, 27, 2, 50, 28, 29, 20, 12, 6, 17]
    before = [candidate(f"n{i}", float(v)) for i, v in enumerate(iq)]
    after = [candidate(f"n{i}", float(v)) for i, v in enumerate(hours)]
    found = {parity.quantity: parity for parity in agree(before, after, QUANTITIES).quantities}
    assert found["average_voltage"].spearman == pytest.approx(-29 / 165, abs=1e-12)
    difference = sum(h - q for h, q in zip(hours, iq, strict=True)) / 10
    assert found["average_voltage"].mean_difference == pytest.approx(difference)
    assert found["max_volume_strain"].kendall is None, "equal values have no order"


def test_reversed_order_is_minus_one() -> None:
    before = [candidate(name, v) for name, v in zip("abc", (3.0, 3.1, 3.2), strict=True)]
    after = [candidate(name, v) for name, v in zip("cba", (2.0, 2.1, 2.2), strict=True)]
    (voltage,) = [p for p in agree(before, after, QUANTITIES).quantities if p.quantity == "average_voltage"]
    assert voltage.kendall == voltage.spearman == pytest.approx(-1.0)


def test_only_candidates_of_both_stages_are_compared() -> None:
    document = agree(FIVE, [candidate("b", 3.4), candidate("z", 9.9)], QUANTITIES)
    (voltage,) = [p for p in document.quantities if p.quantity == "average_voltage"]
    assert voltage.pairs == [("b", 3.2, 3.4)]
    assert voltage.mean_difference == pytest.approx(0.2)
    assert voltage.spearman is None
    assert document.warnings

"""Rows of many candidates: choosing and sorting them takes no time that one would notice."""

from __future__ import annotations

import random
import time
from typing import TYPE_CHECKING, Any

import pytest

from hebe.browse.holdings import Holdings, printed
from hebe.browse.table import Table, Wanted
from hebe.exceptions import BadInputError
from support.report_results import ranked

if TYPE_CHECKING:
    from collections.abc import Sequence

MANY = 10_000


@pytest.fixture(scope="module")
def rows() -> list[dict[str, Any]]:
    """Ten thousand candidates by printed keys, with voltages between 2 and 4 V."""
    own, draw = [printed(one) for one in ranked()], random.Random(7)
    return [
        {
            **own[n % len(own)],
            "candidate_id": f"layered-o3-{n:010x}",
            "average_voltage_V": draw.uniform(2, 4),
            "rank": n + 1,
        }
        for n in range(MANY)
    ]


@pytest.fixture(scope="module")
def table(rows: list[dict[str, Any]]) -> Table:
    made = Table((Holdings("many", ranked(), rows),))
    made.chosen(Wanted(where="rank > 0"))
    return made


@pytest.mark.parametrize(
    "wanted",
    [
        Wanted(where="average_voltage > 2.8 V and volume strain < 7 % and not (rank < 3)"),
        Wanted(where="'Ni' in elements and 'Mg' not in elements or entropy > 1.53", sort="formula"),
        Wanted(having=("Ni", "Fe"), lacking=("Mg",), sort="average_voltage", descending=True),
        Wanted(where="mixing_temperature < 500 or hull_grade == 'D'", having=("Cu",)),
    ],
)
def test_ten_thousand_candidates_are_filtered_in_300_ms(table: Table, wanted: Wanted) -> None:
    began = time.process_time()
    found = table.chosen(wanted)
    assert time.process_time() - began < 0.3
    assert 0 < len(found) < MANY


def identifiers(table: Table, wanted: Wanted) -> list[str]:
    return [row.identifier for row in table.chosen(wanted)]


def test_rows_are_those_that_python_would_choose(table: Table, rows: Sequence[dict[str, Any]]) -> None:
    wanted = Wanted(where="average_voltage > 3", lacking=("Mg",), sort="average_voltage_V")
    kept = [row for row in rows if row["average_voltage_V"] > 3 and "Mg" not in row["elements"]]
    kept.sort(key=lambda row: float(row["average_voltage_V"]))
    assert identifiers(table, wanted) == [row["candidate_id"] for row in kept]


def test_campaigns_keep_their_order_and_have_a_key(rows: list[dict[str, Any]]) -> None:
    two = Table((Holdings("b", ranked(), rows[:3]), Holdings("a", ranked(), rows[3:6])))
    assert [row.name for row in two.rows] == [
        f"{c}/{row['candidate_id']}" for c, row in zip("bbbaaa", rows, strict=False)
    ]
    assert [row.campaign for row in two.chosen(Wanted(where="campaign == 'a'"))] == ["a"] * 3
    assert two.row(f"a/{rows[4]['candidate_id']}") is two.rows[4]
    assert two.row(f"b/{rows[4]['candidate_id']}") is None


@pytest.mark.parametrize("wanted", [Wanted(where="rank >"), Wanted(where="nothing > 1"), Wanted(sort="nothing")])
def test_what_cannot_be_asked_is_refused(table: Table, wanted: Wanted) -> None:
    with pytest.raises(BadInputError):
        table.chosen(wanted)


def test_nothing_is_chosen_from_nothing() -> None:
    empty = Table((Holdings("none", [], []),))
    assert empty.chosen(Wanted()) == []
    assert empty.elements == []
    assert empty.columns == []

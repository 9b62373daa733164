"""Orderings that computed rows decide."""

from __future__ import annotations

import pytest

from hebe.science.literature.orderings import order_found

MTS = ("na-o3-mts45", "na-o3-mts35", "na-o3-mts25", "na-o3-mts15")


def rows(*gaps: float) -> dict[str, dict[str, float]]:
    return {name: {"gap_A": gap} for name, gap in zip(MTS, gaps, strict=True)}


@pytest.mark.parametrize(
    ("gaps", "holds"),
    [
        ((3.0, 3.1, 3.2, 3.3), True),
        ((3.0, 3.1, 3.05, 3.3), False),
        ((3.0, 3.1, 3.11, 3.3), None),
        ((3.3, 3.2, 3.1, 3.0), False),
    ],
)
def test_only_differences_above_the_error_decide(gaps: tuple[float, ...], *, holds: bool | None) -> None:
    found = order_found("q-ord-slab", rows(*gaps))
    assert found is not None
    assert found.holds is holds


def test_a_missing_row_decides_nothing() -> None:
    found = order_found("q-ord-slab", {name: {"gap_A": 3.0} for name in MTS[:3]})
    assert found is not None
    assert found.holds is None
    assert "no relaxed cell of na-o3-mts15" in found.text


def test_thin_slabs_go_with_wide_gaps() -> None:
    high, low = {"slab_A": 2.0, "gap_A": 3.4}, {"slab_A": 2.1, "gap_A": 3.2}
    found = order_found("q-ord-slab-thin", {"na-o3-nanfcmtc": high, "na-o3-nfm226": low})
    assert found is not None
    assert found.holds is True
    other = order_found("q-ord-slab-thin", {"na-o3-nanfcmtc": {**high, "gap_A": 3.1}, "na-o3-nfm226": low})
    assert other is not None
    assert other.holds is False


def test_a_mixture_is_compared_with_every_member() -> None:
    row = {"topology": "host", "repeat_A": 6.5, "members_repeat_A": {"MnPS3": 6.4, "NiPS3": 6.3}}
    found = order_found("q-ord-mps3-c", {"mps3-li-he": row})
    assert found is not None
    assert found.holds is True
    wide = order_found("q-ord-mps3-c", {"mps3-li-he": {**row, "members_repeat_A": {"MnPS3": 6.6, "NiPS3": 6.3}}})
    assert wide is not None
    assert wide.holds is False


def test_layers_that_came_apart_decide_nothing() -> None:
    row = {"topology": "delaminated", "repeat_A": 9.0, "members_repeat_A": {"MnPS3": 8.4}}
    found = order_found("q-ord-mps3-c", {"mps3-li-he": row})
    assert found is not None
    assert found.holds is None


def test_an_ordering_without_a_rule_is_not_read() -> None:
    assert order_found("q-ord-lumo", {}) is None

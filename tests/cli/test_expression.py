"""The language of --where: what it accepts, what it means, and that nothing else gets in."""

from __future__ import annotations

import contextlib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hebe.campaigns.contract import contract, contract_keys
from hebe.cli.expression import Expression, key_names, sort_candidates
from hebe.exceptions import BadInputError
from hebe.report.values import lookup
from support.report_results import candidates, ranked


def chosen(text: str) -> list[int]:
    found = candidates()
    kept = Expression.parse(text).choose(found)
    return [found.index(candidate) + 1 for candidate in kept]


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("average_voltage_V > 3.2", [1, 2, 3]),
        ("3.1 < average_voltage_V <= 3.412", [1, 3, 5]),
        ("average_voltage_V > 3.2 and mixing.competing.T_mix_K < 700", [1, 2]),
        ("average_voltage_V > 3.6 or entropy_R.mixed_site > 1.58", [2, 4]),
        ("not average_voltage_V > 3", [4, 6]),
        ("status == 'partial'", [6]),
        ('status != "partial"', [1, 2, 3, 4, 5]),
        ("hull_grade >= 'C'", [3, 5]),
        ("mixing_temperature == 0", [5]),
        ("mixing.same_host.T_mix_K < mixing.competing.T_mix_K", [1, 2, 3, 4]),
        ("mixing.competing.dH_eV_per_site <= -0.012", [5]),
        ("descriptors.redox_compatible and rank <= 2", [1, 2]),
        ("descriptors.redox_compatible == false", []),
        ("composition.TM.Ti4_ > 0.4 and rank > 4", [5]),
        ("descriptors.mean_radius_A < 1e9", []),
        ("(rank < 2)", [1]),
    ],
)
def test_meaning(text: str, numbers: list[int]) -> None:
    assert chosen(text) == numbers


def test_a_null_compares_false_with_everything() -> None:
    for operator in ("<", "<=", ">", ">=", "==", "!="):
        assert 6 not in chosen(f"average_voltage_V {operator} 3")


@pytest.mark.parametrize(
    ("text", "meant"),
    [
        ("average_volage_V > 3", "average_voltage_V"),
        ("mixing.competing.T_mix < 3", "mixing.competing.T_mix_K"),
        ("rank < 3 or Status == 'x'", "status"),
    ],
)
def test_an_unknown_name_gets_its_nearest(text: str, meant: str) -> None:
    with pytest.raises(BadInputError, match="candidates have no key") as caught:
        chosen(text)
    assert caught.value.suggestion == f"did you mean {meant}?"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "   ",
        "3",
        "average_voltage_V + 1 > 3",
        "average_voltage_V >",
        "average_voltage_V > 3 && rank < 2",
        "rank in [1, 2]",
        "rank is 1",
        "__import__('os').system('true')",
        "(lambda: 1)() == 1",
        "[x for x in (1, 2)] == 1",
        "candidate_id.__class__ == 1 and rank[0] > 1",
        "f'{rank}' == '1'",
        "rank := 1",
        "(rank := 1) > 0",
        "rank == None",
        "'3' ",
        "rank > 2j",
        "rank > 1; rank < 3",
        "not " * 240 + "rank > 1 or x(",
        "(" * 300 + "rank > 1" + ")" * 300,
        "rank > 1 or " * 200 + "rank > 1",
        "\x00",
    ],
    ids=lambda text: text[:30],
)
def test_anything_else_is_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        chosen(text)
    assert "\n" not in caught.value.message
    assert len(caught.value.message) < 400


def test_inner_attributes_of_python_are_unknown_keys() -> None:
    with pytest.raises(BadInputError, match="no key"):
        chosen("candidate_id.__class__ == 1")


def test_a_text_is_not_a_number() -> None:
    with pytest.raises(BadInputError, match="a text is compared with a number"):
        chosen("formula > 3")


def test_a_number_is_no_condition() -> None:
    with pytest.raises(BadInputError, match="compare it"):
        chosen("rank")


@given(st.text(max_size=60))
def test_no_text_gets_through_otherwise(text: str) -> None:
    known = candidates()
    with contextlib.suppress(BadInputError):
        assert all(found in known for found in Expression.parse(text).choose(known))


def test_names_are_known_before_there_is_a_candidate() -> None:
    known = key_names([])
    assert Expression.parse("mixing.competing.T_mix_K < 1000").choose([]) == []
    with pytest.raises(BadInputError, match="no key"):
        Expression.parse("voltage > 1").choose([])
    assert set(contract_keys()) <= set(known.values())


@pytest.mark.parametrize("key", contract_keys())
def test_contract_keys_exist(key: str) -> None:
    def exists(document: Any, path: str) -> bool:
        head, _, tail = path.partition(".")
        return head in document and (not tail or exists(document[head], tail))

    assert all(exists(candidate, key) for candidate in [contract(candidate) for candidate in ranked()])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("key", ["average_voltage_V", "mixing_temperature", "formula"])
def test_sorting_puts_nulls_last(key: str, *, reverse: bool) -> None:
    found = candidates()
    path = {"mixing_temperature": "mixing_temperature_K"}.get(key, key)
    values = [lookup(c, path) for c in sort_candidates(found, key, found, reverse=reverse)]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=reverse)
    assert values[len(known) :] == [None] * (len(values) - len(known))


def test_sorting_by_an_unknown_key() -> None:
    found = candidates()
    with pytest.raises(BadInputError, match="no key") as caught:
        sort_candidates(found, "averge_voltage", found)
    assert caught.value.suggestion == "did you mean average_voltage?"

"""The language of --where: what it accepts, what it means, and that nothing else gets in."""

from __future__ import annotations

import contextlib
import re
from typing import Any, Final

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hebe.analyses.registry import all_quantities
from hebe.campaigns.contract import contract, contract_keys
from hebe.campaigns.expression import Expression, in_order_of
from hebe.campaigns.keys import flat, key_names, scalar_keys
from hebe.config.reading.hiding import STEERING
from hebe.exceptions import BadInputError
from support.report_results import candidates, ranked

ROWS: Final = [{**flat(contract(one)), **flat(plain)} for one, plain in zip(ranked(), candidates(), strict=True)]
KNOWN: Final = key_names(scalar_keys(ROWS))


def chosen(text: str) -> list[int]:
    return [position + 1 for position in Expression.parse(text).holding(ROWS, KNOWN)]


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
    assert len(caught.value.message) < 700


def test_inner_attributes_of_python_are_unknown_keys() -> None:
    with pytest.raises(BadInputError, match="no key"):
        chosen("candidate_id.__class__ == 1")


def test_a_text_is_not_a_number() -> None:
    with pytest.raises(BadInputError, match="a text is compared with a number"):
        chosen("formula > 3")


def test_a_number_is_no_condition() -> None:
    with pytest.raises(BadInputError, match="compare it"):
        chosen("rank")


@given(st.text(max_size=60) | st.text("()<>=!andortiv 0123456789.%V'\"_", max_size=40))
def test_no_text_gets_through_otherwise(text: str) -> None:
    with contextlib.suppress(BadInputError):
        assert set(chosen(text)) <= set(range(1, 7))


def test_names_are_known_before_there_is_a_candidate() -> None:
    known = key_names()
    assert Expression.parse("mixing.competing.T_mix_K < 1000").holding([], known) == []
    with pytest.raises(BadInputError, match="no key"):
        Expression.parse("volts > 1").holding([], known)
    assert set(contract_keys()) <= set(known.values())


@pytest.mark.parametrize("key", contract_keys())
def test_contract_keys_exist(key: str) -> None:
    def exists(document: Any, path: str) -> bool:
        head, _, tail = path.partition(".")
        return head in document and (not tail or exists(document[head], tail))

    assert all(exists(candidate, key) for candidate in [contract(candidate) for candidate in ranked()])


@pytest.mark.parametrize("reverse", [False, True])
@pytest.mark.parametrize("key", ["average_voltage_V", "mixing_temperature_K", "formula"])
def test_sorting_puts_nulls_last(key: str, *, reverse: bool) -> None:
    values = [ROWS[position].get(key) for position in in_order_of(ROWS, key, reverse=reverse)]
    known = [value for value in values if value is not None]
    assert known == sorted(known, reverse=reverse)
    assert values[len(known) :] == [None] * (len(values) - len(known))


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("average_voltage > 3.2 V", "average_voltage_V > 3.2"),
        ("average_voltage > 3200 mV", "average_voltage_V > 3.2"),
        ("3200 mV < average_voltage", "average_voltage_V > 3.2"),
        ("max_volume_strain < 6.5 %", "max_volume_strain < 0.065"),
        ("max_volume_strain < 6.5%", "max_volume_strain < 0.065"),
        ("mixing_temperature < 426.85 degC", "mixing_temperature_K < 700"),
        ("mixing_temperature < 700 K", "mixing_temperature_K < 700"),
        ("mixing_enthalpy > 80 meV per site", "mixing_enthalpy > 0.08"),
        ("mixing_enthalpy > 80 meV/site", "mixing_enthalpy > 0.08"),
        ("energy_above_hull > 20 meV/atom", "energy_above_hull_eV_per_atom > 0.02"),
        ("average_voltage_V_sd > 20 mV", "average_voltage_V_sd > 0.02"),
        ("entropy_R.mixed_site > 12.7 J/mol/K", "entropy_R.mixed_site > 1.5275"),
        ("mixing.competing.T_mix_K < 700 K", "mixing.competing.T_mix_K < 700"),
    ],
)
def test_a_unit_is_converted(text: str, same: str) -> None:
    assert chosen(text) == chosen(same)
    assert 0 < len(chosen(text)) < len(ROWS)


@pytest.mark.parametrize(
    ("text", "reason"),
    [
        ("average_voltage > 3 K", "'K' is no unit of average_voltage_V"),
        ("average_voltage > 3 %", "'%' is no unit of average_voltage_V"),
        ("rank < 3 V", "'V' is no unit of rank"),
        ("3 V < 4 V", "compared with no key"),
        ("mixing_temperature < 3 eV", "'eV' is no unit"),
        ("formula == 3 V", "'V' is no unit of formula"),
    ],
)
def test_a_wrong_unit_is_refused(text: str, reason: str) -> None:
    with pytest.raises(BadInputError, match=re.escape(reason)):
        chosen(text)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("voltage > 3.2 V", "average_voltage_V > 3.2"),
        ("volume strain < 6.5 % and rank < 9", "max_volume_strain < 0.065 and rank < 9"),
        ("T_mix competing < 700", "mixing_temperature_K < 700"),
        ("mixing enthalpy, competing > 0.08", "mixing_enthalpy > 0.08"),
        ("not (Voltage > 3)", "not average_voltage_V > 3"),
    ],
)
def test_printed_titles_are_names(text: str, same: str) -> None:
    assert chosen(text) == chosen(same) != []


def test_every_title_and_every_name_leads_to_its_quantity() -> None:
    for name, quantity in all_quantities().items():
        for text in (name, quantity.title, quantity.title.upper(), quantity.key):
            (key,) = Expression.parse(f"{text} > 1").keys(KNOWN | {quantity.key: quantity.key})
            assert key in (quantity.key, quantity.path), text


@pytest.mark.parametrize(
    ("text", "numbers"),
    [
        ("'Mg' not in elements", [2, 5]),
        ("'Mg' in elements and 'Fe' in elements", [3, 4, 6]),
        ("chemsys == 'Cu-Fe-Mn-Na-Ni-O-Ti'", [2, 5]),
        ("n_elements == 8", [3, 4]),
        ("'bound' in marks", [3, 6]),
        ("'left-host' not in marks and rank < 3", [1, 2]),
    ],
)
def test_elements_and_marks(text: str, numbers: list[int]) -> None:
    assert chosen(text) == numbers


def test_what_is_looked_for_in_a_list_is_a_text() -> None:
    for text in ("3 in elements", "'a' in formula", "rank in elements", "'a' in 'abc'"):
        with pytest.raises(BadInputError, match="looked for in"):
            chosen(text)
    with pytest.raises(BadInputError, match="a list cannot be compared"):
        chosen("elements == 'Na'")


CODE: tuple[str, ...] = (
    "__import__('os').system('true')",
    "eval('1')",
    "exec('1')",
    "open('/etc/passwd').read()",
    "globals()",
)
CODE += ("().__class__.__bases__[0].__subclasses__()", "rank.__class__.__mro__", "rank.__init__.__globals__['x']")
CODE += ("getattr(rank, 'real')", "type('X', (), {})", "lambda: 1", "(lambda: rank)()", "yield rank", "await rank")
CODE += ("[x for x in elements]", "{x: 1 for x in elements}", "{rank}", "(rank, 1)", "rank if rank else 1", "*rank")
CODE += ("f'{rank}'", "rank.real.real()", "rank[0]", "rank[::]", "rank := 1", "import os", "del rank", "rank = 1")
CODE += ("print(rank)", "rank()", "'a'.format(rank)", "'%s' % rank", "b'a'", "r'a'", "u'a'", "...", "rank @ 2")
AMOUNTS: tuple[str, ...] = (
    "9**9**9",
    "1 << 99999",
    "'a' * 99999999",
    "10 ** 10",
    "rank // 0",
    "rank / 0",
    "rank % 0",
    "-rank",
    "~1",
)
AMOUNTS += ("1e999", "-1e999", "1e9999999999", "0x10", "0b1", "0o7", "1_000", "1j", "١", "Ⅷ", "1.2.3", "..", ".")
AMOUNTS += (
    "(" * 400 + "rank > 1" + ")" * 400,
    "not " * 240 + "rank",
    "rank > 1 or " * 90 + "rank",
    "'" + "a" * 2000,
)
SIGNS: tuple[str, ...] = (
    "rank <> 1",
    "rank === 1",
    "rank =< 1",
    "rank !> 1",
    "rank && rank",
    "rank || rank",
    "!rank",
    "rank;rank",
)
SIGNS += (
    "rank > 1 # x",
    "rank\n> 1",
    "rank\r> 1",
    "rank > 1\x00",
    "\x1b[2J",
    "\u202erank > 1",
    "rank\u00a0> 1",
    "`ls`",
)
SIGNS += (
    "$(ls)",
    "${rank}",
    "rank > $x",
    "{{rank}}",
    "<script>",
    "../../etc/passwd",
    "rank > 'a",
    'rank > "a',
    "'a''b'",
)
SIGNS += (
    "rank not 1",
    "rank in",
    "in elements",
    "not",
    "and",
    "rank and",
    "or rank",
    "rank >",
    "> rank",
    "()",
    ")(",
)
SIGNS += (
    "rank rank",
    "rank 3",
    "3 rank",
    "'a' rank",
    "rank > > 1",
    "rank > not 1",
    "not in elements",
    "true > ",
    "''",
)
MONGO = ("{'$where': 'sleep(1)'}", "$where", "'; DROP TABLE documents; --", "1; SELECT 1", "rank OR 1=1", "rank--")
HOSTILE: Final = [
    *CODE,
    *(f"{text} > 1" for text in CODE[:20]),
    *AMOUNTS,
    *(f"rank > {text}" for text in AMOUNTS[:24]),
    *SIGNS,
    *MONGO,
]
"""A hundred texts and more that want to run code, use up memory or time, or leave the language."""


@pytest.mark.parametrize("text", HOSTILE, ids=lambda text: ascii(text[:24]))
def test_a_hundred_hostile_texts_are_refused_in_one_line(text: str) -> None:
    with pytest.raises(BadInputError) as caught:
        chosen(f"rank < 0 or {text}" if text.startswith("true") else text)
    assert "\n" not in caught.value.message
    assert STEERING.search(caught.value.message) is None
    assert len(caught.value.message) < 700


def test_they_are_a_hundred() -> None:
    assert len(set(HOSTILE)) >= 100

"""YAML gives plain data and the line of every key, and nothing else."""

from __future__ import annotations

from typing import Any

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import Field

from hebe.config.model import ConfigModel
from hebe.config.reading.wording import dotted, nearest, shown, suggest
from hebe.config.reading.yamlfile import Document, Source, load_model, parse_yaml
from hebe.exceptions import BadInputError


class Inner(ConfigModel):
    size: int = Field(default=1, ge=1)
    share: float = 0.5


class Outer(ConfigModel):
    name: str
    inner: Inner = Inner()
    several: tuple[Inner, ...] = ()
    named: dict[str, Inner] = Field(default_factory=dict)


def read(text: str) -> dict[str, Any]:
    return parse_yaml(text.encode(), file="a.yaml").data


def refusal(text: str) -> BadInputError:
    with pytest.raises(BadInputError) as caught:
        load_model(Outer, parse_yaml(text.encode(), file="a.yaml"))
    return caught.value


@pytest.mark.parametrize(
    ("written", "meant"),
    [
        ("1", 1),
        ("-1", -1),
        ("+2", 2),
        ("0", 0),
        ("1.5", 1.5),
        (".5", 0.5),
        ("1e-3", 0.001),
        ("1.", 1.0),
        ("true", True),
        ("False", False),
        ("", None),
        ("~", None),
        ("null", None),
        ("No", "No"),
        ("no", "no"),
        ("on", "on"),
        ("Y", "Y"),
        ("1:30", "1:30"),
        ("1_000", "1_000"),
        ("012", "012"),
        ("0x1F", "0x1F"),
        ("2026-01-31", "2026-01-31"),
        ("1/3", "1/3"),
        ("5..6", "5..6"),
        ("1.5 R", "1.5 R"),
        ("'1'", "1"),
        ('"true"', "true"),
        ("''", ""),
        ("=", "="),
        ("[1, a, [2]]", [1, "a", [2]]),
        ("{a: 1}", {"a": 1}),
        ("|\n  two\n  lines", "two\nlines"),
    ],
)
def test_scalars_are_those_of_yaml_1_2(written: str, meant: object) -> None:
    value = read(f"key: {written}")["key"]
    assert value == meant
    assert type(value) is type(meant)


def test_nobelium_is_an_element_and_yttrium_too() -> None:
    assert list(read("{No: 1, Y: 2, N: 3, 'on': 4}")) == ["No", "Y", "N", "on"]


plain = st.recursive(
    st.none() | st.booleans() | st.integers(-(10**15), 10**15) | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_categories=["Nd"]), max_size=20),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text("abcdef", min_size=1), inner, max_size=4),
    max_leaves=20,
)  # fmt: skip


@settings(deadline=None)
@given(st.dictionaries(st.text("ghijk", min_size=1), plain, max_size=5), st.booleans())
def test_what_pyyaml_writes_is_read_back(data: dict[str, Any], flow: bool) -> None:  # noqa: FBT001 - hypothesis fills it
    text = yaml.safe_dump(data, default_flow_style=flow, sort_keys=False)
    document = parse_yaml(text.encode(), file="a.yaml", may_be_empty=True)
    assert document.data == data


@settings(deadline=None)
@given(st.binary(max_size=300))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    try:
        assert isinstance(parse_yaml(data, file="a.yaml").data, dict)
    except BadInputError as err:
        assert err.message.startswith("a.yaml")  # noqa: PT017 - both outcomes are right


@settings(deadline=None)
@given(st.text("[]{}:,-?|>&*!%#'\"\n\t ab01", max_size=60))
def test_any_punctuation_is_read_or_refused(text: str) -> None:
    try:
        assert isinstance(read(text), dict)
    except BadInputError as err:
        assert err.message.startswith("a.yaml")  # noqa: PT017 - both outcomes are right


def test_lines_are_those_of_the_keys() -> None:
    text = (
        "# comment\nname: x\n\ninner:\n  size:\n    2\nseveral:\n  - size: 1\n  -\n    size: 3\nnamed: {a: {size: 1}}\n"
    )
    source = parse_yaml(text.encode(), file="a.yaml").source
    assert source.line(("name",)) == 2
    assert source.line(("inner", "size")) == 5
    assert source.line(("several", 0, "size")) == 8
    assert source.line(("several", 1, "size")) == 10
    assert source.line(("named", "a", "size")) == 11
    assert source.line(("named", "b", "size")) == 11
    assert source.line(("absent",)) == 2
    assert Source().line(("name",)) is None


def test_the_mistake_that_stands_first_is_named() -> None:
    error = refusal("several:\n  - {size: 0}\ninner: {size: x}\nname: 1\n")
    assert (error.file, error.line, error.key) == ("a.yaml", 2, "several[0].size")
    assert error.reason == "expected at least 1, got 0 [and 2 more mistakes in this file]"


def test_names_of_keys_are_those_of_the_place() -> None:
    assert refusal("name: x\nnamed: {a: {sise: 1}}").suggestion == "did you mean size?"
    assert refusal("name: x\nseveral: [{zzz: 1}]").suggestion == "known keys: size, share"
    assert refusal("name: x\nzzz: 1").suggestion == "known keys: name, inner, several, named"


def test_a_misspelt_key_is_not_missing_as_well() -> None:
    error = refusal("nmae: x")
    assert (error.reason, error.suggestion) == ("unknown key 'nmae'", "did you mean name?")


def test_numbers_are_finite_even_as_text() -> None:
    error = refusal("name: x\ninner: {share: 'inf'}")
    assert (error.key, error.reason) == ("inner.share", "expected a finite number, got 'inf'")


def test_a_settings_file_may_be_all_comments() -> None:
    assert parse_yaml(b"# workers: 4\n", file="a.yaml", may_be_empty=True).data == {}
    assert parse_yaml(b"", file="a.yaml", may_be_empty=True).data == {}


def test_sources_never_tell_models_apart() -> None:
    assert Source("a", {(): 1}) == Source("b", {})
    assert Document({}, Source("a")) == Document({}, Source("b"))


def test_words() -> None:
    assert dotted(("stages", 0, "x", 2)) == "stages[0].x[2]"
    assert dotted(()) == ""
    assert dotted(("a\nb",)) == "a\\nb"
    assert shown("x" * 1_000_000) == f"'{'x' * 40}'... (1000000 characters)"
    assert shown(10**5000) == "a whole number of more than 40 digits"
    assert shown([1, 2]) == "a list of 2"
    assert nearest("TN", ["TM", "O"]) == "TM"
    assert nearest("LAYERED", ["layered", "drx"]) == "layered"
    assert nearest("zzz", ["layered", "drx"]) is None
    assert suggest("zzz", []) == "known: none"
    assert suggest("zzz", map(str, range(1000))).endswith("28, 29, ...")

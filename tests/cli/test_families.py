"""Families as they are listed and shown."""

from __future__ import annotations

import pytest

from hebe.config.family import family_names, load_family
from support.command import hebe

Captured = pytest.CaptureFixture[str]


def test_all_families_are_listed(capsys: Captured) -> None:
    listed = hebe(capsys, "families", "--json").json
    assert [family["name"] for family in listed] == list(family_names())
    table = hebe(capsys, "families").out
    assert all(name in table for name in family_names())


@pytest.mark.parametrize("name", family_names())
def test_a_family_is_shown_whole(name: str, capsys: Captured) -> None:
    family = load_family(name)
    assert hebe(capsys, "families", "show", name, "--json").json == family.model_dump(mode="json")
    assert hebe(capsys, "families", "--json", "show", name).json == family.model_dump(mode="json")
    text = hebe(capsys, "families", "show", name).out
    joined = " ".join(text.split())
    assert all(source in text for source in family.sources)
    assert family.checked in text
    if family.synthesis is not None:
        assert f"fired at {family.synthesis.temperature - 273.15:.0f} degC, {family.synthesis.atmosphere}" in text
        assert family.synthesis.source in text
    for sub in family.sublattices.values():
        for element in sub.species:
            assert f"{element} " in joined or f"{element}," in joined
    assert text.count("+/") >= len(family.ladder)

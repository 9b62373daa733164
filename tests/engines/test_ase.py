"""The model of an ASE calculator in the content key."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.engines.ase import ASEEngine
from hebe.exceptions import EngineError
from hebe.science.keys import canonical_json
from support import torch_spring
from support.crystals import sodium

if TYPE_CHECKING:
    from pathlib import Path


def key(factory: str, **arguments: Any) -> str:
    return canonical_json(ASEEngine(f"support.torch_spring:{factory}", arguments, "springs").settings)


@pytest.mark.parametrize("factory", ["read", "read_torch"])
def test_files_of_weights_count_by_their_content(factory: str, tmp_path: Path) -> None:
    first, other, copy = (tmp_path / name for name in ("first.pt", "other.pt", "copy.pt"))
    first.write_text("1.0", encoding="utf-8")
    other.write_text("1.5", encoding="utf-8")
    copy.write_text("1.0", encoding="utf-8")
    assert key(factory, weights=str(first)) == key(factory, weights=str(first))
    assert key(factory, weights=str(first)) == key(factory, weights=str(copy)), "where a file lies changes no number"
    assert key(factory, weights=str(first)) != key(factory, weights=str(other))
    before = key(factory, weights=str(copy))
    copy.write_text("1.25", encoding="utf-8")
    assert key(factory, weights=str(copy)) != before, "the file was written again"


def test_parameters_that_no_argument_names_enter_the_key(monkeypatch: pytest.MonkeyPatch) -> None:
    before = key("default")
    assert key("default") == before
    monkeypatch.setattr(torch_spring, "DEFAULT_DEPTH", 1.5)
    assert key("default") != before


def test_a_calculator_without_a_model_has_no_hash() -> None:
    settings = ASEEngine("support.spring_crystal:make", {}, "springs").settings
    assert "model_hash" not in settings


def test_a_calculator_that_cannot_be_made_says_so_when_asked_for_an_energy() -> None:
    engine = ASEEngine("support.torch_spring:read", {"weights": "no such file"}, "springs")
    assert "model_hash" not in engine.settings
    with pytest.raises(EngineError, match="cannot be made: FileNotFoundError"):
        engine.evaluate(sodium(4.2))


def test_the_modules_of_published_calculators_are_found() -> None:
    settings = ASEEngine("chgnet.model.dynamics:CHGNetCalculator", {"use_device": "cpu"}, "chgnet").settings
    assert len(settings["model_hash"]) == 16

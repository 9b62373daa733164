"""What tests of ABINIT share: whether it is there, cheap settings."""

from __future__ import annotations

from typing import Any

import pytest

from hebe.config.engines import EngineSpec
from hebe.engines.abinit import AbinitEngine
from hebe.engines.registry import get_engine
from hebe.exceptions import MissingDependencyError

CHEAP: dict[str, Any] = {"cutoff": 300, "k_spacing": 2.5, "k_spacing_metal": 1.3, "allow_low_cutoff": True}
"""Far from converged: for tests of what happens, not of numbers."""


def engine(preset: str = "ci", **settings: Any) -> AbinitEngine:
    """Engine of a preset with some settings changed; the test is skipped without ABINIT."""
    made = get_engine(EngineSpec.model_validate({"name": "abinit", "preset": preset, "settings": settings or None}))
    assert isinstance(made, AbinitEngine)
    try:
        made.check()
    except MissingDependencyError as err:
        pytest.skip(f"needs the package abinit: {err}")
    return made

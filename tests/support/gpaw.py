"""What tests of GPAW share: whether it is there, cheap settings."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from hebe.config.engines import EngineSpec
from hebe.engines.gpaw import GPAWEngine
from hebe.engines.gpaw.installation import find_installation
from hebe.engines.registry import get_engine
from hebe.exceptions import MissingDependencyError

if TYPE_CHECKING:
    from hebe.engines.gpaw.installation import Installation

CHEAP: dict[str, Any] = {"cutoff": 300, "k_spacing": 2.5, "k_spacing_metal": 1.3, "allow_low_cutoff": True}
"""Far from converged: for tests of what happens, not of numbers."""


def needs_gpaw() -> Installation:
    """Installation of GPAW; the test is skipped without one."""
    try:
        return find_installation()
    except MissingDependencyError as err:
        pytest.skip(f"needs the package gpaw: {err}")


def engine(preset: str = "ci", **settings: Any) -> GPAWEngine:
    """Engine of a preset with some settings changed."""
    needs_gpaw()
    made = get_engine(EngineSpec.model_validate({"name": "gpaw", "preset": preset, "settings": settings or None}))
    assert isinstance(made, GPAWEngine)
    return made

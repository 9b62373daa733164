"""What tests of GPAW share: whether it is there, cheap settings, small cells."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engine import EngineSpec
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


def lithium(a: float = 3.44) -> Structure:
    """Primitive cell of body-centred lithium."""
    return Structure(Lattice(a / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Li"], [[0, 0, 0]])


def two_lithium(shift: float = 0.15, a: float = 3.44) -> Structure:
    """Cubic cell of lithium with its second atom off the centre by `shift` (A) along each axis."""
    return Structure(Lattice.cubic(a), ["Li", "Li"], np.array([[0, 0, 0], 3 * [0.5 + shift / a]]))


def delithiable(c: float, *, lithium: bool) -> Structure:
    """Primitive cell of O3-LiCoO2 or of its empty host; a = 2.816 A, Co at 0, z of O 0.2605."""
    elements, sites = ["Co", "O"], [[0.0, 0, 0], [0, 0, 0.2605]]
    if lithium:
        elements, sites = [*elements, "Li"], [*sites, [0, 0, 0.5]]
    return Structure.from_spacegroup("R-3m", Lattice.hexagonal(2.816, c), elements, sites).get_primitive_structure()

"""Filters at their bounds: a composition that lies exactly on one passes."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any, Final

import pytest
import yaml

from hebe.config.campaign import Campaign, Filters
from hebe.science.chemistry.filtering import predicates
from hebe.science.chemistry.screening import screen

if TYPE_CHECKING:
    from hebe.science.chemistry.candidate import Candidate

FOUR: Final = """
name: bounds
host:
  family: layered-o3
  working_ion: Na
  sublattices: {TM: {species: {Ni: [2], Fe: [3], Mn: [4], Co: [3]}}}
select: {method: explicit, formulas: [NaNi1/4Fe1/4Mn1/4Co1/4O2]}
stages: [{engine: chgnet, x: [0]}]
"""
STEP: Final = 1e-6


def candidate() -> Candidate:
    """Four ions in equal amounts: ln 4 R."""
    return screen(Campaign.model_validate(yaml.safe_load(FOUR))).selected[0]


def passes(name: str, **bounds: float) -> bool:
    filters: dict[str, Any] = {name: bounds}
    return predicates(Filters.model_validate(filters))[name](candidate())


def test_entropy_at_its_bounds() -> None:
    value = math.log(4)
    assert passes("entropy", min=value)
    assert passes("entropy", max=value)
    assert passes("entropy", min=value, max=value)
    assert not passes("entropy", min=value + STEP)
    assert not passes("entropy", max=value - STEP)


def test_size_mismatch_at_its_bounds() -> None:
    """By hand from Shannon's six-fold radii: 0.69, 0.645, 0.53 and, for low-spin Co3+, 0.545 A."""
    radii = (0.69, 0.645, 0.53, 0.545)
    mean = sum(radii) / 4
    value = math.sqrt(sum((1 - r / mean) ** 2 for r in radii) / 4)
    assert candidate().descriptors["size_mismatch"] == pytest.approx(value, abs=1e-9)
    assert passes("size_mismatch", max=value)
    assert passes("size_mismatch", min=value)
    assert not passes("size_mismatch", max=value - STEP)
    assert not passes("size_mismatch", min=value + STEP)

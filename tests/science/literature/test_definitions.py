"""Exact figures that take no material."""

from __future__ import annotations

import math

import pytest

from hebe.science.literature.definitions import defined_figure
from hebe.science.literature.figures import reproduces
from hebe.science.literature.system import load_targets

ROUNDED = {"const-si", "const-pba"}
"""Capacities that are printed with fewer digits than they have."""


def test_figures_of_definitions_are_reproduced_to_their_digits() -> None:
    found = {target: defined_figure(target.target_id) for target in load_targets()}
    values = {target: value for target, value in found.items() if value is not None}
    assert len(values) == 16
    assert {one.target_id for one, value in values.items() if not reproduces(one, value)} == ROUNDED
    assert all(target.level == "E" for target in values)


def test_the_largest_majority_has_the_entropy_of_the_threshold() -> None:
    share = defined_figure("def-major")
    assert share is not None
    entropy = -share * math.log(share) - (1 - share) * math.log((1 - share) / 4)
    assert entropy == pytest.approx(1.5)


def test_what_takes_a_material_is_no_definition() -> None:
    assert defined_figure("ent-na-o3-heo9") is None

"""Measured numbers beside computed rows."""

from __future__ import annotations

from fractions import Fraction
from typing import Any

import pytest

from hebe.science.literature.compared import mean_voltage, measured_line
from hebe.science.literature.experiments import Measured, load_measured
from hebe.science.literature.system import load_systems

PROFILE = [
    {"x_high": 1.0, "x_low": 2 / 3, "voltage_V": 3.0},
    {"x_high": 2 / 3, "x_low": 1 / 3, "voltage_V": 3.6},
]


def measured(name: str) -> Measured:
    return next(one for one in load_measured() if one.name == name)


def row(**given: Any) -> dict[str, Any]:
    plain = {"energy_scale": "chgnet-0.3.0/MP2020", "problem": None, "voltage_profile": PROFILE, "x_states": []}
    return {**plain, "cell": {"a": 2.84, "c": 14.6}, "volume_A3_per_fu": 33.0, **given}


def test_a_voltage_is_that_of_the_window_measured() -> None:
    assert mean_voltage(PROFILE, Fraction(1), Fraction(1, 2)) == pytest.approx((3.0 / 3 + 3.6 / 6) / 0.5)
    assert mean_voltage(PROFILE, Fraction(1), Fraction(1, 3)) == pytest.approx(3.3)
    assert mean_voltage(PROFILE, Fraction(1), Fraction(0)) is None
    assert mean_voltage([], Fraction(1), Fraction(1, 2)) is None


def test_an_edge_may_be_off_by_a_third_of_the_error_of_volumes() -> None:
    """CHGNet 0.3.0, hosts of lithium: 5.1 % of the volume."""
    near = measured_line(measured("measured-li-o3-lco-a"), {"li-o3-lco": row()})
    assert near.verdict == "reproduced"
    assert near.allowed == pytest.approx(2.8156 * 0.051 / 3)
    far = measured_line(measured("measured-li-o3-lco-c"), {"li-o3-lco": row()})
    assert far.error == pytest.approx(14.6 - 14.0542)
    assert far.verdict == "off by +0.546 angstrom"


def test_a_change_of_volume_is_signed_and_takes_cells_of_the_host_alone() -> None:
    states = [
        {"x": 3.0, "volume_A3_per_fu": 240.0, "left": False},
        {"x": 1.0, "volume_A3_per_fu": 222.0, "left": False},
    ]
    one = measured("measured-nas-na-nvp-volume-change")
    assert measured_line(one, {"nas-na-nvp": row(x_states=states)}).computed == pytest.approx(-7.5)
    states[1]["left"] = True
    assert measured_line(one, {"nas-na-nvp": row(x_states=states)}).verdict.startswith("cannot: ")


def test_what_has_no_cell_says_why() -> None:
    one = measured("measured-sf-na-mos2-c")
    assert measured_line(one, {}).verdict == "cannot: the material was not computed"
    assert measured_line(one, {"sf-na-mos2": row(cell={}, problem="it broke")}).verdict == "cannot: it broke"


def test_measured_numbers_are_of_the_table_and_say_where_they_are_from() -> None:
    found = load_measured()
    assert {one.system_id for one in found} <= set(load_systems())
    assert len({one.name for one in found}) == len(found)
    assert all(one.source and one.note and one.value for one in found)
    assert all((one.x_high is None) == (one.x_low is None) for one in found)

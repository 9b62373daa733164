"""Computed beside measured: differences, and what is made of them."""

from __future__ import annotations

from fractions import Fraction

import pytest

from hebe.science.errors.measured_error import Computed, deviation, strains, voltages, volumes
from hebe.science.errors.measured_host import measured_hosts

LITHIUM_IRON_PHOSPHATE = next(host for host in measured_hosts() if host.formula == "LiFePO4")


def test_root_mean_square_is_about_zero_and_holds_the_mean() -> None:
    found = deviation([3.0, -1.0, -2.0, 4.0])
    assert (found.mean, found.n) == (1.0, 4)
    spread = sum((d - found.mean) ** 2 for d in (3.0, -1.0, -2.0, 4.0)) / 4
    assert found.rms**2 == pytest.approx(found.mean**2 + spread)
    assert found.rms == pytest.approx(7.5**0.5)
    with pytest.raises(ValueError, match="no differences"):
        deviation([])


def test_a_host_that_is_computed_as_measured_has_no_error() -> None:
    host, metal = LITHIUM_IRON_PHOSPHATE, -1.9
    full, empty = host.states[0].volume or 0.0, host.states[1].volume or 0.0
    computed = {
        Fraction(1): Computed(metal - host.voltages[0].value - 50.0, full),
        Fraction(0): Computed(-50.0, empty),
    }
    assert voltages(host, computed, metal)[0].difference == pytest.approx(0)
    assert [row.difference for row in volumes(host, computed)] == pytest.approx([0, 0])
    assert strains(host, computed)[0].difference == pytest.approx(0)


def test_a_common_factor_of_all_volumes_leaves_the_strain_right() -> None:
    host = LITHIUM_IRON_PHOSPHATE
    computed = {state.x: Computed(0.0, 1.04 * (state.volume or 0.0)) for state in host.states}
    assert [row.difference for row in volumes(host, computed)] == pytest.approx([0.04, 0.04])
    assert strains(host, computed)[0].difference == pytest.approx(0)
    assert strains(host, computed)[0].computed == pytest.approx(67.93 / 72.84 - 1)


def test_a_host_without_a_volume_as_made_has_no_strain() -> None:
    host = next(host for host in measured_hosts() if host.states[0].volume is None)
    assert strains(host, {state.x: Computed(0.0, 100.0) for state in host.states}) == []

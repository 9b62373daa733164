"""Hosts with measured values: data with sources."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction

import pytest
from pydantic import ValidationError
from pymatgen.core import Composition

from hebe.science.errors.measured_host import MeasuredHost, MeasuredState, MeasuredVoltage, measured_hosts

BY_FORMULA = {host.formula: host for host in measured_hosts()}


def test_there_are_enough_hosts_of_each_ion() -> None:
    voltages = Counter(host.working_ion for host in measured_hosts() if host.voltages)
    assert voltages["Li"] >= 12
    assert voltages["Na"] >= 10
    assert voltages["K"] >= 4
    assert len(BY_FORMULA) == len(measured_hosts())


def test_every_value_has_a_source_with_a_year() -> None:
    sources = [v.source for host in measured_hosts() for v in host.voltages]
    sources += [s.source or "" for host in measured_hosts() for s in host.states if s.volume is not None]
    assert all(source.split("(")[-1][:4].isdigit() for source in sources)


def test_average_voltages_lie_where_electrodes_of_the_ion_do() -> None:
    for host in measured_hosts():
        assert all(0.5 < voltage.value < 5.3 for voltage in host.voltages)


@pytest.mark.parametrize("host", measured_hosts(), ids=lambda host: host.formula)
def test_the_first_state_is_that_of_the_formula(host: MeasuredHost) -> None:
    written = Composition(host.formula)[host.working_ion]
    assert float(host.states[0].x) == pytest.approx(written, abs=1e-3)


def test_values_without_source_or_state_are_refused() -> None:
    with pytest.raises(ValidationError, match="needs a source"):
        MeasuredState(x=Fraction(1), volume=30.0)
    with pytest.raises(ValidationError, match="must fall"):
        MeasuredVoltage(x_high=Fraction(0), x_low=Fraction(1), value=3.0, source="made up (2020)")
    known = BY_FORMULA["LiCoO2"].model_dump()
    with pytest.raises(ValidationError, match="not among its states"):
        MeasuredHost.model_validate({**known, "states": known["states"][:1]})

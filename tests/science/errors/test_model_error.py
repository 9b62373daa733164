"""Documented errors of engines: data, and the tables in the documentation that they come from."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pytest
from pydantic import ValidationError

from hebe.engines.registry import get_engine
from hebe.science.errors.measured_error import deviation, voltages
from hebe.science.errors.measured_host import MeasuredHost, measured_hosts
from hebe.science.errors.model_error import (
    Deviations,
    documented_error,
    model_errors,
    strain_error,
    voltage_error,
    volume_error,
)

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import ModuleType

ROOT = Path(__file__).parents[3]
DOCS = ROOT / "docs" / "science.md"
SCALE = "chgnet-0.3.0/MP2020"
_ROW = re.compile(r"^\| (Li\S+) \| (\d+) \| (-?[\d.]+) \| (-?[\d.]+) \| ([+-][\d.]+) \|", re.MULTILINE)
_NUMBER = r"([+-]?[\d.]+)"
_HOST_ROW = re.compile(
    rf"^\| (\S+) \| ([^|]+) \| ([\d/]+(?: to [\d/]+)?) \| {_NUMBER} \| {_NUMBER} \| {_NUMBER} \| ([^|]+) \|$",
    re.MULTILINE,
)


class Row(NamedTuple):
    """One row of a table of hosts in the documentation; differences in V, or as a fraction."""

    formula: str
    x: str
    measured: float
    computed: float
    difference: float


def table(quantity: str) -> list[Row]:
    """Rows of the table of a quantity."""
    text = DOCS.read_text(encoding="utf-8")
    part = text.split(f"| measured {quantity} |")[1].split("\n\n")[0]
    scale = 1.0 if quantity == "voltage" else 100.0
    return [
        Row(formula, x, float(measured), float(computed), float(difference) / scale)
        for formula, _, x, measured, computed, difference, _ in _HOST_ROW.findall(part)
    ]


def ion_of(formula: str) -> str:
    """Working ion of a host."""
    return next(host.working_ion for host in measured_hosts() if host.formula == formula)


def test_the_error_of_chgnet_is_the_root_mean_square_of_the_table() -> None:
    rows = [(float(a), float(b), float(d)) for _, _, a, b, d in _ROW.findall(DOCS.read_text(encoding="utf-8"))]
    found = model_errors()[get_engine("chgnet").energy_scale]
    assert len(rows) == found.n == 10
    assert all(a - b == pytest.approx(d, abs=0.11) for a, b, d in rows)
    rms = (sum(d**2 for *_, d in rows) / len(rows)) ** 0.5
    assert 1000 * (found.mixing_error or 0) == pytest.approx(rms, abs=0.2)


def test_an_engine_that_was_not_measured_has_none() -> None:
    assert documented_error("springs") is None
    assert documented_error(None) is None


def test_nothing_measured_gives_none() -> None:
    for accessor in (voltage_error, volume_error, strain_error):
        assert accessor("springs", "Li") is None
        assert accessor(None, None) is None
        assert accessor(SCALE, "Mg") is None
        assert accessor(SCALE, None) is None
    assert strain_error(SCALE, "K") is None


@pytest.mark.parametrize(
    ("quantity", "rounding", "accessor"),
    [("voltage", 0.01, voltage_error), ("volume", 0.001, volume_error), ("strain", 0.001, strain_error)],
)
def test_stored_errors_are_those_of_the_table(
    quantity: str, rounding: float, accessor: Callable[[str | None, str | None], float | None]
) -> None:
    rows = table(quantity)
    for ion, errors in model_errors()[SCALE].hosts.items():
        differences = [row.difference for row in rows if ion_of(row.formula) == ion]
        stored: Deviations | None = getattr(errors, quantity)
        if stored is None:
            assert not differences
            continue
        found = deviation(differences)
        assert found.n == stored.n
        assert found.rms == pytest.approx(stored.rms, abs=1.1 * rounding)
        assert found.mean == pytest.approx(stored.mean, abs=1.1 * rounding)
        assert accessor(SCALE, ion) == stored.rms


def test_every_measured_value_is_in_the_tables_with_its_difference() -> None:
    hosts = measured_hosts()
    expected = {(h.formula, f"{v.x_high} to {v.x_low}"): v.value for h in hosts for v in h.voltages}
    rows = table("voltage")
    assert {(row.formula, row.x): row.measured for row in rows} == pytest.approx(expected, abs=0.006)
    assert all(row.computed - row.measured == pytest.approx(row.difference, abs=0.016) for row in rows)
    expected = {(h.formula, str(s.x)): s.volume for h in hosts for s in h.states if s.volume is not None}
    rows = table("volume")
    assert {(row.formula, row.x): row.measured for row in rows} == pytest.approx(expected, abs=0.006)
    assert all(row.computed / row.measured - 1 == pytest.approx(row.difference, abs=0.0011) for row in rows)


def test_strains_follow_from_the_volumes_of_the_table() -> None:
    volume = {(row.formula, row.x): row for row in table("volume")}
    rows = table("strain")
    for row in rows:
        made, other = (volume[row.formula, x] for x in row.x.split(" to "))
        assert row.measured == pytest.approx(100 * (other.measured / made.measured - 1), abs=0.05)
        assert row.computed == pytest.approx(100 * (other.computed / made.computed - 1), abs=0.05)
    assert len(rows) == len([host for host, _ in volume]) - len({host for host, _ in volume})


def test_layered_oxides_have_the_error_that_the_text_states() -> None:
    kinds = {host.formula: host for host in measured_hosts()}
    rows = {row.formula: row for row in table("voltage")}
    layered = [
        row.difference
        for row in rows.values()
        if "layered" in kinds[row.formula].kind and "S" not in row.formula and ion_of(row.formula) in ("Li", "Na")
    ]
    found = deviation(layered)
    text = DOCS.read_text(encoding="utf-8")
    assert (
        f"they\nare {-found.mean:.2f} V too low in the mean (root mean square {found.rms:.2f}, {found.n} hosts)" in text
    )
    assert rows["LiNiO2"].computed > rows["LiCoO2"].computed
    assert rows["LiNiO2"].measured < rows["LiCoO2"].measured


def test_a_root_mean_square_below_the_mean_is_refused() -> None:
    with pytest.raises(ValidationError, match="smaller than the mean"):
        Deviations(rms=0.2, mean=-0.3, n=4, source="made up")


def benchmark() -> ModuleType:
    """The script that made the tables."""
    spec = importlib.util.spec_from_file_location("measured_hosts_script", ROOT / "benchmarks" / "measured_hosts.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def computed_again(script: ModuleType, host: MeasuredHost) -> float:
    """Voltage (V) of a host as the script computes it."""
    engine = get_engine("chgnet")
    states = {state.x: script.compute(engine, host, state.x) for state in host.states}
    return voltages(host, states, script.metal_energy(engine, host.working_ion))[0].computed


@pytest.mark.slow
def test_two_hosts_computed_again_give_the_voltages_of_the_table() -> None:
    pytest.importorskip("chgnet", reason="needs the package chgnet")
    script, rows = benchmark(), {row.formula: row for row in table("voltage")}
    for host in measured_hosts():
        if host.formula in ("LiCoO2", "NaFeO2"):
            assert computed_again(script, host) == pytest.approx(rows[host.formula].computed, abs=0.02)

"""The cost that is said beforehand, against what was measured."""

from __future__ import annotations

import json
import statistics
from fractions import Fraction
from math import log
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from hebe.config.engines import EngineBlock
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import member_spec
from hebe.science.errors.static_cost import cell_cost, outer_electrons, spins_in_doubt, static_cost

if TYPE_CHECKING:
    from hebe.schemas.spec import MemberSpec

RECORDS = Path(__file__).parents[3] / "benchmarks" / "mixing_records.jsonl"
OPEN = {"Fe", "Co", "Ni", "Mn", "Cu"}


def gpaw(**settings: object) -> EngineBlock:
    return EngineBlock.model_validate({"name": "gpaw", "preset": "screen", "settings": settings or None})


MEASURED = gpaw(cutoff=500, k_spacing=0.6)


def oxide(ions: dict[str, Fraction], ion: str = "Na") -> MemberSpec:
    split = {Ion.parse(name): n for name, n in ions.items()}
    fractions = {one.element: n for one, n in split.items()}
    composition = HostComposition("layered-o3", ion, Fraction(1), {"TM": fractions})
    states = {one.element: (one.charge,) for one in split}
    return member_spec(composition, {"TM": split}, "TM", {"TM": states})


def test_measured_cells_lie_within_a_factor_of_three() -> None:
    ratios = []
    for line in RECORDS.read_text().splitlines():
        record = json.loads(line)["record"]
        for found in record.get("gpaw", {}).values():
            symbols = record["geometries"]["chgnet-0.3.0"]["species"]
            amounts = {symbol: symbols.count(symbol) for symbol in set(symbols)}
            if len(OPEN & set(symbols)) < 2:
                ratios.append(found["cpu_s"] / cell_cost(amounts, len(OPEN & set(symbols)), MEASURED))
    assert len(ratios) >= 19
    assert abs(statistics.fmean(map(log, ratios))) < log(1.5)
    assert max(map(abs, map(log, ratios))) < log(3)


@pytest.mark.parametrize(("other", "seconds"), [("Ti4+", 96), ("Mn4+", 264)])
def test_spin_polarised_cells_of_eight_atoms(other: str, seconds: float) -> None:
    half = Fraction(1, 2)
    assert static_cost(oxide({"Ni2+": half, other: half}), MEASURED) == pytest.approx(seconds, rel=0.6)


def test_spin_off_costs_half_and_finer_settings_more() -> None:
    half = Fraction(1, 2)
    spec = oxide({"Ni2+": half, "Ti4+": half})
    cost = static_cost(spec, MEASURED)
    assert static_cost(spec, gpaw(cutoff=500, k_spacing=0.6, spin="off")) == pytest.approx(cost / 2)
    assert static_cost(spec, gpaw(cutoff=500, k_spacing=0.3)) == pytest.approx(8 * cost)
    assert static_cost(spec, gpaw(cutoff=2000, k_spacing=0.6)) == pytest.approx(8 * cost)
    assert static_cost(spec, EngineBlock.model_validate("chgnet")) < 1
    assert static_cost(spec, EngineBlock.model_validate("vasp")) == pytest.approx(cost)


@pytest.mark.parametrize(
    ("symbol", "n"), [("O", 6), ("Na", 1), ("Mg", 2), ("Ti", 4), ("Zn", 2), ("Cu", 11), ("Ga", 3), ("Al", 3)]
)
def test_electrons_outside_the_core(symbol: str, n: int) -> None:
    assert outer_electrons(symbol) == n


def test_two_spin_states_are_tried_where_the_family_says_low_spin() -> None:
    half = Fraction(1, 2)
    cobalt, iron = oxide({"Co3+": half, "Al3+": half}, "Li"), oxide({"Fe3+": half, "Al3+": half}, "Li")
    assert spins_in_doubt(cobalt, gpaw())
    assert not spins_in_doubt(cobalt, gpaw(spin="off"))
    assert not spins_in_doubt(iron, gpaw())
    assert not spins_in_doubt(cobalt, EngineBlock.model_validate({"ase": "a:b", "energy_scale": "s"}))

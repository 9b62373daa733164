"""Values of kinetic Monte Carlo: logarithms at 300 K, why there are none, and the mark of filled hops."""

from __future__ import annotations

from typing import Any

import pytest

from hebe.analyses.kinetics import ANALYSIS, KineticsSpec
from hebe.schemas.kinetics import KineticsDoc

QUANTITIES = {quantity.name: quantity for quantity in ANALYSIS.quantities}
ROOM = {"temperature_K": 300.0}


def found(*points: dict[str, Any], **fields: Any) -> KineticsDoc:
    return KineticsDoc.model_validate({"points": points, **fields})


def test_values_at_300_k_are_decimal_logarithms() -> None:
    told = {**ROOM, "tracer_cm2_per_s": 1e-9, "conductivity_S_per_cm": 1e-4}
    result = found({"temperature_K": 400.0, "tracer_cm2_per_s": 1.0}, told, activation_eV=0.3)
    assert QUANTITIES["log10_hopping_diffusion_300K"].read(result) == pytest.approx(-9)
    assert QUANTITIES["log10_hopping_conductivity_300K"].read(result) == pytest.approx(-4)
    assert QUANTITIES["hopping_activation_energy"].read(result) == 0.3


@pytest.mark.parametrize(
    ("points", "said"),
    [
        ([{"temperature_K": 400.0, "tracer_cm2_per_s": 1e-9}], "300 K is not among the temperatures"),
        ([{**ROOM, "bound_cm2_per_s": 1.2e-15}], "ions hardly get away from their sites at 300 K: below 1.2e-15 cm2/s"),
        ([{**ROOM, "tracer_cm2_per_s": 1e-9}], "the errors at 300 K are as large as the value"),
        ([{**ROOM, "tracer_cm2_per_s": 0.0, "conductivity_S_per_cm": 0.0}], None),
        ([], None),
    ],
)
def test_why_there_is_no_value_is_said(points: list[dict[str, Any]], said: str | None) -> None:
    """Where ions do not move at all, or there is nothing, the last warning says why."""
    quantity = QUANTITIES["log10_hopping_conductivity_300K"]
    assert quantity.read(found(*points)) is None
    assert quantity.why_null is not None
    assert quantity.why_null(found(*points)) == said


def test_filled_hops_are_marked_where_most_jumps_go_over_them() -> None:
    (mark,) = ANALYSIS.marks
    assert mark.holds(found({**ROOM, "filled_jumps": 0.6}), None)  # type: ignore[arg-type]
    assert not mark.holds(found({**ROOM, "filled_jumps": 0.4}), None)  # type: ignore[arg-type]


def test_hops_are_those_of_barriers_with_the_same_options() -> None:
    from hebe.analyses.barriers import ANALYSIS as BARRIERS
    from hebe.analyses.barriers import BarriersSpec

    options = {"n": 7, "images": 7, "fmax": 0.03, "seed": 3, "vacancies": 2}
    both = ANALYSIS.wants(KineticsSpec(**options), None), BARRIERS.wants(BarriersSpec(**options), None)  # type: ignore[arg-type]
    assert both[0] == both[1]

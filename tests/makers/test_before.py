"""Jobs that were put on a LaunchPad before analyses had one maker still run to the end."""

from __future__ import annotations

from typing import Any

from hebe.analyses import Given, NoOptions
from hebe.analyses.given import Cell
from hebe.analyses.registry import get_analysis
from hebe.makers.candidate import CandidateMaker
from hebe.makers.strain import StrainMaker
from hebe.makers.voltage import VoltageMaker
from support.insertion_states import METAL, inputs, spec, state


def made_by(maker: Any, *arguments: Any) -> Any:
    """What the job of a maker returns."""
    return maker.make.original(maker, *arguments)


def test_voltages_strains_and_candidates_of_then_are_those_of_now() -> None:
    made, empty = state(1, -24.0, 40.0, label="c0/x1"), state(0, -19.0, 37.0, label="c0/x0")
    given = inputs(made, empty)
    arguments = (spec(), given.n_fu, made, list(given.states), list(given.orderings))
    window: dict[str, Any] = {"window": (0.0, 1.0)}
    voltage = made_by(VoltageMaker(**window), *arguments, METAL)
    strain = made_by(StrainMaker(**window), *arguments)
    maker = CandidateMaker(campaign="c", analyses=["voltage", "volume_strain"], **window)
    then = made_by(maker, spec(), [made, empty], [made], [voltage], [strain], None)
    cell = Cell(n_fu=given.n_fu, made=made, states=given.states, orderings=given.orderings)
    known = Given([cell], window=(0.0, 1.0), metal=METAL)
    results = {name: [get_analysis(name).analyse(NoOptions(), spec(), known)] for name in ("voltage", "volume_strain")}
    now = made_by(maker, spec(), [made, empty], [made], results)
    assert then.status == now.status == "complete"
    for name in ("average_voltage", "max_volume_strain", "max_delta_volume"):
        assert then.values[name] == now.values[name]
        assert then.mean(name) is not None

"""Jobs that were put on a LaunchPad before analyses had one maker still run to the end."""

from __future__ import annotations

from importlib import import_module
from typing import Any

import pytest
from monty.json import MontyDecoder

from hebe.analyses import Given, NoOptions
from hebe.analyses.given import Cell
from hebe.analyses.registry import get_analysis
from hebe.makers.candidate import CandidateMaker
from hebe.makers.strain import StrainMaker
from hebe.makers.voltage import VoltageMaker
from support.insertion_states import METAL, inputs, spec, state

STORED: dict[tuple[str, str], tuple[str, ...]] = {
    ("build", "BuildMaker"): ("n_sites", "name", "seed", "shells"),
    ("order", "OrderMaker"): ("keep", "n_random", "name", "removal", "seed"),
    ("relax", "RelaxMaker"): ("accept", "cell", "displacement", "engine", "family", "host", "ion", "member", "origin"),
    ("static", "StaticMaker"): ("accept", "displacement", "engine", "family", "host", "ion", "member", "origin"),
    ("vibrations", "VibrationMaker"): ("displacement", "engine", "supercell"),
    ("voltage", "VoltageMaker"): ("accept", "window"),
    ("strain", "StrainMaker"): ("accept", "window"),
    ("mixing", "MixingMaker"): ("accept", "model_error", "temperatures"),
    ("candidate", "CandidateMaker"): ("accept", "analyses", "campaign", "stage", "window"),
    ("promote", "PromoteMaker"): ("analyses", "campaign", "following", "keep", "rank", "stage"),
    ("agree", "AgreeMaker"): ("campaign", "stage"),
}
"""Makers by module and class as LaunchPads hold them, with the fields that are stored."""


@pytest.mark.parametrize(("place", "names"), STORED.items())
def test_stored_makers_are_read(place: tuple[str, str], names: tuple[str, ...]) -> None:
    module, name = place
    now = getattr(import_module(f"hebe.makers.{module}"), name)()
    stored = {key: value for key, value in now.as_dict().items() if key.startswith("@") or key in names}
    assert set(names) <= set(stored)
    read = MontyDecoder().process_decoded(stored)
    assert (type(read), read.as_dict()) == (type(now), now.as_dict())


def test_the_flow_of_a_later_stage_is_made_by_the_class_that_is_stored() -> None:
    stored = {"@module": "hebe.flows.following", "@class": "StageFlowMaker", "campaign": {"name": "c"}, "stage": 1}
    read = MontyDecoder().process_decoded(stored)
    assert (type(read).__name__, read.stage) == ("StageFlowMaker", 1)


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

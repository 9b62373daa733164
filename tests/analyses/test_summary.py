"""A candidate from its parts: means and spreads, what left the host, marks, and who is ranked."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import pytest

from hebe.analyses import Given, NoOptions
from hebe.analyses.given import Cell
from hebe.analyses.registry import get_analysis
from hebe.analyses.summary import CandidateParts, summarise
from hebe.science.chemistry.candidate import FARADAY_MAH
from hebe.science.chemistry.member import composition_of
from hebe.science.choosing.ranking import Objective, rank
from support.insertion_states import METAL, inputs, spec, state

if TYPE_CHECKING:
    from hebe.schemas.calculation import CalculationDoc
    from hebe.schemas.candidate import CandidateDoc
    from hebe.schemas.result import ResultDoc

WINDOW = (0.0, 1.0)
ASKED = ["voltage", "volume_strain"]
MOLAR_MASS = 22.98977 + (58.6934 + 54.938045) / 2 + 2 * 15.9994
"""g/mol of NaNi1/2Mn1/2O2."""


def configuration(
    number: int, empty: float, volume: float, topology: str = "host", *, made: str = "host"
) -> tuple[CalculationDoc, CalculationDoc]:
    """As-made and emptied cell of one configuration."""
    full = state(1, -24.0 - 0.01 * number, 40.0, made, label=f"c{number}/x1")
    return full, state(0, empty, volume, topology, label=f"c{number}/x0")


def summary(
    *configurations: tuple[CalculationDoc, CalculationDoc],
    accept: tuple[str, ...] = (),
    window: tuple[float, float] = WINDOW,
    redox: float | None = None,
) -> CandidateDoc:
    member = spec().model_copy(update={"descriptors": {"capacity_redox_mAh_g": redox}})
    results: dict[str, list[ResultDoc | None]] = {name: [] for name in ASKED}
    for made, empty in configurations:
        one = inputs(made, empty, accept=accept)
        cell = Cell(n_fu=one.n_fu, made=made, states=one.states, orderings=one.orderings)
        given = Given([cell], window=window, accept=accept, metal=METAL)
        for name in ASKED:
            results[name].append(get_analysis(name).analyse(NoOptions(), member, given))
    calculations = [one for pair in configurations for one in pair]
    parts = CandidateParts(member, calculations, [made for made, _ in configurations], results, accept)
    return summarise(parts, "campaign", 0, ASKED)


def test_means_are_those_of_the_configurations_with_their_sign_and_number() -> None:
    found = summary(configuration(0, -19.0, 37.0), configuration(1, -19.2, 38.0))
    voltages = (24.0 - 19.0 - 1.3, 24.01 - 19.2 - 1.3)
    assert found.mean("average_voltage") == pytest.approx(sum(voltages) / 2)
    assert found.values["average_voltage"].sd_configurations == pytest.approx(
        (voltages[0] - voltages[1]) / math.sqrt(2)
    )
    assert found.mean("max_volume_strain") == pytest.approx((3 / 40 + 2 / 40) / 2)
    assert found.values["max_volume_strain"].signed == pytest.approx(-(3 / 40 + 2 / 40) / 2)
    assert [found.values[name].n for name in ("average_voltage", "max_volume_strain")] == [2, 2]
    assert (found.n_configurations, found.configuration) == (2, "c1/x1"), "the lower one is shown"
    assert (found.status, found.states_left) == ("complete", [])


def test_a_state_that_left_is_named_marked_and_out_of_the_means() -> None:
    found = summary(configuration(0, -19.0, 37.0), configuration(1, -19.5, 55.0, "delaminated"))
    assert found.mean("average_voltage") == pytest.approx(24.0 - 19.0 - 1.3)
    assert (found.values["average_voltage"].sd_configurations, found.values["average_voltage"].n) == (None, 1)
    assert found.mean("max_volume_strain") == pytest.approx(3 / 40)
    assert found.states_left == ["x = 0: delaminated"]
    assert "left-host" in found.marks


def test_a_candidate_whose_end_left_has_no_value_is_partial_and_has_no_rank() -> None:
    gone = summary(configuration(0, -19.5, 55.0, "delaminated"))
    assert (gone.mean("average_voltage"), gone.mean("max_volume_strain")) == (None, None)
    assert gone.values["max_volume_strain"].signed is None
    assert (gone.values["average_voltage"].error, gone.values["max_volume_strain"].error) == (None, None)
    assert gone.status == "partial"
    assert any("no average voltage" in warning for warning in gone.warnings)
    stays = summary(configuration(0, -19.0, 37.0))
    documents = [one.model_copy(update={"candidate_id": str(i)}) for i, one in enumerate((gone, stays))]
    wanted = [Objective("average_voltage", maximize=True), Objective("max_volume_strain", maximize=False)]
    assert rank(documents, wanted) == [None, 1]


def test_what_is_accepted_is_ranked() -> None:
    found = summary(configuration(0, -19.5, 55.0, "delaminated"), accept=("delaminated",))
    assert found.mean("max_volume_strain") == found.values["max_volume_strain"].signed == pytest.approx(15 / 40)
    assert (found.status, found.states_left) == ("complete", [])
    assert "left-host" not in found.marks
    assert rank([found], [Objective("max_volume_strain", maximize=False)]) == [1]


def test_an_as_made_cell_that_left_is_no_configuration_of_the_candidate() -> None:
    """Also where it is the lowest."""
    found = summary(configuration(0, -19.0, 37.0), configuration(9, -19.0, 30.0, made="migrated"))
    assert (found.n_configurations, found.configuration) == (1, "c0/x1")
    assert found.states_left[0] == "as made: migrated"
    lost = summary(configuration(0, -19.0, 37.0, made="migrated"))
    assert (lost.status, lost.n_configurations) == ("failed", 0)
    assert lost.error is not None
    assert lost.error.message == "no as-made energy: the host was left (as made: migrated)"


def test_a_window_that_needs_more_electrons_than_there_are_is_marked_and_said() -> None:
    """Half an electron per formula unit is one of each Ni2+: 26801.48 x 0.5 / 111.80 = 119.9 mAh/g."""
    redox = FARADAY_MAH * 0.5 / composition_of(spec()).molar_mass
    assert redox == pytest.approx(26801.48 * 0.5 / MOLAR_MASS, rel=1e-5)
    fits = summary(configuration(0, -19.0, 37.0), window=(0.5, 1.0), redox=redox)
    assert fits.mean("capacity_window") == pytest.approx(redox)
    assert fits.values["capacity_window"].sd_configurations is None, "it follows from the composition"
    assert "electrons" not in fits.marks
    assert not any(warning.startswith("the window takes") for warning in fits.warnings)
    more = summary(configuration(0, -19.0, 37.0), window=(0.4999, 1.0), redox=redox)
    assert "electrons" in more.marks
    whole = summary(configuration(0, -19.0, 37.0), redox=redox)
    text = "the window takes 239.7 mAh/g, more than the 119.9 that the electrons of the cations give"
    assert text in whole.warnings


def test_spreads_over_starts_are_root_mean_squares_over_configurations() -> None:
    def with_starts(number: int, spread: float) -> tuple[CalculationDoc, CalculationDoc]:
        starts = ((-24.0, 40.0), (-24.0 + spread, 40.0))
        return state(1, -24.0, 40.0, starts=starts, label=f"c{number}"), state(0, -19.0, 37.0)

    found = summary(with_starts(0, 0.03), with_starts(1, 0.04))
    assert found.values["average_voltage"].sd_starts == pytest.approx(math.sqrt((0.03**2 + 0.04**2) / 2) / math.sqrt(2))
    assert found.values["average_voltage"].sd_configurations == pytest.approx(0.0, abs=1e-12)


def test_the_capacity_of_a_window_counts_electrons() -> None:
    """Half an ion per formula unit: of sodium half an electron, of magnesium a whole one."""
    found = {}
    for ion in ("Na", "Mg"):
        own = spec().model_copy(update={"working_ion": ion})
        result = get_analysis("voltage").analyse(NoOptions(), own, Given([Cell()], window=(0.5, 1.0)))
        found[ion] = result.capacity_window_mAh_g * composition_of(own).molar_mass / FARADAY_MAH
    assert found == pytest.approx({"Na": 0.5, "Mg": 1.0})


def test_what_lies_outside_training_is_said_once_with_its_cell() -> None:
    made, empty = configuration(0, -19.0, 37.0)
    far = made.model_copy(update={"outside_training": ["its pressure is 50 GPa (limit 10)"]})
    found = summary((far, empty))
    assert found.warnings.count("c0/x1: outside training: its pressure is 50 GPa (limit 10)") == 1
    assert "outside-training" in found.marks
    assert not any("outside training" in text for text in summary((made, empty)).warnings)

"""What stands for hops that were not computed: the model that predicts best, the mean where none does."""

from __future__ import annotations

import numpy as np
import pytest

from hebe.schemas.hops import HopDoc
from hebe.science.transport.hop_model import choose_model


def hops(gates: list[str], areas: list[float] | None = None) -> list[HopDoc]:
    found = [HopDoc(first=k, second=k + 1, length_A=3.0, gate=gate.split()) for k, gate in enumerate(gates)]
    return found if areas is None else [
        hop.model_copy(update={"gate_area_A2": area}) for hop, area in zip(found, areas, strict=True)
    ]  # fmt: skip


def test_barriers_that_follow_the_environment_are_filled_by_it() -> None:
    known = {0: 0.30, 1: 0.31, 2: 0.60, 3: 0.61}
    model = choose_model(hops(["Co", "Co", "Ni", "Ni", "Ni", "Mn"]), known)
    assert model.name == "environment"
    assert model.error == pytest.approx(0.01)
    filled = model.fill(hops(["Co", "Co", "Ni", "Ni", "Ni", "Mn"]), known)
    assert filled[:4] == pytest.approx(list(known.values())), "what is known stays"
    assert filled[4] == pytest.approx(0.605)
    assert filled[5] == pytest.approx(0.455), "an environment of which nothing is known has the mean"


def test_barriers_that_follow_the_gate_are_filled_by_a_regression() -> None:
    """Leaving out one of ten points of a line costs a ridge little and the mean all of its spread."""
    areas = list(np.linspace(4, 6, 12))
    given = hops(["Co"] * 12, areas)
    known = {k: 1.0 - 0.1 * areas[k] for k in range(12) if k not in (4, 5)}
    model = choose_model(given, known)
    assert model.name == "ridge"
    assert model.error is not None
    assert model.error < 0.2 * np.std(list(known.values()))
    assert model.fill(given, known)[[4, 5]] == pytest.approx([1 - 0.1 * areas[4], 1 - 0.1 * areas[5]], abs=0.005)


def test_a_regression_says_nothing_beyond_what_is_known() -> None:
    areas = [*np.linspace(4, 5, 8), 9.0, 1.0]
    known = {k: 1.0 - 0.1 * areas[k] for k in range(8)}
    model = choose_model(hops(["Co"] * 10, areas), known)
    assert model.name == "ridge"
    filled = model.fill(hops(["Co"] * 10, areas), known)
    assert filled[[8, 9]] == pytest.approx([min(known.values()), max(known.values())])


def test_where_no_model_is_better_the_mean_stands_for_all() -> None:
    """Alternating values: what is alike differs most."""
    given = hops(["Co", "Co", "Ni", "Ni", "Co", "Ni"], [4.0, 4.0, 5.0, 5.0, 4.5, 4.5])
    known = {0: 0.2, 1: 0.6, 2: 0.6, 3: 0.2}
    model = choose_model(given, known)
    assert model.name == "mean"
    assert model.error == pytest.approx(4 / 3 * 0.2), "n / (n - 1) times the standard deviation"
    assert model.fill(given, known)[4:] == pytest.approx([0.4, 0.4])


def test_two_hops_show_no_error_and_stand_for_their_environments() -> None:
    given = hops(["Co", "Ni", "Ni", "Mn"])
    model = choose_model(given, {0: 0.2, 1: 0.6})
    assert (model.name, model.error) == ("environment", None)
    assert model.fill(given, {0: 0.2, 1: 0.6})[2:] == pytest.approx([0.6, 0.4])


def test_one_hop_of_each_environment_stands_for_it() -> None:
    """Each left out is predicted by the mean of the others, as by the mean of all: neither is better."""
    given = hops(["Co", "Ni", "Mn", "Ti", "Co"])
    known = {0: 0.3, 1: 0.6, 2: 0.9, 3: 1.5}
    model = choose_model(given, known)
    assert model.name == "environment"
    assert model.fill(given, known)[4] == pytest.approx(0.3)

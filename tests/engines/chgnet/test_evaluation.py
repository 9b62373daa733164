"""The fast path beside the package's own modules, on every kind of cell that a campaign meets."""

from __future__ import annotations

import pytest

from hebe.engines import get_engine
from support.crystals import frames
from support.plain_chgnet import evaluate_plainly

FRAMES = frames()
GPA = 160.21766208


@pytest.mark.parametrize("name", FRAMES)
def test_it_equals_the_plain_model(name: str) -> None:
    structure = FRAMES[name]
    own = get_engine("chgnet").evaluate(structure, magmoms=True)
    plain = evaluate_plainly(structure)
    assert own.energy_eV / len(structure) == pytest.approx(plain.energy_eV / len(structure), abs=1e-5)
    assert own.forces == pytest.approx(plain.forces, abs=1e-4)
    assert own.stress * GPA == pytest.approx(plain.stress * GPA, abs=1e-3)
    assert own.magmoms == pytest.approx(plain.magmoms, abs=1e-4)


def test_it_equals_the_public_prediction_of_the_package() -> None:
    from hebe.engines.chgnet.pretrained import load_model

    structure = FRAMES["lithium"]
    own = get_engine("chgnet").evaluate(structure, magmoms=True)
    public = load_model().predict_structure(structure)
    assert own.energy_eV / len(structure) == pytest.approx(float(public["e"]), abs=1e-5)
    assert own.forces == pytest.approx(public["f"], abs=1e-4)
    assert own.stress * GPA == pytest.approx(public["s"], abs=1e-3)
    assert own.magmoms == pytest.approx(public["m"], abs=1e-4)


def test_moments_come_only_when_asked() -> None:
    assert get_engine("chgnet").evaluate(FRAMES["two atoms, rotated"]).magmoms is None


def test_the_key_names_the_evaluation() -> None:
    assert get_engine("chgnet").settings["evaluation"] == "fast-1"


def test_ideal_sites_feel_no_force_that_symmetry_forbids() -> None:
    forces = get_engine("chgnet").evaluate(FRAMES["two atoms, rotated"]).forces
    assert forces == pytest.approx(0 * forces, abs=1e-5)

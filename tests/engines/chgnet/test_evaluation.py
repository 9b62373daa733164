"""The fast path beside the package's own modules, on every kind of cell that a campaign meets."""

from __future__ import annotations

import math
from functools import cache
from typing import get_args

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from hebe.config.engines.chgnet import CHGNetBlock, Model
from hebe.engines import get_engine
from hebe.engines.chgnet import CHGNetEngine
from hebe.engines.chgnet.graph import ATOM_CUTOFF, BOND_CUTOFF
from hebe.science.structures.configuration import displaced
from support.crystals import frames
from support.plain_chgnet import evaluate_plainly

FRAMES = frames()
GPA = 160.21766208


MODELS: tuple[Model, ...] = get_args(Model)
FORCES: dict[Model, float] = {"0.3.0": 1e-4, "r2scan": 2e-4}
"""Rounding (eV/A) of float32: the package's own single precision is off by up to 6.0e-5 and 1.1e-4 on these cells."""

plain_evaluation = cache(lambda name, model: evaluate_plainly(FRAMES[name], model))


@pytest.mark.parametrize("compiled", [True, False], ids=["kernels", "torch"])
@pytest.mark.parametrize("name", FRAMES)
@pytest.mark.parametrize("model", MODELS)
def test_it_equals_the_plain_model(model: Model, name: str, compiled: bool) -> None:  # noqa: FBT001
    structure, plain = FRAMES[name], plain_evaluation(name, model)
    own = CHGNetEngine(compiled=compiled, model=model).evaluate(structure, magmoms=True)
    assert own.magmoms is not None
    assert own.energy_eV / len(structure) == pytest.approx(plain.energy_eV / len(structure), abs=1e-5)
    assert own.forces == pytest.approx(plain.forces, abs=FORCES[model])
    assert own.stress * GPA == pytest.approx(plain.stress * GPA, abs=1e-3)
    assert own.magmoms == pytest.approx(plain.magmoms, abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_it_equals_the_public_prediction_of_the_package(model: Model) -> None:
    from hebe.engines.chgnet.pretrained import load_model

    structure = FRAMES["lithium"]
    own = get_engine(CHGNetBlock(model=model)).evaluate(structure, magmoms=True)
    public = load_model(model).predict_structure(structure)
    assert own.energy_eV / len(structure) == pytest.approx(float(public["e"]), abs=1e-5)
    assert own.forces == pytest.approx(public["f"], abs=FORCES[model])
    assert own.stress * GPA == pytest.approx(public["s"], abs=1e-3)
    assert own.magmoms == pytest.approx(public["m"], abs=1e-4)


@pytest.mark.parametrize("model", MODELS)
def test_models_have_the_cutoffs_of_the_graph(model: Model) -> None:
    from hebe.engines.chgnet.pretrained import load_model

    converter = load_model(model).graph_converter
    assert (converter.atom_graph_cutoff, converter.bond_graph_cutoff) == (ATOM_CUTOFF, BOND_CUTOFF)


def test_each_model_has_a_scale_and_weights_of_its_own() -> None:
    first, other = (CHGNetEngine(model=model) for model in MODELS)
    assert first.energy_scale == "chgnet-0.3.0/MP2020"
    assert other.energy_scale == "chgnet-r2scan/r2SCAN"
    assert first.settings == CHGNetEngine().settings
    changed = {key for key in first.settings if first.settings[key] != other.settings[key]}
    assert changed == {"model", "weights"}


def test_the_key_of_the_default_model_is_that_of_all_earlier_results() -> None:
    assert {key: get_engine("chgnet").settings[key] for key in ("model", "weights", "precision", "evaluation")} == {
        "model": "0.3.0",
        "weights": "d14ab7c0f093efe6",
        "precision": "float32",
        "evaluation": "fast-1",
    }


def test_moments_come_only_when_asked() -> None:
    assert get_engine("chgnet").evaluate(FRAMES["two atoms, rotated"]).magmoms is None


def test_the_key_names_the_evaluation() -> None:
    assert get_engine("chgnet").settings["evaluation"] == "fast-1"


def test_ideal_sites_feel_no_force_that_symmetry_forbids() -> None:
    forces = get_engine("chgnet").evaluate(FRAMES["two atoms, rotated"]).forces
    assert forces == pytest.approx(0 * forces, abs=1e-5)


def test_kernels_and_torch_are_one_engine_to_the_key() -> None:
    assert CHGNetEngine(compiled=False).settings == CHGNetEngine(compiled=True).settings


def test_numbers_too_small_for_the_fast_path_are_left_to_others_as_they_are() -> None:
    import torch

    get_engine("chgnet").evaluate(FRAMES["two atoms, rotated"])
    tiny = torch.tensor(1e-40)
    assert float(tiny * 1.0) > 0


@given(st.floats(-80, 80, width=32))
def test_the_exponential_of_the_kernels_is_exact_to_float32(x: float) -> None:
    from hebe.engines.chgnet.kernels import _exponential

    assert float(_exponential(np.float32(x))) == pytest.approx(math.exp(x), rel=1e-5)


def test_a_relaxation_carries_the_moments_of_its_end() -> None:
    engine, start = get_engine("chgnet"), FRAMES["primitive layered"]
    result = engine.relax(start, fmax=0.1)
    assert result.magmoms == pytest.approx(engine.evaluate(result.structure, magmoms=True).magmoms, abs=1e-4)


def test_a_displaced_start_leaves_a_symmetry_that_is_unstable() -> None:
    """Cubic barium titanate: titanium moves off centre, which an ideal start cannot find."""
    sites = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0.5, 0, 0.5], [0, 0.5, 0.5]])
    cubic = Structure(Lattice.cubic(4.03), ["Ba", "Ti", "O", "O", "O"], sites)
    ideal = get_engine("chgnet").relax(cubic)
    moved = get_engine("chgnet").relax(displaced(cubic, 0.02, "x"))
    assert moved.converged
    assert moved.energy_eV < ideal.energy_eV - 0.03
    bonds = [moved.structure.get_distance(1, oxygen) for oxygen in (2, 3, 4)]
    assert min(bonds) < 1.95

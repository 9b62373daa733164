"""atomate2's force-field relaxation as an engine beside our own path to the same model."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines.atomate2 import Atomate2Block
from hebe.engines import get_engine
from hebe.engines.atomate2 import Atomate2Engine
from hebe.engines.protocol import Engine
from hebe.exceptions import BadInputError, EngineError, MissingDependencyError
from hebe.science.structures.configuration import displaced

if TYPE_CHECKING:
    from collections.abc import Mapping

installed = pytest.mark.skipif(importlib.util.find_spec("atomate2") is None, reason="needs atomate2")


def oxide() -> Structure:
    """Two formulas of a displaced rock salt, with a site property."""
    sites = np.array([[0, 0, 0], [0.5, 0.5, 0.5], [0.5, 0.5, 0], [0, 0, 0.5]])
    lattice = Lattice.from_parameters(2.97, 2.97, 4.2, 90, 90, 90)
    structure = displaced(Structure(lattice, ["Ni", "Mg", "O", "O"], sites), 0.05, "oxide")
    return structure.add_site_property("sublattice", ["M", "M", "O", "O"])


@installed
def test_energies_forces_stress_and_moments_are_those_of_our_own_path() -> None:
    engine = get_engine("atomate2")
    assert isinstance(engine, Engine)
    found = engine.evaluate(oxide(), magmoms=True)
    own = get_engine("chgnet").evaluate(oxide(), magmoms=True)
    assert found.energy_eV / 4 == pytest.approx(own.energy_eV / 4, abs=1e-5)
    assert found.forces == pytest.approx(own.forces, abs=1e-4)
    assert found.stress == pytest.approx(own.stress, abs=1e-5)
    assert found.magmoms == pytest.approx(own.magmoms, abs=1e-4)
    assert engine.energy_scale == get_engine("chgnet").energy_scale


@installed
def test_a_relaxation_by_the_maker_ends_where_ours_does(tmp_path: Path) -> None:
    before = Path.cwd()
    found = get_engine("atomate2").relax(oxide(), fmax=0.01, steps=500, folder=tmp_path / "run")
    own = get_engine("chgnet").relax(oxide(), fmax=0.01)
    assert found.converged
    assert found.energy_eV / 4 == pytest.approx(own.energy_eV / 4, abs=1e-3)
    assert found.structure.volume == pytest.approx(own.structure.volume, rel=0.01)
    assert found.structure.site_properties == oxide().site_properties
    assert np.abs(found.structure.frac_coords - oxide().frac_coords).max() < 0.2, "not wrapped"
    assert Path.cwd() == before
    assert list((tmp_path / "run").iterdir()), "what the maker writes stays in the folder"


@installed
def test_a_fixed_cell_stays_and_a_step_limit_is_said() -> None:
    engine, start = get_engine("atomate2"), oxide()
    found = engine.relax(start, fmax=1e-4, steps=3, cell=False)
    assert not found.converged
    assert found.structure.lattice.matrix == pytest.approx(start.lattice.matrix)


@installed
def test_settings_of_the_maker_and_the_model_enter_the_key() -> None:
    plain = get_engine("atomate2").settings
    other = Atomate2Engine({"optimizer_kwargs": {"optimizer": "BFGS"}}).settings
    assert plain == get_engine("atomate2").settings
    assert plain != other
    assert len(plain["model_hash"]) == 16
    assert {"atomate2", "ase", "chgnet"} <= set(plain)


@installed
def test_a_force_field_that_does_not_exist_is_an_engine_error() -> None:
    engine = Atomate2Engine({"force_field_name": "Nonsense"}, "x")
    assert "model_hash" not in engine.settings
    with pytest.raises(EngineError, match="Nonsense"):
        engine.evaluate(oxide())


def test_atomate2_that_is_not_installed_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    find = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "atomate2" else find(name))
    with pytest.raises(MissingDependencyError, match=r"hebe-flows\[atomate2\]"):
        get_engine("atomate2").check()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"force_field_name": "MACE-MP-0"}, "needs energy_scale"),
        ({"calculator_kwargs": {"model": "other"}}, "needs energy_scale"),
        ({"steps": 3}, "'steps' is no argument"),
        ({"relax_kwargs": {"fmax": 0.1}}, "fmax belongs to the engine"),
        ({"symprec": float("nan")}, "plain values"),
    ],
)
def test_bad_arguments_are_said_before_atomate2_is_imported(arguments: Mapping[str, object], words: str) -> None:
    with pytest.raises(BadInputError, match=words):
        Atomate2Engine(arguments)


def test_a_campaign_names_the_force_field_and_its_scale() -> None:
    spec = Atomate2Block(arguments={"force_field_name": "MACE-MP-0"}, energy_scale="mace-mp-0")
    assert get_engine(spec).energy_scale == "mace-mp-0"

"""SevenNet beside the package's own calculator, one cell and many; what a campaign may ask of it."""

from __future__ import annotations

import shutil
import warnings
from functools import cache
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure
from pymatgen.io.ase import AseAtomsAdaptor

from hebe.config.engines import EngineSpec
from hebe.config.engines.fingerprint import fingerprint
from hebe.config.engines.sevennet import sevennet_tables
from hebe.engines import get_engine
from hebe.engines.protocol import Relaxation
from hebe.engines.sevennet import SevenNetEngine
from hebe.exceptions import BadInputError, EngineError
from hebe.science.structures.configuration import displaced
from support.crystals import frames

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.engines.protocol import Evaluation

NAMES = ("one atom", "two atoms, rotated", "primitive layered, strained", "sites outside the cell", "MgO")
FRAMES = {name: frames()[name] for name in NAMES}
MODELS = [
    (name, None if modal == "none" else modal)
    for name, model in sevennet_tables().models.items()
    for modal in model.scales
]


def engine(model: str, modal: str | None = None) -> SevenNetEngine:
    keys = {"name": "sevennet", "model": model} | ({} if modal is None else {"modal": modal})
    made = get_engine(EngineSpec.model_validate(keys))
    assert isinstance(made, SevenNetEngine)
    return made


@cache
def calculator(model: str, modal: str | None) -> Any:
    """The package's own."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        from sevenn.calculator import SevenNetCalculator

        return SevenNetCalculator(model=f"7net-{model}", modal=modal, device="cpu")


def assert_equals_its_own(found: Evaluation, structure: Structure, model: str, modal: str | None) -> None:
    atoms = AseAtomsAdaptor.get_atoms(structure, msonable=False)
    atoms.calc = calculator(model, modal)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        energy = atoms.get_potential_energy()
        assert found.energy_eV / len(structure) == pytest.approx(energy / len(structure), abs=2e-6)
        assert found.forces == pytest.approx(atoms.get_forces(), abs=1e-4)
        assert found.stress == pytest.approx(atoms.get_stress(voigt=False), abs=1e-5)


@pytest.mark.parametrize(("model", "modal"), MODELS)
def test_it_equals_its_own_calculator_alone_and_in_a_batch(model: str, modal: str | None) -> None:
    made, structures = engine(model, modal), list(FRAMES.values())
    together = made.evaluate_many(structures)
    assert len(together) == len(structures)
    for structure, one in zip(structures, together, strict=True):
        assert_equals_its_own(one, structure, model, modal)
        alone = made.evaluate(structure)
        assert alone.energy_eV == pytest.approx(one.energy_eV, abs=2e-6 * len(structure))
        assert alone.forces == pytest.approx(one.forces, abs=1e-4)
        assert alone.stress == pytest.approx(one.stress, abs=1e-5)
    assert made.evaluate_many([]) == []


@pytest.mark.slow
@pytest.mark.parametrize(("model", "modal"), MODELS)
def test_it_equals_its_own_calculator_on_every_frame(model: str, modal: str | None) -> None:
    for structure in frames().values():
        assert_equals_its_own(engine(model, modal).evaluate(structure), structure, model, modal)


def test_forces_and_stress_are_derivatives_of_the_energy() -> None:
    made, cell = engine("0"), displaced(FRAMES["primitive layered, strained"], 0.1, "derivative")
    found, step = made.evaluate(cell), 0.01
    moved = [cell.copy(), cell.copy()]
    for sign, one in zip((1, -1), moved, strict=True):
        one.translate_sites([1], [sign * step, 0, 0], frac_coords=False)
    up, down = (one.energy_eV for one in made.evaluate_many(moved))
    assert found.forces[1, 0] == pytest.approx(-(up - down) / (2 * step), abs=5e-3)
    shear = np.array([[0.0, 0.5, 0.0], [0.5, 0.0, 0.0], [0.0, 0.0, 0.0]]) * 2e-3
    pair = [
        Structure(Lattice(cell.lattice.matrix @ (np.eye(3) + sign * shear)), cell.species, cell.frac_coords)
        for sign in (1, -1)
    ]
    up, down = (one.energy_eV for one in made.evaluate_many(pair))
    assert found.stress[0, 1] == pytest.approx((up - down) / (2 * 2e-3) / cell.volume, abs=2e-4)


def test_relaxations_in_lock_step_end_where_single_ones_do() -> None:
    made = engine("0")
    starts = [displaced(FRAMES["MgO"], 0.05, "a"), displaced(FRAMES["two atoms, rotated"], 0.05, "b")]
    for start, found in zip(starts, made.relax_many(starts, fmax=0.02), strict=True):
        assert isinstance(found, Relaxation)
        assert found.converged
        assert found.energy_eV == pytest.approx(made.relax(start, fmax=0.02).energy_eV, abs=1e-3)


def test_scales_and_keys_tell_models_and_modals_apart() -> None:
    found = [engine(*chosen) for chosen in MODELS]
    assert [made.energy_scale for made in found] == [
        "sevennet-l3i5/MP-uncorrected",
        "sevennet-0/MP-uncorrected",
        "sevennet-mf-0/MP-uncorrected",
        "sevennet-mf-0/r2SCAN",
    ]
    assert len({str(made.settings) for made in found}) == len(found)
    assert engine("7net-0").settings == engine("SevenNet-0").settings == engine("0").settings


def test_elements_that_it_does_not_know_are_an_engine_error() -> None:
    cell = Structure(Lattice.cubic(3.5), ["Po"], [[0, 0, 0]])
    with pytest.raises(EngineError, match="does not know Po") as caught:
        engine("0").evaluate(cell)
    assert caught.value.deterministic


def test_a_file_of_weights_computes_like_the_model_and_must_be_the_trusted_one(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    own = engine("0")
    monkeypatch.setenv("HEBE_TRUST", f"sha256:{fingerprint(own.weights)}")
    copy = shutil.copy(own.weights, tmp_path / "mine.pth")
    keys = {"name": "sevennet", "path": str(copy), "energy_scale": "mine"}
    trusted = get_engine(EngineSpec.model_validate({**keys, "sha256": fingerprint(own.weights)}))
    trusted.check()
    cell = FRAMES["MgO"]
    assert trusted.evaluate(cell).energy_eV == own.evaluate(cell).energy_eV
    assert trusted.settings["weights"] == own.settings["weights"]
    other = get_engine(EngineSpec.model_validate({**keys, "sha256": "0" * 64}))
    with pytest.raises(BadInputError, match="another content than the one that is named"):
        other.evaluate(cell)
    monkeypatch.delenv("HEBE_TRUST")
    unknown = get_engine(EngineSpec.model_validate({**keys, "sha256": fingerprint(own.weights)}))
    with pytest.raises(BadInputError, match="can run any program when it is opened"):
        unknown.check()

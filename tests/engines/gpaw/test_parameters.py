"""What GPAW is asked about a crystal: k points, reduced cells, moments, Hubbard U, keys and refusals; without GPAW."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineSpec
from hebe.config.engines.gpaw import GPAW_PRESETS, GPAWBlock, GPAWSettings, gpaw_choice
from hebe.engines import get_engine
from hebe.engines.gpaw import GPAWEngine, installation
from hebe.engines.gpaw.parameters import model, setups
from hebe.engines.gpaw.remedies import remedy
from hebe.exceptions import BadInputError, MissingDependencyError
from support.small_cells import delithiable, lithium


def test_gpaw_is_given_the_same_crystal_in_its_reduced_cell() -> None:
    cell = delithiable(14.05, lithium=True)
    atoms = model(cell, gpaw_choice("ci", None)).atoms(cell)
    assert atoms["positions"] == cell.cart_coords.tolist()
    crystal = Structure(
        Lattice(atoms["cell"]), atoms["numbers"], np.array(atoms["positions"]), coords_are_cartesian=True
    )
    assert crystal.get_space_group_info(symprec=1e-3) == ("R-3m", 166)


def test_u_counts_in_oxides_and_fluorides_alone() -> None:
    choice = gpaw_choice("screen", None)
    assert setups(delithiable(14.05, lithium=True), choice) == {"Co": ":d,3.32,0"}
    sulphide = delithiable(14.05, lithium=True)
    sulphide.replace_species({"O": "S"})
    assert setups(sulphide, choice) == {}
    assert setups(delithiable(14.05, lithium=True), gpaw_choice("ci", None)) == {}


def test_presets_get_stricter() -> None:
    presets = [gpaw_choice(name, None) for name in GPAW_PRESETS]
    for name in ("k_spacing", "k_spacing_metal", "smearing"):
        values = [getattr(preset, name) for preset in presets]
        assert values == sorted(values, reverse=True)
    assert [preset.cells_can_relax for preset in presets] == [False, True, True]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"name": "chgnet", "preset": "ci"}, "preset can belong to gpaw, abinit or vasp, not to chgnet"),
        ({"name": "gpaw", "preset": "fast"}, "gpaw has no preset 'fast'"),
        ({"name": "gpaw", "settings": {"ecut": 500}}, "ecut"),
        ({"name": "gpaw", "settings": {"cutoff": "500 km"}}, "with the unit eV or meV or Ry"),
        ({"name": "gpaw", "settings": {"kpts": {"Li2Co2O4": [3, 3, 3]}}}, "reduced formula"),
        ({"name": "gpaw", "settings": {"kpts": {"LiCoO2": [3, 0, 3]}}}, "above zero"),
        ({"name": "gpaw", "arguments": {"a": 1}}, "arguments can belong"),
    ],
)
def test_wrong_blocks_say_what_is_wrong(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EngineSpec.model_validate(block)


def test_units_and_yaml_words_are_understood() -> None:
    block = {"name": "gpaw", "settings": {"cutoff": "50 Ry", "smearing": "50 meV", "spin": False, "hubbard_u": False}}
    settings = GPAWBlock.model_validate(block).settings
    assert isinstance(settings, GPAWSettings)
    assert settings.cutoff == pytest.approx(680.28466)
    assert (settings.smearing, settings.spin, settings.hubbard_u) == (0.05, "off", "none")


def test_an_engine_that_is_not_there_says_what_to_install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_GPAW_PYTHON", str(tmp_path / "python"))
    with pytest.raises(MissingDependencyError, match=r"does not have: install it .* apt install gpaw gpaw-data"):
        get_engine("gpaw").check()


def test_importing_the_engine_imports_no_gpaw() -> None:
    source = Path(installation.WORKER).read_text()
    assert "hebe" not in source, "the worker is a script of its own"
    assert isinstance(get_engine("gpaw"), GPAWEngine)


def test_remedies_end() -> None:
    parameters = model(lithium(), gpaw_choice("ci", None)).parameters
    for error, n in (("scf", 3), ("memory", 1), ("died", 1), ("stuck", 1), ("other", 0), ("cut", 0)):
        tried: list[str] = []
        while (step := remedy(error, parameters, tried)) is not None:
            tried.append(step.action)
        assert len(set(tried)) == len(tried) == n


def test_an_unknown_engine_names_gpaw() -> None:
    with pytest.raises(BadInputError, match="gpaw"):
        get_engine("gpow")

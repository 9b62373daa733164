"""What GPAW is asked about a crystal: k points, reduced cells, moments, Hubbard U, keys and refusals; without GPAW."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engine import EngineSpec
from hebe.config.gpaw import PRESETS, GPAWSettings, gpaw_choice, gpaw_tables
from hebe.engines import get_engine
from hebe.engines.gpaw import GPAWEngine, installation
from hebe.engines.gpaw.parameters import hubbard, initial_moments, mesh, model, reduced_basis
from hebe.engines.gpaw.remedies import remedy
from hebe.exceptions import BadInputError, MissingDependencyError
from support.gpaw import delithiable, lithium


def mesh_of(structure: Structure, preset: str, **settings: Any) -> tuple[int, int, int]:
    choice = gpaw_choice(preset, GPAWSettings.model_validate(settings))
    return mesh(structure, reduced_basis(structure), choice)


def test_k_points_are_no_wider_than_the_spacing_and_no_denser_than_need_be() -> None:
    for structure in (delithiable(14.05, lithium=True), lithium(), delithiable(13.2, lithium=False)):
        lengths = structure.lattice.reciprocal_lattice.abc
        spacing = gpaw_tables().presets["screen"].k_spacing
        if structure.composition.reduced_formula == "Li":
            spacing = gpaw_tables().presets["screen"].k_spacing_metal
        reduced = Lattice(reduced_basis(structure) @ structure.lattice.matrix).reciprocal_lattice.abc
        for n, length in zip(mesh_of(structure, "screen"), reduced, strict=True):
            assert length / n <= spacing + 1e-9
            assert n == 1 or length / (n - 1) > spacing
        assert np.prod(reduced) <= np.prod(lengths) * (1 + 1e-9)


def test_cells_of_the_literature_have_their_meshes() -> None:
    assert mesh_of(lithium(), "ci") == (6, 6, 6)
    given = mesh_of(delithiable(14.05, lithium=True), "ci", kpts={"LiCoO2": [3, 3, 3]})
    assert given == (3, 3, 3)


def test_the_reduced_cell_is_the_same_crystal_whatever_cell_was_given() -> None:
    structure = delithiable(14.05, lithium=True)
    skewed = structure.copy()
    turn = np.array([[1, 0, 0], [3, 1, 0], [2, -2, 1]])
    skewed = Structure(
        Lattice(turn @ structure.lattice.matrix), structure.species, structure.cart_coords, coords_are_cartesian=True
    )
    for cell in (structure, skewed):
        basis = reduced_basis(cell)
        assert abs(round(np.linalg.det(basis))) == 1
        reduced = basis @ cell.lattice.matrix
        assert sorted(Lattice(reduced).abc) == pytest.approx(sorted(structure.lattice.get_niggli_reduced_lattice().abc))
        atoms = model(cell, gpaw_choice("ci", None)).atoms(cell)
        assert atoms["positions"] == cell.cart_coords.tolist()
        crystal = Structure(
            Lattice(atoms["cell"]), atoms["numbers"], np.array(atoms["positions"]), coords_are_cartesian=True
        )
        symmetry = crystal.get_space_group_info(symprec=1e-3)
        assert symmetry == ("R-3m", 166)


def test_u_counts_in_oxides_and_fluorides_alone() -> None:
    choice = gpaw_choice("screen", None)
    assert hubbard(delithiable(14.05, lithium=True), choice) == {"Co": ":d,3.32,0"}
    sulphide = delithiable(14.05, lithium=True)
    sulphide.replace_species({"O": "S"})
    assert hubbard(sulphide, choice) == {}
    assert hubbard(delithiable(14.05, lithium=True), gpaw_choice("ci", None)) == {}


def test_moments_come_from_the_structure_first() -> None:
    choice = gpaw_choice("screen", None)
    oxide = delithiable(14.05, lithium=True)
    assert initial_moments(lithium(), choice) is None
    assert max(initial_moments(oxide, choice) or []) == 0.6
    oxide.add_site_property("magmom", [2.0 if site.specie.symbol == "Co" else None for site in oxide])
    assert max(initial_moments(oxide, choice) or []) == 2.0
    oxide.add_site_property("magmom", [0.0] * len(oxide))
    assert initial_moments(oxide, choice) is None, "a structure that is known to have none"
    assert initial_moments(oxide, gpaw_choice("screen", GPAWSettings(spin="off"))) is None


def test_presets_get_stricter() -> None:
    presets = [gpaw_choice(name, None) for name in PRESETS]
    for name in ("k_spacing", "k_spacing_metal", "smearing"):
        values = [getattr(preset, name) for preset in presets]
        assert values == sorted(values, reverse=True)
    assert [preset.cells_can_relax for preset in presets] == [False, True, True]


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"name": "chgnet", "preset": "ci"}, "preset and settings belong to the engines gpaw and vasp"),
        ({"name": "gpaw", "preset": "fast"}, "gpaw has no preset 'fast'"),
        ({"name": "gpaw", "settings": {"ecut": 500}}, "ecut"),
        ({"name": "gpaw", "settings": {"cutoff": "500 km"}}, "with the unit eV or meV or Ry"),
        ({"name": "gpaw", "settings": {"kpts": {"Li2Co2O4": [3, 3, 3]}}}, "reduced formula"),
        ({"name": "gpaw", "settings": {"kpts": {"LiCoO2": [3, 0, 3]}}}, "above zero"),
        ({"name": "gpaw", "arguments": {"a": 1}}, "arguments belong"),
    ],
)
def test_wrong_blocks_say_what_is_wrong(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EngineSpec.model_validate(block)


def test_units_and_yaml_words_are_understood() -> None:
    block = {"name": "gpaw", "settings": {"cutoff": "50 Ry", "smearing": "50 meV", "spin": False, "hubbard_u": False}}
    settings = EngineSpec.model_validate(block).settings
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

"""What ABINIT is asked about a crystal, where its data come from, what is refused; without ABINIT."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Structure

from hebe.config.engines import EngineSpec
from hebe.config.engines.abinit import ABINIT_PRESETS, AbinitBlock, AbinitSettings, abinit_choice, abinit_tables
from hebe.config.engines.gpaw import gpaw_choice
from hebe.engines import get_engine
from hebe.engines.abinit import AbinitEngine
from hebe.engines.abinit.data_sets import _read, find_library
from hebe.engines.abinit.parameters import HARTREE_EV, model
from hebe.engines.abinit.results import band_gap, moments
from hebe.exceptions import EngineError, MissingDependencyError
from support.small_cells import delithiable, lithium

if TYPE_CHECKING:
    from pathlib import Path

DATA_SET = """<?xml version="1.0"?>
<paw_setup version="0.6">
  <atom symbol="{symbol}" Z="{z}" core="0" valence="{valence}"/>
  <xc_functional type="GGA" name="PBE"/>
</paw_setup>
"""


@pytest.fixture
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with headers of data sets, enough for everything but a calculation."""
    for symbol, z, valence in (("Li", 3, 1), ("Co", 27, 9), ("O", 8, 6)):
        (tmp_path / f"{symbol}.PBE.xml").write_text(DATA_SET.format(symbol=symbol, z=z, valence=valence))
    monkeypatch.setenv("HEBE_ABINIT_DATA", str(tmp_path))
    return tmp_path


@pytest.mark.usefixtures("data")
def test_variables_of_lithium_cobalt_oxide() -> None:
    """By hand: 600 eV, U(Co) = 3.32 eV on d, 22 electrons, one moment of 0.6, k points no wider than 0.6/A."""
    structure = delithiable(14.05, lithium=True)
    found = model(structure, abinit_choice("screen", None)).variables
    assert found["ecut"] * 27.211386 == pytest.approx(600)
    assert found["pawecutdg"] == pytest.approx(1.5 * found["ecut"])
    assert (found["occopt"], found["tsmear"] * 27.211386) == (3, pytest.approx(0.1))
    assert found["nband"] == 16, "11.3 are filled in the larger spin, and four more for the smearing"
    assert (found["nsppol"], found["nspden"]) == (2, 2)
    symbols = [site.specie.symbol for site in structure]
    assert found["spinat"] == [[0.0, 0.0, 0.6 if symbol == "Co" else 0.0] for symbol in symbols]
    assert found["diemix"] == 0.3, "moments are mixed softly"
    order = list(dict.fromkeys(symbols))
    assert found["lpawu"] == [2 if symbol == "Co" else -1 for symbol in order]
    assert [u * HARTREE_EV for u in found["upawu"]] == pytest.approx([3.32 if s == "Co" else 0.0 for s in order])
    assert sorted(found["ngkpt"]) == [3, 5, 5], "1.34/A across the layers, 2.58/A and more along them"


@pytest.mark.usefixtures("data")
def test_closed_shells_and_metals_have_no_spin_and_no_u() -> None:
    metal = model(lithium(), abinit_choice("screen", None))
    assert not metal.is_polarized
    assert "spinat" not in metal.variables
    assert "upawu" not in metal.variables
    assert "diemix" not in metal.variables
    assert metal.variables["nsppol"] == 1
    off = abinit_choice("screen", AbinitSettings(spin="off"))
    assert not model(delithiable(14.05, lithium=True), off).is_polarized


@pytest.mark.usefixtures("data")
def test_the_reduced_cell_keeps_sites_and_directions() -> None:
    structure = delithiable(14.05, lithium=True)
    crystal = model(structure, abinit_choice("ci", None)).crystal(structure)
    assert crystal.cart_coords == pytest.approx(structure.cart_coords)
    assert crystal.species == structure.species
    assert np.linalg.det(crystal.lattice.matrix) == pytest.approx(structure.volume)


def test_presets_are_those_of_gpaw() -> None:
    """So that the same campaign with either gives the same, as far as the programs do."""
    for name in ABINIT_PRESETS:
        ours, theirs = abinit_choice(name, None), gpaw_choice(name, None)
        for key in ("cutoff", "k_spacing", "k_spacing_metal", "smearing", "xc", "hubbard_u", "cells_can_relax"):
            assert getattr(ours, key) == getattr(theirs, key)


def test_data_sets_are_named_by_their_content(data: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = find_library("PBE").release
    scale = get_engine("abinit").energy_scale
    assert scale == f"abinit/PBE+U(MP)/paw-{first}/pw-600"
    other = data / "other"
    other.mkdir()
    for file in data.glob("*.xml"):
        (other / file.name).write_text(file.read_text() + "<!-- another release -->")
    monkeypatch.setenv("HEBE_ABINIT_DATA", str(other))
    assert find_library("PBE").release != first
    assert get_engine("abinit").energy_scale != scale


def test_the_content_of_a_named_data_set_is_in_keys(data: Path) -> None:
    spec = EngineSpec.model_validate({"name": "abinit", "settings": {"data_sets": {"Li": "my"}}})
    found = []
    for comment in ("one", "another"):
        (data / "my.xml").write_text(DATA_SET.format(symbol="Li", z=3, valence=1) + f"<!-- {comment} -->")
        engine = AbinitEngine("screen", AbinitSettings.model_validate({"data_sets": {"Li": "my"}}))
        found.append((engine.settings["data_sets"]["Li"], engine.energy_scale))
        _read.cache_clear()  # another process
    assert found[0][0] != found[1][0]
    assert found[0][1] != found[1][1]
    (data / "my.xml").rename(data / "my.xml.gz")
    with pytest.raises(MissingDependencyError, match="cannot be read"):
        get_engine(spec).check()


def test_wrong_data_sets_are_refused(data: Path) -> None:
    (data / "Na.LDA.xml").write_text(DATA_SET.format(symbol="Na", z=11, valence=1))
    (data / "text").write_text("no data set")
    choices: dict[str, dict[str, Any]] = {
        "no PAW data set in XML": {"data_sets": {"Li": "text"}},
        "of Co, not of Li": {"data_sets": {"Li": "Co.PBE"}},
        "nothing is not in": {"data_sets": {"Li": "nothing"}},
    }
    for words, settings in choices.items():
        with pytest.raises(EngineError, match=words):
            model(lithium(), abinit_choice("ci", AbinitSettings.model_validate(settings)))
    with pytest.raises(EngineError, match="a PAW data set for K is not in"):
        model(Structure(lithium().lattice, ["K"], [[0, 0, 0]]), abinit_choice("ci", None))
    lda = abinit_choice("ci", AbinitSettings(xc="LDA", data_sets={"Li": "Li.PBE"}))
    with pytest.raises(EngineError, match="was made for PBE, not for PW"):
        model(lithium(), lda)


def test_what_is_missing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HEBE_ABINIT_DATA", str(tmp_path / "nowhere"))
    with pytest.raises(MissingDependencyError, match="PAW data sets for PBE"):
        find_library("PBE")
    pytest.importorskip("abipy", reason="needs the package abipy")
    commands = {"abinit-of-nobody": "the program abinit-of-nobody", " ": "a command", 'mpirun "abinit': "can be read"}
    for command, words in commands.items():
        monkeypatch.setenv("HEBE_ABINIT_COMMAND", command)
        with pytest.raises(MissingDependencyError, match=words):
            get_engine("abinit").check()


@pytest.mark.parametrize(
    ("block", "words"),
    [
        ({"name": "abinit", "preset": "fast"}, "abinit has no preset 'fast'"),
        ({"name": "abinit", "settings": {"ecut": 500}}, "ecut"),
        ({"name": "abinit", "settings": {"cutoff": "500 km"}}, "with the unit eV or meV or Ry"),
        ({"name": "abinit", "settings": {"variables": {"ecut": 20}}}, "decided elsewhere"),
        ({"name": "abinit", "settings": {"variables": {"ixc": 7}}}, "not among those that alter no number"),
        ({"name": "abinit", "settings": {"variables": {"nband": 20}}}, "not among those that alter no number"),
        ({"name": "abinit", "settings": {"variables": {"npkpt": "lots"}}}, "expected a number or a list of numbers"),
        ({"name": "abinit", "settings": {"data_sets": {"Xx": "a"}}}, "'Xx' is no element"),
        ({"name": "abinit", "settings": {"data_sets": {"Co": ""}}}, "at least 1 character"),
        ({"name": "abinit", "settings": {"max_iterations": 0}}, "greater than or equal to 1"),
    ],
)
def test_wrong_blocks_say_what_is_wrong(block: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        EngineSpec.model_validate(block)


@pytest.mark.usefixtures("data")
def test_what_alters_no_number_is_no_part_of_keys() -> None:
    plain = get_engine(AbinitBlock())
    tuned = EngineSpec.model_validate({"name": "abinit", "settings": {"variables": {"npkpt": 4}, "max_iterations": 30}})
    assert dict(get_engine(tuned).settings) == dict(plain.settings)
    finer = EngineSpec.model_validate({"name": "abinit", "settings": {"fine_cutoff": 2}})
    assert dict(get_engine(finer).settings) != dict(plain.settings)
    named = [
        get_engine(AbinitBlock(settings=AbinitSettings(spin=spin))).settings["evaluation"] for spin in ("off", "auto")
    ]
    assert named == ["abinit-1", "abinit-2"], "only what could lose its moments is computed again"
    structure = lithium()
    asked = model(structure, abinit_choice("screen", AbinitSettings(variables={"npkpt": 4}))).variables
    assert asked["npkpt"] == 4


def test_tables_name_no_variable_twice() -> None:
    tables = abinit_tables()
    assert not set(tables.free_variables) & set(tables.of_the_engine)
    tried = {name for attempt in tables.against_divergence for name in attempt.variables}
    tried |= set(tables.with_moments)
    assert tried <= set(tables.free_variables), "a remedy never changes what is asked"


def test_a_band_that_crosses_the_fermi_level_makes_a_metal() -> None:
    insulator = np.array([[[-5.0, -1.0, 2.0], [-4.0, -2.0, 1.5]]])
    assert band_gap(insulator, 0.0) == pytest.approx(2.5)
    assert band_gap(insulator, -1.5) == 0.0
    half = np.array([[[-5.0, -1.0, 2.0]], [[-5.0, 0.4, 2.5]]])
    assert band_gap(half, 0.0) == pytest.approx(1.4), "from the highest filled state of one spin to the other"
    assert band_gap(np.array([[[-5.0, -1.0]]]), 0.0) == 0.0, "no empty band tells nothing"


def test_moments_are_those_of_the_last_table(tmp_path: Path) -> None:
    table = """ Integrated electronic and magnetization densities in atomic spheres:
 ---------------------------------------------------------------------
 Radius=ratsph(iatom), smearing ratsm=  0.0000. Diff(up-dn)=approximate z local magnetic moment.
 Atom    Radius    up_density   dn_density  Total(up+dn)  Diff(up-dn)
    1   2.00000     4.200000     3.100000      7.300000     {0:.6f}
    2   1.30000     2.055017     2.155007      4.210024    -0.099990
 ---------------------------------------------------------------------
  Sum:              6.255017     5.255007     11.510024     1.000010
"""
    (tmp_path / "run.abo").write_text(table.format(0.5) + "\n" + table.format(1.1))
    assert moments(tmp_path, 2) == pytest.approx([1.1, -0.09999])
    (tmp_path / "run.abo").write_text("no table")
    assert moments(tmp_path, 2) == pytest.approx([0.0, 0.0])

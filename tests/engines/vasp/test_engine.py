"""The engine vasp with a stand-in for the program: units, order of sites, electronic results, files."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest
from pymatgen.core import Structure

from hebe.config.engines.ase import ASEBlock
from hebe.engines.protocol import Engine
from hebe.engines.registry import get_engine
from hebe.exceptions import MissingDependencyError
from support.mixed_cells import mixed_cells
from support.vasp import engine, use_stand_in
from support.vasp_stand_in_files import BANDS, D_CENTRE, GAP

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.vasp

SPRINGS = ASEBlock(ase="support.spring_crystal:make", energy_scale="springs", arguments={"depth": 2.0, "length": 2.25})


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with a stand-in for VASP."""
    use_stand_in(tmp_path, monkeypatch)
    return tmp_path


def test_a_static_calculation_gives_what_its_program_computed(project: Path) -> None:
    """The stand-in computes with springs, so the engine of the springs has to give the same numbers."""
    cell = mixed_cells()[4].structure  # oxygen and fluorine, so that the order of sites changes
    made = engine()
    made.check()
    assert isinstance(made, Engine)
    result = made.static(cell, folder=project / "run")
    expected = get_engine(SPRINGS).evaluate(cell)
    assert result.energy_eV == pytest.approx(expected.energy_eV, abs=1e-6)
    assert result.forces_max == pytest.approx(np.linalg.norm(expected.forces, axis=1).max(), abs=1e-6)
    assert result.stress == pytest.approx(expected.stress, abs=1e-6)
    assert result.energies == pytest.approx([expected.energy_eV], abs=1e-6), "neither free nor without entropy"
    assert result.structure.cart_coords == pytest.approx(cell.cart_coords, abs=1e-6)
    assert result.magmoms is not None
    assert result.magmoms.tolist() == cell.site_properties["magmom"], "the stand-in keeps moments as they start"
    assert result.versions["vasp"] == "6.4.3"
    assert result.versions["potcars"].startswith("PAW_PBE Li_sv 01Jan2000, PAW_PBE Mn_pv")
    assert result.cpu_s == pytest.approx(1.5)
    electronic = result.electronic
    assert electronic is not None
    assert electronic.band_gap_eV == pytest.approx(GAP[1] - GAP[0])
    assert electronic.p_centres_eV == pytest.approx({name: BANDS[name][1] - GAP[0] for name in ("O", "F")}, abs=1e-3)
    assert electronic.d_centres_eV["Mn"] == pytest.approx(D_CENTRE - GAP[0], abs=1e-3)
    assert electronic.anion_share == 0, "their bands lie deeper than an eV"
    assert electronic.valences is not None
    assert electronic.jahn_teller is not None
    ions = cell.site_properties["ion"]
    manganese = [i for i, ion in enumerate(ions) if ion.startswith("Mn")]
    assert [electronic.valences[i] for i in manganese] == [2, 3]
    assert [i for i, flag in enumerate(electronic.jahn_teller) if flag] == [manganese[1]], "Mn3+ has one e_g electron"
    kept = {path.name for path in (project / "run").rglob("*") if path.is_file()}
    assert not kept & {"CHGCAR", "CHGCAR.gz", "WAVECAR", "WAVECAR.gz"}


@pytest.mark.slow
def test_large_files_stay_on_request(project: Path) -> None:
    cell = mixed_cells()[4].structure
    engine(keep_files=["CHGCAR"]).static(cell, folder=project / "run")
    names = {path.name.removesuffix(".gz") for path in (project / "run").rglob("*") if path.is_file()}
    assert "CHGCAR" in names
    assert "WAVECAR" not in names


@pytest.mark.slow
def test_forces_are_in_the_order_of_the_structure(project: Path) -> None:
    assert project.is_dir()
    cell = mixed_cells()[4].structure
    turned = cell.copy()
    turned.make_supercell([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    for one in (cell, turned):  # the other is left-handed
        found, expected = engine().evaluate(one), get_engine(SPRINGS).evaluate(one)
        assert found.forces == pytest.approx(expected.forces, abs=1e-6)
        assert found.stress == pytest.approx(expected.stress, abs=1e-6)


@pytest.mark.slow
def test_corrections_are_applied_once_and_named(project: Path) -> None:
    """MP2020: -0.687 eV per oxygen of an oxide, -1.668 eV per manganese with U (Wang et al., Sci. Rep. 11, 15496)."""
    cell = Structure.from_spacegroup(
        "Fm-3m", mixed_cells()[3].structure.lattice, ["Mn", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    plain = engine().static(cell, folder=project / "plain")
    corrected = engine(corrections="mp2020").static(cell, folder=project / "corrected")
    assert plain.energy_corrections == {}
    assert sorted(corrected.energy_corrections.values()) == pytest.approx([-1.668 * 4, -0.687 * 4])
    assert corrected.energy_eV == pytest.approx(plain.energy_eV + sum(corrected.energy_corrections.values()))


def test_the_check_says_what_is_missing(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pymatgen.core import SETTINGS

    monkeypatch.setitem(SETTINGS, "PMG_VASP_PSP_DIR", str(project / "nowhere"))
    with pytest.raises(MissingDependencyError, match=r"POTCARs \(PMG_VASP_PSP_DIR\): pmg config"):
        engine().check()
    monkeypatch.setenv("HEBE_VASP_COMMAND", "mpirun_of_nobody vasp_std")
    with pytest.raises(MissingDependencyError, match="mpirun_of_nobody: name the command as vasp_command"):
        engine().check()

"""Charges by Bader's partition: sign, order of sites, the density that decides, and programs that fail."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from hebe.engines.vasp.results import read_text
from support.bader_stand_in import charges as partitioned
from support.bader_stand_in import read
from support.mixed_cells import mixed_cells
from support.vasp import distorted, engine, use_bader, use_stand_in
from support.vasp_densities import ANIONS, ASIDE, charge_of

if TYPE_CHECKING:
    from pathlib import Path

    from hebe.engines.protocol import Relaxation

pytestmark = [pytest.mark.vasp, pytest.mark.slow]


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder with stand-ins for VASP and for the program that partitions charges."""
    use_stand_in(tmp_path, monkeypatch)
    use_bader(tmp_path, monkeypatch)
    return tmp_path


def charges_of(result: Relaxation) -> list[float] | None:
    assert result.electronic is not None
    return result.electronic.bader_charges


def test_charges_are_those_that_the_density_holds(project: Path) -> None:
    """Lithium, manganese, oxygen and fluorine in an order that is not that of POSCAR; each site has its own charge."""
    cell = mixed_cells()[4].structure
    result = engine(bader=True).static(cell, folder=project / "run")
    expected = [charge_of(site.specie.symbol, site.frac_coords) for site in cell]
    assert len({round(charge, 3) for charge in expected}) == len(cell)
    assert charges_of(result) == pytest.approx(expected, abs=1e-3)
    assert [charge > 0 for charge in charges_of(result) or []] == [s.specie.symbol not in ANIONS for s in cell]
    assert result.corrections == []
    kept = {path.name.removesuffix(".gz") for path in (project / "run").rglob("*")}
    assert not kept & {"CHGCAR", "AECCAR0", "AECCAR2"}


def test_basins_are_those_of_the_whole_density(project: Path) -> None:
    """Some electrons of a cation are nearer to an anion: without the cores they would be counted there."""
    files = ["CHGCAR", "AECCAR0", "AECCAR2"]
    engine(bader=True, keep_files=files).static(distorted(), folder=project / "run")
    (folder,) = (path.parent for path in (project / "run").rglob("attempt.json"))
    for name in files:
        (folder / name).write_text(read_text(folder / name))
    lattice, coords, valence = read(folder / "CHGCAR")
    whole = read(folder / "AECCAR0")[2] + read(folder / "AECCAR2")[2]
    right, wrong = (partitioned(valence, reference, coords, lattice) for reference in (whole, valence))
    assert right.sum() == pytest.approx(wrong.sum()) == pytest.approx(valence.sum())
    assert sorted(np.round(right - wrong, 3)) == pytest.approx([-ASIDE, 0, 0, ASIDE])


def test_a_relaxed_cell_has_the_charges_of_its_end(project: Path) -> None:
    result = engine(bader=True).relax(distorted(), folder=project / "run")
    expected = [charge_of(site.specie.symbol, site.frac_coords) for site in result.structure]
    assert charges_of(result) == pytest.approx(expected, abs=1e-3)
    again = engine(bader=True).relax(distorted(), folder=project / "run")
    assert again.n_steps == 0
    assert charges_of(again) == charges_of(result), "they are remembered"


@pytest.mark.parametrize(("fault", "words"), [("crash", "exit code: 2"), ("nonsense", "not finite")])
def test_a_program_that_fails_costs_nothing_but_the_charges(
    project: Path, monkeypatch: pytest.MonkeyPatch, fault: str, words: str
) -> None:
    monkeypatch.setenv("BADER_STAND_IN_FAULT", fault)
    result = engine(bader=True).static(distorted(), folder=project / "run")
    assert result.converged
    assert charges_of(result) is None
    (correction,) = result.corrections
    assert correction.problem == "charges could not be partitioned"
    assert words in correction.action
    plain = engine().static(distorted(), folder=project / "plain")
    assert result.energy_eV == plain.energy_eV


def test_without_the_program_there_are_no_charges(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    use_stand_in(tmp_path, monkeypatch)
    monkeypatch.setenv("PATH", "/usr/bin:/bin")
    result = engine(bader=True).static(distorted(), folder=tmp_path / "run")
    assert charges_of(result) is None
    assert result.corrections == []

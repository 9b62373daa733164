"""Projected states of small crystals from two programs with the same data: sums, published centres, both spins."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.engines.abinit.data_sets import data_set, find_library
from hebe.engines.abinit.partial_waves import orbital_shares
from hebe.engines.abinit.projections import projected_in
from hebe.engines.gpaw.run import projected_of
from support import abinit, gpaw
from support.small_cells import delithiable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from hebe.schemas.electronic import ElectronicDoc
    from hebe.science.electrons.projected import Projected

pytestmark = pytest.mark.slow

PROGRAMS: dict[str, Any] = {"gpaw": gpaw.engine, "abinit": abinit.engine}
both = pytest.mark.parametrize("program", [pytest.param(name, marks=getattr(pytest.mark, name)) for name in PROGRAMS])


def magnesia() -> Structure:
    """Primitive cell of MgO."""
    cubic = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.25), ["Mg", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    return cubic.get_primitive_structure()


def iron() -> Structure:
    """Primitive cell of ferromagnetic bcc iron."""
    return Structure(Lattice(2.83 / 2 * (np.ones((3, 3)) - 2 * np.eye(3))), ["Fe"], [[0, 0, 0]])


def copper() -> Structure:
    """Primitive cell of copper."""
    return Structure(Lattice(3.61 / 2 * (np.ones((3, 3)) - np.eye(3))), ["Cu"], [[0, 0, 0]])


def electrons(program: str, crystal: Structure, folder: Path, **settings: Any) -> ElectronicDoc:
    """Electronic results of a crystal."""
    found: ElectronicDoc | None = PROGRAMS[program]("ci", **settings).static(crystal, folder=folder).electronic
    assert found is not None
    return found


def projected(program: str, crystal: Structure, folder: Path, **settings: Any) -> tuple[Projected, Mapping[int, float]]:
    """Projections of a crystal, and its moments by site."""
    run = PROGRAMS[program]("ci", **settings).open_run(crystal, folder)
    try:
        moments = run.evaluate(crystal).magmoms
        if program == "gpaw":
            answer = run.session.ask(
                {
                    "atoms": run.model.atoms(crystal),
                    "parameters": run.model.parameters,
                    "log": str(folder / "log"),
                    "checkpoint": None,
                }
            )
            found: Projected | None = projected_of(answer["projected"])
        else:
            found = projected_in(folder / "001", run.model.data_sets)
    finally:
        run.close()
    assert found is not None
    return found, dict(enumerate(moments))


@both
def test_spheres_hold_the_electrons_but_for_those_between_them(program: str, tmp_path: Path) -> None:
    """16 valence electrons of MgO: the six of magnesium's 2p are inside, half of oxygen's six are not.

    Of the free atom's 2p orbital 0.61 lies in the sphere; that of the ion is wider. The band of oxygen is 4.8 eV wide
    in DFT, its centre is inside of it, and nothing else is at its top.
    """
    found, _ = projected(program, magnesia(), tmp_path, k_spacing=0.9)
    assert found.occupied.sum() == pytest.approx(16, abs=1e-6)
    for parts in found.weights.values():
        for part in parts.values():
            assert part.min() > -1e-6, "a sphere holds no less than nothing of a state"
    total = np.sum([part for parts in found.weights.values() for part in parts.values()], axis=0)
    assert total.max() < 1.01, "spheres hold no more than all of a state"
    assert found.held("Mg", 1) == pytest.approx(6, abs=0.3), "2p of magnesium and a little of oxygen's"
    assert found.held("Mg", 1, 10) < 0.3, "which is far below the window"
    assert found.orbitals["O"][1] == pytest.approx(0.61, abs=0.02)
    assert 4 < found.held("O", 1, 10) / found.orbitals["O"][1] < 6
    assert found.captured == pytest.approx(0.78, abs=0.02)
    centre = found.centre("O", 1)
    assert centre is not None
    assert -2.4 < centre < -1.0
    assert found.anion_share == 1


@both
def test_the_d_band_of_copper(program: str, tmp_path: Path) -> None:
    """-2.67 eV at the (111) surface (Ruban, Hammer, Stoltze, Skriver, Norskov, J. Mol. Catal. A 115, 421 (1997)).

    That of the bulk is a little deeper; meshes of 6 to 11 points give -2.74 to -2.92.
    """
    found = electrons(program, copper(), tmp_path, k_spacing_metal=0.6)
    assert found.d_centres_eV["Cu"] == pytest.approx(-2.67, abs=0.3)
    assert found.anion_share == 0


@both
def test_moments_are_in_the_projections_of_the_spins(program: str, tmp_path: Path) -> None:
    """What the sphere of iron holds of one spin more than of the other is its moment, which programs print as well."""
    found, moments = projected(program, iron(), tmp_path, k_spacing_metal=0.6)
    held = sum((found.occupied * part).sum(axis=(1, 2)) for part in found.weights["Fe"].values())
    assert np.shape(held) == (2,)
    assert held[0] - held[1] == pytest.approx(moments[0], rel=0.01)
    assert found.occupied.sum() == pytest.approx(8, abs=1e-6)


@pytest.mark.gpaw
@pytest.mark.abinit
def test_programs_agree(tmp_path: Path) -> None:
    """LiCoO2: filled t2g states of cobalt above those of oxygen, to 0.02 eV the same from both."""
    found = {
        name: electrons(name, delithiable(14.05, lithium=True), tmp_path / name, k_spacing=2.2) for name in PROGRAMS
    }
    one, other = found["gpaw"], found["abinit"]
    assert one.p_centres_eV["O"] == pytest.approx(other.p_centres_eV["O"], abs=0.03)
    assert one.d_centres_eV["Co"] == pytest.approx(other.d_centres_eV["Co"], abs=0.03)
    assert one.anion_share == pytest.approx(other.anion_share, abs=0.01)
    assert one.p_centres_eV["O"] < one.d_centres_eV["Co"] < 0
    assert one.anion_share is not None
    assert one.anion_share < 0.5, "electrons leave from cobalt (van Elp et al., Phys. Rev. B 44, 6090 (1991))"


@pytest.mark.abinit
def test_orbitals_are_whole_in_a_large_sphere() -> None:
    """Partial waves of bound states are normalised; nearly all of iron's 3d is within 2 Bohr radii."""
    choice, library = abinit.engine("ci").choice, find_library("PBE")
    for symbol, momentum in (("O", 1), ("Fe", 2), ("Mn", 2), ("Ni", 2)):
        one = data_set(symbol, choice, library)
        assert orbital_shares(one, 60.0)[momentum] == pytest.approx(1, abs=1e-3)
    assert orbital_shares(data_set("Fe", choice, library), 2.0)[2] > 0.85
    assert orbital_shares(data_set("O", choice, library), 1.3)[1] < 0.7

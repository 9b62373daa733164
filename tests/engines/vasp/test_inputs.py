"""INCAR, KPOINTS and POTCAR symbols: by hand from the Materials Project's rules, and beside pymatgen's own sets."""

from __future__ import annotations

import importlib.util
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from pymatgen.core import Lattice, Structure

from hebe.config.engines import EngineSpec
from hebe.config.engines.vasp import VaspSettings, vasp_choice
from hebe.engines.registry import get_engine
from hebe.engines.tasks import Relax
from hebe.engines.vasp.inputs import IONS, RELAX, STATIC, Job, input_set, ordered, restored
from hebe.makers.calculation import calculation_key
from hebe.makers.start import Start
from support.mixed_cells import MixedCell, mixed_cells
from support.small_cells import lithium

if TYPE_CHECKING:
    from pymatgen.io.vasp.sets import VaspInputSet

pytestmark = [
    pytest.mark.vasp,
    pytest.mark.skipif(importlib.util.find_spec("atomate2") is None, reason="needs the package atomate2"),
]

# Elements in the order of POSCAR (electronegativity), POTCARs and U (eV) of the Materials Project's GGA calculations,
# initial moments of the ions of each element: its least moment of 0.6 where an ion has no unpaired electron.
EXPECTED: dict[str, tuple[list[tuple[str, float, list[float]]], list[str]]] = {
    "layered Li(Ni,Mn,Co)O2": (
        [("Li", 0, [0.6] * 3), ("Mn", 3.9, [3]), ("Co", 3.32, [0.6]), ("Ni", 6.2, [2]), ("O", 0, [0.6] * 6)],
        ["Li_sv", "Mn_pv", "Co", "Ni_pv", "O"],
    ),
    "layered Na(Fe,Mn,Mn)O2": (
        [("Na", 0, [0.6] * 3), ("Mn", 3.9, [4, 4]), ("Fe", 5.3, [5]), ("O", 0, [0.6] * 6)],
        ["Na_pv", "Mn_pv", "Fe_pv", "O"],
    ),
    "layered Na(Ni,Ti,Mn)O2": (
        [("Na", 0, [0.6] * 3), ("Ti", 0, [0.6]), ("Mn", 3.9, [4]), ("Ni", 6.2, [2]), ("O", 0, [0.6] * 6)],
        ["Na_pv", "Ti_pv", "Mn_pv", "Ni_pv", "O"],
    ),
    "DRX Li2MnTiO4": (
        [("Li", 0, [0.6] * 2), ("Ti", 0, [0.6]), ("Mn", 3.9, [5]), ("O", 0, [0.6] * 4)],
        ["Li_sv", "Ti_pv", "Mn_pv", "O"],
    ),
    "DRX Li2Mn2O3F": (
        [("Li", 0, [0.6] * 2), ("Mn", 3.9, [5, 4]), ("O", 0, [0.6] * 3), ("F", 0, [0.6])],
        ["Li_sv", "Mn_pv", "O", "F"],
    ),
    "DRX Li2VNbO3F": (
        [("Li", 0, [0.6] * 2), ("Nb", 0, [0.6]), ("V", 3.25, [2]), ("O", 0, [0.6] * 3), ("F", 0, [0.6])],
        ["Li_sv", "Nb_pv", "V_pv", "O", "F"],
    ),
    "spinel LiMn1.5Ni0.5O4": (
        [("Li", 0, [0.6] * 2), ("Mn", 3.9, [3, 3, 3]), ("Ni", 6.2, [2]), ("O", 0, [0.6] * 8)],
        ["Li_sv", "Mn_pv", "Ni_pv", "O"],
    ),
    "spinel LiCrMnO4": (
        [("Li", 0, [0.6] * 2), ("Mn", 3.9, [3, 3]), ("Cr", 3.7, [3, 3]), ("O", 0, [0.6] * 8)],
        ["Li_sv", "Mn_pv", "Cr_pv", "O"],
    ),
    "phosphate LiFe0.5Mn0.5PO4": (
        [("Li", 0, [0.6] * 4), ("Mn", 3.9, [5, 5]), ("Fe", 5.3, [4, 4]), ("P", 0, [0.6] * 4), ("O", 0, [0.6] * 16)],
        ["Li_sv", "Mn_pv", "Fe_pv", "P", "O"],
    ),
    "fluoride KCo0.5Ni0.5F3": (
        [("K", 0, [0.6] * 2), ("Co", 3.32, [3]), ("Ni", 6.2, [2]), ("F", 0, [0.6] * 6)],
        ["K_sv", "Co", "Ni_pv", "F"],
    ),
}

GGA = {
    "ENCUT": 520, "ISMEAR": -5, "SIGMA": 0.05, "ISPIN": 2, "LASPH": True, "PREC": "Accurate", "ALGO": "Fast",
    "LMAXMIX": 4, "IBRION": 2, "LDAU": True, "LDAUTYPE": 2, "EDIFF": 1e-5, "EDIFFG": -0.04, "NSW": 150, "ISIF": 3,
    "ISYM": 0, "LREAL": "Auto", "LWAVE": False, "LCHARG": False,
}  # fmt: skip
R2SCAN = {
    "ENCUT": 680, "ISMEAR": 0, "SIGMA": 0.05, "ISPIN": 2, "LASPH": True, "PREC": "Accurate", "ALGO": "Normal",
    "LMAXMIX": 6, "LMIXTAU": True, "METAGGA": "R2scan", "KSPACING": 0.22, "EDIFF": 1e-5, "EDIFFG": -0.04, "NSW": 150,
    "ISIF": 3, "ISYM": 0, "LREAL": False, "LWAVE": False, "LCHARG": False, "LAECHG": False, "LVTOT": False,
}  # fmt: skip
OF_HEBE = {"EDIFF", "EDIFFG", "NSW", "ISIF", "ISYM", "LWAVE", "LCHARG", "LAECHG", "LVTOT", "LELF"}
"""Tags that differ from pymatgen's sets on purpose."""

CELLS = mixed_cells()


def asked(cell: Structure, preset: str = "mp-gga", task: str = RELAX, **settings: Any) -> VaspInputSet:
    choice = vasp_choice(preset, VaspSettings.model_validate(settings))
    return input_set(choice, Job(task, fmax=0.04, steps=150), ordered(cell))


def mesh_by_hand(structure: Structure, density: float) -> tuple[int, ...]:
    """Gamma-centred mesh of `density` points per 1/A^3 of the reciprocal cell (with the factor 2 pi)."""
    reciprocal = (2 * np.pi) ** 3 / structure.volume
    edges = np.array(structure.lattice.abc)
    factor = (density * reciprocal * edges.prod()) ** (1 / 3)
    return tuple(int(max(1, np.floor(factor / edge))) for edge in edges)


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_gga_of_mixed_cells_by_hand(cell: MixedCell) -> None:
    made = asked(cell.structure)
    groups, potcars = EXPECTED[cell.name]
    assert made.poscar.site_symbols == [element for element, _, _ in groups]
    assert made.poscar.natoms == [len(moments) for _, _, moments in groups]
    assert made.potcar_symbols == potcars
    assert made.potcar_functional == "PBE"
    incar = made.incar
    assert {tag: incar[tag] for tag in GGA} == GGA
    assert incar["LDAUU"] == [u for _, u, _ in groups]
    assert incar["LDAUL"] == [2 if u else 0 for _, u, _ in groups]
    assert incar["LDAUJ"] == [0] * len(groups)
    assert incar["MAGMOM"] == pytest.approx([m for _, _, moments in groups for m in moments])
    assert made.kpoints is not None
    assert made.kpoints.kpts[0] == mesh_by_hand(cell.structure, 64)
    assert made.kpoints.style.name == "Gamma"


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
def test_r2scan_of_mixed_cells_by_hand(cell: MixedCell) -> None:
    made = asked(cell.structure, "mp24")
    groups, potcars = EXPECTED[cell.name]
    incar = made.incar
    assert {tag: incar[tag] for tag in R2SCAN} == R2SCAN
    assert not {tag for tag in incar if tag.startswith("LDAU")}, "r2SCAN goes without U"
    assert incar["MAGMOM"] == pytest.approx([m for _, _, moments in groups for m in moments])
    assert made.potcar_symbols == potcars, "of these elements both releases use the same"
    assert made.potcar_functional == "PBE_64"
    assert made.kpoints is None, "VASP makes the mesh from KSPACING"


@pytest.mark.parametrize("cell", CELLS, ids=lambda cell: cell.name)
@pytest.mark.parametrize(("preset", "task"), [("mp-gga", RELAX), ("mp-gga", STATIC), ("mp24", RELAX), ("mp24", STATIC)])
def test_what_is_not_decided_here_agrees_with_pymatgen(cell: MixedCell, preset: str, task: str) -> None:
    from pymatgen.io.vasp import sets

    names = {"mp-gga": ("MPRelaxSet", "MPStaticSet"), "mp24": ("MP24RelaxSet", "MP24StaticSet")}
    made = asked(cell.structure, preset, task)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        given = ordered(cell.structure).structure
        theirs = getattr(sets, names[preset][task == STATIC])(given, force_gamma=True)
        expected = {tag: value for tag, value in theirs.incar.items() if tag not in OF_HEBE}
    ours = {tag: value for tag, value in made.incar.items() if tag not in OF_HEBE}
    assert ours.pop("KPAR", None) in (None, 1), "atomate2 adds it to statics of 2024"
    assert ours == expected
    assert made.potcar_symbols == theirs.potcar_symbols
    assert made.potcar_functional == theirs.potcar_functional
    assert str(made.kpoints) == str(theirs.kpoints)


def test_tasks() -> None:
    cell = CELLS[0].structure
    assert asked(cell, task=IONS).incar["ISIF"] == 2
    static = asked(cell, task=STATIC)
    assert static.incar["NSW"] == 0
    assert static.kpoints is not None
    assert static.kpoints.kpts[0] == mesh_by_hand(cell, 100), "statics have a denser mesh"


def test_metals_have_no_tetrahedra_and_no_u() -> None:
    made = asked(lithium())
    assert (made.incar["ISMEAR"], made.incar["SIGMA"]) == (1, 0.2)
    assert "LDAU" not in made.incar
    assert "ISYM" not in made.incar
    assert made.kpoints is not None
    assert made.kpoints.kpts[0] == mesh_by_hand(lithium(), 200)


def test_symmetry_goes_where_elements_or_moments_mix() -> None:
    ordered_cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.17), ["Ni", "O"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    assert "ISYM" not in asked(ordered_cell).incar
    assert asked(ordered_cell, symmetry="off").incar["ISYM"] == 0
    antiferro = ordered_cell.copy(site_properties={"magmom": [2, -2, 2, -2, 0, 0, 0, 0]})
    assert asked(antiferro).incar["ISYM"] == 0
    assert asked(antiferro).incar["MAGMOM"][:4] == [2, -2, 2, -2]
    assert "ISYM" not in asked(CELLS[0].structure, symmetry="on").incar


def test_settings_that_go_with_a_preset() -> None:
    cell = CELLS[0].structure
    made = asked(cell, k_spacing=0.3, incar={"NCORE": 8, "ALGO": "Normal"}, keep_files=["CHGCAR"], lreal="off")
    assert made.kpoints is None
    assert (made.incar["KSPACING"], made.incar["NCORE"], made.incar["ALGO"]) == (0.3, 8, "Normal")
    assert (made.incar["LCHARG"], made.incar["LREAL"]) == (True, False)
    assert asked(cell.make_supercell([2, 1, 1], in_place=False), "mp24", lreal="auto").incar["LREAL"] == "Auto"
    assert asked(cell, "mp24", lreal="auto").incar["LREAL"] is False, "12 atoms are no large cell"
    bader = asked(cell, bader=True).incar
    assert bader["LAECHG"]
    assert bader["LCHARG"]


@pytest.mark.parametrize(
    ("edges", "spacing", "smearing"),
    [
        ((3.0, 12.0, 12.0), 0.53, 0),  # 4 x 1 x 1: time reversal leaves 3
        ((3.0, 12.0, 12.0), 0.42, -5),  # 5 x 2 x 2
        ((4.2, 4.2, 8.4), 1.0, -5),  # 2 x 2 x 1, each its own image
        ((4.2, 4.2, 4.2), 1.6, 0),  # one
    ],
)
def test_few_points_go_without_tetrahedra(edges: tuple[float, float, float], spacing: float, smearing: int) -> None:
    """VASP's method of tetrahedra fails for fewer than four points; with symmetry off k and -k are one."""
    cell = Structure(Lattice.orthorhombic(*edges), ["Ni", "O"], np.array([[0, 0, 0], [0.5, 0.5, 0.5]]))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # pymatgen's, that the mesh may be too coarse
        incar = asked(cell, k_spacing=spacing, symmetry="off").incar
    assert (incar["ISMEAR"], incar["SIGMA"]) == (smearing, 0.05)
    assert asked(cell, "mp24", k_spacing=spacing).incar["ISMEAR"] == 0
    assert asked(lithium(), k_spacing=spacing).incar["ISMEAR"] == 1


def test_u_is_on_f_states_where_an_element_has_them() -> None:
    cell = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.4), ["Ce", "O"], [[0, 0, 0], [0.25, 0.25, 0.25]])
    incar = asked(cell, "custom", hubbard_u={"Ce": 5.0, "Mn": 3.9}).incar
    assert (incar["LDAUL"], incar["LDAUU"], incar["LMAXMIX"]) == ([3, 0], [5.0, 0], 6)
    assert asked(CELLS[0].structure, "custom", hubbard_u={"Mn": 3.9}).incar["LMAXMIX"] == 4


def test_left_handed_cells_are_inverted_and_come_back() -> None:
    """VASP ends at once for a lattice with a negative triple product."""
    right = CELLS[4].structure
    turned = right.copy()
    turned.make_supercell([[0, 1, 0], [1, 0, 0], [0, 0, 1]])
    assert np.linalg.det(turned.lattice.matrix) < 0
    there = ordered(turned)
    assert np.linalg.det(there.structure.lattice.matrix) > 0
    assert there.structure.distance_matrix == pytest.approx(turned.distance_matrix[there.order][:, there.order])
    back = restored(turned, there.structure, there.order)
    assert back.cart_coords == pytest.approx(turned.cart_coords)
    pulls = np.arange(3.0 * len(turned)).reshape(-1, 3)
    assert there.vectors(-pulls[there.order]) == pytest.approx(pulls)
    assert ordered(right).vectors(pulls[ordered(right).order]) == pytest.approx(pulls)


def test_custom_changes_what_it_names() -> None:
    cell = CELLS[0].structure
    made = asked(
        cell, "custom", hubbard_u={"Mn": 4.2}, incar={"ENCUT": 600, "GGA": "PS"}, potcars={"Mn": "Mn"}, base="mp-gga"
    )
    assert made.incar["LDAUU"] == [0, 4.2, 0, 0, 0]
    assert made.incar["LDAUL"] == [0, 2, 0, 0, 0]
    assert (made.incar["ENCUT"], made.incar["GGA"]) == (600, "Ps")
    assert made.potcar_symbols == ["Li_sv", "Mn", "Co", "Ni_pv", "O"]
    assert "LDAUU" not in asked(cell, "custom", hubbard_u="none").incar
    assert asked(cell).potcar_symbols == ["Li_sv", "Mn_pv", "Co", "Ni_pv", "O"], "the preset is as it was"


def test_sites_come_back_in_their_order_and_where_they_were() -> None:
    cell = CELLS[4].structure
    there = ordered(cell)
    wrapped = there.structure.copy()
    wrapped.translate_sites(list(range(len(wrapped))), [0.01, 0, 0])
    for n, site in enumerate(wrapped):
        wrapped[n] = site.specie, site.frac_coords % 1.0
    back = restored(cell, wrapped, there.order)
    assert [site.specie for site in back] == [site.specie for site in cell]
    assert back.frac_coords - cell.frac_coords == pytest.approx(np.tile([0.01, 0, 0], (len(cell), 1)))
    assert back.site_properties["ion"] == cell.site_properties["ion"]


def test_what_enters_the_key() -> None:
    def key(preset: str = "mp-gga", cell: Structure = CELLS[0].structure, **settings: Any) -> str:
        spec = EngineSpec.model_validate({"name": "vasp", "preset": preset, "settings": settings or None})
        return calculation_key(get_engine(spec), Relax(fmax=spec.fmax), Start(cell))

    plain = key()
    assert key(incar={"NCORE": 4}) == key(keep_files=["CHGCAR"]) == key(bader=True) == plain
    flipped = CELLS[0].structure.copy(site_properties={"magmom": [-2.0] * 12})
    others = [key("mp24"), key("custom"), key("custom", incar={"ENCUT": 600}), key(k_spacing=0.3), key(passes=1)]
    others += [key(corrections="mp2020"), key(cell=flipped)]
    assert len({plain, *others}) == len(others) + 1


def test_energy_scales_tell_apart_what_cannot_be_compared() -> None:
    def scale(preset: str, **settings: Any) -> str:
        return get_engine(
            EngineSpec.model_validate({"name": "vasp", "preset": preset, "settings": settings})
        ).energy_scale

    assert scale("mp-gga") == "vasp/mp-gga/PBE+U/PBE"
    assert scale("mp-gga", corrections="mp2020") == "vasp/mp-gga/PBE+U/PBE/MP2020"
    assert scale("mp24") == "vasp/mp24/r2SCAN/PBE_64"
    assert scale("custom", incar={"ENCUT": 600}) != scale("custom", incar={"ENCUT": 700})
    assert scale("custom", hubbard_u="none").split("/")[2] == "PBE"

"""Host cells and supercells."""

from __future__ import annotations

from dataclasses import replace
from itertools import product

import numpy as np
import pytest
import spglib
from pymatgen.core import Structure

from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.structures.host import host_cell
from hebe.science.structures.lattice_reduction import shortest_vector
from hebe.science.structures.supercell import find_supercell, hermite_normal_forms


@pytest.mark.parametrize(("dimension", "determinant"), [(2, 6), (2, 12), (3, 4), (3, 8)])
def test_hermite_forms_are_all_sublattices_once(dimension: int, determinant: int) -> None:
    # The number of sublattices of index n is sigma(n) in two dimensions, sum of d sigma(d) over d | n in three.
    divisors = [d for d in range(1, determinant + 1) if determinant % d == 0]

    def sigma(n: int) -> int:
        return sum(d for d in range(1, n + 1) if n % d == 0)

    expected = sigma(determinant) if dimension == 2 else sum(d * sigma(d) for d in divisors)
    forms = [tuple(map(tuple, form.tolist())) for form in hermite_normal_forms(determinant, dimension)]
    assert len(forms) == len(set(forms)) == expected
    assert all(round(np.linalg.det(np.array(form))) == determinant for form in forms)


@pytest.mark.parametrize(("family", "ion", "number"), [("layered-o3", "Na", 166), ("rocksalt", None, 225)])
def test_one_species_everywhere_has_the_symmetry_of_the_prototype(family: str, ion: str | None, number: int) -> None:
    data = load_family(family)
    cell = host_cell(data, ion)
    sub = data.mixed[0]
    structure = cell.structure.make_supercell(find_supercell(cell, sub, 4).matrix, in_place=False)
    found = spglib.get_symmetry_dataset(
        (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), [s.specie.Z for s in structure]), 1e-3
    )
    assert found is not None
    assert found.number == number


@pytest.mark.parametrize("n", [3, 8, 10, 12, 20])
def test_layered_cells_are_one_sheet_with_whole_coordination(n: int) -> None:
    cell = host_cell(load_family("layered-o3"), "Na")
    found = find_supercell(cell, "TM", n)
    structure = cell.structure.make_supercell(found.matrix, in_place=False)
    assert cell.layer_normal is not None
    heights = [round(float(s.coords @ cell.layer_normal), 4) for s in structure if s.properties["sublattice"] == "TM"]
    spacing = abs(float(structure.lattice.matrix[2] @ cell.layer_normal))
    layers = {round((h / spacing) % 1.0, 3) % 1.0 for h in heights}
    assert len(layers) == 1, "every mixed layer holds the whole composition"
    counts = {name: structure.site_properties["sublattice"].count(name) for name in ("A", "TM", "O")}
    assert counts == {"A": n, "TM": n, "O": 2 * n}
    for site in structure:
        if site.properties["sublattice"] == "TM":
            assert len([x for x in structure.get_neighbors(site, 2.4) if x.properties["sublattice"] == "O"]) == 6


def test_twelve_sites_repeat_no_sooner_than_three_lattice_constants() -> None:
    cell = host_cell(load_family("layered-o3"), "Na")
    assert find_supercell(cell, "TM", 12).shortest_repeat >= 3 * 3.02


def test_the_quality_of_a_cell_is_one_for_the_densest_lattices() -> None:
    # twelve sites of a triangular sheet: 2 sqrt(3) a by 2 sqrt(3) a at 120 degrees; eight of fcc: the doubled cell
    layered, cubic = host_cell(load_family("layered-o3"), "Na"), host_cell(load_family("rocksalt"))
    sheet = find_supercell(layered, "TM", 12)
    assert sheet.quality == pytest.approx(1)
    assert sheet.shortest_repeat == pytest.approx(2 * np.sqrt(3) * 3.02)
    assert find_supercell(cubic, "M", 8).quality == pytest.approx(1)
    for n in (5, 7, 10, 13):
        assert 0.5 < find_supercell(cubic, "M", n).quality <= 1 + 1e-9
        assert 0.5 < find_supercell(layered, "TM", n).quality <= 1 + 1e-9


def test_isotropic_cells_beat_every_diagonal_one() -> None:
    cell = host_cell(load_family("rocksalt"))
    found = find_supercell(cell, "M", 12)
    diagonal = [d for d in product(range(1, 13), repeat=3) if np.prod(d) == 12]
    best = max(shortest_vector(np.diag(d) @ cell.structure.lattice.matrix) for d in diagonal)
    assert found.shortest_repeat >= best - 1e-9


def test_a_wrong_number_of_sites_names_the_nearest() -> None:
    with pytest.raises(BadInputError, match="nearest: 1"):
        find_supercell(host_cell(load_family("rocksalt")), "M", 0)


@pytest.mark.parametrize(
    ("family", "ion", "sublattice"), [("layered-o3", "Na", "TM"), ("layered-p2", "Na", "TM"), ("rocksalt", None, "M")]
)
@pytest.mark.parametrize("size", [6, 12, 18])
def test_the_last_bit_of_a_lattice_decides_nothing(family: str, ion: str | None, sublattice: str, size: int) -> None:
    """Hexagonal cells have equivalent supercells by the dozen; another processor must choose the same one."""
    rng = np.random.default_rng(size)
    cell = host_cell(load_family(family), ion, 0.6375)
    chosen = find_supercell(cell, sublattice, size).matrix
    for _ in range(5):
        matrix = cell.structure.lattice.matrix * (1 + 1e-13 * rng.normal(size=(3, 3)))
        properties = cell.structure.site_properties
        moved = Structure(matrix, cell.structure.species, cell.structure.frac_coords, site_properties=properties)
        assert np.array_equal(find_supercell(replace(cell, structure=moved), sublattice, size).matrix, chosen)

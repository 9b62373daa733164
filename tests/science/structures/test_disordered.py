"""Crystals with partial occupancies: sublattices found, mixed, and mistakes named."""

from __future__ import annotations

from collections import Counter
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest
from pymatgen.core import Composition, Lattice, Structure

from hebe.exceptions import BadInputError
from hebe.science.structures.disordered import disordered_host, read_host, sqs_of_host

if TYPE_CHECKING:
    from pathlib import Path

SPINEL = Structure.from_spacegroup(
    "Fd-3m",
    Lattice.cubic(8.2),
    [Composition({"Li": 0.5, "Mg": 0.5}), Composition({"Mn": 0.5, "Ni": 0.25, "Ti": 0.25}), "O"],
    [[0, 0, 0], [5 / 8, 5 / 8, 5 / 8], [0.388, 0.388, 0.388]],
)


def test_the_sublattices_of_a_spinel() -> None:
    host = disordered_host(SPINEL)
    assert set(host.mixed) == {"M1", "M2"}
    sizes = {name: host.cell.sites_per_cell(name) for name in host.fractions}
    assert sorted(sizes.values()) == [2, 4, 8]
    assert sizes["X1"] == 8
    octahedral = next(name for name, n in sizes.items() if n == 4)
    assert host.fractions[octahedral] == {"Mn": Fraction(1, 2), "Ni": Fraction(1, 4), "Ti": Fraction(1, 4)}


def test_both_sublattices_are_mixed_in_one_cell() -> None:
    (found,) = sqs_of_host(disordered_host(SPINEL), 16, seed=1)
    assert Counter(site.specie.symbol for site in found.structure) == {
        "Li": 4, "Mg": 4, "Mn": 8, "Ni": 4, "Ti": 4, "O": 32,
    }  # fmt: skip
    assert found.deviation == 0
    assert set(found.quality) == set(found.realised) == {"M1", "M2"}


def test_a_file_with_vacancies_and_thirds_of_few_digits(tmp_path: Path) -> None:
    rocksalt = Structure.from_spacegroup(
        "Fm-3m",
        Lattice.cubic(4.2),
        [Composition({"Mg": 0.3333, "Ni": 0.3333, "Co": 0.3334}), Composition({"O": 0.875})],
        [[0, 0, 0], [0.5, 0.5, 0.5]],
    )
    rocksalt.to(str(tmp_path / "my.cif"))
    host = read_host(tmp_path / "my.cif")
    assert host.fractions["M1"] == {element: Fraction(1, 3) for element in ("Mg", "Ni", "Co")}
    assert host.fractions["X1"] == {"O": Fraction(7, 8), "Va": Fraction(1, 8)}
    (found,) = sqs_of_host(host, 24)
    assert Counter(site.specie.symbol for site in found.structure) == {"Mg": 8, "Ni": 8, "Co": 8, "O": 21}


def cif(rows: str) -> str:
    lengths = "".join(f"_cell_length_{axis} 4.2\n" for axis in "abc")
    angles = "".join(f"_cell_angle_{angle} 90\n" for angle in ("alpha", "beta", "gamma"))
    columns = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")
    loop = "loop_\n" + "".join(f"_atom_site_{name}\n" for name in columns)
    symmetry = "_symmetry_space_group_name_H-M 'P 1'\nloop_\n_symmetry_equiv_pos_as_xyz\n'x, y, z'\n"
    return f"data_x\n{lengths}{angles}{symmetry}{loop}{rows}"


@pytest.mark.parametrize(
    ("rows", "match"),
    [
        ("M Mg 0 0 0 0.7\nN Ni 0 0 0 0.6\nO O 0.5 0.5 0.5 1\n", r"my\.cif: site .* holds 1\.3 atoms.*divided by 1\.3"),
        ("M Mg 0 0 0 0.5\nN Ni 0.05 0 0 0.5\nO O 0.5 0.5 0.5 1\n", r"my\.cif: sites .* 0\.21 A apart.*one site"),
        ("M Mg 0 0 0 1\nO O 0.5 0.5 0.5 1\n", "no site is shared"),
        ("nonsense", r"my\.cif: it cannot be read"),
    ],
)
def test_bad_files_say_what_is_wrong_and_what_would_do(tmp_path: Path, rows: str, match: str) -> None:
    (tmp_path / "my.cif").write_text(cif(rows) if " " in rows else rows)
    with pytest.raises(BadInputError, match=match):
        read_host(tmp_path / "my.cif")


def test_one_site_cannot_be_shared() -> None:
    rocksalt = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(4.2), [Composition({"Mg": 0.5, "Ni": 0.5}), "O"], [[0, 0, 0], [0.5, 0.5, 0.5]]
    )
    with pytest.raises(BadInputError, match=r"one site in this cell, and 2 species.*nearest: 2 sites of M1"):
        sqs_of_host(disordered_host(rocksalt), 1)

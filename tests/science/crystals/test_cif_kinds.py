"""What a CIF may be written like: digits, empty sites, settings, dialects, charges; and what it must not say."""

from __future__ import annotations

import re
from fractions import Fraction

import numpy as np
import pytest
import spglib

from hebe.exceptions import BadInputError
from hebe.science.crystals.cif_blocks import MAX_BYTES, decoded
from hebe.science.crystals.cif_crystal import parse_cif
from hebe.science.crystals.crystal import parse_crystal
from hebe.science.crystals.written_number import parse_number, site_parts
from support.cif_hosts import O3

HALL = "_space_group_name_Hall"
COLUMNS = ("label", "type_symbol", "fract_x", "fract_y", "fract_z", "occupancy")


def cif(rows: str, cell: str = "5 6 7 90 90 90", more: str = "", columns: tuple[str, ...] = COLUMNS) -> str:
    """Text of a CIF with a row per site."""
    names = ("length_a", "length_b", "length_c", "angle_alpha", "angle_beta", "angle_gamma")
    lines = [f"_cell_{name} {value}" for name, value in zip(names, cell.split(), strict=False)]
    loop = ["loop_", *(f"_atom_site_{name}" for name in columns)]
    return "\n".join(["data_x", *lines, more, *loop, rows, ""])


def part(text: str) -> dict[str, Fraction]:
    """The first site of a text that holds no anion."""
    return next(found for found in parse_cif(text).parts if not {"O", "Cl"} & set(found))


GENERAL = "Ni1 Ni 0.1373 0.2191 0.0917 1\nMn1 Mn 0.3391 0.0531 0.2773 1\nO1 O 0.0573 0.4117 0.1831 1"
"""Three atoms in general positions, so that there is no more symmetry than a group has."""


def group_of(text: str) -> tuple[int, int]:
    """Space group and sites of what is read from a text."""
    found = parse_cif(text)
    kinds = [["Mn", "Ni", "O"].index(next(iter(held))) for held in found.parts]
    dataset = spglib.get_symmetry_dataset((found.lattice.tolist(), found.coords.tolist(), kinds), 1e-4)
    return 0 if dataset is None else int(dataset.number), len(kinds)


THIRD, SIXTH = Fraction(1, 3), Fraction(1, 6)
DIGITS = [
    ({"Ni": "0.333", "Mn": "0.667"}, {"Ni": THIRD, "Mn": 2 * THIRD}),
    ({"Ni": "0.33", "Mn": "0.66"}, {"Ni": THIRD, "Mn": 2 * THIRD}),
    ({"Ni": "0.666", "Mn": "0.333"}, {"Ni": 2 * THIRD, "Mn": THIRD}),
    ({"Ni": "0.33", "Mn": "0.33", "Co": "0.34"}, {"Ni": THIRD, "Mn": THIRD, "Co": THIRD}),
    ({"Ni": "0.3333(5)", "Mn": "0.6667(5)"}, {"Ni": THIRD, "Mn": 2 * THIRD}),
    ({"Ni": "0.1667", "Mn": "0.8333"}, {"Ni": SIXTH, "Mn": 5 * SIXTH}),
    ({"Ni": "1/3", "Mn": "2/3"}, {"Ni": THIRD, "Mn": 2 * THIRD}),
    ({"Ni": "0.143", "Mn": "0.857"}, {"Ni": Fraction(1, 7), "Mn": Fraction(6, 7)}),
    ({"Ni": "0.34", "Mn": "0.66"}, {"Ni": Fraction(17, 50), "Mn": Fraction(33, 50)}),
    ({"Ni": "0.990(5)"}, {"Ni": Fraction(1)}),
    ({"Ni": "0.998"}, {"Ni": Fraction(1)}),
    ({"Ni": "1.001"}, {"Ni": Fraction(1)}),
    ({"Ni": "0.98(1)", "Mn": "0.01(1)"}, {"Ni": Fraction(99, 100), "Mn": Fraction(1, 100)}),
    ({"Ni": "0.98(1)"}, {"Ni": Fraction(1)}),
    ({"Ni": "0.985(5)"}, {"Ni": Fraction(197, 200), "Va": Fraction(3, 200)}),
    ({"Ni": "0.99"}, {"Ni": Fraction(99, 100), "Va": Fraction(1, 100)}),
    ({"Ni": "0.3", "Mn": "0.6"}, {"Ni": Fraction(3, 10), "Mn": Fraction(3, 5), "Va": Fraction(1, 10)}),
    ({"Ni": "0.995", "Zr": "0.005"}, {"Ni": Fraction(199, 200), "Zr": Fraction(1, 200)}),
    ({"Ni": "1e0"}, {"Ni": Fraction(1)}),
    ({"Ni": ".5", "Mn": "+0.5"}, {"Ni": Fraction(1, 2), "Mn": Fraction(1, 2)}),
    ({"Na": "0.67"}, {"Na": 2 * THIRD, "Va": THIRD}),
    ({"Na": "0.6", "Va": "0.4"}, {"Na": Fraction(3, 5), "Va": Fraction(2, 5)}),
]


@pytest.mark.parametrize(("written", "meant"), DIGITS, ids=[" ".join(w.values()) for w, _ in DIGITS])
def test_an_amount_is_what_its_digits_leave_open(written: dict[str, str], meant: dict[str, Fraction]) -> None:
    amounts = {element: parse_number(text) for element, text in written.items()}
    found, _ = site_parts({e: number for e, number in amounts.items() if number is not None}, "M1")
    assert found == meant
    assert sum(found.values()) == 1


@pytest.mark.parametrize("occupancy", ["-1", "-0.5", "1e300", "2"])
def test_an_occupancy_that_cannot_be_is_refused(occupancy: str) -> None:
    with pytest.raises(BadInputError, match="site Ni1 holds"):
        parse_cif(cif(f"Ni1 Ni 0 0 0 {occupancy}\nO1 O .5 .5 .5 1"))


@pytest.mark.parametrize("written", [{"Ni": "1.01"}, {"Ni": "0.8", "Mn": "0.3"}, {"Ni": "-0.1"}])
def test_too_much_is_refused(written: dict[str, str]) -> None:
    amounts = {element: parse_number(text) for element, text in written.items()}
    with pytest.raises(BadInputError, match="site M1 holds"):
        site_parts({e: number for e, number in amounts.items() if number is not None}, "M1")


@pytest.mark.parametrize("name", ["Va", "Vac", "VAC", "Vc", "X", "Null", "vacancy", "Va0+"])
def test_a_row_of_empty_sites_is_no_vanadium(name: str) -> None:
    rows = f"Ni1 Ni 0 0 0 0.6\n{name}1 {name} 0 0 0 0.4\nO1 O .5 .5 .5 1"
    assert part(cif(rows))["Va"] == Fraction(2, 5)
    label_alone = "\n".join(f"{row.split()[0]} {' '.join(row.split()[2:])}" for row in rows.splitlines())
    if name != "Va0+":
        assert part(cif(label_alone, columns=("label", *COLUMNS[2:])))["Va"] == Fraction(2, 5)


def test_vanadium_stays_vanadium() -> None:
    assert part(cif("V1 V 0 0 0 1\nO1 O .5 .5 .5 1")) == {"V": Fraction(1)}
    assert part(cif("Va1 V4+ 0 0 0 1\nO1 O .5 .5 .5 1")) == {"V": Fraction(1)}


def _cell_of(number: int, choice: str) -> str:
    """A cell that the settings of a group may have."""
    if number <= 2:
        return "10.1 11.2 12.3 81 95 103"
    if number <= 15:
        axis = choice.lstrip("-")[0]
        angles = {"a": "100 90 90", "b": "90 100 90", "c": "90 90 100"}[axis]
        return f"10.1 11.2 12.3 {angles}"
    if number <= 74:
        return "13.1 14.2 15.3 90 90 90"
    if number <= 142:
        return "15.1 15.1 17.3 90 90 90"
    if number <= 194:
        return "15.1 15.1 15.1 70 70 70" if choice == "R" else "15.1 15.1 17.3 90 90 120"
    return "29 29 29 90 90 90"


@pytest.mark.parametrize("hall", range(1, 531, 9))
def test_each_setting_is_read_by_its_hall_symbol(hall: int) -> None:
    """A general position has as many places as the group has operations, and they have its symmetry."""
    kind, operations = spglib.get_spacegroup_type(hall), spglib.get_symmetry_from_database(hall)
    assert kind is not None
    assert operations is not None
    symbol = kind.hall_symbol.replace('"', "''") if hall % 2 else kind.hall_symbol
    quoted = f'"{symbol}"' if "'" in symbol else f"'{symbol}'"
    text = cif(GENERAL, _cell_of(kind.number, kind.choice), f"{HALL} {quoted}")
    assert group_of(text) == (kind.number, 3 * len(operations["rotations"]))


SETTINGS = [
    ("'P b n m'", "10.3 11.5 12.6 90 90 90", 62),
    ("'P n m a'", "11.5 12.6 10.3 90 90 90", 62),
    ("'P 1 21/n 1'", "10.3 11.5 12.6 90 99 90", 14),
    ("'P 21/n'", "10.3 11.5 12.6 90 99 90", 14),
    ("P2_1/a", "10.3 11.5 12.6 90 99 90", 14),
    ("'I 2/m'", "10.3 11.5 12.6 90 99 90", 12),
    ("'C 1 2/m 1'", "10.3 11.5 12.6 90 99 90", 12),
    ("'R -3 m :R'", "19.8 19.8 19.8 70 70 70", 166),
    ("'R -3 m'", "19.8 19.8 19.8 70 70 70", 166),
    ("'R -3 m H'", "18 18 26 90 90 120", 166),
    ("'R -3 m (hexagonal axes)'", "18 18 26 90 90 120", 166),
    ("'F d 3 m'", "16 16 16 90 90 90", 227),
    ("'P a 3'", "8.2 8.2 8.2 90 90 90", 205),
    ("Fm-3m", "14 14 14 90 90 90", 225),
    ("'P 63/M M C'", "19 19 21 90 90 120", 194),
]


@pytest.mark.parametrize(("symbol", "cell", "number"), SETTINGS, ids=[s for s, *_ in SETTINGS])
def test_symbols_are_read_in_each_dialect(symbol: str, cell: str, number: int) -> None:
    more = f"_space_group_name_H-M_alt {symbol}\n_space_group_IT_number {number}\n_chemical_formula_sum 'Ni Mn O'"
    assert group_of(cif(GENERAL, cell, more))[0] == number


SPINEL = {
    "1": ("0 0 0", "0.625 0.625 0.625", "0.388 0.388 0.388"),
    "2": ("0.125 0.125 0.125", "0.5 0.5 0.5", "0.263 0.263 0.263"),
}


@pytest.mark.parametrize("origin", ["1", "2"])
@pytest.mark.parametrize("symbol", ["F d -3 m", "F d -3 m :{}", "F d -3 m (origin choice {})", "Fd-3m{}"])
def test_both_origins_of_a_spinel(origin: str, symbol: str) -> None:
    letter = {"1": "S", "2": "Z"}[origin]
    named = symbol.format(letter if symbol.startswith("Fd") else origin)
    tetrahedral, octahedral, anion = SPINEL[origin]
    rows = f"Li1 Li {tetrahedral} 1\nMn1 Mn {octahedral} 0.75\nNi1 Ni {octahedral} 0.25\nO1 O {anion} 1"
    crystal = parse_crystal(cif(rows, "8.17 8.17 8.17", f"_symmetry_space_group_name_H-M '{named}'"))
    assert (crystal.space_group, len(crystal.labels)) == (227, 14)
    assert {(p and next(iter(p))): crystal.labels.count(n) for n, p in crystal.fractions.items()} == {
        "Li": 2, "Mn": 4, "O": 8,
    }  # fmt: skip


def test_an_origin_that_the_sites_leave_open_is_asked_for() -> None:
    """Diamond's group with atoms that both origins place apart: the formula decides, without one it is refused."""
    rows = "Ni1 Ni 0.0 0.0 0.0 1"
    text = cif(rows, "8 8 8", "_symmetry_space_group_name_H-M 'F d -3 m'")
    with pytest.raises(BadInputError, match="origin choice 1 and origin choice 2"):
        parse_cif(text)
    sixteen = text.replace("loop_", "_chemical_formula_sum Ni\n_cell_formula_units_Z 16\nloop_")
    assert len(parse_cif(sixteen).coords) == 16
    assert len(parse_cif(sixteen.replace("Z 16", "Z 8")).coords) == 8


TWICE = [
    (("_symmetry_Int_Tables_number 166", "_symmetry_Int_Tables_number 167"), "166 by the symbol, 167 by the number"),
    (("loop_", f"{HALL} '-F 4 2 3'\nloop_"), "225 by the Hall symbol"),
    (("loop_", "loop_\n_space_group_symop_operation_xyz\nx,y,z\n-x,-y,-z\nloop_"), "2 by the operations"),
    (("loop_", "_cell_volume 100\nloop_"), r"122.1\d+ A\^3, its volume is 100"),
    (("loop_", "_chemical_formula_sum 'Na2 Ni Fe Mn O6'\nloop_"), "the sites hold"),
    (("loop_", "_chemical_formula_sum 'Na3 Ni Fe Mn O6 H2'\nloop_"), "has hydrogen, which has no sites"),
    (("loop_", "_chemical_formula_sum 'Na3 Ni Fe Mn O6'\n_cell_formula_units_Z 2\nloop_"), "Z is 2"),
    (("_cell_length_b 2.967", "_cell_length_b 3.967"), "not the symmetry of space group 166"),
    (("_cell_length_a 2.967", "_cell_length_a 2.967\n_cell_length_a 2.9"), "is given twice"),
    (("loop_", "loop_\n_atom_type_symbol\n_atom_type_oxidation_number\nNi3+ 2\nloop_"), "gives it the charge \\+2"),
]


@pytest.mark.parametrize(("change", "words"), TWICE, ids=[words for _, words in TWICE])
def test_what_is_said_twice_must_agree(change: tuple[str, str], words: str) -> None:
    text = O3.replace(*change, 1).replace("Ni1 Ni", "Ni1 Ni3+" if "charge" in words else "Ni1 Ni")
    with pytest.raises(BadInputError, match=words):
        parse_cif(text)


def test_what_agrees_is_read() -> None:
    said = "_chemical_formula_sum 'Na Ni0.333 Fe0.333 Mn0.334 O2'\n_cell_formula_units_Z 3\n_cell_volume 122.13\nloop_"
    assert not parse_cif(O3.replace("loop_", said, 1)).remarks
    as_pymatgen = f"{HALL} '-F 4 2 3'\n_chemical_formula_sum 'Mg4 O4'\n_cell_formula_units_Z 4"
    rows = "Mg1 Mg 0 0 0 1\nO1 O .5 .5 .5 1"
    assert not parse_cif(cif(rows, "4.2 4.2 4.2", as_pymatgen)).remarks
    with pytest.raises(BadInputError, match="Z is 3"):
        parse_cif(cif(rows, "4.2 4.2 4.2", as_pymatgen.replace("Z 4", "Z 3")))


def test_multiplicities_are_compared() -> None:
    rows = "Mg1 Mg 0 0 0 4 1\nO1 O .5 .5 .5 4 1"
    columns = (*COLUMNS[:5], "site_symmetry_multiplicity", "occupancy")
    text = cif(rows, "4.2 4.2 4.2", f"{HALL} '-F 4 2 3'", columns)
    assert len(parse_cif(text).coords) == 8
    with pytest.raises(BadInputError, match="site O1 is 8-fold by the file and 4-fold by its symmetry"):
        parse_cif(text.replace(".5 4 1", ".5 8 1"))


DIALECTS = {
    "upper case tags": O3.upper().replace("DATA_X", "data_x"),
    "dots": O3.replace("_atom_site_", "_atom_site.").replace("_cell_length_", "_cell.length_"),
    "carriage returns": O3.replace("\n", "\r\n"),
    "old Macintosh": O3.replace("\n", "\r"),
    "tabs": O3.replace(" 0 0 ", "\t0\t0\t"),
    "no heading": O3.removeprefix("data_x\n"),
    "comments": O3.replace("\nloop_", " # of the powder\n# a remark 'with\nloop_"),
    "text field": O3.replace("loop_", "_publ_section_title\n;\nOf loop_ and data_ and _tags\n;\nloop_", 1),
    "apostrophes": O3.replace("loop_", "_publ_author_name 'O'Neill, H.'\nloop_", 1),
    "no angles of 90": O3.replace("_cell_angle_alpha 90\n_cell_angle_beta 90\n", ""),
    "angles of ?": O3.replace("_alpha 90", "_alpha ?").replace("_beta 90", "_beta ."),
    "no occupancy": O3.replace("0.266 1", "0.266 ?").replace("0.5 1", "0.5 ."),
    "errors": O3.replace("2.967", "2.967(1)").replace("0.266 1", "0.2660(3) 1.000(4)"),
    "number alone": O3.replace("_symmetry_space_group_name_H-M 'R -3 m :H'\n", ""),
    "labels alone": re.sub(r"(?m)^([A-Z][a-z]?1) [A-Z][a-z]? ", r"\1 ", O3.replace("_atom_site_type_symbol\n", "")),
    "a column more": O3.replace("_atom_site_occupancy\n", "_atom_site_occupancy\n_atom_site_adp_type\n")
    .replace("0.333\n", "0.333 Uiso\n").replace("0.334\n", "0.334 Uiso\n").replace(" 1\n", " 1 Uiso\n"),
}  # fmt: skip


@pytest.mark.parametrize("dialect", DIALECTS)
def test_dialects_are_the_same_crystal(dialect: str) -> None:
    found, wanted = parse_crystal(DIALECTS[dialect]), parse_crystal(O3)
    assert dict(found.fractions) == dict(wanted.fractions)
    assert found.space_group == 166
    assert np.allclose(found.lattice, wanted.lattice)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "latin-1", "utf-16"])
def test_names_of_authors_are_no_obstacle(encoding: str) -> None:
    text = O3.replace("loop_", "_publ_author_name 'Müller, J.'\nloop_", 1)
    assert parse_crystal(decoded(text.encode(encoding))).space_group == 166


CHARGES = {
    "Ni2+": 2,
    "Ni+2": 2,
    "NI2+": 2,
    "Na+": 1,
    "Na1+": 1,
    "O2-": -2,
    "O-2": -2,
    "O": None,
    "Ni0+": None,
    "Ni1": None,
}


@pytest.mark.parametrize("symbol", CHARGES)
def test_charges_of_type_symbols(symbol: str) -> None:
    states = parse_cif(cif(f"A1 {symbol} 0 0 0 1\nCl1 Cl .5 .5 .5 1")).states
    assert states == (
        {} if CHARGES[symbol] is None else {symbol.rstrip("0123456789+-").capitalize(): (CHARGES[symbol],)}
    )


def test_two_charges_of_one_element_share_a_site() -> None:
    found = parse_cif(cif("Fe1 Fe2+ 0 0 0 0.25\nFe2 Fe3+ 0 0 0 0.75\nO1 O2- .5 .5 .5 1"))
    assert {"Fe": Fraction(1)} in found.parts
    assert found.states == {"Fe": (2, 3), "O": (-2,)}


@pytest.mark.parametrize("symbol", ["NH4", "H2O", "OH", "Wat", "NO", "CN", "Qq", "D2O", "M", "Nh", "-", "12"])
def test_groups_of_atoms_are_no_elements(symbol: str) -> None:
    with pytest.raises(BadInputError, match="is no element"):
        parse_cif(cif(f"A1 {symbol} 0 0 0 1\nO1 O .5 .5 .5 1"))


def test_hydrogen_without_a_place_is_refused() -> None:
    columns = (*COLUMNS, "attached_hydrogens")
    with pytest.raises(BadInputError, match="2 hydrogen atoms that have no place"):
        parse_cif(cif("Ni1 Ni 0 0 0 1 0\nOw1 O .5 .5 .5 1 2", columns=columns))


def test_labels_in_capitals_need_the_formula() -> None:
    rows, columns = "CO1 0 0 0 1\nO1 .5 .5 .5 1", ("label", *COLUMNS[2:])
    with pytest.raises(BadInputError, match="site CO1 may be Co or C"):
        parse_cif(cif(rows, columns=columns))
    assert part(cif(rows, more="_chemical_formula_sum 'Co O'", columns=columns)) == {"Co": Fraction(1)}


def test_thirds_of_coordinates_lie_on_their_axis() -> None:
    for third, two in (("0.33", "0.67"), ("0.333", "0.667"), ("0.3333", "0.6667"), ("1/3", "2/3")):
        text = cif(f"Na1 Na {third} {two} 0.75 1\nNi1 Ni 0 0 0 1", "2.92 2.92 11.1 90 90 120",
                   "_symmetry_space_group_name_H-M 'P 63/m m c'")  # fmt: skip
        found = parse_cif(text)
        assert len(found.coords) == 4
        assert np.abs(np.sort(found.coords[:, 0]) - [0, 0, 1 / 3, 2 / 3]).max() < 1e-9


ABSURD = {
    "nan": ("length_a", "nan"), "infinite": ("length_a", "inf"), "huge": ("length_a", "1e300"),
    "negative": ("length_a", "-5"), "small": ("length_a", "1e-9"), "unknown": ("length_a", "?"),
    "long": ("length_a", "9" * 4000), "flat": ("angle_alpha", "170"), "zero": ("angle_gamma", "0"),
    "word": ("angle_gamma", "right"), "division": ("length_a", "1/0"),
}  # fmt: skip


@pytest.mark.parametrize("case", ABSURD)
def test_absurd_cells_are_one_line(case: str) -> None:
    name, value = ABSURD[case]
    lines = [f"_cell_{name} {value}" if line.startswith(f"_cell_{name} ") else line for line in O3.splitlines()]
    with pytest.raises(BadInputError) as caught:
        parse_cif("\n".join(lines) + "\n")
    assert "\n" not in str(caught.value)
    assert len(str(caught.value)) < 300


BLOCKS = {
    "a second phase": "data_y\n" + cif("Cu1 Cu 0 0 0 1\nO1 O .5 .5 .5 1").removeprefix("data_x\n"),
    "the same crystal at another temperature": O3.replace("data_x", "data_150K").replace("2.967", "2.961"),
    "a crystal of the same name": O3.replace("0.266", "0.2661"),
}


@pytest.mark.parametrize("other", BLOCKS)
def test_of_several_crystals_none_is_chosen(other: str) -> None:
    with pytest.raises(BadInputError) as caught:
        parse_cif(O3 + BLOCKS[other])
    assert re.search("holds 2 crystals: x, (y|150K|x) ", str(caught.value))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("beside", ["data_global\n_journal_year 2020\n", "data_refln\nloop_\n_refln_index_h\n1\n2\n"])
def test_a_block_without_sites_is_no_crystal(beside: str) -> None:
    """Headings and reflections stand in blocks of their own, in front or behind."""
    wanted = parse_crystal(O3)
    for text in (beside + O3, O3 + beside):
        assert parse_crystal(text).fractions == wanted.fractions


def test_thirty_thousand_atoms_are_one_line() -> None:
    rows = "\n".join(f"Ni{i} Ni 0.{i:05d} 0.5 0.5 1" for i in range(30000))
    with pytest.raises(BadInputError, match="30000 sites, at most 2000"):
        parse_cif(cif(rows))
    few = "\n".join(f"Ni{i} Ni 0.{i:05d}1 0.273 0.111 1" for i in range(10000, 40000, 1000))
    with pytest.raises(BadInputError, match="more than 2000 sites"):
        parse_cif(cif(few, "250 250 250", f"{HALL} '-F 4 2 3'"))
    with pytest.raises(BadInputError, match="larger than"):
        decoded(b"x" * (MAX_BYTES + 1))


@pytest.mark.parametrize("symbol", ["'Q 9 z'", "'-Z 9'"])
def test_symmetry_that_cannot_be_read_is_not_left_out(symbol: str) -> None:
    for tag in (HALL, "_symmetry_space_group_name_H-M"):
        with pytest.raises(BadInputError, match="its symmetry cannot be read"):
            parse_cif(cif("Ni1 Ni 0 0 0 1", more=f"{tag} {symbol}"))


def test_no_symmetry_at_all_is_said() -> None:
    assert parse_cif(cif("Ni1 Ni 0 0 0 1")).remarks == ["no symmetry is given: each site stands once in the cell"]

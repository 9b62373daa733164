"""A CIF with partial occupancies as the host of a campaign: what is found in it, and what is refused."""

from __future__ import annotations

from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pymatgen.core import Composition, Lattice, Structure
from pymatgen.symmetry.analyzer import SpacegroupAnalyzer

from hebe.campaigns.loading import load_campaign
from hebe.config.family import load_family
from hebe.exceptions import BadInputError
from hebe.science.chemistry.screening import screen
from hebe.science.crystals.crystal import find_sublattices, parse_crystal
from hebe.science.crystals.host_file import host_of_crystal
from hebe.science.structures.host import host_cell, layer_numbers
from support.cif_hosts import O3, P2, write

EXAMPLE = Path(__file__).parents[3] / "examples" / "na-nfm-cif.yaml"


def test_the_composition_of_the_file_is_the_candidate(tmp_path: Path) -> None:
    campaign = load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}"))
    found = screen(campaign)
    assert found.size == 1
    (candidate,) = found.selected
    assert candidate.composition.fractions == {"M1": {element: Fraction(1, 3) for element in ("Fe", "Mn", "Ni")}}
    assert candidate.species["M1"] == pytest.approx({"Ni2+": 1 / 3, "Fe3+": 1 / 3, "Mn4+": 1 / 3})
    assert candidate.charge == 0


def test_campaign_cations_replace_those_of_the_file() -> None:
    found = [candidate.composition.formula for candidate in screen(load_campaign(EXAMPLE)).selected]
    assert found[0] == "NaFe0.3333Mn0.3333Ni0.3333O2"
    assert found[2] == "NaFe0.3333Cu0.1667Mn0.1667Ni0.1667Ti0.1667O2"


@pytest.mark.parametrize(("text", "number"), [(O3, 166), (P2, 194)])
def test_the_symmetry_of_the_file_comes_back_with_one_species_per_sublattice(
    tmp_path: Path, text: str, number: int
) -> None:
    family = load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}", text)).host.data
    cell = host_cell(family, "Na")
    assert (
        SpacegroupAnalyzer(cell.structure, 1e-3).get_space_group_number() == parse_crystal(text).space_group == number
    )
    mixed = [i for i, name in enumerate(cell.structure.site_properties["sublattice"]) if name == "M1"]
    assert len(set(layer_numbers(cell.structure, mixed, cell.layer_normal))) == len(mixed)


def test_both_prisms_are_one_sublattice_and_exclude_each_other(tmp_path: Path) -> None:
    family = load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}", P2)).host.data
    assert family.working_sublattice is not None
    working = family.sublattices[family.working_sublattice]
    assert (family.x_full, family.x_made) == (Fraction(1), Fraction(2, 3))
    assert working.multiplicity == 2
    assert working.exclusion > 2.92 / 3**0.5


def test_a_spinel_is_not_layered_and_counts_its_formula_unit() -> None:
    half = Composition({"Mn": 0.75, "Ni": 0.25})
    spinel = Structure.from_spacegroup(
        "Fd-3m", Lattice.cubic(8.2), ["Li", half, "O"], [[0, 0, 0], [5 / 8, 5 / 8, 5 / 8], [0.388, 0.388, 0.388]]
    )
    family = host_of_crystal(find_sublattices(spinel), "Li", {}, load_family("layered-o3")).family
    assert family.layer_axis is None
    assert (family.x_full, family.x_made) == (Fraction(1), Fraction(1))
    by_role = {sub.role: (sub.multiplicity, sub.coordination) for sub in family.sublattices.values()}
    assert by_role == {"working": (1, 4), "mixed": (2, 6), "anion": (4, 4)}


def test_the_content_of_the_file_decides_and_not_its_name(tmp_path: Path) -> None:
    def family(text: str, file: str) -> str:
        path = write(tmp_path, f"host: {{file: {file}, working_ion: Na}}", text, file=file)
        return load_campaign(path).host.family

    first = family(O3, "my.cif")
    assert family("# a remark\n" + O3, "other.cif") == first
    assert family(O3.replace("0.266", "0.262"), "my.cif") != first


def test_a_campaign_with_a_file_survives_its_own_json(tmp_path: Path) -> None:
    from hebe.config.campaign import Campaign

    campaign = load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}"))
    again = Campaign.model_validate(campaign.model_dump(mode="json"))
    assert again.model_dump() == campaign.model_dump()


BAD = [
    ("{working_ion: K}", O3, "host.file", ["holds no K", "nearest: Na"]),
    ("{working_ion: Fe}", O3, "host.file", ["Fe shares its sites: M1", "Fe alone on M1"]),
    ("{working_ion: Na, sublattices: {TM: {species: {Ni: 2}}}}", O3, "host.file", ["no sublattice 'TM'", "M1: Fe 1/3"]),
    (
        "{working_ion: Na, sublattices: {M1: {species: {Xx: 2}}}}",
        O3,
        "host.file",
        ["Xx is no element", "did you mean Xe"],
    ),
    ("{working_ion: Na, sublattices: {M2: {species: {K: 1}}}}", O3, "host.file", ["M2 holds the working ion Na"]),
    ("{working_ion: Na, like: o3}", O3, "host.like", ["no host family is called 'o3'"]),
    ("{working_ion: Na, family: drx}", O3, "host", ["expected a family or a file"]),
    ("{}", O3, "stages[0].analyses[0]", ["no working ion", "working_ion: Na"]),
    ("{working_ion: Na}", O3.replace("0.334", "0.5"), "host.file", ["holds 1.166 atoms", "divided by 1.166"]),
    ("{working_ion: Na}", O3.replace("Fe 0 0 0 ", "Fe 0 0 0.02 "), "host.file", ["0.32 A apart", "one site"]),
    ("{working_ion: Na}", O3.replace("0.266 1", "0.266 0.9"), "host.file", ["X1 are partly empty", "full sites"]),
    ("{working_ion: Na}", O3.replace("Mn1 Mn", "Mn1 Qq"), "host.file", ["Qq is no element"]),
    ("{working_ion: Na}", O3.replace("Mn1 Mn", "O2 O"), "host.file", ["stands on a site of anions", "Fe", "O, F"]),
    (
        "{working_ion: Na, sublattices: {X1: {species: {O: -2, Ni: 2}}}}",
        O3,
        "host.file",
        ["Ni stands on a site of anions (O)", "O, F"],
    ),
    (
        "{}",
        O3.replace("Na1 Na", "O3 O").replace("Mn1 Mn", "O2 O"),
        "host.file",
        ["sites hold anions", "X3: Fe"],
    ),
    ("{working_ion: Na}", O3.replace("Mn1 Mn", "W1 W"), "host.file", ["oxidation state of W is not known"]),
    (
        "{working_ion: Na}",
        P2.replace("0.26\n", "0.9\n").replace("0.40667", "0.9"),
        "host.file",
        ["no room"],
    ),
    ("{working_ion: Na}", O3.replace("O1 O", "O1 Ar"), "host.file", ["holds no anions"]),
    ("{working_ion: Na}", "data_x\n", "host.file", ["cannot be read as a CIF"]),
]


@pytest.mark.parametrize(("host", "text", "key", "words"), BAD, ids=[" ".join(case[3]) for case in BAD])
def test_what_cannot_be_a_host_is_refused_in_one_line(
    tmp_path: Path, host: str, text: str, key: str, words: list[str]
) -> None:
    keys = f"{{file: my.cif, {host[1:]}".replace(", }", "}")
    path = write(tmp_path, f"host: {keys}", text)
    with pytest.raises(BadInputError) as caught:
        load_campaign(path)
    message = str(caught.value)
    assert caught.value.key == key
    assert caught.value.line == (2 if key.startswith("host") else 4)
    assert "\n" not in message
    for word in words:
        assert word in message


def test_polyanions_are_fixed_and_prisms_of_nasicon_are_one_sublattice() -> None:
    vanadium = Composition({"V": 0.5, "Mn": 0.25, "Ti": 0.25})
    nasicon = Structure.from_spacegroup(
        "R-3c",
        Lattice.hexagonal(8.7, 21.8),
        [Composition({"Na": 0.9}), Composition({"Na": 0.7}), vanadium, "P", "O", "O"],
        [[0, 0, 0], [0.635, 0, 0.25], [0, 0, 0.147], [0.296, 0, 0.25], [0.02, 0.205, 0.19], [0.187, 0.167, 0.086]],
    )
    family = host_of_crystal(find_sublattices(nasicon), "Na", {}, load_family("layered-o3")).family
    by_role = {sub.role: sub for sub in family.sublattices.values()}
    assert {role: sub.multiplicity for role, sub in by_role.items()} == {
        "working": 4, "mixed": 2, "fixed": 3, "anion": 12,
    }  # fmt: skip
    assert by_role["fixed"].species["P"].valences == (5,)
    assert by_role["fixed"].coordination == 4
    assert (family.x_full, family.x_made) == (Fraction(4), Fraction(3))


def test_a_cation_that_stays_needs_one_oxidation_state() -> None:
    half = Composition({"Mn": 0.5, "Ni": 0.5})
    spinel = Structure.from_spacegroup(
        "Fd-3m", Lattice.cubic(8.2), ["Fe", half, "O"], [[0, 0, 0], [5 / 8, 5 / 8, 5 / 8], [0.388, 0.388, 0.388]]
    )
    with pytest.raises(BadInputError, match=r"oxidation state of Fe is not known \(it may be 2, 3, 4\)"):
        host_of_crystal(find_sublattices(spinel), None, {}, load_family("layered-o3"))
    iron = next(name for name, part in find_sublattices(spinel).fractions.items() if set(part) == {"Fe"})
    family = host_of_crystal(find_sublattices(spinel), None, {iron: {"Fe": (3,)}}, load_family("layered-o3")).family
    assert iron in family.mixed


def test_nothing_to_mix(tmp_path: Path) -> None:
    ordered = "\n".join(row for row in O3.replace("0.333", "1").splitlines() if not row.startswith(("Fe1", "Mn1")))
    with pytest.raises(BadInputError, match="no site is shared by several species"):
        load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}", ordered + "\n"))
    named = "host: {file: my.cif, working_ion: Na, sublattices: {M1: {species: {Ni: 2, Mn: 4}, grid: 2}}}"
    found = screen(load_campaign(write(tmp_path, named, ordered + "\n")))
    assert [candidate.composition.formula for candidate in found.selected] == ["NaMn0.5Ni0.5O2"]


DISORDERED = Structure.from_spacegroup(
    "Fm-3m", Lattice.cubic(4.2), [Composition("Li0.6Mn0.4"), Composition("O0.8F0.2")], [[0, 0, 0], [0.5, 0.5, 0.5]]
)
ALLOY = Structure.from_spacegroup("Fm-3m", Lattice.cubic(3.6), [Composition("Cu0.5Ni0.5")], [[0, 0, 0]])


def test_lithium_that_shares_its_sites_leaves_them() -> None:
    """A disordered rock salt of a file is the host that drx is: all lithium works, none has sites of its own."""
    found = host_of_crystal(find_sublattices(DISORDERED), "Li", {}, load_family("drx"))
    family = found.family
    assert (family.working_own, family.working_shared) == ((), ("M1",))
    assert family.x_full == family.x_made == 0
    assert found.fractions["M1"] == {"Li": Fraction(3, 5), "Mn": Fraction(2, 5)}
    still = host_of_crystal(find_sublattices(DISORDERED), None, {}, load_family("drx")).family
    assert still.working_of("Li") is None
    assert still.name != family.name


def test_sodium_beside_a_dopant_leaves_it_behind(tmp_path: Path) -> None:
    """Na0.9Mg0.1 on the sodium sites: sodium works, magnesium stays, and the crystal is layered as before."""
    text = O3.replace("Na 0 0 0.5 1", "Na 0 0 0.5 0.9\nMg1 Mg 0 0 0.5 0.1")
    family = load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}", text)).host.data
    (shared,) = family.working_shared
    assert set(family.sublattices[shared].species) >= {"Na", "Mg"}
    working = family.working_of("Na")
    assert working is not None
    assert working.holds(shared, "Na")
    assert not working.holds(shared, "Mg")
    assert family.layer_axis == "c"


def test_empty_sites_beside_a_dopant_are_a_species(tmp_path: Path) -> None:
    """Na0.6Ca0.1 on the sodium sites, the others empty: x as made is 0.6 and the empty sites are no atoms."""
    text = O3.replace("Na 0 0 0.5 1", "Na 0 0 0.5 0.6\nCa1 Ca 0 0 0.5 0.1")
    (candidate,) = screen(load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}", text))).selected
    composition = candidate.composition
    assert composition.x_made == Fraction(3, 5)
    assert composition.elements["Na"] == Fraction(3, 5)
    assert composition.elements["Ca"] == Fraction(1, 10)
    assert sum(composition.elements.values()) == 2 + 1 + Fraction(7, 10)
    assert candidate.charge == 0


def test_split_positions_are_no_empty_sites(tmp_path: Path) -> None:
    text = O3.replace("Na 0 0 0.5 1", "Na 0 0 0.46 0.4\nCa1 Ca 0 0 0.46 0.1")
    with pytest.raises(BadInputError, match="partly empty are closer than 2 A"):
        load_campaign(write(tmp_path, "host: {file: my.cif, working_ion: Na}", text))


def test_a_file_of_metals_is_a_metallic_host() -> None:
    family = host_of_crystal(find_sublattices(ALLOY), None, {}, load_family("layered-o3")).family
    assert (family.bonding, family.ladder, family.mixed) == ("metallic", (), ("M1",))
    assert family.sublattices["M1"].coordination == load_family("fcc-alloy").sublattices["M"].coordination == 12
    with pytest.raises(BadInputError, match="holds no anions"):
        host_of_crystal(find_sublattices(ALLOY), "Cu", {}, load_family("layered-o3"))


def test_sulfur_of_a_sulfate_is_no_anion() -> None:
    """MSO4 with M2+: S6+ is a fixed core, which its bonds of 1.47 A show; in a sulfide it is the anion."""
    metal = Composition("Fe0.5Mn0.5")
    corner = 1.47 / 3**0.5 / 5
    signs = np.array([[1, 1, 1], [1, -1, -1], [-1, 1, -1], [-1, -1, 1]])
    species: list[Any] = [metal, "S", *"OOOO"]
    sulfate = Structure(Lattice.cubic(5), species, np.vstack([[[0.5] * 3, [0.0] * 3], corner * signs]))
    like = load_family("layered-o3")
    family = host_of_crystal(find_sublattices(sulfate), None, {}, like).family
    core = next(sub for sub in family.sublattices.values() if "S" in sub.species)
    assert (core.role, core.species["S"].valences, core.coordination) == ("fixed", (6,), 4)
    sulfide = Structure.from_spacegroup("Fm-3m", Lattice.cubic(5.2), [metal, "S"], [[0, 0, 0], [0.5, 0.5, 0.5]])
    family = host_of_crystal(find_sublattices(sulfide), None, {}, like).family
    assert next(sub.role for sub in family.sublattices.values() if "S" in sub.species) == "anion"


@pytest.mark.parametrize(
    ("anion", "state", "a"),
    [
        ("S", -2, 5.2),
        ("Se", -2, 5.5),
        ("Te", -2, 6.0),
        ("Cl", -1, 5.6),
        ("N", -3, 4.3),
        ("Br", -1, 5.9),
        ("I", -1, 6.4),
    ],
)
def test_anions_beyond_oxygen_and_fluorine(anion: str, state: int, a: float) -> None:
    cell = Structure.from_spacegroup(
        "Fm-3m", Lattice.cubic(a), [Composition("Fe0.5Mn0.5"), anion], [[0, 0, 0], [0.5] * 3]
    )
    family = host_of_crystal(find_sublattices(cell), None, {}, load_family("rocksalt")).family
    (sub,) = (sub for sub in family.sublattices.values() if anion in sub.species)
    assert (sub.role, sub.species[anion].valences, sub.coordination) == ("anion", (state,), 6)

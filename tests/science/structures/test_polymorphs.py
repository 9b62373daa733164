"""Polymorphs: space groups of single species, what is conserved, and that each is told again, displaced too."""

from __future__ import annotations

from fractions import Fraction
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import numpy as np
import pytest
import spglib

from hebe.config.family import load_family
from hebe.config.polymorphs import get_polymorph, polymorphs
from hebe.exceptions import BadInputError
from hebe.schemas.calculation import CalculationDoc
from hebe.science.chemistry.composition import HostComposition
from hebe.science.chemistry.ions import Ion
from hebe.science.chemistry.member import composition_of, member_spec
from hebe.science.structures.cation_order import cation_order
from hebe.science.structures.configuration import build_configuration, displaced
from hebe.science.structures.distorted_layers import layer_ratio
from hebe.science.structures.host import host_cell
from hebe.science.structures.octahedra import Octahedra, crystal_of
from hebe.science.structures.polymorphs import (
    form_of,
    own_form,
    polymorph,
    polymorph_family,
    polymorph_spec,
    polymorphs_of,
)
from hebe.science.structures.stackings import restack
from hebe.science.structures.tilts import tilted
from hebe.science.structures.working import apply_ordering, choose_orderings

if TYPE_CHECKING:
    from pymatgen.core import Structure

    from hebe.schemas.spec import MemberSpec
    from hebe.schemas.structures import ConfigurationDoc

ONE: Final = {"Co": 3}
THREE: Final = {"Ni": 2, "Fe": 3, "Mn": 4}
FRAMEWORK: Final = ("rhombohedral", "monoclinic", "tetragonal")


def oxide(metals: dict[str, int], n_sites: int, family: str = "layered-o3") -> tuple[MemberSpec, ConfigurationDoc]:
    """An equimolar layered oxide of sodium."""
    share = Fraction(1, len(metals))
    made = HostComposition(family, "Na", Fraction(1), {"TM": dict.fromkeys(metals, share)})
    split = {"TM": {Ion(e, z): share for e, z in metals.items()}}
    spec = member_spec(made, split, "TM", {"TM": {e: (z,) for e, z in metals.items()}})
    return spec, build_configuration(made, "TM", n_sites=n_sites)


def prussian_blue(n_sites: int, metals: tuple[str, ...] = ("Mn",)) -> Structure:
    fractions = {"M": dict.fromkeys(metals, Fraction(1, len(metals))), "X": {"Fe": Fraction(1)}}
    built = build_configuration(HostComposition("pba", "Na", Fraction(2), fractions), "M", n_sites=n_sites)
    assert built.structure is not None
    return built.structure


def group(structure: Structure, *, alike: tuple[str, ...] = ()) -> int:
    """Number of the space group, with sites of some sublattices taken for the same species."""
    labels = structure.site_properties["sublattice"]
    kinds = [0 if label in alike else site.specie.Z for site, label in zip(structure, labels, strict=True)]
    cell = (structure.lattice.matrix.tolist(), structure.frac_coords.tolist(), kinds)
    dataset = spglib.get_symmetry_dataset(cell, symprec=1e-3)
    assert dataset is not None
    return int(dataset.number)


def order_of(structure: Structure) -> str:
    labels = structure.site_properties["sublattice"]
    metals = [i for i, label in enumerate(labels) if label == "TM"]
    return cation_order(structure, metals, labels.count("O"))[0]


def occupied(spec: MemberSpec, configuration: ConfigurationDoc, x: Fraction) -> Structure:
    assert configuration.structure is not None
    ordering = choose_orderings(spec, configuration, x, 1)
    return apply_ordering(configuration.structure, ordering.occupied[0], composition_of(spec).host.working_of("Na"))


@pytest.mark.parametrize("n_sites", [4, 6])
def test_a_spinel_of_one_metal_has_its_space_group_lithiated_and_half_empty(n_sites: int) -> None:
    spec, configuration = oxide(ONE, n_sites)
    assert configuration.structure is not None
    assert group(configuration.structure) == 166
    found, other = polymorph(spec, configuration, "spinel"), polymorph_spec(spec, "spinel")
    assert found.structure is not None
    full = occupied(other, found, Fraction(1))
    assert (group(full), full.composition.reduced_formula) == (227, "NaCoO2")
    half = occupied(other, found, Fraction(1, 2))
    assert half.composition.reduced_formula == "Na(CoO2)2"
    if n_sites == 4:  # one ordering is all on tetrahedra: LiM2O4
        assert group(half) == 227


@pytest.mark.parametrize(("topology", "found"), [("host", "spinel"), ("migrated", None)])
def test_lithium_that_left_the_metals_makes_no_other_crystal(topology: str, found: str | None) -> None:
    """Metals of a charged lithium-rich oxide have fewer neighbours: they are not at random for that."""
    share = {"Li": Fraction(1, 3), "Mn": Fraction(2, 3)}
    made = HostComposition("layered-li-rich", "Li", Fraction(1), {"TM": share})
    split = {"TM": {Ion("Li", 1): share["Li"], Ion("Mn", 4): share["Mn"]}}
    spec = member_spec(made, split, "TM", {"TM": {"Li": (1,), "Mn": (4,)}})
    structure = polymorph(spec, build_configuration(made, "TM", n_sites=6), "spinel").structure
    assert structure is not None
    labels = structure.site_properties["sublattice"]
    charged = structure.copy()
    charged.remove_sites([i for i, site in enumerate(structure) if labels[i] == "TM" and site.specie.symbol == "Li"])
    for cell, expected in ((structure, "spinel"), (charged, found)):
        doc = CalculationDoc(
            key="k", engine="e", energy_scale="s", task="relax", status="converged", structure=cell, topology=topology
        )
        assert form_of(polymorph_spec(spec, "spinel"), doc, "spinel") == expected


@pytest.mark.parametrize("family", ["layered-o3", "layered-p3"])
@pytest.mark.parametrize(("name", "of"), [("O'3", "layered-o3"), ("P'3", "layered-p3")])
def test_distorted_layers_are_monoclinic_at_the_volume_of_their_stacking(family: str, name: str, of: str) -> None:
    spec, configuration = oxide(ONE, 4, family)
    found, other = polymorph(spec, configuration, name), polymorph_spec(spec, name)
    assert found.structure is not None
    assert (other.family, group(found.structure)) == (of, 12)
    plain = configuration if family == of else restack(spec, configuration, get_polymorph(name).stacking)
    assert plain.structure is not None
    assert found.structure.volume == pytest.approx(plain.structure.volume, rel=1e-6)
    assert ratio_of(found.structure, of) == pytest.approx(1.1, abs=1e-6)
    assert ratio_of(displaced(found.structure, 0.1, "moved"), of) == pytest.approx(1.1, abs=0.01)
    assert ratio_of(plain.structure, of) == pytest.approx(1, abs=1e-6)


def ratio_of(structure: Structure, family: str) -> float:
    normal = host_cell(load_family(family), "Na").layer_normal
    assert normal is not None
    labels = structure.site_properties["sublattice"]
    return layer_ratio(structure, normal, [i for i, label in enumerate(labels) if label == "TM"])


def test_the_ratio_of_layers_is_that_of_the_monoclinic_cell() -> None:
    cell = host_cell(load_family("layered-o3-monoclinic"), "Na").structure.make_supercell([2, 2, 1], in_place=False)
    assert ratio_of(cell, "layered-o3-monoclinic") == pytest.approx(5.672 / np.sqrt(3) / 2.856, abs=1e-4)  # NaMnO2


def test_a_rock_salt_is_one_on_average() -> None:
    spec, configuration = oxide(THREE, 6)
    found = polymorph(spec, configuration, "rock-salt")
    assert found.structure is not None
    assert group(found.structure, alike=("A", "TM")) == 225


@pytest.mark.parametrize("name", ["spinel", "rock-salt"])
@pytest.mark.parametrize(("metals", "n_sites"), [(ONE, 4), (THREE, 6)])
def test_composition_and_volume_stay_and_no_ions_meet(name: str, metals: dict[str, int], n_sites: int) -> None:
    spec, configuration = oxide(metals, n_sites)
    found, other = polymorph(spec, configuration, name), polymorph_spec(spec, name)
    assert found.structure is not None
    assert configuration.structure is not None
    volume = configuration.structure.volume / configuration.n_fu
    assert found.structure.volume / found.n_fu == pytest.approx(volume, rel=1e-4)  # edges are rounded
    for x in (Fraction(1), Fraction(1, 2)):
        cell, own = occupied(other, found, x), occupied(spec, configuration, x)
        assert cell.composition.reduced_composition == own.composition.reduced_composition
        apart = cell.distance_matrix + 10 * np.eye(len(cell))
        ions = [i for i, site in enumerate(cell) if site.specie.symbol == "Na"]
        assert apart[np.ix_(ions, ions)].min() > 2.3
        assert apart.min() > 1.8
        assert order_of(cell) == name
        assert order_of(displaced(cell, 0.15, "moved")) == name
        assert order_of(own) == "layered"


def test_a_rock_salt_may_hold_the_element_that_works_among_its_metals() -> None:
    share = {"Na": Fraction(1, 3), "Mn": Fraction(2, 3)}
    made = HostComposition("layered-o3", "Na", Fraction(1), {"TM": share})
    split = {"TM": {Ion("Na", 1): share["Na"], Ion("Mn", 4): share["Mn"]}}
    spec = member_spec(made, split, "TM", {"TM": {"Na": (1,), "Mn": (4,)}})
    found = polymorph(spec, build_configuration(made, "TM", n_sites=6), "rock-salt")
    assert found.structure is not None
    labels = found.structure.site_properties["sublattice"]
    held = [s.specie.symbol for s, label in zip(found.structure, labels, strict=True) if label == "TM"]
    assert (labels.count("A"), held.count("Na"), held.count("Mn")) == (6, 2, 4)


@pytest.mark.parametrize(
    ("name", "number", "n_sites"),
    [
        ("rhombohedral", 148, 1),
        ("rhombohedral", 148, 3),
        ("tetragonal", 87, 2),
        ("monoclinic", 14, 1),
        ("monoclinic", 14, 3),
        ("monoclinic", 14, 4),
    ],
)
def test_a_prussian_blue_of_single_species_has_the_space_group_of_its_crystal(
    name: str, number: int, n_sites: int
) -> None:
    family, cubic = load_family("pba"), prussian_blue(n_sites)
    assert group(cubic) == 225
    assert crystal_of(Octahedra.of(cubic, "M", "X")) == "cubic"
    found = tilted(family, cubic, get_polymorph(name))
    assert group(found) == number
    assert len(found) in (len(cubic), 2 * len(cubic))
    octahedra = Octahedra.of(found, "M", "X")
    assert crystal_of(octahedra) == name
    assert found.volume / len(found) == pytest.approx(cubic.volume / len(cubic))
    before = Octahedra.of(cubic, "M", "X")
    stretch = get_polymorph(name).stretch + 0.03
    assert np.linalg.norm(octahedra.to_carbon, axis=2) == pytest.approx(
        np.linalg.norm(before.to_carbon, axis=2).mean(), rel=stretch
    )


@pytest.mark.parametrize("name", FRAMEWORK)
def test_a_displaced_and_disordered_prussian_blue_is_told_too(name: str) -> None:
    cell = tilted(load_family("pba"), prussian_blue(4, ("Mn", "Fe", "Ni", "Cu")), get_polymorph(name))
    labels = cell.site_properties["sublattice"]
    cell.remove_sites([i for i, label in enumerate(labels) if label == "A"][::2])
    assert crystal_of(Octahedra.of(displaced(cell, 0.08, "moved"), "M", "X")) == name


def test_tilts_are_those_that_were_put_in() -> None:
    octahedra = Octahedra.of(tilted(load_family("pba"), prussian_blue(2), get_polymorph("monoclinic")), "M", "X")
    tilts, signs = octahedra.tilts, octahedra.layers(2)
    assert signs is not None
    assert tilts[:, 0] == pytest.approx(8, abs=0.4)
    assert signs * tilts[:, 2] == pytest.approx(10 * signs[0] * np.sign(tilts[0, 2]), abs=0.4)


def test_only_hosts_that_have_them_have_polymorphs() -> None:
    assert [own_form(load_family(name)) for name in ("layered-o3", "layered-p2", "pba", "olivine", "rocksalt")] == [
        "O3",
        "P2",
        "cubic",
        None,
        None,
    ]
    assert polymorphs_of(load_family("layered-o3")) == ("O'3", "P'3", "spinel", "rock-salt")
    assert polymorphs_of(load_family("pba")) == FRAMEWORK
    with pytest.raises(BadInputError, match="tetragonal is no polymorph of layered-o3"):
        polymorph_family(load_family("layered-o3"), "tetragonal")
    with pytest.raises(BadInputError, match="no polymorph is called 'spinell'"):
        polymorph_family(load_family("layered-o3"), "spinell")


def test_configurations_differ_and_are_made_again_alike() -> None:
    made = HostComposition("layered-o3", "Na", Fraction(1), {"TM": {e: Fraction(1, 3) for e in THREE}})
    spec, _ = oxide(THREE, 6)
    several = [build_configuration(made, "TM", n_sites=6, index=i) for i in range(2)]
    found = [polymorph(spec, one, "rock-salt") for one in several]
    again = [polymorph(spec, one, "rock-salt") for one in several]
    assert [one.structure for one in found] == [one.structure for one in again]
    assert all(first.key != second.key for first, second in pairwise(found))


def test_every_polymorph_has_a_source() -> None:
    assert all(rule.source for rule in polymorphs().values())

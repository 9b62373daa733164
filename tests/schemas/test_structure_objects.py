"""Structures put together at once are those that pymatgen makes, down to their attributes; copies share nothing."""

from __future__ import annotations

from copy import deepcopy
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymatgen.core import Lattice, Structure

from hebe.schemas.structure_objects import copied, structure_of

pytestmark = pytest.mark.filterwarnings("ignore:Not all sites have property", "ignore:Structure charge")

OXIDE = Structure.from_spacegroup("Fm-3m", Lattice.cubic(4.3), ["Ni", "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
LABELS = st.one_of(st.none(), st.booleans(), st.integers(-5, 5), st.floats(allow_nan=False, width=32), st.text())


def assert_same(one: Structure, other: Structure) -> None:
    """Equal classes, attributes, their order, and the types of what they hold."""
    assert type(one) is type(other)
    assert list(one.__dict__) == list(other.__dict__)
    assert (one._charge, one._properties) == (other._charge, other._properties)
    assert np.array_equal(one.lattice.matrix, other.lattice.matrix)
    assert one.lattice.pbc == other.lattice.pbc
    for first, second in zip(one.sites, other.sites, strict=True):
        assert list(first.__dict__) == list(second.__dict__)
        assert np.array_equal(first.frac_coords, second.frac_coords)
        assert first.frac_coords.dtype == second.frac_coords.dtype
        assert repr(first.properties) == repr(second.properties)
        assert first.label == second.label
        assert repr(dict(first.species)) == repr(dict(second.species))
        assert repr(first.species._data) == repr(second.species._data)
    assert repr(one.as_dict()) == repr(other.as_dict())


def variants() -> dict[str, Structure]:
    """Structures of every kind that a store may hold."""
    found = {"plain": OXIDE.copy(), "moments": OXIDE.copy(), "ions": OXIDE.copy(), "disordered": OXIDE.copy()}
    found["moments"].add_site_property("magmom", [1.5, None, 0, 2.0] * 2)
    found["moments"].add_site_property("sublattice", ["M", "M", "M", "M", "O", "O", "O", "O"])
    found["ions"].add_oxidation_state_by_element({"Ni": 2, "O": -2})
    found["disordered"].replace(0, {"Ni": 0.5, "Mg": 0.5})
    found["vacant"] = Structure(Lattice.cubic(4), [{"Ni": 0.5}, "O"], [[0.0, 0.0, 0.0], [0.5, 0.5, 0.5]])
    found["vectors"] = OXIDE.copy()
    found["vectors"].add_site_property("spin", [[0.0, 0.0, 1.0]] * 8)
    found["charged"] = Structure(Lattice.cubic(4), ["Na"], [[0, 0, 0]], charge=1, properties={"from": {"a": [1]}})
    found["outside"] = Structure(
        Lattice.hexagonal(3, 5), ["O", "H"], [[1.25, -3.0, 0.1], [0.2, 0.3, 7.7]], labels=["a", "b"]
    )
    found["slab"] = Structure(Lattice(np.eye(3) * 3, pbc=(True, True, False)), ["Li"], [[0.1, 0.2, 0.3]])
    return found


@pytest.mark.parametrize("name", variants())
def test_is_what_pymatgen_makes(name: str) -> None:
    plain = variants()[name].as_dict()
    made = Structure.from_dict(deepcopy(plain))
    assert_same(structure_of(deepcopy(plain)), made)
    assert_same(copied(made), made)


@given(st.lists(st.tuples(LABELS, LABELS), min_size=2, max_size=2), st.lists(st.floats(-9, 9), min_size=6, max_size=6))
def test_is_what_pymatgen_makes_of_any_site(properties: list[Any], coordinates: list[float]) -> None:
    sites = {"a": [one for one, _ in properties], "b": [other for _, other in properties]}
    lattice = Lattice.from_parameters(4, 5, 6, 80, 90, 100)
    structure = Structure(lattice, ["Na", "Cl"], np.reshape(coordinates, (2, 3)), site_properties=sites)
    plain = structure.as_dict()
    assert_same(structure_of(deepcopy(plain)), Structure.from_dict(deepcopy(plain)))


def test_leaves_what_is_strange_to_pymatgen() -> None:
    plain = OXIDE.as_dict()
    plain["sites"][3]["properties"]["magmom"] = 2.0
    assert_same(structure_of(deepcopy(plain)), Structure.from_dict(deepcopy(plain)))
    del plain["sites"][0]["abc"]
    with pytest.raises(KeyError):
        structure_of(plain)


def test_copies_share_nothing_that_can_be_changed() -> None:
    original = variants()["moments"]
    original.properties["of"] = {"a": [1]}
    before = original.as_dict()
    copy = copied(original)
    copy.translate_sites([0], [0.1, 0.1, 0.1])
    copy[1].frac_coords[0] += 0.3
    copy[2].properties["magmom"] = 7.0
    copy.add_site_property("new", list(range(8)))
    copy.properties["of"]["a"].append(2)
    copy.lattice = Lattice.cubic(9)
    copy.replace(4, "S")
    copy.remove_sites([7])
    assert repr(original.as_dict()) == repr(before)


def test_structures_of_the_same_data_share_nothing_that_can_be_changed() -> None:
    plain = variants()["moments"].as_dict()
    one, other = structure_of(plain), structure_of(plain)
    one[0].properties["magmom"] = 9.0
    one[0].frac_coords[0] = 0.7
    one.replace(1, "S")
    assert repr(other.as_dict()) == repr(plain)

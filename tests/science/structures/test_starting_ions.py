"""Ions and moments of cells of a host: charge is kept at every content, the ladder says who is oxidised."""

from __future__ import annotations

from collections import Counter

import numpy as np
import pytest
from pymatgen.core import Structure

from hebe.config.family import load_family
from hebe.schemas.spec import MemberSpec
from hebe.science.structures.host import host_cell
from hebe.science.structures.starting_ions import with_ions

CELL = host_cell(load_family("layered-o3"), "Na")
SPEC = MemberSpec(
    candidate_id="layered-o3-0",
    formula="NaMn1/2Ni1/2O2",
    family="layered-o3",
    working_ion="Na",
    x_made="1",
    primary="TM",
    fractions={"TM": {"Mn": "1/2", "Ni": "1/2"}},
    split={"TM": {"Mn4+": "1/2", "Ni2+": "1/2"}},
    valences={"TM": {"Mn": [3, 4], "Ni": [2]}},
)


def cell(n_sodium: int, n_manganese: int = 4) -> Structure:
    """Eight formula units of Na_x(Mn,Ni)O2."""
    structure = CELL.structure.make_supercell([[2, 0, -2], [0, 2, -2], [2, 0, 0]], in_place=False)
    labels = list(structure.site_properties["sublattice"])
    symbols = [{"A": "Na", "TM": "Ni", "O": "O"}[name] for name in labels]
    metals = [i for i, name in enumerate(labels) if name == "TM"]
    for i in metals[:n_manganese]:
        symbols[i] = "Mn"
    gone = {i for i, name in enumerate(labels) if name == "A"}
    gone = set(sorted(gone)[n_sodium:])
    kept = [i for i in range(len(labels)) if i not in gone]
    properties = {"sublattice": [labels[i] for i in kept]}
    coords = structure.frac_coords[kept]
    return Structure(structure.lattice, [symbols[i] for i in kept], coords, site_properties=properties)


def ions(structure: Structure) -> Counter[str]:
    """Ions of the metals."""
    named = structure.site_properties["ion"]
    return Counter(ion for ion in named if ion not in ("Na1+", "O2-"))


def test_a_missing_oxygen_leaves_two_electrons() -> None:
    """Half charged, four Ni3+: two of them are Ni2+ beside a vacancy; as made Mn4+ takes them."""
    for n_sodium, expected in ((4, {"Mn4+": 4, "Ni3+ls": 2, "Ni2+": 2}), (8, {"Mn4+": 2, "Mn3+": 2, "Ni2+": 4})):
        structure = cell(n_sodium)
        oxygen = structure.site_properties["sublattice"].index("O")
        structure.remove_sites([oxygen])
        assert ions(with_ions(SPEC, structure)) == expected


def test_nickel_gives_the_electrons_that_leave_with_sodium() -> None:
    """Ni2+ to Ni3+ to Ni4+ beside Mn4+, as in LiNi0.5Mn0.5O2 (Reed and Ceder, Electrochem. Solid-State Lett. 2002)."""
    assert ions(with_ions(SPEC, cell(8))) == {"Mn4+": 4, "Ni2+": 4}
    half = with_ions(SPEC, cell(4))
    assert ions(half) == {"Mn4+": 4, "Ni3+ls": 4}
    assert ions(with_ions(SPEC, cell(6))) == {"Mn4+": 4, "Ni2+": 2, "Ni3+ls": 2}
    expected = {"Mn4+": 3.0, "Ni3+ls": 1.0, "Na1+": 0.0, "O2-": 0.0}
    moments = half.site_properties["magmom"]
    assert [expected[ion] for ion in half.site_properties["ion"]] == moments


def test_a_cell_that_approximates_its_composition_is_neutral_as_it_is() -> None:
    """Five Mn and three Ni with eight Na: the fifth manganese, and one more, are 3+."""
    found = ions(with_ions(SPEC, cell(8, n_manganese=5)))
    charges = {"Mn4+": 4, "Mn3+": 3, "Ni2+": 2}
    assert sum(charges[ion] * n for ion, n in found.items()) == 2 * 16 - 8
    assert found == {"Mn4+": 3, "Mn3+": 2, "Ni2+": 3}


@pytest.mark.parametrize("order", ["layer-antiferromagnetic", "random-collinear"])
def test_orders_change_signs_alone(order: str) -> None:
    plain = with_ions(SPEC, cell(8)).site_properties["magmom"]
    found = with_ions(SPEC, cell(8), order).site_properties["magmom"]  # type: ignore[arg-type]  # one of the names
    assert np.abs(found) == pytest.approx(np.abs(plain))
    assert min(found) < 0 < max(found)
    if order == "random-collinear":
        assert sum(found) == pytest.approx(0.0), "as many up as down of each ion"
